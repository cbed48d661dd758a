"""A golf-type swing on planted feet: the trunk turns away and then through."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain
from kinematics.conventions import INDEX, SIDES
from kinematics.pose import centre_of_mass, orientation
from kinematics.spine import lumbar_shares
from kinematics.tables import value
from kinematics.zero import Standing
from simulate.goals import SOFT, Goal, OrientationGoal
from simulate.problem import Task
from simulate.tasks.planted import (
    FRAMES,
    Stance,
    balance_goals,
    construct,
    eased,
    foot_goals,
    held,
    mass_centre_at,
    moved_thorax,
    planted,
    stand,
    thorax_must,
    trunk_goals,
)

Array = NDArray[np.float64]
#: Stiffness at which the construction holds the joints of a light foot's leg; small beside the pattern's. [N m/rad]
LIGHT = 10.0
#: The same of a light foot that turns or rises. [N m/rad]
FOOT = 100.0
#: Part of the swing at which the top is reached, from address.
TOP = 0.5


def swinging(chain: Chain | None = None, *, standing: Standing | None = None) -> Task:
    """Swing right-handed: from address to the top, turned to the right, and through to the finish, turned to the left.

    Pelvis and thorax turn as published at the top (table ``movements``), and as far the other way at the finish, which
    is an assumption; how far the pelvis comes within the normal range of the hips is for the construction to find, the
    spine does the rest. The foot that the pelvis turns away from keeps its forefoot only; the other stays flat. The
    lead hip is the left one.

    Parameters
    ----------
    chain : Chain, optional
        The generic body if not given.
    standing : Standing, optional
        The person's standing posture; needed with a chain of a model.
    """
    row = {name: value("movements", f"swing_{name}", package="simulate") for name in (
        "pelvis_top", "thorax_top", "pelvis_finish", "thorax_finish", "lean", "pelvis_lean", "knee", "toe_out"
    )}  # fmt: skip
    stance = stand(chain, standing=standing, toe_out_deg=row["toe_out"])
    chain = stance.chain
    address = _address(stance, row)
    part = np.linspace(0.0, 1.0, FRAMES)
    back = eased(part / TOP)
    through = eased((part - TOP) / (1.0 - TOP))

    def turn(segment: str) -> Array:
        top, finish = np.deg2rad(row[f"{segment}_top"]), np.deg2rad(row[f"{segment}_finish"])
        return np.asarray(-top * back + (top + finish) * through)

    pelvis, thorax = turn("pelvis"), turn("thorax")
    pattern = np.tile(address, (FRAMES, 1))
    pattern[:, INDEX["pelvis_rotation"]] += pelvis
    lumbar = lumbar_shares()[2]
    pattern[:, INDEX["lumbar_rotation"]] += lumbar * (thorax - pelvis)
    pattern[:, INDEX["thoracic_rotation"]] += (1.0 - lumbar) * (thorax - pelvis)
    asked = thorax_must(
        moved_thorax(stance, lean=np.full(FRAMES, np.deg2rad(row["lean"])), turn=thorax), "long", "turn of the thorax"
    )
    # the foot that the pelvis turns away from is light
    light = {"r": pelvis > 0.0, "l": pelvis < 0.0}

    def feet(q: Array) -> list[Goal]:
        return [goal for side in SIDES for goal in foot_goals(chain, q, side, light=light[side])]

    still = feet(stance.repeated(FRAMES))
    loosely = dict.fromkeys(("hip_flexion", "hip_adduction", "hip_rotation", "ankle_angle", "subtalar_angle"), LIGHT)
    q = construct(
        stance,
        pattern,
        [*still, *mass_centre_at(still, centre_of_mass(chain, stance.q)), asked, *_as_planted(stance)],
        held={**held("pelvis_tilt", "pelvis_list", "pelvis_rotation", "knee_angle"), **loosely},
    )
    reached = np.rad2deg(np.abs(q[:, INDEX["pelvis_rotation"]]).max())
    return planted(
        "swing",
        stance,
        q,
        [asked, *trunk_goals(chain, q, "long"), *balance_goals(chain, q)],
        feet=feet(q),
        asked="turn of the thorax",
        how=(
            f"thorax {row['thorax_top']:g} deg to the right at the top and {row['thorax_finish']:g} to the left at the "
            f"finish; of the published {row['pelvis_top']:g} deg of the pelvis normal hips allow {reached:.0f}"
        ),
    )  # fmt: skip


def _as_planted(stance: Stance) -> list[Goal]:
    """Each foot would rather stay flat and point where it did; for the construction."""
    return [
        OrientationGoal(
            name=f"foot_{side} as planted",
            segment=f"foot_{side}",
            target=orientation(stance.chain, stance.repeated(FRAMES), f"foot_{side}"),
            role=np.full(FRAMES, SOFT, np.int8),
            stiffness=FOOT,
        )
        for side in SIDES
    ]


def _address(stance: Stance, row: dict[str, float]) -> Array:
    """The posture (24,) before the swing: bent forward from the hips, knees a little bent. [m, rad]"""
    pattern = stance.repeated(1)
    lean, tilt = np.deg2rad(row["lean"]), np.deg2rad(row["pelvis_lean"])
    pattern[:, INDEX["pelvis_tilt"]] -= tilt
    pattern[:, INDEX["lumbar_extension"]] -= lumbar_shares()[0] * (lean - tilt)
    pattern[:, INDEX["thoracic_extension"]] -= (1.0 - lumbar_shares()[0]) * (lean - tilt)
    for side in SIDES:
        pattern[:, INDEX[f"knee_angle_{side}"]] += np.deg2rad(row["knee"])
    feet = [goal for side in SIDES for goal in foot_goals(stance.chain, stance.repeated(1), side)]
    over = mass_centre_at(feet, centre_of_mass(stance.chain, stance.q))
    holding = held("pelvis_tilt", "pelvis_list", "pelvis_rotation", "knee_angle")
    return np.asarray(construct(stance, pattern, [*feet, *over], held=holding)[0])


__all__ = ["swinging"]
