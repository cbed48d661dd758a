"""Pivot: the trunk turns over two feet that stay where they are."""

from __future__ import annotations

import numpy as np

from kinematics.conventions import INDEX
from kinematics.pose import positions
from kinematics.spine import lumbar_shares
from kinematics.tables import value
from simulate.goals import MUST, PointGoal
from simulate.problem import Task
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
    trunk_goal,
)

#: How far somebody turns who is not told. [deg]
ANGLE_DEG = 45.0


def pivoting(stance: Stance | None = None, *, angle_deg: float = ANGLE_DEG) -> Task:
    """Turn the trunk over planted feet, from facing forward.

    Hips and spine share the turn as published for standing (table ``movements``: spine to pelvis), as far as the normal
    range goes; knees stay straight, the pelvis level and over the middle of the feet.

    Parameters
    ----------
    stance : Stance, optional
        Who stands where; the generic body if not given.
    angle_deg : float
        Turn of the thorax, to the left. [deg]
    """
    stance = stand() if stance is None else stance
    part = there()
    turn = np.deg2rad(angle_deg) * part
    spine = value("movements", "pivot_spine_to_pelvis", package="simulate")
    pattern = stance.repeated(len(part))
    pattern[:, INDEX["pelvis_rotation"]] += turn / (1.0 + spine)
    rest, lumbar = turn - turn / (1.0 + spine), lumbar_shares()[2]
    pattern[:, INDEX["lumbar_rotation"]] += lumbar * rest
    pattern[:, INDEX["thoracic_rotation"]] += (1.0 - lumbar) * rest
    asked = thorax_must(moved_thorax(stance, heading=turn), "long", "thorax heading")
    feet = [goal for side in "rl" for goal in foot_goals(stance.chain, stance.repeated(len(part)), side)]
    q = construct(
        stance,
        pattern,
        [*feet, *_over_its_place(stance, len(part)), asked],
        held=held("pelvis_tilt", "pelvis_list", "pelvis_rotation", "knee_angle"),
    )
    return planted(
        "pivot",
        stance,
        q,
        [asked, trunk_goal(stance.chain, q, free=["long"]), *balance_goals(stance.chain, q)],
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


__all__ = ["ANGLE_DEG", "pivoting"]
