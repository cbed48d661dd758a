"""The posture problem written a second time, in CasADi symbols, for optimisers that share nothing with ours.

One programme, built once for so many goal rows and tissue terms; the body, the reference and everything that is asked
are its parameters. It has its own forward kinematics, and CasADi's derivatives. A point row is a linear function of the
segments' frames: n . (R p + o) of one segment, or of all of them weighed with their masses.
"""

from functools import cache, cached_property
from typing import NamedTuple

import casadi as ca
import numpy as np

from kinematics.conventions import COORDINATES, SEGMENT_COORDINATE, SEGMENTS
from simulate.goals import MUST, OFF, PULL, SOFT, CombinationGoal, OrientationGoal, PointGoal
from simulate.kernels.data import EXPONENTIAL, SPRING, STRING
from simulate.problem import Task

N, S = len(COORDINATES), len(SEGMENTS)
IPOPT = {
    "print_level": 0,
    "sb": "yes",
    "tol": 1e-12,
    "constr_viol_tol": 1e-12,
    "bound_relax_factor": 0.0,
    "max_iter": 500,
}
#: Less than this, and only over an edge that IPOPT keeps away from, is a bound or row taken to bind. [m, rad]
BINDS = 1e-7


class Size(NamedTuple):
    """How many rows and terms a programme has room for."""

    points: int
    turns: int
    sums: int
    tissues: int

    @property
    def rows(self):
        return self.points + 3 * self.turns + self.sums


class Optimum(NamedTuple):
    """Where an optimiser stopped: posture, energy, multipliers of rows and bounds (CasADi's signs), its own word."""

    q: np.ndarray
    energy: float
    rows: np.ndarray
    bounds: np.ndarray
    word: str


def _shapes(size):
    P, T, C, K, M = *size, size.rows
    return {
        "axes": (N, 3), "offsets": (N, 3), "reference": (N, 1), "stiffness": (N, 1),
        "arm": (P, 9 * S), "site": (P, 3 * S), "p_target": (P, 1),  # of the frames' rotations and origins
        "pick": (T, S), "o_target": (T, 9), "c_factor": (C, N), "c_target": (C, 1), "soft": (M, 1), "pull": (M, 1),
        "room": (M, 2),
        "t_factor": (K, N), "t_shift": (K, 1), "t_kind": (K, 3), "t_tangent": (K, 1),
    }  # fmt: skip


def _cross(a):
    return ca.vertcat(ca.horzcat(0, -a[2], a[1]), ca.horzcat(a[2], 0, -a[0]), ca.horzcat(-a[1], a[0], 0))


def _frames(axes, offsets, q):
    """Rotations (S, 9) and origins (S, 3) of the segments."""
    R, o = [], []
    for i in range(N):
        parent = i - 1 if i < 6 or i % 6 else 5
        R0, o0 = (ca.SX.eye(3), ca.SX.zeros(3)) if parent < 0 else (R[parent], o[parent])
        axis, here = axes[i, :].T, o0 + R0 @ offsets[i, :].T
        K = _cross(axis)
        R.append(R0 if i < 3 else R0 @ (ca.SX.eye(3) + ca.sin(q[i]) * K + (1 - ca.cos(q[i])) * (K @ K)))
        o.append(here + R0 @ axis * q[i] if i < 3 else here)
    last = [SEGMENT_COORDINATE[name] for name in SEGMENTS]
    return ca.vertcat(*[ca.vec(R[i].T).T for i in last]), ca.vertcat(*[o[i].T for i in last])


def _rotation_vector(R):
    v = 0.5 * ca.vertcat(R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1])
    cosine, s2 = 0.5 * (ca.trace(R) - 1.0), ca.sumsqr(v)
    small = ca.logic_and(s2 < 0.01, cosine > 0.0)
    # asin(s)/s by its series: ten terms leave 1e-20 at s = 0.1
    series, term = 1.0, 1.0
    for n in range(1, 11):
        term = term * s2 * (2 * n - 1) / (2 * n)
        series = series + term / (2 * n + 1)
    s = ca.sqrt(ca.if_else(small, 1.0, s2))
    return v * ca.if_else(small, series, ca.atan2(s, cosine) / s)


class Programme:
    """The parametric problem of one size: `energy`, its `gradient`, `rows`, their `jacobian` and the Lagrangian's
    `hessian` as CasADi functions of (q, parameters), and IPOPT on them.
    """

    def __init__(self, size):
        self.size, self.shapes = size, _shapes(size)
        p = {name: ca.SX.sym(name, *shape) for name, shape in self.shapes.items()}
        q, lam = ca.SX.sym("q", N), ca.SX.sym("lam", size.rows)
        R, o = _frames(p["axes"], p["offsets"], q)
        turns = [
            _rotation_vector(
                ca.reshape(p["o_target"][t, :], 3, 3)  # row by row into columns: the transpose
                @ (ca.reshape(p["pick"][t, :] @ R, 3, 3).T + (1.0 - ca.sum2(p["pick"][t, :])) * ca.SX.eye(3))
            )
            for t in range(size.turns)
        ]
        points = p["arm"] @ ca.vec(R.T) + p["site"] @ ca.vec(o.T) - p["p_target"]
        rows = ca.vertcat(points, *turns, p["c_factor"] @ q - p["c_target"])
        energy = 0.5 * ca.dot(p["stiffness"], (q - p["reference"]) ** 2)
        # a spring draws back to its room; inside it is slack
        out = ca.fmax(rows - p["room"][:, 1], 0.0) + ca.fmin(rows - p["room"][:, 0], 0.0)
        energy += 0.5 * ca.dot(p["soft"], out**2) + ca.dot(p["pull"], rows)
        for t in range(size.tissues):
            energy += _tissue(
                p["t_kind"][t, :], p["t_tangent"][t], p["t_factor"][t, :], p["t_shift"][t], q, p["reference"]
            )
        everything = ca.vertcat(*[ca.vec(part) for part in p.values()])
        hessian = ca.hessian(energy + ca.dot(lam, rows), q)[0]
        self.energy = ca.Function("energy", [q, everything], [energy])
        self.gradient = ca.Function("gradient", [q, everything], [ca.gradient(energy, q)])
        self.rows = ca.Function("rows", [q, everything], [rows])
        self.jacobian = ca.Function("jacobian", [q, everything], [ca.jacobian(rows, q)])
        self.hessian = ca.Function("hessian", [q, everything, lam], [hessian])
        options = {
            "print_time": False,
            "error_on_fail": False,
            **{f"ipopt.{name}": value for name, value in IPOPT.items()},
        }
        self.solver = ca.nlpsol("solver", "ipopt", {"x": q, "p": everything, "f": energy, "g": rows}, options)

    def parameters(self, task, frame):
        """One frame of a task as the programme's parameters, and the ends (rows, 2) between which its rows stay."""
        p = {name: np.zeros(shape) for name, shape in self.shapes.items()}
        p["axes"][:], p["offsets"][:] = task.chain.axes, task.chain.offsets
        p["reference"][:, 0], p["stiffness"][:, 0] = task.q[frame], task.stiffness
        p["o_target"][:] = np.eye(3).ravel()
        ends = np.tile([-np.inf, np.inf], (self.size.rows, 1))
        at = {PointGoal: 0, OrientationGoal: self.size.points, CombinationGoal: self.size.points + 3 * self.size.turns}
        for goal in task.goals:
            kind = type(goal)
            first, own = at[kind], slice(at[kind], at[kind] + goal.rows)
            at[kind] += goal.rows
            role = goal.roles()[frame]
            p["soft"][own, 0] = np.where(role == SOFT, goal.weights()[frame], 0.0)
            p["room"][own] = np.clip(goal.ends()[frame], -1e6, 1e6)
            p["pull"][own, 0] = np.where(role == PULL, goal.weights()[frame], 0.0)
            ends[own] = np.where((role == MUST)[:, None], goal.ends()[frame], [-np.inf, np.inf])
            if (role == OFF).all():
                continue
            if kind is PointGoal:
                self._point(p, first, task.chain, goal, frame)
            elif kind is OrientationGoal:
                t = (first - self.size.points) // 3
                p["pick"][t, SEGMENTS.index(goal.segment)], p["o_target"][t] = 1.0, goal.target[frame].ravel()
            else:
                c = first - self.size.points - 3 * self.size.turns
                for name, value in goal.factors.items():
                    p["c_factor"][c, COORDINATES.index(name)] = value
                p["c_target"][c] = goal.target[frame]
        k = len(task.tissue.kind)
        p["t_factor"][:k], p["t_shift"][:k, 0] = task.tissue.factor, task.tissue.shift
        p["t_tangent"][:k, 0] = task.tissue.tangent
        for column, kind in enumerate((EXPONENTIAL, SPRING, STRING)):
            p["t_kind"][:k, column] = np.where(task.tissue.kind == kind, task.tissue.amplitude, 0.0)
        return np.concatenate([part.ravel("F") for part in p.values()]), ends

    @staticmethod
    def _point(p, row, chain, goal, frame):
        n, arm, site = goal.normal[frame], p["arm"][row].reshape(S, 9), p["site"][row].reshape(S, 3)
        p["p_target"][row] = goal.target[frame]
        if goal.of_whole_body:
            share = chain.masses / chain.masses.sum()
            arm[:] = (share[:, None, None] * n[:, None] * chain.mass_centres[:, None]).reshape(S, 9)
            site[:] = share[:, None] * n
        else:
            s = SEGMENTS.index(goal.point.segment)
            arm[s], site[s] = np.outer(n, goal.point.location).ravel(), 0.0 if goal.is_direction else n


def _tissue(amplitudes, tangent, factor, shift, q, reference):
    """Energy of one tissue, whose amplitude stands at its kind."""
    s, s_ref = factor @ q - shift, factor @ reference - shift
    energy = 0.0
    for column, (phi, slope) in enumerate((
        (ca.exp, ca.exp),
        (lambda s: 0.5 * s**2, lambda s: s),
        (lambda s: 0.5 * ca.fmax(s, 0.0) ** 2, lambda s: ca.fmax(s, 0.0)),
    )):  # fmt: skip
        on = amplitudes[column] > 0.0
        here, there = ca.if_else(on, s, 0.0), ca.if_else(on, s_ref, 0.0)
        energy += amplitudes[column] * (phi(here) - tangent * (phi(there) + slope(there) * (here - there)))
    return energy


programme = cache(Programme)


def size_of(task):
    """Room for a task, rounded up so that similar tasks share a programme."""
    counts = (
        len(task.kind(PointGoal)),
        len(task.kind(OrientationGoal)),
        len(task.kind(CombinationGoal)),
        len(task.tissue.kind),
    )
    return Size(*(step * -(-count // step) for count, step in zip(counts, (10, 2, 3, 6), strict=True)))


class SymbolicPosture:
    """Objective and constraints of one frame of a task as CasADi functions of the 24 coordinates."""

    def __init__(self, task: Task, frame: int, lower, upper, size=None):
        self.programme = programme(size or size_of(task))
        self.p, self.ends = self.programme.parameters(task, frame)
        self.reference, self.lower, self.upper = task.q[frame], lower, upper

    def energy(self, q):
        """Energy at `q`. [J]"""
        return float(self.programme.energy(q, self.p))

    def gradient(self, q):
        """Its gradient (24,)."""
        return np.asarray(self.programme.gradient(q, self.p)).ravel()

    def rows(self, q):
        """Values of all rows."""
        return np.asarray(self.programme.rows(q, self.p)).ravel()

    def violation(self, q):
        """Largest violation of the musts and bounds at `q` [m, rad]."""
        c = self.rows(q)
        return max(0.0, *(self.ends[:, 0] - c), *(c - self.ends[:, 1]), *(self.lower - q), *(q - self.upper))

    def ipopt(self, start):
        """Optimum by an interior-point method from `start`: (q, objective)."""
        return self.interior_point(start)[:2]

    def interior_point(self, start):
        """The same with its multipliers and what IPOPT says of it."""
        solver, bounds = self.programme.solver, {"lbx": self.lower, "ubx": self.upper}
        rows = {"lbg": self.ends[:, 0], "ubg": self.ends[:, 1]}
        answer = solver(x0=np.clip(start, self.lower, self.upper), p=self.p, **bounds, **rows)
        q, lam, z = (np.asarray(answer[name]).ravel() for name in ("x", "lam_g", "lam_x"))
        return Optimum(q, float(answer["f"]), lam, z, solver.stats()["return_status"])

    def stationarity(self, q, lam, z):
        """Largest entry of the Lagrangian's gradient, CasADi's signs. [N, N m]"""
        J = np.asarray(self.programme.jacobian(q, self.p))
        return float(np.abs(self.gradient(q) + J.T @ lam + z).max())

    def projected(self, q, lam):
        """The same with the best multipliers of the bounds at `q`."""
        slope = self.gradient(q) + np.asarray(self.programme.jacobian(q, self.p)).T @ lam
        slope = np.where(q <= self.lower + BINDS, np.minimum(slope, 0.0), slope)
        return float(np.abs(np.where(q >= self.upper - BINDS, np.maximum(slope, 0.0), slope)).max())

    def complementarity(self, q, lam, z):
        """Largest multiplier times what is left of the room on the side it pulls from. [J]"""
        ends = np.vstack([self.ends, np.column_stack([self.lower, self.upper])])
        value, pull = np.r_[self.rows(q), q], np.r_[lam, z]
        end = np.where(pull > 0.0, ends[:, 1], ends[:, 0])
        return float(np.max(np.abs(pull) * np.where(pull == 0.0, 0.0, np.minimum(np.abs(value - end), 1e9))))

    def _binding(self, q, binds):
        """Jacobian (binding rows, 24), and which coordinates are free."""
        c, (low, high) = self.rows(q), self.ends.T
        J = np.asarray(self.programme.jacobian(q, self.p))[(c <= low + binds) | (c >= high - binds)]
        return J, (q > self.lower + binds) & (q < self.upper - binds)

    def curvature(self, q, lam, binds=BINDS):
        """Least curvature of the Lagrangian along what binds: 0 or more at a local minimum. [N/m, N m/rad]"""
        J, free = self._binding(q, binds)
        across = np.linalg.svd(J[:, free], full_matrices=True)
        Z = across.Vh[(across.S > 1e-9).sum() :].T
        H = np.asarray(self.programme.hessian(q, self.p, lam))[np.ix_(free, free)]
        return float(np.linalg.eigvalsh(Z.T @ H @ Z).min(initial=np.inf))

    def independence(self, q, binds=BINDS):
        """Least singular value of the binding rows in the free coordinates: 0 if one says what the others say."""
        J, free = self._binding(q, binds)
        return float(np.linalg.svd(J[:, free], compute_uv=False).min(initial=np.inf)) if len(J) <= free.sum() else 0.0

    @cached_property
    def compiled(self):
        """Energy and gradient, and (kind, rows, Jacobian) of the musts, with constants in place of the parameters: what
        is switched off costs nothing.
        """
        q, p = ca.SX.sym("q", N), ca.SX(self.p)
        energy, rows = self.programme.energy(q, p), self.programme.rows(q, p)
        low, high = self.ends.T
        kinds = {
            "eq": _over(rows, low, low == high),
            "ineq": [
                *_over(rows, low, np.isfinite(low) & (low < high)),
                *_over(-rows, -high, np.isfinite(high) & (low < high)),
            ],
        }
        musts = [(kind, ca.vertcat(*parts)) for kind, parts in kinds.items() if parts]
        functions = [[energy, ca.gradient(energy, q)], *[[rows, ca.jacobian(rows, q)] for _, rows in musts]]
        first, *others = [[ca.Function("f", [q], [part]) for part in pair] for pair in functions]
        return first, [(kind, *pair) for (kind, _), pair in zip(musts, others, strict=True)]

    def scipy(self, start, ftol=1e-15):
        """Optimum by SciPy's sequential least-squares programming from `start`: (q, objective)."""
        from scipy.optimize import minimize

        (energy, gradient), musts = self.compiled
        answer = minimize(
            lambda x: float(energy(x)),
            np.clip(start, self.lower, self.upper),
            jac=lambda x: np.asarray(gradient(x)).ravel(),
            bounds=list(zip(self.lower, self.upper, strict=True)),
            constraints=[
                {
                    "type": kind,
                    "fun": lambda x, c=rows: np.asarray(c(x)).ravel(),
                    "jac": lambda x, J=slope: np.asarray(J(x)),
                }
                for kind, rows, slope in musts
            ],
            method="SLSQP",
            options={"ftol": ftol, "maxiter": 1000},
        )
        return answer.x, float(answer.fun)


def _over(rows, ends, which):
    """By how much the rows `which` are over their ends."""
    return [rows[int(m)] - ends[m] for m in np.flatnonzero(which)]
