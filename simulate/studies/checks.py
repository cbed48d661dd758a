"""What is refused before anything is solved: options that no case uses, and limits that cross."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from kinematics.conventions import COORDINATES
from kinematics.errors import HipspineError
from simulate.problem import Task
from simulate.restrictions import CAUSES
from simulate.studies.axes import PERSON, block_shape, blocks, cases
from simulate.studies.bodies import crossed
from simulate.studies.options import ALLOWANCE, LIMIT, SEVERITY
from simulate.studies.reach import ends_of, limits_among, reach_of
from simulate.studies.study import Study

#: Cases whose limits are looked at at a time.
CASES = 16_384
#: Allowances that every task knows: they are about coordinates, the others about goals.
_OF_COORDINATES = ("knee", "ankle")


def check(study: Study, tasks: Sequence[Task]) -> None:
    """Refuse a study that cannot mean what it says.

    Parameters
    ----------
    study : Study
    tasks : sequence of Task
        Some of its tasks, one of each kind.

    Raises
    ------
    HipspineError
        If an option does nothing in any case, or limits cross in one; the message names the case.
    """
    for name, why in _unused(study, tasks):
        raise HipspineError(f"{name} would do nothing: {why}")
    _refuse_crossing(study, active=tasks[0].active)


def _unused(study: Study, tasks: Sequence[Task]) -> Iterator[tuple[str, str]]:
    """Options that no case uses, and why."""
    yield from _unused_limits(study, tasks)
    yield from _unused_restrictions(study, tasks)
    names, recording = study.names, study.recording
    if study.task == "turn" and "style" in names and "angle" not in names and recording.motion is not None:
        yield "style", "a recorded turn is as it was, unless angle bends it to another"
    if study.task == "bend" and "direction" in names and recording.motion is not None:
        yield "direction", "a recorded bend goes where it went"
    if study.task == "walk" and "speed" in names and recording.standing is not None:
        yield "recording.standing", "with speed nobody's recording walks"
    if recording.motion is None and all(task.constructed for task in tasks):
        for key in ("resample", "marker_set"):
            if getattr(recording, key) is not None:
                yield f"recording.{key}", f"task {study.task} is constructed here, nothing of it was recorded"
    for axis in study.axes:
        if axis.kind != PERSON and "mass" in axis.columns:
            yield "mass", "heavier people move alike here, stiffness does not scale with them; hold it"


def _unused_limits(study: Study, tasks: Sequence[Task]) -> Iterator[tuple[str, str]]:
    locked = {name for task in tasks for name in task.chain.locked}
    limits = limits_among({name: study.option(name) for name in study.names})
    for k, name in enumerate(limits):
        ends = set(ends_of(name))
        if no := sorted(COORDINATES[i] for i, _ in ends if COORDINATES[i] in locked):
            yield name, f"{no[0]} is locked in {tasks[0].chain.name}"
        if ends <= {end for later in limits[k + 1 :] for end in ends_of(later) if len(set(ends_of(later))) < len(ends)}:
            yield name, "each of its sides or ways has a limit of its own"


def _unused_restrictions(study: Study, tasks: Sequence[Task]) -> Iterator[tuple[str, str]]:
    """Allowances, severities and standing tilt that nothing asks for."""
    allowances = {goal.allowance for task in tasks for goal in task.goals} | set(_OF_COORDINATES)
    for name in sorted(study.names):
        option = study.option(name)
        if option.about == ALLOWANCE and option.row not in allowances:
            yield name, f"task {study.task} has nothing of the kind"
        if option.about == SEVERITY:
            does = {row["what"] for row in CAUSES[option.row]} - {"years"}
            if does == {"active"} and not any(task.active for task in tasks):
                yield name, f"it takes active reach, and in task {study.task} no muscle lifts the limb"
            if does == {"tissue"} and set(study.strategies) == {"closure"}:
                yield name, "it tightens tissues, and strategy closure knows limits alone"
    if "standing_tilt" in study.names and "clinical" not in _values(study, "zero", "clinical"):
        yield "standing_tilt", "only the clinical zero asks for it"


def _values(study: Study, name: str, default: Any) -> set[Any]:
    """Every value that an option has in the study."""
    for axis in study.axes:
        if name in axis.columns:
            return set(axis.columns[name].tolist())
    return {study.held.get(name, default)}


def _refuse_crossing(study: Study, *, active: bool) -> None:
    """Look at the limits of every case, without their tasks."""
    options = {name: study.option(name) for name in sorted(study.names)}
    options = {name: option for name, option in options.items() if option.about in (LIMIT, SEVERITY)}
    axes = [axis for axis in study.axes if axis.columns.keys() & options.keys()]
    if not options:
        return
    for block in blocks(axes, block_shape(axes, CASES)):
        columns, n = dict(cases(axes, block)), prod(part.stop - part.start for part in block)

        def given(name: str, columns: Any = columns) -> Any:
            return columns[name] if name in columns else study.held[name]

        reach = reach_of(options, given, n, active=active)
        if reach.crossing.size:
            raise HipspineError(crossed(options, given, reach, *np.asarray(reach.crossing[0]).tolist()))


__all__ = ["check"]
