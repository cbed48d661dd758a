"""What the cases of one block come to: the numbers that a chunk of the store holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import INDEX, ROTATIONS, SPINE, TRANSLATIONS
from simulate import many as batch
from simulate.kernels.data import SHORTFALL, SOLVED, UNSOLVED
from simulate.kernels.lanes.many import Summary, summarise
from simulate.problem import Task, misses
from simulate.result import NEGLIGIBLE_DEG
from simulate.solution import Answer
from simulate.strategies import STRATEGIES, allowances, predicted
from simulate.studies.axes import Block, cases
from simulate.studies.bodies import Bodies, builder
from simulate.studies.study import Study

Array = NDArray[np.float64]

#: Status of frames in the order in which they are counted.
STATUSES = {"solved": SOLVED, "shortfall": SHORTFALL, "unsolved": UNSOLVED}
_TURNS, _SLIDES = [INDEX[name] for name in ROTATIONS], [INDEX[name] for name in TRANSLATIONS]


@dataclass(frozen=True)
class Layout:
    """What has to be known before the first case is solved: how many levels may yield, how many frames at most."""

    yielding: tuple[str, ...]
    frames: int


class Computer:
    """Computes blocks of a study, on one thread or with the help of a crew; keeps the tasks made last."""

    def __init__(self, study: Study, layout: Layout, threads: batch.Crew | int = 1) -> None:
        self.study, self.layout, self.threads = study, layout, threads
        self.builder = builder(study)

    def block(self, block: Block) -> dict[str, NDArray[Any]]:
        """Every variable of a block, each of the block's shape and what the variable has of its own."""
        study, extent = self.study, tuple(part.stop - part.start for part in block)
        n = prod(extent)
        out = blank(study, self.layout, n)
        for bodies in self.builder.bodies(dict(cases(study.axes, block)), n):
            free = _free(bodies)
            self._put_free(out, bodies, free)
            for s, strategy in enumerate(study.strategies):
                put = _Put(out, bodies, free, s, study.coordinates)
                if strategy == "predicted":
                    _predicted(bodies, free, put, self.threads)
                else:
                    _one_by_one(strategy, bodies, free, put)
        return {name: values.reshape(*extent, *values.shape[1:]) for name, values in out.items()}

    def _put_free(self, out: Mapping[str, NDArray[Any]], bodies: Bodies, free: Array) -> None:
        if self.study.trajectories:
            out["free"][bodies.which, : len(free)] = np.rad2deg(free[:, _TURNS])
            out["free_translation"][bodies.which, : len(free)] = free[:, _SLIDES]
            out["percent"][bodies.which, : len(free)] = bodies.task.percent[bodies.side]


def blank(study: Study, layout: Layout, n: int) -> dict[str, NDArray[Any]]:
    """Room for what n cases come to: nothing is known."""
    s, c, frames = len(study.strategies), len(study.coordinates), layout.frames
    out: dict[str, NDArray[Any]] = {
        name: np.full((n, s, c), np.nan) for name in ("added", "at_percent", "peak", "range", "share_of_range")
    }
    out |= {name: np.full((n, s), np.nan) for name in ("lumbar", "lumbar_at_percent", "kkt")}
    out["frames"] = np.zeros((n, s, len(STATUSES)), np.int32)
    out |= {name: np.zeros((n, s, len(layout.yielding))) for name in ("short_mm", "short_deg")}
    if study.trajectories:
        sizes = {"": len(ROTATIONS), "_translation": len(TRANSLATIONS)}
        for kind, size in sizes.items():
            out[f"restricted{kind}"] = np.full((n, s, frames, size), np.nan, np.float32)
            out[f"free{kind}"] = np.full((n, frames, size), np.nan, np.float32)
        out["percent"] = np.full((n, frames), np.nan, np.float32)
    return out


def _free(bodies: Bodies) -> Array:
    """The free motion (F, 24) of the bodies."""
    found = batch.solve_many(bodies.task, *bodies.free, motions=True, threads=1, alone=False)
    return found.q[0] if not found.patient[0] else predicted(bodies.task, *bodies.free).solution.q


def _predicted(bodies: Bodies, free: Array, put: _Put, threads: batch.Crew | int) -> None:
    """All cases at once; those in which something falls short, or full steps do not arrive, again alone."""
    task, asked = bodies.restricted_task, put.trajectories
    found = batch.solve_many(task, bodies.lower, bodies.upper, free=free, motions=asked, threads=threads, alone=False)
    room = Summary(
        found.least, found.most, found.mean, found.frame_of_least, found.frame_of_most, found.added,
        found.frame_of_added, found.lumbar, found.frame_of_lumbar, found.solved, found.kkt,
    )  # fmt: skip
    alone = np.flatnonzero(found.patient)
    done = np.flatnonzero(~found.patient)
    put.frames(done, np.full(len(free), SOLVED, np.int8))
    if asked:
        put.motions(done, found.q[done])
    for k in alone.tolist():
        put.answer(k, predicted(task, bodies.lower[k], bodies.upper[k]), room)
    put.summaries(room)


def _one_by_one(strategy: str, bodies: Bodies, free: Array, put: _Put) -> None:
    """Each case by its strategy."""
    # closure is kinematics: it knows how far a hip goes, not what that takes
    task = bodies.task if strategy == "closure" else bodies.restricted_task
    room = batch.summaries(len(bodies.which))
    answered: dict[bytes, Answer] = {}
    # what a strategy does not ask for does not make another case of it
    given = bodies.allow if strategy == "least" else {}
    for k in range(len(bodies.which)):
        allow = allowances({name: float(values[k]) for name, values in given.items()})
        key = bodies.lower[k].tobytes() + bodies.upper[k].tobytes() + repr(sorted(allow.items())).encode()
        if key not in answered:
            answered[key] = STRATEGIES[strategy](task, bodies.lower[k], bodies.upper[k], free=free, allow=allow)
        put.answer(k, answered[key], room)
    put.summaries(room)


class _Put:
    """Puts answers of one strategy into the block."""

    def __init__(
        self, out: Mapping[str, NDArray[Any]], bodies: Bodies, free: Array, strategy: int, coordinates: tuple[str, ...]
    ) -> None:
        self.out, self.bodies, self.free, self.strategy = out, bodies, free, strategy
        self.coordinates = [INDEX[name] for name in coordinates]
        self.spine = np.array([name in SPINE for name in coordinates])
        self.trajectories = "restricted" in out

    def frames(self, some: NDArray[np.intp], status: NDArray[np.int8]) -> None:
        """Count the frames of cases that have the same status."""
        counts = [int((status == code).sum()) for code in STATUSES.values()]
        self.out["frames"][self.bodies.which[some], self.strategy] = counts

    def motions(self, some: NDArray[np.intp], q: Array) -> None:
        """Motions (n, F, 24) of some cases."""
        at = self.bodies.which[some], self.strategy, slice(0, q.shape[1])
        self.out["restricted"][at] = np.rad2deg(q[..., _TURNS])
        self.out["restricted_translation"][at] = q[..., _SLIDES]

    def answer(self, k: int, answer: Answer, room: Summary) -> None:
        """One case that was solved alone."""
        solution = answer.solution
        batch.forget(room, k)
        summarise(solution.q, self.free, solution.status, solution.kkt, k, room)
        one = np.array([k])
        self.frames(one, solution.status)
        if self.trajectories:
            self.motions(one, np.where((solution.status != UNSOLVED)[:, None], solution.q, np.nan)[None])
        short = solution.status == SHORTFALL
        if short.any():
            miss = misses(answer.asked, solution.q)[short]
            self._fall_short(k, answer.asked, miss)

    def _fall_short(self, k: int, asked: Task, miss: Array) -> None:
        """By how much goals fall short at most, level by level."""
        levels = np.array([goal.yields for goal in asked.goals])
        for unit in ("mm", "deg"):
            mine = np.array([goal.unit == unit for goal in asked.goals], dtype=bool)
            for level in range(1, len(asked.yields) + 1):
                most = miss[:, mine & (levels == level)].max(initial=0.0)
                self.out[f"short_{unit}"][self.bodies.which[k], self.strategy, level - 1] = most

    def summaries(self, room: Summary) -> None:
        """What all cases come to, as `Compensation.changes` has it."""
        at, own = (self.bodies.which, self.strategy), self.coordinates
        offset = np.rad2deg(self.bodies.offsets[own])
        percent = self.bodies.task.percent[self.bodies.side]
        least, most = (np.rad2deg(part[:, own]) + offset for part in (room.least, room.most))
        added = np.rad2deg(room.added[:, own])
        moved = np.abs(added) > NEGLIGIBLE_DEG
        # both ways alike: rounding shall not decide
        outer = np.where(np.abs(most) >= np.abs(least) - NEGLIGIBLE_DEG, most, least)
        values = {
            "added": added,
            "at_percent": np.where(moved, percent[room.at_added[:, own]], np.nan),
            "peak": np.where(moved, np.where(added > 0.0, most, least), outer),
            "range": most - least,
            "share_of_range": self._share(least, most),
            "lumbar": np.rad2deg(room.lumbar),
            "lumbar_at_percent": np.where(np.rad2deg(room.lumbar) > NEGLIGIBLE_DEG, percent[room.at_lumbar], np.nan),
            "kkt": np.where(room.answered > 0, room.worst, np.nan),
        }
        for name, found in values.items():
            self.out[name][at] = found

    def _share(self, least: Array, most: Array) -> Array:
        """The largest use of the person's own range in either direction."""
        own = self.bodies.own[:, self.coordinates]
        shares = []
        for used, reach in ((-least, own[..., 0]), (most, own[..., 1])):
            beyond = np.where(used > reach + NEGLIGIBLE_DEG, np.inf, 0.0)
            with np.errstate(divide="ignore", invalid="ignore"):
                shares.append(np.where(reach > 0.0, used / reach, beyond))
        share = np.maximum(*shares)
        share[:, ~self.spine] = np.nan
        share[np.isnan(least)] = np.nan
        return share


__all__ = ["STATUSES", "Computer", "Layout", "blank"]
