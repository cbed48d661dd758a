"""Walking: the loaded foot stays where it was, the swinging toe clears the floor, the trunk would rather be upright."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain, Point
from kinematics.conventions import INDEX, SIDES
from kinematics.pose import orientation, positions
from kinematics.rotations import rotation_about
from kinematics.tables import value
from kinematics.zero import Standing, standing_from_stride
from simulate.motion import Motion, take, to_chain
from simulate.problem import ABOVE, EQUAL, OFF, SOFT, OrientationGoal, PointGoal, Task, stiffness
from simulate.tasks.gait import Gait, gait_events

Array = NDArray[np.float64]
UP = np.array([0.0, 1.0, 0.0])


def walking(chain: Chain, motion: Motion, *, standing: Standing | None = None) -> Task:
    """Make a recorded walk a task.

    Must goals: the loaded part of a foot on the ground (the heel from its strike until the forefoot is down, then the
    forefoot) is where it was, and the foot points where it pointed; a heel and an unloaded toe do not sink below the
    floor (or below where the recording had them). Preferred: the thorax's orientation, the swinging forefoot's path,
    every coordinate near its reference. Targets are the chain's own forward kinematics of the recording, frame by
    frame, so a sliding foot or a treadmill's belt does not matter. What yields is the step: a foot falls short of its
    place.

    Parameters
    ----------
    chain : Chain
    motion : Motion
        A recorded walk with pelvis, hips, knees, ankles and trunk.
    standing : Standing, optional
        The person's standing posture on the same chain; estimated from the stride (thigh vertical, mean tilt), with a
        notice, if not given.

    Returns
    -------
    Task
        Over the whole strides of the recording.

    Raises
    ------
    HipspineError
        If required coordinates are missing.
    """
    q, notices = to_chain(motion, chain)
    names = [f"{part}_{side}" for part in ("heel", "forefoot", "toe") for side in SIDES]
    places = dict(zip(names, np.moveaxis(positions(chain, q, names), 1, 0), strict=True))
    hips = positions(chain, q, ["hip_r", "hip_l"]).mean(axis=1)
    gait = gait_events(motion.time, feet=places, pelvis=hips, heading=q[:, INDEX["pelvis_rotation"]])
    kept = gait.whole_strides
    if standing is None:
        standing = standing_from_stride(q[kept])
        notices = (*notices, f"standing posture: {standing.how}; give a standing trial if there is one")
    return Task(
        name="walk",
        chain=chain,
        motion=take(motion, kept),
        time=motion.time[kept],
        q=q[kept],
        goals=(*(goal for side in SIDES for goal in _foot_goals(chain, q, side, gait, kept)), _trunk(chain, q[kept])),
        stiffness=stiffness(),
        standing=standing,
        percent={side: gait.percent[side][kept] for side in SIDES},
        loaded={side: gait.loaded[side][kept] for side in SIDES},
        yields="step",
        source=motion.source,
        notices=(*notices, *gait.notices),
    )


def _foot_goals(chain: Chain, q: Array, side: str, gait: Gait, kept: slice) -> list[PointGoal]:
    """Goals of one foot over the frames `kept`; the floor comes from the whole recording."""
    contact, on_heel, loaded = (mask[side][kept] for mask in (gait.contact, gait.on_heel, gait.loaded))
    parts = {part: chain.point(f"{part}_{side}") for part in ("heel", "forefoot", "toe")}
    places = {part: positions(chain, q, [f"{part}_{side}"])[:, 0] for part in parts}
    turn, n = rotation_about(UP, q[kept, INDEX["pelvis_rotation"]]), len(q[kept])
    world = {"forward": turn @ [1.0, 0.0, 0.0], "up": np.tile(UP, (n, 1)), "right": turn @ [0.0, 0.0, 1.0]}
    swing_foot = value("stiffness", "swing_foot", package="simulate")
    goals = [
        PointGoal(
            f"{part}_{side} {word}",
            parts[part],
            axis,
            np.einsum("fi,fi->f", axis, places[part][kept]),
            np.where(held, EQUAL, otherwise).astype(np.int8),
            stiffness=swing_foot,
            yields=True,
        )
        for part, held, otherwise in (("forefoot", loaded, SOFT), ("heel", on_heel, OFF))
        for word, axis in world.items()
    ]
    # the foot's long axis has no part across its recorded heading
    along = np.array(parts["forefoot"].location) - np.array(parts["heel"].location)
    along /= np.linalg.norm(along)
    across = np.cross(orientation(chain, q[kept], f"foot_{side}") @ along, UP)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    x, y, z = along.tolist()
    points_where = np.where(contact, EQUAL, OFF).astype(np.int8)
    direction = Point(f"foot_{side}", (x, y, z))
    goals.append(
        PointGoal(
            f"foot progression_{side}", direction, across, np.zeros(n), points_where, is_direction=True, yields=True
        )
    )
    heights = {part: place[:, 1] for part, place in places.items()}
    standing_on = gait.loaded[side]
    flat = standing_on & (heights["heel"] <= np.quantile(heights["heel"][standing_on], 0.25))
    for part, held in (("heel", on_heel), ("toe", loaded)):
        target = np.minimum(np.median(heights[part][flat]), heights[part][kept])
        role = np.where(held, OFF, ABOVE).astype(np.int8)
        goals.append(PointGoal(f"{part}_{side} off the floor", parts[part], world["up"], target, role))
    return goals


def _trunk(chain: Chain, q: Array) -> OrientationGoal:
    return OrientationGoal(
        "trunk",
        "thorax",
        orientation(chain, q, "thorax"),
        np.full(len(q), SOFT, np.int8),
        stiffness=value("stiffness", "trunk_orientation", package="simulate"),
    )
