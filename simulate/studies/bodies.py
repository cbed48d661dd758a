"""Who a case is about: its task, and the bounds of the free and of the restricted body, many cases at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX
from kinematics.errors import HipspineError
from kinematics.rom import RangeOfMotion
from kinematics.tables import value
from kinematics.zero import standing_tilt, zero_offsets
from simulate.compensation import bounds_of, standing_at
from simulate.kernels.data import Tissue
from simulate.problem import Task
from simulate.restrictions import Cause, joined, restrict
from simulate.studies.axes import Values
from simulate.studies.options import ALLOWANCE, LIMIT, SEVERITY, TASK, ZERO, Option
from simulate.studies.reach import Reach, reach_of, tightens
from simulate.studies.study import Study
from simulate.tasks.catalogue import build_task

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

#: Tasks that are kept at hand; people with bodies of their own have one each.
KEPT = 16


@dataclass(frozen=True, eq=False)
class Bodies:
    """Cases (n,) that share a task, its tissues and their zero.

    `which` (n,) are their places in the block; `free` the bounds (lower, upper), each (24,), of the free body, and
    `lower`, `upper` (n, 24) those of the restricted [m, rad]; `own` (n, 24, 2) the person's own reach in either
    direction [deg]; `offsets` (24,) turn model angles into those of the zero [rad]; `side` is the one whose cycle
    counts; `allow` holds by name the allowances that are given, (n,) each [deg, m].
    """

    task: Task
    restricted_task: Task
    which: Indices
    free: tuple[Array, Array]
    lower: Array
    upper: Array
    own: Array
    offsets: Array
    side: str
    allow: Mapping[str, Values]


class Builder:
    """Makes the bodies of a study's cases; keeps the tasks it has made last."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.options = {name: study.option(name) for name in sorted(study.names)}
        self.task = lru_cache(KEPT)(self._task)

    def _about(self, *about: str) -> list[str]:
        return [name for name, option in self.options.items() if option.about in about]

    def bodies(self, columns: Mapping[str, Values], n: int) -> Iterator[Bodies]:
        """The cases of a block, those together that share a task, its tissues, their zero and the side that counts."""
        apart = [*self._about(ZERO), *(name for name, option in self.options.items() if tightens(option))]
        for key, which in self._alike(self._about(TASK), columns, np.arange(n)):
            task = self.task(tuple(key.items()))
            for rest, some in self._alike(apart, columns, which):
                yield from self._bodies(task, rest, columns, some)

    def _alike(
        self, names: Sequence[str], columns: Mapping[str, Values], which: Indices
    ) -> Iterator[tuple[dict[str, Any], Indices]]:
        """Cases with the same values of some options together, in the order in which they first come."""
        kept = {name: self.study.held[name] for name in names if name not in columns}
        for values, some in alike({name: columns[name][which] for name in names if name in columns}):
            yield {name: kept[name] if name in kept else values[name] for name in names}, which[some]

    def _task(self, key: tuple[tuple[str, Any], ...]) -> Task:
        """The task of some task options."""
        given = dict(key)
        body = {name: given.pop(name) for name in ("stature", "mass", "sex") if name in given}
        stiff = {name: given.pop(name) for name in list(given) if self.options[name].row}
        mirror = given.pop("mirror", "no") == "yes"
        task = build_task(self.study.task, replace(self.study.recording, **body), mirror=mirror, **given)
        for name, stiffness in stiff.items():
            task = with_stiffness(task, self.options[name], stiffness)
        return task

    def _bodies(
        self, task: Task, rest: Mapping[str, Any], columns: Mapping[str, Values], which: Indices
    ) -> Iterator[Bodies]:
        def given(name: str) -> Any:
            return columns[name][which] if name in columns else self.study.held[name]

        tilt_deg, _ = standing_tilt(rest.get("standing_tilt", task.standing.tilt_deg))
        task = standing_at(task, tilt_deg)
        offsets = zero_offsets(rest.get("zero", "clinical"), task.standing, standing_tilt_deg=tilt_deg)
        tissue = self._tissue(rest, task, offsets)
        free, _, _ = bounds_of(task, RangeOfMotion.normal(), offsets)
        reach = reach_of(self.options, given, len(which), active=task.active)
        lower, upper = bounds(reach, free, offsets)
        if crossing := [*reach.crossing, *np.argwhere(lower > upper)]:
            raise HipspineError(crossed(self.options, given, reach, *crossing[0]))
        stiff = task if not tissue.kind.size else replace(task, tissue=joined(task.tissue, tissue))
        allow = {self.options[name].row: np.broadcast_to(given(name), which.shape) for name in self._about(ALLOWANCE)}
        left = _counts_left(reach, tissue)
        for side, some in (("r", np.flatnonzero(~left)), ("l", np.flatnonzero(left))):
            if some.size:
                yield Bodies(
                    task=task,
                    restricted_task=stiff,
                    which=which[some],
                    free=free,
                    lower=lower[some],
                    upper=upper[some],
                    own=reach.own[some],
                    offsets=offsets,
                    side=side,
                    allow={name: values[some] for name, values in allow.items()},
                )

    def _tissue(self, rest: Mapping[str, Any], task: Task, offsets: Array) -> Tissue:
        """What tightened tissues add."""
        causes = [
            Cause(self.options[name].row, self.options[name].sides, severity)
            for name, severity in rest.items()
            if self.options[name].about == SEVERITY and severity > 0.0
        ]
        healthy = RangeOfMotion.normal()
        return restrict(healthy, causes, active=task.active, offsets=offsets, tissue=task.tissue).tissue


def alike(columns: Mapping[str, Values]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Places with the same values in all columns together, in the order in which they first come."""
    code: Any = None
    for values in columns.values():
        _, own = np.unique(values, return_inverse=True)
        code = own if code is None else np.unique(code * (own.max() + 1) + own, return_inverse=True)[1]
    if code is None:
        yield {}, slice(None)
        return
    _, first, count = np.unique(code, return_index=True, return_counts=True)
    groups = np.split(np.argsort(code, kind="stable"), np.cumsum(count)[:-1])
    for g in np.argsort(first):
        yield {name: values[first[g]].item() for name, values in columns.items()}, groups[g]


def bounds(reach: Reach, free: tuple[Array, Array], offsets: Array) -> tuple[Array, Array]:
    """Bounds (n, 24) of the restricted bodies: of the free one, with what is imposed in its place. [m, rad]"""
    found = []
    for end, (way, bound) in enumerate(zip((-1.0, 1.0), free, strict=True)):
        own = np.tile(bound, (len(reach.own), 1))
        for i in np.flatnonzero(reach.imposed[:, :, end].any(axis=0)):
            imposed = way * np.deg2rad(reach.own[:, i, end]) - offsets[i]
            own[:, i] = np.where(reach.imposed[:, i, end], imposed, own[:, i])
        found.append(own)
    return found[0], found[1]


def crossed(options: Mapping[str, Option], given: Any, reach: Reach, case: int, coordinate: int) -> str:
    """That limits leave a coordinate no range, and in which case."""
    said = [
        f"{name} {np.broadcast_to(given(name), len(reach.own))[case]:g}"
        for name, option in options.items()
        if option.about in (LIMIT, SEVERITY)
    ]
    return (
        f"limits cross in the case of {', '.join(said)}: {reach.words(case, coordinate)} leave "
        f"{COORDINATES[coordinate]} no range"
    )


def _counts_left(reach: Reach, tissue: Tissue) -> NDArray[np.bool_]:
    """Whether (n,) the left side's cycle counts: where its hip alone is restricted."""
    tight = {
        COORDINATES[i][-1] for i in np.flatnonzero((tissue.factor != 0.0).any(axis=0)) if COORDINATES[i][:3] == "hip"
    }
    right, left = (reach.limited(side) | (side in tight) for side in ("r", "l"))
    return np.asarray(left & ~right)


def with_stiffness(task: Task, option: Option, stiffness: float) -> Task:
    """The task with one row of the stiffness table replaced: of a coordinate on both sides, or of goals.

    Raises
    ------
    HipspineError
        If nothing in the task has this stiffness.
    """
    named = [name for name in COORDINATES if name.removesuffix("_r").removesuffix("_l") == option.row]
    which = [INDEX[name] for name in named if name not in task.chain.locked]
    changed = task.stiffness.copy()
    changed[which] = stiffness
    by = stiffness / value("stiffness", option.row, package="simulate")
    goals = [
        replace(goal, stiffness=np.asarray(goal.stiffness) * by) if goal.stiffness_name == option.row else goal
        for goal in task.goals
    ]
    if not which and not any(goal.stiffness_name == option.row for goal in task.goals):
        raise HipspineError(f"{option.name}: nothing in task {task.name} has this stiffness")
    return replace(task, stiffness=changed, goals=tuple(goals))


@lru_cache(maxsize=1)
def builder(study: Study) -> Builder:
    """The builder of a study, one and the same for whoever asks next: the plan's tasks need not be built again."""
    return Builder(study)


__all__ = ["Bodies", "Builder", "alike", "bounds", "builder", "crossed", "with_stiffness"]
