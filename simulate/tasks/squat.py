"""Squatting, and sitting down on a seat and standing up: the hips go down, on balance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain
from kinematics.conventions import INDEX, SIDES
from kinematics.errors import HipspineError
from kinematics.pose import centre_of_mass, positions
from kinematics.spine import lumbar_shares
from kinematics.tables import value
from simulate.goals import MUST, OFF, Goal, PointGoal
from simulate.io.mot import read_motion
from simulate.io.trials import trial
from simulate.motion import to_chain
from simulate.problem import Task
from simulate.tasks.planted import (
    ASKED,
    FORWARD,
    FRAMES,
    PATTERN,
    UP,
    Stance,
    balance_goals,
    construct,
    eased,
    foot_goals,
    held,
    mass_centre_at,
    middle_of_hips,
    planted,
    stand,
    trunk_goal,
)

Array = NDArray[np.float64]
TRIAL = "squat_opencap"
#: What a construction holds; the legs loosely, for which way they bend.
_HELD = {
    **held("pelvis_tilt", "pelvis_list", "pelvis_rotation"),
    **dict.fromkeys(("hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle"), 1e-4 * PATTERN),
}
#: Part of the way down at which the seat is reached; after it the trunk comes upright.
SEAT_REACHED = 0.7


def squatting(stance: Stance | None = None, *, depth: float | None = None) -> Task:
    """Squat as somebody was recorded to, on flat feet, to a depth.

    The changes of pelvic tilt and trunk from standing and how far the hips go down are those of the bundled recording;
    a squat of another depth scales them. The mass centre stays where it stood; hips, knees and ankles follow.

    Parameters
    ----------
    stance : Stance, optional
        Who stands where; the generic body if not given.
    depth : float, optional
        How far the hips go down; as recorded if not given. More than 0 and less than to the floor; what is beyond reach
        falls short. [m]

    Raises
    ------
    HipspineError
        If the depth is out of range.
    """
    stance = stand() if stance is None else stance
    tilt, trunk, fall = _recorded_squat()
    depth = float(fall.max()) if depth is None else depth
    _more_than_nothing("depth", depth)
    if depth >= _hip_height(stance):
        raise HipspineError(f"depth {depth:g} m: must be below {_hip_height(stance):.2f} m, the height of the hips")
    part = depth / float(fall.max())
    pattern = stance.repeated(len(fall))
    pattern[:, INDEX["pelvis_tilt"]] += part * tilt
    lumbar = lumbar_shares()[0]
    pattern[:, INDEX["lumbar_extension"]] += part * lumbar * trunk
    pattern[:, INDEX["thoracic_extension"]] += part * (1.0 - lumbar) * trunk
    down = _hips_down(stance, part * fall)
    goals = [*_feet(stance, len(fall)), down]
    over = mass_centre_at(goals, centre_of_mass(stance.chain, stance.q))
    q = construct(stance, _legs_bent(stance, pattern, part * fall), [*goals, *over], held=_HELD)
    return planted(
        "squat",
        stance,
        q,
        [down, trunk_goal(stance.chain, q), *balance_goals(stance.chain, q)],
        asked="depth",
        how=f"pelvis and trunk of a recorded squat ({TRIAL}) over flat feet, hips {100 * depth:.0f} cm down",
        source=TRIAL,
    )


def sitting(stance: Stance | None = None, *, seat: float | None = None) -> Task:
    """Sit down on a seat and stand up again.

    The trunk leans forward until the seat is reached and then comes upright; lumbar flexion as published (table
    ``movements``). The mass centre goes back along the feet until the seat carries too.

    Parameters
    ----------
    stance : Stance, optional
        Who stands where; the generic body if not given.
    seat : float, optional
        Height of the seat above the floor; table ``movements`` if not given. More than 0. [m]

    Raises
    ------
    HipspineError
        If the seat is not above the floor, or not below who stands before it.
    """
    stance = stand() if stance is None else stance
    chain = stance.chain
    row = {name: value("movements", name, package="simulate") for name in (
        "seat", "seat_below_hip", "seat_ahead_of_hip", "seat_behind_hip", "sit_lean", "sit_lumbar_flexion",
        "sit_centre",
    )}  # fmt: skip
    seat = row["seat"] if seat is None else seat
    _more_than_nothing("seat", seat)
    depth = _hip_height(stance) - seat - row["seat_below_hip"]
    if depth <= 0.0:
        most = _hip_height(stance) - row["seat_below_hip"]
        raise HipspineError(f"seat {seat:g} m: must be below {most:.2f} m, the seat of who stands before it")
    going = 1.0 - np.abs(np.linspace(-1.0, 1.0, FRAMES))
    lowered = eased(going / SEAT_REACHED)
    risen = eased((going - SEAT_REACHED) / (1.0 - SEAT_REACHED))
    lean, flexed = (
        np.deg2rad(row["sit_lean"]) * lowered * (1.0 - risen),
        np.deg2rad(row["sit_lumbar_flexion"]) * lowered,
    )
    pattern = stance.repeated()
    pattern[:, INDEX["lumbar_extension"]] -= flexed
    pattern[:, INDEX["pelvis_tilt"]] += flexed - lean
    seated = going >= SEAT_REACHED
    down = _hips_down(stance, depth * lowered)
    pattern = _legs_bent(stance, pattern, depth * lowered)
    feet = _feet(stance, FRAMES)
    place = np.tile(centre_of_mass(chain, stance.q), (FRAMES, 1))
    heel, toe = (positions(chain, stance.q, [f"{part}_r", f"{part}_l"])[:, 0].mean() for part in ("heel", "toe"))
    place[:, 0] += lowered * (2.0 - lowered) * (heel + row["sit_centre"] * (toe - heel) - place[:, 0])
    forward, right = mass_centre_at(feet, place)
    # with the seat just reached, the trunk still leans and the feet carry: there the hips are put down, and stay
    reached = int(np.flatnonzero(seated)[0])
    leaning = pattern.copy()
    leaning[seated] = pattern[reached]
    put_down = construct(stance, leaning, [*feet, down, forward, right], held=_HELD)[reached]
    hips = positions(chain, put_down, ["hip_r", "hip_l"]).mean(axis=0)
    role = np.where(seated, MUST, OFF).astype(np.int8)
    still = replace(
        down, name="hips forward", normal=np.tile(FORWARD, (FRAMES, 1)), target=np.full(FRAMES, hips[0]), role=role
    )
    balanced = replace(forward, role=np.where(seated, OFF, MUST).astype(np.int8))
    q = construct(stance, pattern, [*feet, down, balanced, right, still], held=_HELD)
    return planted(
        "sit",
        stance,
        q,
        [down, trunk_goal(chain, q), *balance_goals(chain, q, more=_seat(chain, q, seated, row))],
        asked="height of the seat",
        how=f"from standing to a seat {100 * seat:.0f} cm high and up again",
    )


def _recorded_squat() -> tuple[Array, Array, Array]:
    """Changes of the recorded pelvic tilt and trunk extension [rad] and how far the hips went down [m], each (F,)."""
    chain = Chain.generic()
    q, _ = to_chain(read_motion(trial(TRIAL).motion), chain)
    high = positions(chain, q, ["hip_r", "hip_l"])[..., 1].mean(axis=1)
    trunk = q[:, INDEX["lumbar_extension"]] + q[:, INDEX["thoracic_extension"]]
    tilt = q[:, INDEX["pelvis_tilt"]]
    frames = np.linspace(0.0, len(q) - 1.0, FRAMES)

    def change(column: Array) -> Array:
        return np.asarray(np.interp(frames, np.arange(len(q)), column - column[0]))

    return change(tilt), change(trunk), np.maximum(-change(high), 0.0)


def _legs_bent(stance: Stance, pattern: Array, fall: Array) -> Array:
    """The pattern (F, 24) with legs about as bent as hips that are `fall` (F,) lower need. [m, rad]"""
    bent = pattern.copy()
    for side in SIDES:
        thigh, shank = (
            float(np.linalg.norm(stance.chain.offsets[INDEX[f"{joint}_{side}"]]))
            for joint in ("knee_angle", "ankle_angle")
        )
        reach = np.clip(thigh + shank - fall, 0.2 * (thigh + shank), thigh + shank)
        knee = np.pi - np.arccos((thigh**2 + shank**2 - reach**2) / (2.0 * thigh * shank))
        bent[:, INDEX[f"knee_angle_{side}"]] += knee
        bent[:, INDEX[f"ankle_angle_{side}"]] += 0.5 * knee
        bent[:, INDEX[f"hip_flexion_{side}"]] += (
            0.5 * knee + stance.q[INDEX["pelvis_tilt"]] - pattern[:, INDEX["pelvis_tilt"]]
        )
    return bent


def _hip_height(stance: Stance) -> float:
    return float(positions(stance.chain, stance.q, ["hip_r", "hip_l"])[:, 1].mean())


def _hips_down(stance: Stance, fall: Array) -> PointGoal:
    """The middle of the hips goes down by `fall` (F,). [m]"""
    return PointGoal(
        name="hips down",
        point=middle_of_hips(stance.chain),
        normal=np.tile(UP, (len(fall), 1)),
        target=_hip_height(stance) - fall,
        role=np.full(len(fall), MUST, np.int8),
        yields=ASKED,
    )


def _feet(stance: Stance, frames: int) -> list[Goal]:
    return [goal for side in SIDES for goal in foot_goals(stance.chain, stance.repeated(frames), side)]


def _seat(chain: Chain, q: Array, seated: NDArray[np.bool_], row: dict[str, float]) -> Array:
    """Corners (F, 4, 3) of what the seat carries below the hips; NaN where nobody sits. [m]"""
    hips = positions(chain, q, ["hip_r", "hip_l"])
    reach = np.array([row["seat_ahead_of_hip"], -row["seat_behind_hip"]])
    corners = np.repeat(hips, 2, axis=1) + np.tile(reach, 2)[:, None] * FORWARD
    return np.where(seated[:, None, None], corners, np.nan)


def _more_than_nothing(name: str, given: float) -> None:
    if not (np.isfinite(given) and given > 0.0):
        raise HipspineError(f"{name} must be more than 0 m, is {given:g} m ({100.0 * given:g} cm)")


__all__ = ["sitting", "squatting"]
