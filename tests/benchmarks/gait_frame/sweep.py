"""How many frames a second a sweep solves: many limits on the same walk, on one thread and on all cores."""

import os
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from simulate.many import solve_many
from tests.benchmarks.gait_frame import ours
from tests.benchmarks.gait_frame.judge import optimum, verdict
from tests.benchmarks.gait_frame.problem import INDEX

CASES, CHECKED = 1000, 5


@dataclass(frozen=True)
class Throughput:
    """Frames a second (median) on one thread and on all `threads`; whether the `checked` cases are their optimum."""

    one: float
    all: float
    threads: int
    checked: int
    reached: bool
    solved: bool


def limits(problem, cases=CASES):
    """Bounds (cases, 21): the hips' extension stops, right and left apart, evenly spread between -20 and 10 degrees."""
    side = int(np.ceil(np.sqrt(cases)))
    right, left = np.meshgrid(*2 * [np.deg2rad(np.linspace(-20.0, 10.0, side))], indexing="ij")
    lower, upper = np.tile(problem.lower, (cases, 1)), np.tile(problem.upper, (cases, 1))
    lower[:, INDEX["hip_flexion_r"]], lower[:, INDEX["hip_flexion_l"]] = right.ravel()[:cases], left.ravel()[:cases]
    return lower, upper


def throughput(problem, *, cases=CASES, repeats=7):
    """Solve that many cases, what they come to only, some times; a few of their motions against the optimum."""
    task, (lower, upper) = ours.task(problem), limits(problem, cases)
    low, high, threads = ours.widened(lower), ours.widened(upper), os.cpu_count() or 1
    found = solve_many(task, low, high, motions=True)
    checked = np.linspace(0, cases - 1, CHECKED).astype(int)
    reached = all(
        verdict(
            one := replace(problem, lower=lower[i], upper=upper[i]), optimum(one)[1], found.q[i][:, ours.INTO]
        ).reached
        for i in checked
    )
    rates = {}
    for count in (1, threads):
        seconds = []
        for _ in range(repeats):
            began = perf_counter()
            solve_many(task, low, high, threads=count)
            seconds.append(perf_counter() - began)
        rates[count] = cases * problem.frames / float(np.median(seconds))
    solved = bool((found.solved == problem.frames).all())
    return Throughput(rates[1], rates[threads], threads, len(checked), reached, solved)
