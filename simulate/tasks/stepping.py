"""Tasks that step: what a foot on the ground, a swinging foot and the trunk are asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain, Point
from kinematics.conventions import INDEX, SIDES
from kinematics.pose import orientation, positions
from kinematics.rotations import rotation_about
from kinematics.tables import value
from kinematics.zero import Standing
from simulate.goals import MUST, NOT_BELOW, OFF, SOFT, Goal, OrientationGoal, PointGoal
from simulate.motion import Motion, take
from simulate.problem import Task, stiffness
from simulate.tasks.gait import Gait, gait_events
from simulate.tissue import legs

Array = NDArray[np.float64]
UP = np.array([0.0, 1.0, 0.0])
#: What falls short first when not all musts can be met, and what next; in words in `YIELDS`.
STEP_LENGTH, FOOT_PLACE = 1, 2
YIELDS = ("step length", "place of the foot")


def gait_of(chain: Chain, time: Array, q: Array) -> Gait:
    """Contacts, loads and cycles of the postures `q` (F, 24) [m, rad] of somebody who steps."""
    names = [f"{part}_{side}" for part in ("heel", "forefoot", "toe") for side in SIDES]
    places = dict(zip(names, np.moveaxis(positions(chain, q, names), 1, 0), strict=True))
    hips = positions(chain, q, ["hip_r", "hip_l"]).mean(axis=1)
    return gait_events(time, feet=places, pelvis=hips, heading=q[:, INDEX["pelvis_rotation"]])


def stepping(
    name: str,
    chain: Chain,
    motion: Motion,
    q: Array,
    gait: Gait,
    *,
    standing: Standing,
    kept: slice,
    notices: Sequence[str] = (),
    more: Sequence[Goal] = (),
) -> Task:
    """A task of two feet that step, over the frames `kept`.

    The loaded part of a foot on the ground (the heel from its strike until the forefoot is down, then the forefoot) is
    where it was and the foot points where it pointed; a heel and an unloaded toe do not sink below the floor, or below
    where the recording had them. The thorax's orientation, the swinging forefoot's path and every coordinate are
    preferred near their reference.

    Parameters
    ----------
    name : str
    chain : Chain
    motion : Motion
        What was recorded.
    q : ndarray, shape (F, 24)
        The same in the chain's coordinates. [m, rad]
    gait : Gait
        Its contacts.
    standing : Standing
    kept : slice
        Frames to keep; the floor comes from all of them.
    notices : sequence of str
    more : sequence of Goal
        Over the kept frames, in place of the preferred orientation of the thorax.
    """
    feet = [goal for side in SIDES for goal in foot_goals(chain, q, side, gait, kept)]
    return Task(
        name=name,
        chain=chain,
        motion=take(motion, kept),
        time=motion.time[kept],
        q=q[kept],
        goals=(*feet, *(more or [trunk_goal(chain, q[kept])])),
        stiffness=stiffness(),
        tissue=legs(standing),
        standing=standing,
        percent={side: gait.percent[side][kept] for side in SIDES},
        loaded={side: gait.loaded[side][kept] for side in SIDES},
        yields=YIELDS,
        source=motion.source,
        notices=(*notices, *gait.notices),
    )


def foot_goals(chain: Chain, q: Array, side: str, gait: Gait, kept: slice) -> list[PointGoal]:
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
            is_heading=True,
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


def trunk_goal(chain: Chain, q: Array) -> OrientationGoal:
    """The thorax would rather be as it was."""
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


__all__ = ["FOOT_PLACE", "STEP_LENGTH", "UP", "YIELDS", "foot_goals", "gait_of", "stepping", "trunk_goal"]
