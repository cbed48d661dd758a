"""Pivot: the trunk turns over two feet that stay where they are."""

from __future__ import annotations

import numpy as np

from kinematics.conventions import INDEX, SPINE
from kinematics.errors import HipspineError
from kinematics.pose import positions
from kinematics.spine import lumbar_shares
from kinematics.tables import value
from simulate.goals import MUST, PointGoal
from simulate.problem import Task
from simulate.tasks.asked import PIVOT_DEG
from simulate.tasks.planted import (
    BALANCE,
    Stance,
    balance_goals,
    construct,
    foot_goals,
    held,
    middle_of_hips,
    moved_thorax,
    planted,
    stand,
    there,
    thorax_must,
    trunk_goals,
    upright_must,
)

#: Half a turn: further round is nearer the other way. [deg]
MOST_DEG = 180.0
#: The construction turns, and does nothing much else: no bent knees or listing pelvis, no spine that winds further by
#: bending, no legs that cross. [rad] (assumption)
_NEARLY = {
    **dict.fromkeys(("pelvis_list", "pelvis_tilt", "knee_angle", *SPINE[:2], *SPINE[3:5]), np.deg2rad(10.0)),
    "pelvis_rotation": np.deg2rad(30.0),
}
#: Beyond what hips reach: a pattern that turns the pelvis further would have it come round with crossed legs. [rad]
_MOST_OF_PELVIS = np.deg2rad(60.0)


def pivoting(stance: Stance | None = None, *, angle_deg: float = PIVOT_DEG) -> Task:
    """Turn the trunk over planted feet, from facing forward.

    Hips and spine share the turn as published for standing (table ``movements``: spine to pelvis), as far as the normal
    range goes; knees stay straight, the pelvis level and over the middle of the feet.

    Parameters
    ----------
    stance : Stance, optional
        Who stands where; the generic body if not given.
    angle_deg : float
        Turn of the thorax, to the left; what is beyond reach falls short. Within `MOST_DEG` either way. [deg]

    Raises
    ------
    HipspineError
        If the angle is out of range.
    """
    if not abs(angle_deg) <= MOST_DEG:
        raise HipspineError(f"angle must be within {MOST_DEG:g} deg either way, is {angle_deg:g}")
    stance = stand() if stance is None else stance
    part = there()
    turn = np.deg2rad(angle_deg) * part
    spine = value("movements", "pivot_spine_to_pelvis", package="simulate")
    pattern = stance.repeated(len(part))
    pattern[:, INDEX["pelvis_rotation"]] += np.clip(turn / (1.0 + spine), -_MOST_OF_PELVIS, _MOST_OF_PELVIS)
    rest, lumbar = turn - turn / (1.0 + spine), lumbar_shares()[2]
    pattern[:, INDEX["lumbar_rotation"]] += lumbar * rest
    pattern[:, INDEX["thoracic_rotation"]] += (1.0 - lumbar) * rest
    moved = moved_thorax(stance, heading=turn)
    asked = thorax_must(moved, "long", "thorax heading")
    feet = [goal for side in "rl" for goal in foot_goals(stance.chain, stance.repeated(len(part)), side)]
    q = construct(
        stance,
        pattern,
        [*feet, *_over_its_place(stance, len(part)), asked, upright_must(moved, "long")],
        held=held("pelvis_tilt", "pelvis_list", "pelvis_rotation", "knee_angle"),
        within=_NEARLY,
    )
    return planted(
        "pivot",
        stance,
        q,
        [asked, *trunk_goals(stance.chain, q, "long"), *balance_goals(stance.chain, q)],
        asked="turn of the trunk",
        how=f"a turn of {angle_deg:g} deg over planted feet, spine and pelvis sharing it {spine:g} to 1 as published",
    )


def _over_its_place(stance: Stance, frames: int) -> list[PointGoal]:
    """The middle of the hips stays over its place; for the construction."""
    middle = positions(stance.chain, stance.q, ["hip_r", "hip_l"]).mean(axis=0)
    point = middle_of_hips(stance.chain)
    return [
        PointGoal(
            name=f"hips {word}",
            point=point,
            normal=np.tile(axis, (frames, 1)),
            target=np.full(frames, axis @ middle),
            role=np.full(frames, MUST, np.int8),
            yields=BALANCE,
        )
        for word, axis in (("forward", np.array([1.0, 0.0, 0.0])), ("right", np.array([0.0, 0.0, 1.0])))
    ]


__all__ = ["pivoting"]
