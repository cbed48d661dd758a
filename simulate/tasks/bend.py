"""Bending forward and backward: hips and lumbar spine share the lean of the trunk, on balance."""

from __future__ import annotations

import numpy as np

from kinematics.conventions import INDEX, SIDES
from kinematics.errors import HipspineError, unknown
from kinematics.pose import centre_of_mass
from kinematics.tables import value
from simulate.goals import SOFT, CombinationGoal, Goal
from simulate.problem import Task
from simulate.tasks.asked import DIRECTIONS
from simulate.tasks.planted import (
    PATTERN,
    Stance,
    balance_goals,
    construct,
    foot_goals,
    held,
    mass_centre_at,
    moved_thorax,
    planted,
    stand,
    there_and_back,
    thorax_must,
    trunk_goals,
    upright_must,
)

#: Upside down. [deg]
MOST_DEG = 180.0


def bending(stance: Stance | None = None, *, direction: str = "forward", angle_deg: float | None = None) -> Task:
    """Bend and come back, knees straight.

    Pelvis and lumbar spine share the lean of the thorax as published (table ``movements``): forward the lumbar joint
    takes its share of the whole, backward it goes its multiple of the hips. The mass centre stays where it stood;
    ankles make room for that.

    Parameters
    ----------
    stance : Stance, optional
        Who stands where; the generic body if not given.
    direction : {"forward", "backward"}
    angle_deg : float, optional
        Lean of the thorax from standing, 0 to `MOST_DEG`; table ``movements`` if not given. What is beyond reach falls
        short. [deg]

    Raises
    ------
    HipspineError
        If the direction is unknown or the angle out of range.
    """
    if direction not in DIRECTIONS:
        raise unknown("direction of bending", direction, DIRECTIONS)
    stance = stand() if stance is None else stance
    if angle_deg is None:
        angle_deg = value("movements", f"bend_{direction}", package="simulate")
    if not 0.0 <= angle_deg <= MOST_DEG:
        raise HipspineError(f"angle must be 0 to {MOST_DEG:g} deg, is {angle_deg:g}")
    part = there_and_back()
    lean = np.deg2rad(angle_deg) * part
    holding, goals = held("pelvis_tilt", "pelvis_list", "pelvis_rotation", "knee_angle"), list[Goal]()
    if direction == "forward":
        share = value("movements", "bend_lumbar_share", package="simulate")
        how = f"the lumbar spine takes {share:.3g} of the lean as published"
    else:
        lean = -lean
        ratio = value("movements", "bend_lumbar_to_hip", package="simulate")
        share = ratio / (1.0 + ratio)
        how = f"the lumbar spine goes {ratio:g} times as far as the hips as published"
        goals.append(_in_ratio(stance, len(part), ratio))
        holding |= {"pelvis_tilt": 0.0, "lumbar_extension": 0.0}  # the thighs lean too: how far is for it to find
    pattern = stance.repeated(len(part))
    pattern[:, INDEX["lumbar_extension"]] -= share * lean
    pattern[:, INDEX["pelvis_tilt"]] -= (1.0 - share) * lean
    moved = moved_thorax(stance, lean=lean)
    asked = thorax_must(moved, "across", "lean of the trunk")
    feet = [goal for side in SIDES for goal in foot_goals(stance.chain, stance.repeated(len(part)), side)]
    place = centre_of_mass(stance.chain, stance.q)
    q = construct(
        stance,
        pattern,
        [*feet, *mass_centre_at(feet, place), asked, upright_must(moved, "across"), *goals],
        held=holding,
    )
    return planted(
        "bend",
        stance,
        q,
        [asked, *trunk_goals(stance.chain, q, "across"), *balance_goals(stance.chain, q)],
        asked="lean of the trunk",
        how=f"a bend {direction} by {angle_deg:g} deg and back, in which {how}",
    )


def _in_ratio(stance: Stance, frames: int, ratio: float) -> CombinationGoal:
    """The lumbar joint would rather extend `ratio` times as far from standing as the hips; for the construction."""
    factors = {"lumbar_extension": 1.0, **{f"hip_flexion_{side}": 0.5 * ratio for side in SIDES}}
    standing = sum(factor * stance.q[INDEX[name]] for name, factor in factors.items())
    return CombinationGoal(
        name="lumbar spine to hips",
        factors=factors,
        target=np.full(frames, standing),
        role=np.full(frames, SOFT, np.int8),
        stiffness=PATTERN,
    )


__all__ = ["DIRECTIONS", "bending"]
