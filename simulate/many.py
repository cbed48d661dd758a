"""One task under many bounds at once: on all cores, in memory that does not grow with the motions."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES
from simulate.compiling import compiled
from simulate.kernels.data import SOLVED
from simulate.kernels.lanes import many
from simulate.problem import Task
from simulate.solution import answers, solve

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Cases that a thread takes at a time. It belongs to the sweep, not to the machine: two cases share their lanes.
CHUNK = 32


@dataclass(frozen=True)
class Crew:
    """Threads that several calls of `solve_many` share: so many of them, in a pool."""

    count: int
    pool: ThreadPoolExecutor


@dataclass(frozen=True, eq=False)
class Cases:
    """What many cases come to; n cases, F frames.

    Over the frames that are solved, NaN if there are none: `least`, `most` and `mean` (n, 24) of each coordinate [m,
    rad]; `added` (n, 24) restricted minus free, signed, at its largest; `lumbar` (n,) the largest norm of what is added
    to the lumbar joint's three axes [rad]; `frame_of_least`, `frame_of_most`, `frame_of_added` (n, 24) and
    `frame_of_lumbar` (n,); `solved` (n,) how many frames are; `kkt` (n,) the largest scaled KKT residual of these [rad,
    m]; `patient` (n,) whether the case was solved alone, frame by frame, because full steps did not arrive everywhere;
    `q` (n, F, 24) if asked for, else (0, F, 24).
    """

    least: Array
    most: Array
    mean: Array
    added: Array
    lumbar: Array
    frame_of_least: Indices
    frame_of_most: Indices
    frame_of_added: Indices
    frame_of_lumbar: Indices
    solved: Indices
    kkt: Array
    patient: NDArray[np.bool_]
    q: Array


def solve_many(
    task: Task,
    lower: Array,
    upper: Array,
    *,
    free: Array | None = None,
    motions: bool = False,
    threads: int | Crew | None = None,
    alone: bool = True,
) -> Cases:
    """Solve a task under many bounds.

    Parameters
    ----------
    task : Task
    lower, upper : ndarray, shape (n, 24), or (24,) for all cases
        Bounds of each case. [m, rad]
    free : ndarray, shape (F, 24), optional
        The free motion, to which `added` is added; the task's reference if not given. [m, rad]
    motions : bool
        Whether to keep the motions, and not only what they come to.
    threads : int or Crew, optional
        As many threads, or threads that other calls use too; all cores if not given. The values are the same for any
        number, bit for bit.
    alone : bool
        Whether a case in which full steps do not arrive everywhere is solved again, alone and frame by frame. If not,
        it is left with fewer `solved` frames, and `patient` says so.

    Returns
    -------
    Cases
        Where frames are not all solved, `solved` says so.

    Raises
    ------
    ValueError
        If the bounds have another shape, or a lower one is above its upper one.
    """
    low, high = _bounds(lower, upper)
    n, frames = len(low), len(task.q)
    room = summaries(n)
    q = np.empty((n if motions else 0, frames, len(COORDINATES)))
    base = np.array(task.q if free is None else free, dtype=np.float64, order="C")
    compiled(
        "many cases in lanes",
        lambda: many.solve_chunk(*_place(task), low, high, 0, 0, base, *_room(task), q, room),
    )
    work = _chunks(n)

    def share(_: int) -> None:
        _solve(task, low, high, work, base, q, room)

    if isinstance(threads, Crew):
        list(threads.pool.map(share, range(min(threads.count, len(work)))))
    elif threads == 1:
        share(0)
    else:
        threads = threads or cpu_count() or 1
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(share, range(threads)))
    patient = room.answered < frames
    for case in np.flatnonzero(patient).tolist() if alone else ():
        one = solve(task, low[case], high[case])
        forget(room, case)
        many.summarise(one.q, base, one.status, one.kkt, case, room)
        if motions:
            q[case] = np.where((one.status == SOLVED)[:, None], one.q, np.nan)
    return Cases(
        least=room.least,
        most=room.most,
        mean=room.mean,
        added=room.added,
        lumbar=room.lumbar,
        frame_of_least=room.at_least,
        frame_of_most=room.at_most,
        frame_of_added=room.at_added,
        frame_of_lumbar=room.at_lumbar,
        solved=room.answered,
        kkt=room.worst,
        patient=patient,
        q=q,
    )


def summaries(n: int) -> many.Summary:
    """Room for what n cases come to."""
    shape = (n, len(COORDINATES))
    return many.Summary(
        least=np.full(shape, np.nan),
        most=np.full(shape, np.nan),
        mean=np.full(shape, np.nan),
        at_least=np.zeros(shape, np.int64),
        at_most=np.zeros(shape, np.int64),
        added=np.full(shape, np.nan),
        at_added=np.zeros(shape, np.int64),
        lumbar=np.full(n, np.nan),
        at_lumbar=np.zeros(n, np.int64),
        answered=np.zeros(n, np.int64),
        worst=np.zeros(n),
    )


def forget(room: many.Summary, case: int) -> None:
    """Forget what a case came to."""
    for part in (room.least, room.most, room.mean, room.added, room.lumbar):
        part[case] = np.nan


def _bounds(lower: Array, upper: Array) -> tuple[Array, Array]:
    """The bounds of each case, (n, 24), in memory of their own."""
    n = len(COORDINATES)
    for name, bound in (("lower", lower), ("upper", upper)):
        if np.ndim(bound) not in (1, 2) or np.shape(bound)[-1] != n:
            raise ValueError(f"{name} has shape {np.shape(bound)}, must be (cases, {n}) or ({n},)")
    cases = {len(bound) for bound in (lower, upper) if np.ndim(bound) == 2}
    if len(cases) > 1:
        raise ValueError(f"lower has shape {np.shape(lower)} and upper {np.shape(upper)}: as many cases in both")
    shape = (*(cases or {1}), n)
    low, high = (np.array(np.broadcast_to(bound, shape), dtype=np.float64, order="C") for bound in (lower, upper))
    if (low > high).any():
        case, i = np.argwhere(low > high)[0]
        raise ValueError(
            f"lower is above upper in case {case}, {COORDINATES[i]}: {low[case, i]:g} and {high[case, i]:g}"
        )
    return low, high


class _chunks:
    """Chunks of cases, handed to whichever thread asks next."""

    def __init__(self, n: int) -> None:
        self.starts = iter(range(0, n, CHUNK))
        self.n = n

    def __len__(self) -> int:
        return -(-self.n // CHUNK)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return self

    def __next__(self) -> tuple[int, int]:
        first = next(self.starts)
        return first, min(first + CHUNK, self.n)


def _place(task: Task) -> tuple[Any, Any, Any]:
    """Scratch for two cases, a trail for them, and the task in lanes."""
    return task.lanes.scratch(2), task.lanes.trail(2), task.lanes


def _room(task: Task) -> tuple[Any, Array]:
    """Room for two motions, and for two cases' bounds."""
    pair = tuple(np.stack([part, part]) for part in answers(len(task.q), task.kernel_goals.weight.shape[1]))
    return pair, np.zeros((2, 2, 1, len(COORDINATES)))


def _solve(task: Task, low: Array, high: Array, work: _chunks, free: Array, q: Array, out: many.Summary) -> None:
    """Solve chunks until there are none."""
    place, room = _place(task), _room(task)
    for first, last in work:
        many.solve_chunk(*place, low, high, first, last, free, *room, q, out)


__all__ = ["CHUNK", "Cases", "Crew", "forget", "solve_many", "summaries"]
