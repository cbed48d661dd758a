"""How many frames a second a sweep solves: many limits on the same walk, by a function that takes them all at once.

Left out of the comparison until `ours` has such a function, `solve_many(problem, lower, upper)`: bounds (cases, 21) to
answers (cases, F, 21).
"""

from dataclasses import replace
from time import perf_counter

import numpy as np

from tests.benchmarks.gait_frame.judge import optimum, verdict
from tests.benchmarks.gait_frame.problem import INDEX

CASES, CHECKED = 1000, 3


def limits(problem, cases=CASES):
    """Bounds (cases, 21): the hips' extension stops, right and left apart, evenly spread between -20 and 10 degrees."""
    side = int(np.ceil(np.sqrt(cases)))
    right, left = np.meshgrid(*2 * [np.deg2rad(np.linspace(-20.0, 10.0, side))], indexing="ij")
    lower, upper = np.tile(problem.lower, (cases, 1)), np.tile(problem.upper, (cases, 1))
    lower[:, INDEX["hip_flexion_r"]], lower[:, INDEX["hip_flexion_l"]] = right.ravel()[:cases], left.ravel()[:cases]
    return lower, upper


def throughput(problem, solve_many, *, cases=CASES, repeats=3):
    """Frames a second (median), and whether the answers of a few cases are their optimum."""
    lower, upper = limits(problem, cases)
    q, seconds = solve_many(problem, lower, upper), []
    for _ in range(repeats):
        began = perf_counter()
        solve_many(problem, lower, upper)
        seconds.append(perf_counter() - began)
    reached = True
    for i in np.linspace(0, cases - 1, CHECKED).astype(int):
        one = replace(problem, lower=lower[i], upper=upper[i])
        reached &= verdict(one, optimum(one)[1], q[i]).reached
    return cases * problem.frames / float(np.median(seconds)), reached
