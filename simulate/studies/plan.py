"""What a study will take before it is begun: its postures, its blocks, its time and its size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from math import prod
from time import perf_counter
from typing import Any

import numpy as np

from simulate.problem import Task
from simulate.strategies.least_lumbar import ALLOWANCES
from simulate.studies.axes import Block, block_shape, blocks
from simulate.studies.bodies import builder
from simulate.studies.checks import check
from simulate.studies.compute import Computer, Layout, blank
from simulate.studies.options import SEVERITY, TASK, ZERO
from simulate.studies.study import Study

#: A block should take about that long on one core: long against writing it, short against losing it. [s]
BLOCK_S = 0.5
#: As many blocks there should be at least, so that cores end at the same time; fewer where cores share the kernels of a
#: block.
LEAST_BLOCKS, LEAST_KERNEL_BLOCKS = 8, 4
#: An axis of as many places that changes the task makes tasks, not kernels, what takes the time.
MANY_TASKS = 10
#: What decides the size of a block, in seconds: a frame by each strategy, and a task of its own. Orders of magnitude
#: (assumption); they are part of the layout, not of a forecast.
FRAME_S = {"predicted": 2e-6, "closure": 1e-4, "least": 2e-4}
TASK_S = 5e-3
#: Tasks that are looked at to know how long motions are.
PROBES = 64
#: A dry run solves blocks for that long to know how long one takes. [s]
TIMED_S = 2.0


@dataclass(frozen=True)
class Plan:
    """A study and the way it is computed."""

    study: Study
    layout: Layout
    block_shape: tuple[int, ...]
    frames: float
    chain: str
    notices: tuple[str, ...]

    @cached_property
    def blocks(self) -> list[Block]:
        """The blocks in order."""
        return blocks(self.study.axes, self.block_shape)

    @property
    def postures(self) -> int:
        """Frames of all cases and strategies (an estimate where motions differ in length)."""
        return round(self.study.cases * len(self.study.strategies) * self.frames)

    @property
    def bytes(self) -> int:
        """Size of the variables before compression."""
        values = blank(self.study, self.layout, 1).values()
        return self.study.cases * sum(prod(v.shape) * v.itemsize for v in values)


def plan(study: Study) -> Plan:
    """Look at a study's tasks and lay it out.

    Raises
    ------
    HipspineError
        If one of the tasks that are looked at cannot be built.
    """
    tasks = list(_probes(study))
    check(study, tasks)
    most = max((task.yields for task in tasks), key=len)
    yielding = (*most, ALLOWANCES) if "least" in study.strategies else tuple(most)
    lengths = [len(task.q) for task in tasks]
    frames = float(np.mean(lengths))
    return Plan(
        study,
        Layout(yielding, max(lengths)),
        block_shape(study.axes, study.block or _cases_a_block(study, frames)),
        frames,
        tasks[0].chain.name,
        _notices(tasks),
    )


def _notices(tasks: list[Task]) -> tuple[str, ...]:
    """What the tasks' users should know; where only a number differs from task to task, what the first says."""
    found: dict[str, list[str]] = {}
    for task in tasks:
        for notice in (*task.chain.notices, *task.notices):
            alike = found.setdefault(re.sub(r"[\d.]+", "#", notice), [])
            if notice not in alike:
                alike.append(notice)
    return tuple(
        one[0] + (" (the first of the study's tasks; others differ)" if one[1:] else "") for one in found.values()
    )


def _probes(study: Study) -> Iterator[Task]:
    """Tasks of the study: of every value of a task's own options, of the first and the last body."""
    made = builder(study)
    alike = sorted(name for name, option in made.options.items() if option.about == TASK)
    ways: list[list[dict[str, Any]]] = [[{name: study.held[name] for name in alike if name in study.held}]]
    for axis in study.axes:
        columns = {name: axis.columns[name] for name in axis.columns if name in alike}
        if not columns:
            continue
        places = range(len(axis)) if any(study.option(name).choices for name in columns) else _ends(columns)
        found = {tuple(values[k].item() for values in columns.values()): None for k in places}
        ways.append([dict(zip(columns, key, strict=True)) for key in found])
    for way in islice(product(*ways), PROBES):
        given = {name: value for part in way for name, value in part.items()}
        yield made.task(tuple((name, given[name]) for name in alike))


def _ends(columns: dict[str, Any]) -> list[int]:
    """Places where a column is at its least or most."""
    numbers = list(columns.values())
    return sorted({int(place) for values in numbers for place in (values.argmin(), values.argmax())})


def in_kernels(study: Study) -> bool:
    """Whether next to all the time goes into kernels that run side by side: one strategy, many bounds of few tasks."""
    return study.strategies == ("predicted",) and not _makes_many(study, TASK, ZERO, SEVERITY)


def _makes_many(study: Study, *about: str) -> bool:
    """Whether an option about one of these takes many values."""
    return any(
        study.option(name).about in about and len(axis) >= MANY_TASKS for axis in study.axes for name in axis.columns
    )


def _cases_a_block(study: Study, frames: float) -> int:
    own = TASK_S if _makes_many(study, TASK) else 0.0
    case_s = sum(FRAME_S[name] for name in study.strategies) * frames + own
    least = LEAST_KERNEL_BLOCKS if in_kernels(study) else LEAST_BLOCKS
    return max(1, min(round(BLOCK_S / case_s), -(-study.cases // least)))


def forecast(made: Plan, *, cores: int) -> float:
    """Seconds that a study takes on that many cores, from some blocks that are computed here, without compiling."""
    computer = Computer(made.study, made.layout)
    computer.block(tuple(slice(0, 1) for _ in made.study.shape))
    spent, cases = 0.0, 0
    for k in np.random.default_rng(0).permutation(len(made.blocks)):
        block = made.blocks[int(k)]
        began = perf_counter()
        computer.block(block)
        spent += perf_counter() - began
        cases += prod(part.stop - part.start for part in block)
        if spent > TIMED_S:
            break
    return spent / cases * made.study.cases / cores


__all__ = ["BLOCK_S", "Plan", "forecast", "in_kernels", "plan"]
