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
from simulate.goals import MUST, NOT_BELOW, OFF, SOFT, OrientationGoal, PointGoal
from simulate.motion import Motion, take, to_chain
from simulate.problem import Task, stiffness
from simulate.tasks.gait import Gait, gait_events

Array = NDArray[np.float64]
UP = np.array([0.0, 1.0, 0.0])
#: What falls short first when not all musts can be met, and what next; in words in `YIELDS`.
STEP_LENGTH, FOOT_PLACE = 1, 2
YIELDS = ("step length", "place of the foot")


def walking(chain: Chain, motion: Motion, *, standing: Standing | None = None) -> Task:
    """Make a recorded walk a task.

    Must goals: the loaded part of a foot on the ground (the heel from its strike until the forefoot is down, then the
    forefoot) is where it was, and the foot points where it pointed; a heel and an unloaded toe do not sink below the
    floor (or below where the recording had them). Preferred: the thorax's orientation, the swinging forefoot's path,
    every coordinate near its reference. Targets are the chain's own forward kinematics of the recording, frame by
    frame, so a sliding foot or a treadmill's belt does not matter. What yields first is the length of the step; if that
    is not enough, the rest of the foot's place and direction.

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
        yields=YIELDS,
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
    # a shorter step: the foot ahead of the other may be put down less far ahead
    other = positions(chain, q, [f"forefoot_{'l' if side == 'r' else 'r'}"])[kept, 0]
    ahead = np.einsum("fi,fi->f", world["forward"], places["forefoot"][kept] - other) > 0.0
    shorter = np.where(ahead[:, None], [-1.0, 0.0], [0.0, 0.0])[:, None]
    goals = [
        PointGoal(
            name=f"{part}_{side} {word}",
            point=parts[part],
            normal=axis,
            target=np.einsum("fi,fi->f", axis, places[part][kept]),
            role=np.where(held, MUST, otherwise).astype(np.int8),
            stiffness=swing_foot,
            stiffness_name="swing_foot",
            yields=STEP_LENGTH if word == "forward" else FOOT_PLACE,
            allowance="step_length" if word == "forward" else "",
            allowed=shorter,
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
    goals.append(
        PointGoal(
            name=f"foot progression_{side}",
            point=Point(f"foot_{side}", (x, y, z)),
            normal=across,
            target=np.zeros(n),
            role=np.where(contact, MUST, OFF).astype(np.int8),
            is_direction=True,
            yields=FOOT_PLACE,
        )
    )
    # the sole does not roll onto its edge: level across its long axis as it was, for `least` to stay near
    level = np.cross(along, [0.0, 1.0, 0.0])
    x, y, z = (level / np.linalg.norm(level)).tolist()
    sideways = Point(f"foot_{side}", (x, y, z))
    goals.append(
        PointGoal(
            name=f"foot roll_{side}",
            point=sideways,
            normal=world["up"],
            target=(orientation(chain, q[kept], f"foot_{side}") @ [x, y, z])[:, 1],
            role=np.where(contact, SOFT, OFF).astype(np.int8),
            is_direction=True,
            allowance="foot_roll",
            allowed=np.array([-1.0, 1.0]),
        )
    )
    heights = {part: place[:, 1] for part, place in places.items()}
    standing_on = gait.loaded[side]
    flat = standing_on & (heights["heel"] <= np.quantile(heights["heel"][standing_on], 0.25))
    goals.extend(
        PointGoal(
            name=f"{part}_{side} off the floor",
            point=parts[part],
            normal=world["up"],
            target=np.minimum(np.median(heights[part][flat]), heights[part][kept]),
            role=np.where(held, OFF, MUST).astype(np.int8),
            room=np.array(NOT_BELOW),
        )
        for part, held in (("heel", on_heel), ("toe", loaded))
    )
    return goals


def _trunk(chain: Chain, q: Array) -> OrientationGoal:
    return OrientationGoal(
        name="trunk",
        segment="thorax",
        target=orientation(chain, q, "thorax"),
        role=np.full(len(q), SOFT, np.int8),
        stiffness=value("stiffness", "trunk_orientation", package="simulate"),
        stiffness_name="trunk_orientation",
        allowance="trunk_lean",
        allowed=np.array([-1.0, 1.0]),
    )
