"""One frame after the other with the patient kernel: the readable reference, and the way out where full steps fail."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.compiling import compiled
from simulate.kernels import goals as goal
from simulate.kernels.data import MUST, OFF, SOLVED, UNSOLVED, Body, Goals, Scratch, Tissue
from simulate.kernels.posture import solve_posture

Array = NDArray[np.float64]

#: Steps on the way from bounds and goals that hold the reference to those that are asked for.
PARTS = 8


def prepare(goals: Goals, f: int, lower: Array, upper: Array, w: Scratch) -> None:
    """Role and room of every row in frame f, and the bounds, into the scratch."""
    w.role[:], w.weight[:] = goals.role[f], goals.weight[f]
    w.low[:], w.high[:] = goals.low[f], goals.high[f]
    w.lower[:], w.upper[:] = lower, upper
    # what was locked or bound may have no bound here
    w.state[((w.state < 0) & np.isinf(lower)) | ((w.state > 0) & np.isinf(upper))] = 0


def widen(part: float, body: Body, goals: Goals, f: int, lower: Array, upper: Array, q_ref: Array, w: Scratch) -> None:
    """Room and bounds on the way from those that hold the reference (`part` 0) to the asked ones (`part` 1)."""
    prepare(goals, f, lower, upper, w)
    goal.values(body, goals, f, q_ref, w)
    must = w.role == MUST
    w.low[must] += (1.0 - part) * np.minimum(0.0, w.c - w.low)[must]
    w.high[must] += (1.0 - part) * np.maximum(0.0, w.c - w.high)[must]
    w.lower[:] += (1.0 - part) * np.minimum(0.0, q_ref - lower)
    w.upper[:] += (1.0 - part) * np.maximum(0.0, q_ref - upper)


def solve_frame(
    body: Body, goals: Goals, tissue: Tissue, f: int, stiffness: Array, q_ref: Array, lower: Array, upper: Array,
    attempts: int, w: Scratch, q: Array, lam: Array,
) -> tuple[int, int, float]:  # fmt: skip
    """Solve frame f in place: `q` (24,), `lam` (M,) and the scratch's `state` and `on` hold the start, then the answer.

    If that fails, again from the reference itself; if that fails too, again from the reference, with bounds and goals
    closing in step by step from where the reference meets them all. `attempts` (1 to 3) says how many of these are
    made.

    Returns
    -------
    status, iterations, kkt
    """
    iterations = 0
    prepare(goals, f, lower, upper, w)
    compiled("patient", lambda: solve_posture(body, goals, tissue, f, stiffness, q_ref, q.copy(), lam.copy(), _copy(w)))
    for attempt in range(attempts):
        if attempt > 0:
            q[:], lam[:], w.state[:], w.on[:] = q_ref, 0.0, 0, 0
        if attempt == 2:
            for part in range(1, PARTS):
                widen(part / PARTS, body, goals, f, lower, upper, q_ref, w)
                status, taken, kkt, _ = solve_posture(body, goals, tissue, f, stiffness, q_ref, q, lam, w)
                iterations += taken
                if status == UNSOLVED:
                    break
        prepare(goals, f, lower, upper, w)
        status, taken, kkt, _ = solve_posture(body, goals, tissue, f, stiffness, q_ref, q, lam, w)
        iterations += taken
        if status == SOLVED and _are_numbers(q, w):
            return SOLVED, iterations, kkt
    return UNSOLVED, iterations, kkt


def _are_numbers(q: Array, w: Scratch) -> bool:
    """Whether the answer and what was asked are numbers: comparisons in the kernels pass over what is none."""
    rows = [part[w.role != OFF] for part in (w.c, w.low, w.high)]
    return not any(np.isnan(part).any() for part in (q, w.g, w.lower, w.upper, *rows))


def _copy(w: Scratch) -> Scratch:
    parts: Any = [part.copy() for part in w]
    return Scratch(*parts)


def tangent(
    body: Body, goals: Goals, tissue: Tissue, f: int, stiffness: Array, q_ref: Array, lower: Array, upper: Array,
    q: Array, lam: Array, w: Scratch,
) -> None:  # fmt: skip
    """Everything about frame f at its answer: values, Jacobian, gradient and exact Hessian, in the scratch."""
    prepare(goals, f, lower, upper, w)
    goal.values(body, goals, f, q, w)
    goal.linearise(goals, tissue, f, stiffness, q_ref, q, lam, 1.0, w)


def energies(body: Body, goals: Goals, tissue: Tissue, stiffness: Array, q_ref: Array, q: Array, w: Scratch) -> Array:
    """Energy (F,) of each posture `q` (F, 24) in its frame. [J]"""
    out = np.empty(len(q))
    for f, posture in enumerate(q):
        prepare(goals, f, posture, posture, w)
        goal.values(body, goals, f, posture, w)
        out[f] = goal.objective(tissue, stiffness, q_ref[f], posture, w)
    return out
