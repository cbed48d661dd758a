"""`least`: how little lumbar motion would do, if everything else gave way within stated allowances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import INDEX, SIDES, SPINE
from kinematics.errors import HipspineError, unknown
from kinematics.tables import rows
from simulate.goals import MUST, OFF, CombinationGoal, Goal
from simulate.problem import Task
from simulate.solution import SOLVED, Answer, Solution, Stage, energy, fall_short, judged, put, solve
from simulate.strategies.shares import thoracic_shares

Array = NDArray[np.float64]

_LUMBAR, _THORACIC = [INDEX[name] for name in SPINE[:3]], [INDEX[name] for name in SPINE[3:]]

#: Coordinates that an allowance is about; the other allowances widen the room of goals.
_ALLOWED = {
    "knee": tuple(f"knee_angle_{side}" for side in SIDES),
    "ankle": tuple(f"{name}_{side}" for name in ("ankle_angle", "subtalar_angle") for side in SIDES),
}
#: First solve of `least`: stiffness of the added lumbar motion, and share at which every other energy still counts,
#: so that it decides nothing but ties: 50 N m times the share, over the stiffness, is 5e-5 rad. [N m/rad]
LUMBAR_FIRST, OTHERS = 1e4, 1e-2
#: What falls short in `least` when nothing else is enough.
ALLOWANCES = "allowances"
#: Room around the least lumbar motion in which the second solve looks for the least energy: 0.01 deg. [rad]
LUMBAR_ROOM = np.deg2rad(0.01)
#: Of two answers that cost the same but for less than this the first found stays: to the right or to the left is as
#: good, and rounding shall not decide. [J]
TIE = 1e-9
#: Starts of `least` beside the frame before, `predicted` and the reference: the reference with its pelvis turned and
#: dropped to a side, and tilted and lowered, either way each. [rad, m]
DISPLACED = (
    {"pelvis_rotation": np.deg2rad(10.0), "pelvis_list": np.deg2rad(5.0)},
    {"pelvis_tilt": np.deg2rad(10.0), "pelvis_ty": -0.03},
)

#: On a table a pelvis that turns further than this has turned over. [rad] (60 deg; assumption)
OVER = np.deg2rad(60.0)
_ATTITUDE = [INDEX[name] for name in ("pelvis_rotation", "pelvis_list", "pelvis_tilt")]


def allowances(given: Mapping[str, float] | None = None) -> dict[str, float]:
    """How far `least` may depart from the recording, by name: table ``allowances`` with what is `given` in its place.

    Angles in degrees, lengths in metres.

    Raises
    ------
    HipspineError
        If a name is unknown, or a value is not finite or negative.
    """
    found = {row["name"]: float(row["value"]) for row in rows("allowances", "simulate")}
    for name, value in (given or {}).items():
        if name not in found:
            raise unknown("allowance", name, found)
        if not (np.isfinite(value) and value >= 0.0):
            raise HipspineError(f"allowance {name} must be a finite number, 0 or more, is {value}")
        found[name] = float(value)
    return found


def least(
    task: Task,
    lower: Array,
    upper: Array,
    *,
    free: Array,
    allow: Mapping[str, float],
    near: Array | None = None,
    **_: object,
) -> Answer:
    """Least lumbar motion beyond the free answer's, over every way within the allowances; then the least energy.

    Two solves, in this order: the first minimises the norm of the added lumbar motion (three axes), from several
    starts, all other energy counting a hundredth; the second the energy, with the lumbar joint held there. Where the
    second does not converge the first stands (``ties_broken`` is 0 there). The thoracic joint adds in its published
    shares.

    Parameters
    ----------
    task : Task
    lower, upper : ndarray, shape (24,)
    free : ndarray, shape (F, 24)
        The free answer.
    allow : mapping of str to float
        As `allowances` gives them. [deg; m]
    near : ndarray, shape (F, 24), optional
        Postures to look near, instead of searching from several starts.
    """
    whole, tight = _within_allowances(task, free, allow)
    wide_lower, wide_upper = (np.tile(end, (len(free), 1)) for end in (lower, upper))
    if task.raised:  # who lies goes on lying: on a table hardly anything else keeps a pelvis from turning over
        wide_lower[:, _ATTITUDE], wide_upper[:, _ATTITUDE] = free[:, _ATTITUDE] - OVER, free[:, _ATTITUDE] + OVER
    lower, upper = _within_reach(wide_lower, wide_upper, free, allow)
    first = _lumbar_first(tight, free)
    if near is None:
        best, evidence = _best_of_starts(first, lower, upper, tight)
    else:
        best, evidence = solve(first, lower, upper, start=near), {}
    stage = Stage("added lumbar motion", np.arange(len(task.q)), first, lower, upper, best)
    best, stages = fall_short(_lumbar_first(whole, free), wide_lower, wide_upper, best, stage.what)
    task = whole
    # where something falls short, springs have decided; elsewhere energy decides what lumbar motion leaves open
    tied = np.flatnonzero(best.status == SOLVED)
    low, high = lower[tied], upper[tied]
    low[:, _LUMBAR] = np.maximum(low[:, _LUMBAR], best.q[tied][:, _LUMBAR] - LUMBAR_ROOM)
    high[:, _LUMBAR] = np.minimum(high[:, _LUMBAR], best.q[tied][:, _LUMBAR] + LUMBAR_ROOM)
    stages, both, ms = [stage, *stages], best, best.ms
    broken = tied[:0]
    if tied.size:
        second = tight.frames(tied)
        last = solve(second, low, high, start=best.q[tied])
        stages.append(Stage("energy", tied, second, low, high, last))
        broken = tied[last.status == SOLVED]
        both = put(best, last.frames(np.flatnonzero(last.status == SOLVED)), broken)
        ms += last.ms
    evidence["ties_broken"] = np.isin(np.arange(len(task.q)), broken).astype(np.float64)
    # a frame whose lumbar joint is at the edge of its room is not at a bound of the person's
    own = (both.q <= lower + 1e-12) | (both.q >= upper - 1e-12)
    solution = replace(both, active=np.where(own, both.active, 0).astype(np.int8), ms=ms)
    return Answer(judged(task, solution), task, tuple(stages), evidence)


def _within_reach(lower: Array, upper: Array, free: Array, allow: Mapping[str, float]) -> tuple[Array, Array]:
    """The bounds (F, 24) with the coordinates that have an allowance held near the free answer's."""
    low, high = lower.copy(), upper.copy()
    for name, coordinates in _ALLOWED.items():
        which, by = [INDEX[coordinate] for coordinate in coordinates], np.deg2rad(allow[name])
        low[:, which] = np.clip(free[:, which] - by, lower[:, which], upper[:, which])
        high[:, which] = np.clip(free[:, which] + by, lower[:, which], upper[:, which])
    return low, high


def _within_allowances(task: Task, free: Array, allow: Mapping[str, float]) -> tuple[Task, Task]:
    """The task with goals widened, coordinates held near by the allowances, and the spine's two joints coupled.

    When nothing else that yields is enough, the allowances do. In the second task what is said of single coordinates is
    off: bounds say it faster.
    """
    last, goals = len(task.yields) + 1, list[Goal]()
    for goal in task.goals:
        if not goal.allowance:
            goals.append(goal)
            continue
        by = allow[goal.allowance] if goal.unit == "mm" else np.deg2rad(allow[goal.allowance])
        room = goal.ends() + by * goal.ends(goal.allowed) * (goal.roles() == MUST)[..., None]
        if (goal.roles() == MUST).any():
            goals.append(replace(goal, room=room))
        else:  # it stays a preference, and a must within its allowance
            held = np.where(goal.roles() == OFF, OFF, MUST).astype(np.int8)
            room = goal.ends() + by * goal.ends(goal.allowed)
            name = f"{goal.name} within its allowance"
            goals += [
                goal,
                replace(goal, name=name, role=held, room=room, stiffness=0.0, stiffness_name="", yields=last),
            ]
    always = np.full(len(free), MUST, np.int8)
    for name, coordinates in _ALLOWED.items():
        by = np.deg2rad(allow[name])
        goals += [
            CombinationGoal(
                name=f"{coordinate} within its allowance",
                factors={coordinate: 1.0},
                target=free[:, INDEX[coordinate]],
                role=always,
                room=np.array([-by, by]),
                yields=last,
            )
            for coordinate in coordinates
            if coordinate not in task.chain.locked
        ]
    if not set(SPINE[3:]) & set(task.chain.locked):
        goals += thoracic_shares(free)
    whole = replace(task.with_goals(goals), yields=(*task.yields, ALLOWANCES))
    off = np.full(len(free), OFF, np.int8)
    single = [isinstance(g, CombinationGoal) and g.yields == last for g in goals]
    return whole, whole.with_goals([replace(g, role=off) if s else g for g, s in zip(goals, single, strict=True)])


def _lumbar_first(task: Task, free: Array) -> Task:
    """The task whose energy is all but the added lumbar motion's."""
    reference, stiffness = task.q.copy(), OTHERS * task.stiffness
    reference[:, _LUMBAR], stiffness[_LUMBAR] = free[:, _LUMBAR], LUMBAR_FIRST
    goals = [replace(goal, stiffness=OTHERS * np.asarray(goal.stiffness)) for goal in task.goals]
    tissue = task.tissue._replace(amplitude=OTHERS * task.tissue.amplitude)
    return replace(task, q=reference, stiffness=stiffness, goals=goals, tissue=tissue)


def _best_of_starts(first: Task, lower: Array, upper: Array, task: Task) -> tuple[Solution, dict[str, Array]]:
    """The least added lumbar motion of several starts, and how many of them there were, solved and agreed, per frame.

    A frame that needs no lumbar motion at all cannot do better and is not tried again; nor is one whose musts are not
    met by the least energy under them either. The others start from the frame before, from the least energy under the
    same musts, from the reference, from displaced references, and from the best found in the frames before and after.
    """
    best = solve(first, lower, upper)
    norm = _added(first, best)
    evidence = {name: np.ones(len(task.q)) for name in ("starts", "starts_solved", "starts_agreeing")}
    lost = np.flatnonzero(np.isinf(norm))
    if lost.size:  # perhaps it cannot be done: one more try, and no search if nothing meets the musts
        meets = solve(task.frames(lost), lower[lost], upper[lost])
        again = solve(first.frames(lost), lower[lost], upper[lost], start=meets.q, attempts=1)
        best = put(best, again, lost)
        norm = _added(first, best)
        evidence["starts"][lost] = 2.0
        evidence["starts_solved"][lost] = evidence["starts_agreeing"][lost] = np.isfinite(norm[lost])
        lost = lost[(meets.status != SOLVED) & np.isinf(norm[lost])]
    hard = np.setdiff1d(np.flatnonzero(norm > LUMBAR_ROOM), lost)
    if hard.size == 0:
        return best, evidence
    few, low, high = first.frames(hard), lower[hard], upper[hard]
    own = task.frames(hard)
    easiest = solve(own, low, high)
    step = np.diff(task.q, axis=0)
    starts: list[Callable[[], Array]] = [
        lambda: easiest.q,
        lambda: few.q,
        *(lambda shift=shift: few.q + shift for shift in _displacements()),
        lambda: np.concatenate([best.q[:1], best.q[:-1] + step])[hard],
        lambda: np.concatenate([best.q[1:] - step, best.q[-1:]])[hard],
    ]
    norms, costs = [norm[hard]], np.where(np.isinf(norm[hard]), np.inf, energy(few, best.q[hard]))
    for start in starts:
        found = solve(few, low, high, start=start(), attempts=1)
        norm, cost = _added(few, found), energy(few, found.q)
        better = np.isfinite(norm) & (cost < costs - TIE)
        best = put(best, found.frames(np.flatnonzero(better)), hard[better])
        costs = np.where(better, cost, costs)
        norms.append(norm)
    every = np.array(norms)
    evidence["starts"][hard] = len(every)
    evidence["starts_solved"][hard] = np.isfinite(every).sum(axis=0)
    agree = np.isfinite(every) & (every <= every.min(axis=0) + LUMBAR_ROOM)
    evidence["starts_agreeing"][hard] = agree.sum(axis=0)
    return replace(best, ms=best.ms + easiest.ms), evidence


def _displacements() -> list[Array]:
    """Displacements (24,) of the reference, left and right alike."""
    found = []
    for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        shift = np.zeros(24)
        for sign, parts in zip(signs, DISPLACED, strict=True):
            for name, by in parts.items():
                shift[INDEX[name]] = sign * by
        found.append(shift)
    return found


def _added(first: Task, solution: Solution) -> Array:
    """Norm (F,) of the added lumbar motion; infinite where there is no solution. [rad]"""
    norm = np.linalg.norm((solution.q - first.q)[:, _LUMBAR], axis=1)
    return np.where(solution.status == SOLVED, norm, np.inf)


__all__ = ["LUMBAR_FIRST", "LUMBAR_ROOM", "OTHERS", "allowances", "least"]
