"""Walking: the loaded forefoot stays where it was, the swinging toe clears the floor, the trunk would rather stay upright."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain, Point
from kinematics.conventions import SIDES
from kinematics.pose import orientation, positions
from kinematics.rotations import rotation_about
from kinematics.tables import value
from kinematics.zero import Standing, standing_from_stride
from simulate.motion import Motion, to_chain
from simulate.problem import ABOVE, EQUAL, OFF, SOFT, OrientationGoal, PointGoal, Task, stiffness
from simulate.tasks.gait import Gait, gait_events

Array = NDArray[np.float64]
UP = np.array([0.0, 1.0, 0.0])


def walking(chain: Chain, motion: Motion, *, standing: Standing | None = None) -> Task:
    """A recorded walk as a task.

    Must goals: the forefoot's place and the foot's progression angle while the forefoot is loaded; heel and, unloaded,
    toe do not sink below the floor (or below where the recording had them). Preferred: the thorax's orientation, the
    swinging forefoot's path, every coordinate near its reference. Targets are the chain's own forward kinematics of the
    recording, frame by frame, so a sliding foot or a treadmill's belt does not matter. Step length yields first.

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
    heading = q[:, 3]
    names = [f"{part}_{side}" for part in ("heel", "forefoot", "toe") for side in SIDES]
    places = dict(zip(names, np.moveaxis(positions(chain, q, names), 1, 0), strict=True))
    hips = positions(chain, q, ["hip_r", "hip_l"]).mean(axis=1)
    gait = gait_events(motion.time, feet=places, pelvis=hips, heading=heading)
    kept = gait.whole_strides
    if standing is None:
        standing = standing_from_stride(q[kept])
        notices = (*notices, f"standing posture: {standing.how}; give a standing trial if there is one")
    return Task(
        name="walk",
        chain=chain,
        motion=motion,
        time=motion.time[kept],
        q=q[kept],
        goals=tuple(goal for side in SIDES for goal in _foot_goals(chain, q, side, gait, kept))
        + (_trunk(chain, q[kept]),),
        stiffness=stiffness(),
        standing=standing,
        percent={side: gait.percent[side][kept] for side in SIDES},
        loaded={side: gait.loaded[side][kept] for side in SIDES},
        yields="step length",
        source=motion.source,
        notices=(*notices, *gait.notices),
    )


def _foot_goals(chain: Chain, q: Array, side: str, gait: Gait, kept: slice) -> list[PointGoal]:
    """Goals of one foot over the frames `kept`; the floor comes from the whole recording."""
    loaded, n = gait.loaded[side][kept], len(q[kept])
    heel, forefoot, toe = (chain.point(f"{part}_{side}") for part in ("heel", "forefoot", "toe"))
    height = {
        part: positions(chain, q, [f"{part}_{side}"])[:, 0, 1] for part in ("heel", "forefoot", "toe")
    }
    forward = rotation_about(UP, q[kept, 3]) @ np.array([1.0, 0.0, 0.0])
    right = rotation_about(UP, q[kept, 3]) @ np.array([0.0, 0.0, 1.0])
    place = positions(chain, q[kept], [f"forefoot_{side}"])[:, 0]
    role = np.where(loaded, EQUAL, SOFT).astype(np.int8)
    swing_foot = value("stiffness", "swing_foot", package="simulate")
    goals = [
        PointGoal(
            f"forefoot_{side} {word}",
            forefoot,
            axis,
            np.einsum("fi,fi->f", axis, place),
            role,
            stiffness=swing_foot,
            yields=word == "forward",
        )
        for word, axis in (("forward", forward), ("up", np.tile(UP, (n, 1))), ("right", right))
    ]
    # the foot's long axis has no part across its recorded heading
    along = np.array(forefoot.location) - np.array(heel.location)
    long_axis = orientation(chain, q[kept], f"foot_{side}") @ (along / np.linalg.norm(along))
    across = np.cross(long_axis, UP)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    direction = Point(forefoot.segment, tuple(float(x) for x in along / np.linalg.norm(along)))  # type: ignore[arg-type]
    goals.append(
        PointGoal(
            f"foot progression_{side}",
            direction,
            across,
            np.zeros(n),
            np.where(loaded, EQUAL, OFF).astype(np.int8),
            is_direction=True,
        )
    )
    flat = gait.loaded[side] & (height["heel"] <= np.quantile(height["heel"][gait.loaded[side]], 0.25))
    for part, point, role in (
        ("heel", heel, np.full(n, ABOVE, np.int8)),
        ("toe", toe, np.where(loaded, OFF, ABOVE).astype(np.int8)),
    ):
        floor = float(np.median(height[part][flat]))
        target = np.minimum(floor, height[part][kept])
        goals.append(PointGoal(f"{part}_{side} off the floor", point, np.tile(UP, (n, 1)), target, role))
    return goals


def _trunk(chain: Chain, q: Array) -> OrientationGoal:
    return OrientationGoal(
        "trunk",
        "thorax",
        orientation(chain, q, "thorax"),
        np.full(len(q), SOFT, np.int8),
        stiffness=value("stiffness", "trunk_orientation", package="simulate"),
    )
