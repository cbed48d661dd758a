"""The optimum of each frame, found carefully by none of the compared solvers, and whether an answer reaches it.

Gauss-Newton steps, each the exact solution of its bounded linear least-squares problem (SciPy's `lsq_linear`, BVLS),
shortened by a damping where they do not help, from the nominal posture and from the optimum of the frame before. The
better one counts, and has to meet the first-order conditions.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import lsq_linear

from tests.benchmarks.gait_frame.problem import N
from tests.benchmarks.gait_frame.statement import bound_violation, linearised, objective, residuals

#: An answer counts whose objective is above the optimum by no more than this share of it (plus FLOOR), and whose bounds
#: are exceeded by no more than this. [m, rad]
GAP, BOUNDS, FLOOR = 1e-9, 1e-9, 1e-3
#: First-order conditions of the optimum: the coordinates would move no further than this. The objective is then right
#: to its square times the curvature. [m, rad]
STATIONARY = 1e-8


@dataclass(frozen=True, eq=False)
class Verdict:
    """How an answer compares with the optimum, at its worst frame."""

    gap: float
    bounds: float

    @property
    def reached(self):
        """Whether it counts; what is not a number does not."""
        return bool(self.gap <= GAP and self.bounds <= BOUNDS)


def unmet(problem, k, q):
    """|P(q - D^-1 g) - q|, the largest entry: g the gradient, D the diagonal of J'J, P the projection on the bounds."""
    r, J = linearised(problem, k, q)
    moved = q - (J.T @ r) / np.maximum((J * J).sum(axis=0), 1e-12)
    return float(np.abs(np.clip(moved, problem.lower, problem.upper) - q).max())


def _minimum(problem, k, q, most=200):
    """A local minimum of frame k near q."""
    q, damping = np.clip(q, problem.lower, problem.upper), 0.0
    r, J = linearised(problem, k, q)
    for _ in range(most):
        # BVLS wants some width between the bounds
        room = np.stack((problem.lower - q, np.maximum(problem.upper - q, problem.lower - q + 1e-300)))
        A, b = np.vstack((J, np.sqrt(damping) * np.eye(N))), np.concatenate((-r, np.zeros(N)))
        step = lsq_linear(A, b, bounds=room, method="bvls", tol=1e-15).x
        there = np.clip(q + step, problem.lower, problem.upper)
        found = residuals(problem, k, there)
        if found @ found <= r @ r * (1.0 + 1e-15):
            moved, q, damping = np.abs(there - q).max(), there, 0.0 if damping < 1e-8 else 0.1 * damping
            r, J = linearised(problem, k, q)
            if moved < 1e-13:
                break
        elif np.abs(step).max() < 1e-12 or damping > 1e12:
            break
        else:
            damping = max(10.0 * damping, 1e-6)
    return q


def optimum(problem):
    """Postures (F, 21) and objective (F,) of the best minimum found of every frame.

    Raises ArithmeticError where the first-order conditions are not met.
    """
    q = np.empty((problem.frames, N))
    for k in range(problem.frames):
        starts = [problem.q_nominal[k], problem.start(k, q[k - 1])] if k else [problem.q_nominal[k]]
        found = [_minimum(problem, k, start) for start in starts]
        q[k] = min(found, key=lambda one: float(objective(problem, k, one)))
        if not unmet(problem, k, q[k]) <= STATIONARY:
            raise ArithmeticError(f"frame {k}: no optimum found, {unmet(problem, k, q[k]):.0e} is unmet")
    return q, objective(problem, slice(None), q)


def verdict(problem, best, q):
    """How the answer `q` (F, 21) compares with the optimum's objective `best` (F,)."""
    gap = (objective(problem, slice(None), q) - best) / (FLOOR + best)
    return Verdict(float(gap.max()), float(bound_violation(problem, q).max()))
