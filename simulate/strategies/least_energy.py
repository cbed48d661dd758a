"""`predicted`: the path of least resistance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulate.problem import Task
from simulate.solution import Answer, solve_or_fall_short

Array = NDArray[np.float64]


def predicted(task: Task, lower: Array, upper: Array, **_: object) -> Answer:
    """Everything gives way, each at its stiffness: the posture of least elastic energy that meets the must goals."""
    solution, stages = solve_or_fall_short(task, lower, upper, "energy")
    return Answer(solution, task, tuple(stages))


__all__ = ["predicted"]
