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
from kinematics.rom import DIRECTIONS, RangeOfMotion, direction_name
from kinematics.tables import value
from kinematics.zero import standing_tilt, zero_offsets
from simulate.compensation import bounds_of
from simulate.kernels.data import Tissue
from simulate.problem import Task
from simulate.recording import Recording
from simulate.restrictions import Cause, joined, parse_cause, restrict
from simulate.studies.axes import Values
from simulate.studies.options import ALLOWANCE, SEVERITY, TASK, ZERO, Option, cause_of, is_stiffness, row_of
from simulate.studies.study import Study, limits_of
from simulate.tasks.catalogue import build_task

Array = NDArray[np.float64]
Options = Mapping[str, float | str]

#: Tasks that are kept at hand; people with bodies of their own have one each.
KEPT = 16
_LEAST, _MOST = 0, 1


@dataclass(frozen=True, eq=False)
class Bodies:
    """Cases (n,) that share a task, its tissues and their zero.

    `which` (n,) are their places in the block; `free` the bounds (lower, upper), each (24,), of the free body, and
    `lower`, `upper` (n, 24) those of the restricted [m, rad]; `own` (n, 24, 2) the person's own reach in either
    direction [deg]; `offsets` (24,) turn model angles into those of the zero [rad]; `side` is the one whose cycle
    counts; `allow` holds each case's allowances.
    """

    task: Task
    restricted_task: Task
    which: NDArray[np.intp]
    free: tuple[Array, Array]
    lower: Array
    upper: Array
    own: Array
    offsets: Array
    side: str
    allow: Sequence[Mapping[str, float]]


class Builder:
    """Makes the bodies of a study's cases; keeps the tasks it has made last."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.options = {name: study.option(name) for name in study.names}
        self.limits = limits_of(study)
        self.task = lru_cache(KEPT)(self._task)

    def _named(self, *about: str) -> list[str]:
        return sorted(name for name, option in self.options.items() if option.about in about)

    def bodies(self, columns: Mapping[str, Values], n: int) -> Iterator[Bodies]:
        """The cases of a block, those together that share a task, its tissues and their zero."""
        given = {name: columns.get(name, np.full(n, value)) for name, value in self._everything(columns)}
        alike = self._named(TASK)
        for key, which in _alike([given[name] for name in alike], np.arange(n)):
            task = self.task(tuple(zip(alike, key, strict=True)))
            rest = self._named(ZERO, SEVERITY)
            for values, some in _alike([given[name] for name in rest], which):
                yield self._bodies(
                    task, dict(zip(rest, values, strict=True)), {k: v[some] for k, v in given.items()}, some
                )

    def _everything(self, columns: Mapping[str, Values]) -> Iterator[tuple[str, Any]]:
        for name in self.study.names:
            yield name, self.study.held.get(name)

    def _task(self, key: tuple[tuple[str, Any], ...]) -> Task:
        """The task of some task options."""
        given = {name: (value if self.options[name].choices else float(value)) for name, value in key}
        body: dict[str, Any] = {name: given.pop(name) for name in ("stature", "mass", "sex") if name in given}
        stiff = {name: given.pop(name) for name in list(given) if is_stiffness(name)}
        recording: Recording = replace(self.study.recording, **body)
        mirror = given.pop("mirror", "no") == "yes"
        task = build_task(self.study.task, recording, mirror=mirror, **given)
        for name, stiffness in stiff.items():
            task = with_stiffness(task, self.options[name], float(stiffness))
        return task

    def _bodies(self, task: Task, rest: Options, given: Mapping[str, Values], which: NDArray[np.intp]) -> Bodies:
        zero, measured = str(rest.get("zero", "clinical")), rest.get("standing_tilt", task.standing.tilt_deg)
        tilt_deg, _ = standing_tilt(None if measured is None else float(measured))
        offsets = zero_offsets(zero, task.standing, standing_tilt_deg=tilt_deg)
        causes = [
            parsed
            for name, severity in rest.items()
            if self.options[name].about == SEVERITY and (parsed := _cause(name, float(severity)))
        ]
        stiff = restrict(RangeOfMotion.normal(), causes, active=task.active, offsets=offsets)
        free, _, _ = bounds_of(task, RangeOfMotion.normal(), offsets)
        lower, upper, own, imposed = self._bounds(given, len(which), stiff.rom, free, offsets)
        crossing = np.argwhere(lower > upper)
        if crossing.size:
            raise HipspineError(self._crossing(given, crossing[0], own))
        allow = [
            {row_of(self.options[name]): float(given[name][k]) for name in self._named(ALLOWANCE)}
            for k in range(len(which))
        ]
        return Bodies(
            task=task,
            restricted_task=task
            if not stiff.tissue.kind.size
            else replace(task, tissue=joined(task.tissue, stiff.tissue)),
            which=which,
            free=free,
            lower=lower,
            upper=upper,
            own=own,
            offsets=offsets,
            side=_side(imposed, stiff.tissue),
            allow=allow,
        )

    def _bounds(
        self, given: Mapping[str, Values], n: int, rom: RangeOfMotion, free: tuple[Array, Array], offsets: Array
    ) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
        """Bounds (n, 24) of the restricted bodies, their own reach (n, 24, 2) and which ends (24, 2) are imposed."""
        own = np.full((len(COORDINATES), 2), np.inf)
        for (coordinate, sign), normal in RangeOfMotion.normal().reach_deg.items():
            own[INDEX[coordinate], _end(sign)] = normal
        reach, imposed = np.tile(own, (n, 1, 1)), np.zeros(own.shape, bool)
        for name in self.limits:
            direction = DIRECTIONS[name]
            for coordinate in direction.coordinates:
                for sign in (direction.sign,) if direction.sign else (-1, 1):
                    reach[:, INDEX[coordinate], _end(sign)] = given[name].astype(np.float64)
                    imposed[INDEX[coordinate], _end(sign)] = True
        for coordinate, sign in rom.limited_bounds:  # by causes: the smallest range wins
            place = INDEX[coordinate], _end(sign)
            reach[:, *place] = np.minimum(reach[:, *place], rom.reach_deg[coordinate, sign])
            imposed[place] = True
        lower, upper = (np.tile(bound, (n, 1)) for bound in free)
        for i, end in np.argwhere(imposed):
            bound, way = (upper, 1.0) if end == _MOST else (lower, -1.0)
            bound[:, i] = way * np.deg2rad(reach[:, i, end]) - offsets[i]
        return lower, upper, reach, imposed

    def _crossing(self, given: Mapping[str, Values], at: Array, own: Array) -> str:
        case, i = (int(k) for k in at)
        said = ", ".join(f"{name} {given[name][case]}" for name in sorted(self.limits))
        ends = [f"{direction_name(COORDINATES[i], sign)} {own[case, i, _end(sign)]:g} deg" for sign in (1, -1)]
        return f"limits cross in the case of {said}: {' and '.join(ends)} leave {COORDINATES[i]} no range"


def _end(sign: int) -> int:
    return _MOST if sign > 0 else _LEAST


def _cause(name: str, severity: float) -> Cause | None:
    """The cause that an option of severity means; none if it is healthy."""
    cause, side = cause_of(name)
    found = replace(parse_cause(f"{cause}:{side}"), severity=severity)
    return found if severity > 0.0 else None


def _side(imposed: NDArray[np.bool_], tissue: Tissue) -> str:
    """The side whose cycle counts: the restricted one, right if both or neither."""
    stiff = {COORDINATES[i] for i in np.flatnonzero(imposed.any(axis=1) | (tissue.factor != 0.0).any(axis=0))}
    sides = {name[-1] for name in stiff if name.startswith("hip")}
    return "l" if sides == {"l"} else "r"


def _alike(keys: Sequence[Values], which: NDArray[np.intp]) -> Iterator[tuple[tuple[Any, ...], NDArray[np.intp]]]:
    """Cases with the same values of some options together, in the order in which they first come."""
    if not keys:
        yield (), which
        return
    # a number by its bits, a word by itself
    found: dict[tuple[Any, ...], list[int]] = {}
    for place, key in zip(which.tolist(), zip(*(column[which].tolist() for column in keys), strict=True), strict=True):
        found.setdefault(key, []).append(place)
    for key, places in found.items():
        yield key, np.array(places, dtype=np.intp)


def with_stiffness(task: Task, option: Option, stiffness: float) -> Task:
    """The task with one row of the stiffness table replaced: of a coordinate on both sides, or of goals.

    Raises
    ------
    HipspineError
        If it is negative, or nothing in the task has this stiffness.
    """
    row = row_of(option)
    if stiffness < 0.0:
        raise HipspineError(f"{option.name} must be 0 or more, is {stiffness:g} {option.unit}")
    which = [INDEX[name] for name in COORDINATES if name.removesuffix("_r").removesuffix("_l") == row]
    changed = task.stiffness.copy()
    changed[which] = stiffness
    by = stiffness / value("stiffness", row, package="simulate")
    goals = [
        replace(goal, stiffness=np.asarray(goal.stiffness) * by) if goal.stiffness_name == row else goal
        for goal in task.goals
    ]
    if not which and not any(goal.stiffness_name == row for goal in task.goals):
        raise HipspineError(f"{option.name}: nothing in task {task.name} has this stiffness")
    return replace(task, stiffness=changed, goals=tuple(goals))


__all__ = ["Bodies", "Builder", "with_stiffness"]
