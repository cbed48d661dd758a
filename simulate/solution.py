"""Solving a task frame by frame: the kernel's answer with its proof, and what falls short where not all can be met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES
from simulate import patient
from simulate.compiling import compiled
from simulate.goals import MUST, SOFT, Goal
from simulate.kernels.data import SHORTFALL, SOLVED, UNSOLVED, scratch
from simulate.kernels.lanes import motion
from simulate.problem import Task, misses

Array = NDArray[np.float64]
Flags = NDArray[np.int8]

#: A must goal counts as met to this.
MUST_MM, MUST_DEG = 0.1, 0.01
#: Spring that finds the least miss of goals that yield: a kilonewton moves it by 0.01 mm, a tenth of what counts as
#: met. If the next level has to yield too, its springs are LATER times as stiff, and all are divided by FIRST: the
#: first level then goes on yielding by a metre before the second gives by a millimetre. [N/m, N m/rad]
LEAST_MISS, LATER, FIRST = 1e8, 1e3, 1e2
#: A miss under all the springs that leaves no doubt that its level has to yield. [mm, deg]
CLEARLY_MISSED = 1.0


@dataclass(frozen=True, eq=False)
class Solution:
    """A motion and its proof, frame by frame.

    `q` (F, 24) [m, rad]; `status` (F,) UNSOLVED, SOLVED or SHORTFALL; `iterations` (F,); `kkt` (F,) scaled KKT residual
    [rad, m]; `active` (F, 24) -1 at the lower bound, 1 at the upper, 0 between; `rows_active` (F, M) the same of the
    goal rows; `multipliers` (F, M) of the goal rows; `ms` wall time in the solver.
    """

    q: Array
    status: Flags
    iterations: NDArray[np.int64]
    kkt: Array
    active: Flags
    rows_active: Flags
    multipliers: Array
    ms: float

    def frames(self, which: NDArray[np.intp]) -> Solution:
        """The same solution over some of its frames."""
        parts = ("q", "status", "iterations", "kkt", "active", "rows_active", "multipliers")
        return replace(self, **{name: getattr(self, name)[which] for name in parts})


@dataclass(frozen=True, eq=False)
class Stage:
    """One posture problem that was solved on the way to an answer.

    `what` it minimises, in words; `frames` (F,) of the whole motion in which it was asked; the `task` over these
    frames, its bounds `lower` and `upper` (F, 24), and the `solution`.
    """

    what: str
    frames: NDArray[np.intp]
    task: Task
    lower: Array
    upper: Array
    solution: Solution


@dataclass(frozen=True, eq=False)
class Answer:
    """What a strategy finds: its `solution`, the `asked` task with the strategy's own musts, the `stages` in order (of
    two that hold the same frame the later one counts), and `evidence` (F,) by name.
    """

    solution: Solution
    asked: Task
    stages: tuple[Stage, ...]
    evidence: Mapping[str, Array] = field(default_factory=dict)


def solve(task: Task, lower: Array, upper: Array, *, start: Array | None = None, attempts: int = 3) -> Solution:
    """Solve every frame of a task with the kernel.

    Parameters
    ----------
    task : Task
    lower, upper : ndarray, shape (24,) or (F, 24)
        Bounds. [m, rad]
    start : ndarray, shape (F, 24), optional
        Where each frame starts; from the answer of the frame before if not given.
    attempts : int
        How many ways to try a frame, 1 to 3, from the cheapest to the most patient: the start, the reference, and a
        gradual approach from the reference.

    Returns
    -------
    Solution
        Status SOLVED or UNSOLVED.
    """
    frames, own_start = len(task.q), start is not None
    goals, packed = task.kernel_goals, task.lanes
    q, multipliers, active, rows_active, status, iterations, kkt = room = answers(frames, goals.weight.shape[1])
    if start is not None:
        q[:] = start
    # fresh arrays in one order: a read-only or transposed one would have the kernels compiled once more
    ends = np.broadcast_arrays(np.atleast_2d(lower), np.atleast_2d(upper))
    low, high = (np.array(end, dtype=np.float64, order="C") for end in ends)
    x, alone = packed.scratch(1), (0,)
    one = tuple(array[None] for array in room)

    def onward(first: int) -> int:
        """Frames in lanes from `first` on; where full steps fail, or the number of frames."""
        rest = (packed, low[None], high[None], first, own_start, True)
        return int(motion.solve_lanes(x, x[:0], alone, alone, *rest, *one))

    compiled("one case in lanes", lambda: onward(frames))
    began, f = perf_counter(), onward(0)
    if f == frames:
        return Solution(q, status, iterations, kkt, active, rows_active, multipliers, 1e3 * (perf_counter() - began))
    problem = task.body, goals, task.tissue
    stiffness, reference, work = np.array(task.stiffness), np.array(task.q, order="C"), scratch(goals)

    def patiently(f: int, near: int | None, attempts: int) -> None:
        """Frame f by the patient kernel, from the answer of a frame near it, if there is one, or from where it is."""
        work.state[:], work.on[:] = (0, 0) if near is None else (active[near], rows_active[near])
        if near is not None and len(low) > 1:
            work.state[low[near] >= high[near]] = 0  # locked there, perhaps not here
        multipliers[f] = 0.0 if near is None else multipliers[near]
        if near is not None:
            q[f] = q[near] + reference[f] - reference[near]
        bounds = low[min(f, len(low) - 1)], high[min(f, len(high) - 1)]
        status[f], taken, kkt[f] = patient.solve_frame(
            *problem, f, stiffness, reference[f], *bounds, attempts, work, q[f], multipliers[f]
        )
        iterations[f] += taken
        active[f], rows_active[f] = work.state, work.on

    while f < frames:
        if f == 0 and not own_start:
            q[f] = reference[f]
        patiently(f, f - 1 if f > 0 and not own_start else None, attempts)
        if not own_start:
            motion.resume(x, 0, packed.row_of, q[f], multipliers[f], active[f], rows_active[f])
        f = onward(f + 1)
    # a frame that was lost may be near one that was found: the one after it, or one that was found so
    fresh = np.zeros(frames, dtype=bool)
    for order, by in ((range(frames - 2, -1, -1), 1), (range(1, frames), -1)) if attempts > 1 else ():
        for f in order:
            if status[f] != SOLVED and status[f + by] == SOLVED and (by == 1 or own_start or fresh[f - 1]):
                before = [np.copy(part[f]) for part in room]
                patiently(f, f + by, 1)
                fresh[f] = status[f] == SOLVED
                if not fresh[f]:
                    _put_back(room, f, before)
    return Solution(q, status, iterations, kkt, active, rows_active, multipliers, 1e3 * (perf_counter() - began))


def _put_back(room: tuple[NDArray[Any], ...], f: int, before: list[NDArray[Any]]) -> None:
    """What was in a frame's room before."""
    for part, kept in zip(room, before, strict=True):
        part[f] = kept


def answers(frames: int, rows: int) -> tuple[Array, Array, Flags, Flags, Flags, NDArray[np.int64], Array]:
    """Empty answers, in the order in which the kernels take them."""
    n = len(COORDINATES)
    return (
        np.zeros((frames, n)),
        np.zeros((frames, rows)),
        np.zeros((frames, n), np.int8),
        np.zeros((frames, rows), np.int8),
        np.zeros(frames, np.int8),
        np.zeros(frames, np.int64),
        np.zeros(frames),
    )


def energy(task: Task, q: Array) -> Array:
    """What the postures `q` (F, 24) cost, (F,): everything the problem minimises. [J]"""
    goals = task.kernel_goals
    return patient.energies(
        task.body,
        goals,
        task.tissue,
        np.array(task.stiffness),
        np.array(task.q, order="C"),
        np.array(q, order="C"),
        scratch(goals),
    )


def solve_or_fall_short(task: Task, lower: Array, upper: Array, what: str) -> tuple[Solution, list[Stage]]:
    """Solve every frame; where not all musts can be met, let goals fall short in their order, each as little as it can.

    Parameters
    ----------
    task : Task
    lower, upper : ndarray, shape (24,) or (F, 24)
    what : str
        What the problem minimises, in words.

    Returns
    -------
    solution : Solution
        Status SHORTFALL where a goal falls short by more than MUST_MM or MUST_DEG.
    stages : list of Stage
    """
    solution = solve(task, lower, upper, attempts=2)
    stage = Stage(what, np.arange(len(task.q)), task, *_each(task, lower, upper), solution)
    solution, stages = fall_short(task, lower, upper, solution, what)
    return solution, [stage, *stages]


def _each(task: Task, lower: Array, upper: Array) -> tuple[Array, Array]:
    """The bounds, each (F, 24)."""
    low, high = (np.array(np.broadcast_to(part, task.q.shape)) for part in (lower, upper))
    return low, high


def fall_short(task: Task, lower: Array, upper: Array, solution: Solution, what: str) -> tuple[Solution, list[Stage]]:
    """Solve the frames that are UNSOLVED in `solution`, letting goals fall short; as `solve_or_fall_short`."""
    failed = np.flatnonzero(solution.status == UNSOLVED)
    stages: list[Stage] = []
    if failed.size == 0:
        return judged(task, solution), stages
    lower, upper = _each(task, lower, upper)
    # which goals have to yield shows where all are springs
    few, low, high = task.frames(failed), lower[failed], upper[failed]
    levels = range(len(task.yields) + 1)
    guide = _guide(_sprung(few, levels[-1]), low, high, _nearest(solution, failed))
    miss = _level_misses(few, guide)
    for top in levels:
        # no more goals yield than must; the last level is tried in any case
        unsolved = solution.status[failed] == UNSOLVED
        which = np.flatnonzero(unsolved & ~(miss[:, top:] > CLEARLY_MISSED).any(axis=1))
        if which.size:
            asked = _sprung(few.frames(which), top)
            found = solve(asked, low[which], high[which], start=guide[which])
            name = " and ".join([what, *(f"{words} as near as it can be" for words in task.yields[:top])])
            stages.append(Stage(name, failed[which], asked, low[which], high[which], found))
            solution = put(solution, found, failed[which])
    return judged(task, solution), stages


def _nearest(solution: Solution, failed: NDArray[np.intp]) -> Array | None:
    """The answer in the nearest frame that has one, for each frame that has none; None if no frame has."""
    found = np.flatnonzero(solution.status != UNSOLVED)
    if not found.size:
        return None
    return np.asarray(solution.q[found[np.abs(failed[:, None] - found).argmin(axis=1)]])


def _guide(sprung: Task, lower: Array, upper: Array, beside: Array | None) -> Array:
    """Postures (F, 24) with everything that may yield on springs: frame after frame from the reference, or from what
    the body does in the nearest frame that can be done, whichever costs less. Far from what is asked for there are
    other minima, of bodies that stand on their heads.
    """
    onward = solve(sprung, lower, upper)
    if beside is None:
        return onward.q
    near = solve(sprung, lower, upper, start=np.clip(beside, lower, upper), attempts=1)
    better = (near.status != UNSOLVED) & (
        (onward.status == UNSOLVED) | (energy(sprung, near.q) < energy(sprung, onward.q))
    )
    return np.where(better[:, None], near.q, onward.q)


def _sprung(task: Task, top: int) -> Task:
    """The task with the musts that yield at the levels 1 to `top` turned into springs."""
    return task.with_goals([_spring(goal, top) if 0 < goal.yields <= top else goal for goal in task.goals])


def _spring(goal: Goal, top: int) -> Goal:
    must = goal.roles() == MUST
    stiffness = np.where(must, LEAST_MISS * LATER ** (goal.yields - 1) / FIRST ** (top - 1), goal.weights())
    return replace(goal, role=np.where(must, SOFT, goal.roles()).astype(np.int8), stiffness=stiffness)


def _level_misses(task: Task, q: Array) -> Array:
    """Largest miss (F, levels) of the goals that yield at each level. [mm or deg]"""
    miss = misses(task, q)
    levels = np.array([goal.yields for goal in task.goals])
    return np.stack(
        [miss[:, levels == level].max(axis=1, initial=0.0) for level in range(1, len(task.yields) + 1)], axis=1
    ).reshape(len(q), -1)


def put(whole: Solution, few: Solution, which: NDArray[np.intp]) -> Solution:
    """The solution with the frames `which` replaced, their iterations added."""
    parts = {}
    for name in ("q", "status", "kkt", "active", "rows_active", "multipliers", "iterations"):
        array = getattr(whole, name).copy()
        array[which] = getattr(few, name) + (array[which] if name == "iterations" else 0)
        parts[name] = array
    return Solution(**parts, ms=whole.ms + few.ms)


def judged(asked: Task, solution: Solution) -> Solution:
    """The solution with its status held against the musts as the chain's own forward kinematics gives them."""
    miss = misses(asked, solution.q)
    most = np.array([MUST_MM if goal.unit == "mm" else MUST_DEG for goal in asked.goals])
    yields = np.array([goal.yields > 0 for goal in asked.goals], dtype=bool)
    missed = miss > most
    status = np.where(missed[:, yields].any(axis=1), SHORTFALL, SOLVED)
    status[missed[:, ~yields].any(axis=1) | (solution.status == UNSOLVED)] = UNSOLVED
    return replace(solution, status=status.astype(np.int8))


__all__ = [
    "MUST_DEG", "MUST_MM", "SHORTFALL", "SOLVED", "UNSOLVED", "Answer", "Solution", "Stage", "energy", "fall_short",
    "judged", "put", "solve", "solve_or_fall_short",
]  # fmt: skip
