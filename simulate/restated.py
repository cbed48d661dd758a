"""The posture problem stated a second time, plainly, for a general-purpose optimiser that shares nothing with ours.

One frame at a time, in numpy only: the tree by Rodrigues' formula, the goals and energies by their definitions, and
every derivative by a complex step (an imaginary part of 1e-30 comes out as the derivative, without cancellation). None
of the kernels is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from kinematics.conventions import COORDINATES, SEGMENT_COORDINATE, SEGMENTS, TRANSLATIONS
from simulate.goals import MUST, PULL, SOFT, CombinationGoal, Goal, OrientationGoal, PointGoal
from simulate.kernels.data import EXPONENTIAL, STRING
from simulate.problem import Task

Array = NDArray[np.float64]
#: Real numbers, or complex ones whose imaginary part carries a derivative.
Numbers = NDArray[np.complex128]

_STEP = 1e-30
_BLOCK = 6


@dataclass(frozen=True, eq=False)
class Restated:
    """One frame of a task between bounds `lower` and `upper` (24,)."""

    task: Task
    frame: int
    lower: Array
    upper: Array

    def _tree(self, q: Numbers) -> tuple[Numbers, Numbers]:
        """Orientation (24, n, 3, 3) and origin (24, n, 3) of the frame after each coordinate, for postures (n, 24)."""
        chain = self.task.chain
        n = len(q)
        R, o = np.zeros((24, n, 3, 3), complex), np.zeros((24, n, 3), complex)
        for i, name in enumerate(COORDINATES):
            before = i - 1 if i < _BLOCK or i % _BLOCK else _BLOCK - 1
            R0 = R[before] if i else np.broadcast_to(np.eye(3, dtype=complex), (n, 3, 3))
            o0 = o[before] if i else np.zeros((n, 3), complex)
            axis = chain.axes[i]
            o[i] = o0 + R0 @ chain.offsets[i]
            if name in TRANSLATIONS:
                R[i] = R0
                o[i] += (R0 @ axis) * q[:, i, None]
                continue
            x, y, z = axis
            K = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
            sine, cosine = np.sin(q[:, i, None, None]), np.cos(q[:, i, None, None])
            R[i] = R0 @ (np.eye(3) + sine * K + (1.0 - cosine) * (K @ K))
        return R, o

    def _rows(self, goal: Goal, q: Numbers, R: Numbers, o: Numbers) -> Numbers:
        """Values (rows, n) of one goal."""
        f, chain = self.frame, self.task.chain
        if isinstance(goal, CombinationGoal):
            return np.asarray(q @ goal.factor() - goal.target[f])[None]
        if isinstance(goal, OrientationGoal):
            return _rotation_vector(goal.target[f].T @ R[SEGMENT_COORDINATE[goal.segment]])
        assert isinstance(goal, PointGoal)
        if goal.of_whole_body:
            place = sum(
                mass * (o[SEGMENT_COORDINATE[name]] + R[SEGMENT_COORDINATE[name]] @ centre)
                for name, mass, centre in zip(SEGMENTS, chain.masses, chain.mass_centres, strict=True)
            ) / float(chain.masses.sum())
        else:
            s = SEGMENT_COORDINATE[goal.point.segment]
            place = R[s] @ np.array(goal.point.location) + (0.0 if goal.is_direction else o[s])
        return np.asarray(place @ goal.normal[f] - goal.target[f])[None]

    def everything(self, q: Numbers) -> tuple[Numbers, Numbers]:
        """Energy (n,) [J] and the values (musts, n) of the must rows, for postures `q` (n, 24)."""
        task, f = self.task, self.frame
        R, o = self._tree(q)
        total = 0.5 * ((q - task.q[f]) ** 2) @ task.stiffness
        for t in range(task.tissue.kind.size):
            total = total + self._tissue(t, q)
        musts = [np.zeros((0, len(q)), complex)]
        for goal in task.goals:
            role, weight = goal.roles()[f], goal.weights()[f]
            if not role.any():
                continue
            c = self._rows(goal, q, R, o)
            low, high = np.moveaxis(goal.ends()[f], -1, 0)[..., None]
            out = np.where(c.real > high, c - high, np.where(c.real < low, c - low, 0.0))
            total = total + 0.5 * (weight * (role == SOFT)) @ out**2 + (weight * (role == PULL)) @ c
            musts.append(c[role == MUST])
        return total, np.concatenate(musts)

    def _tissue(self, t: int, q: Numbers) -> Numbers:
        tissue, reference = self.task.tissue, self.task.q[self.frame]
        s, s0 = q @ tissue.factor[t] - tissue.shift[t], float(reference @ tissue.factor[t] - tissue.shift[t])
        if tissue.kind[t] == EXPONENTIAL:
            stored, at, slope = np.exp(s), np.exp(s0), np.exp(s0)
        else:
            slack = tissue.kind[t] == STRING
            stored = 0.5 * s**2 * (~slack | (s.real > 0.0))
            at, slope = (0.5 * s0**2, s0) if not slack or s0 > 0.0 else (0.0, 0.0)
        if tissue.tangent[t]:
            stored = stored - at - slope * (s - s0)
        return np.asarray(tissue.amplitude[t] * stored)

    @cached_property
    def room(self) -> tuple[Array, Array]:
        """Low and high ends of the must rows."""
        ends = [np.zeros((0, 2))]
        for goal in self.task.goals:
            ends.append(goal.ends()[self.frame][goal.roles()[self.frame] == MUST])
        both = np.concatenate(ends)
        return both[:, 0], both[:, 1]

    def at(self, q: Array) -> tuple[float, Array, Array, Array]:
        """Energy, its gradient (24,), must values and their Jacobian (musts, 24) at one posture."""
        postures = np.tile(np.asarray(q, dtype=complex), (25, 1))
        postures[np.arange(24), np.arange(24)] += 1j * _STEP
        total, c = self.everything(postures)
        return float(total[-1].real), total[:-1].imag / _STEP, c[:, -1].real, c[:, :-1].imag / _STEP

    def energy(self, q: Array) -> float:
        """Energy of one posture. [J]"""
        return float(self.everything(np.asarray(q, dtype=complex)[None])[0][0].real)

    def violation(self, q: Array) -> float:
        """Largest excess over rooms and bounds at one posture. [m, rad]"""
        c = self.everything(np.asarray(q, dtype=complex)[None])[1][:, 0].real
        low, high = self.room
        return float(max([0.0, *(low - c), *(c - high), *(self.lower - q), *(q - self.upper)]))

    def solve(self, start: Array) -> tuple[Array, bool]:
        """The optimum by SciPy's SLSQP from `start`: posture and whether it converged."""
        low, high = self.room
        exact = low == high
        above, below = np.isfinite(low) & ~exact, np.isfinite(high) & ~exact
        memory: dict[bytes, tuple[float, Array, Array, Array]] = {}
        # stiff springs and multipliers dwarf the rest: an objective of the size of one helps the line search
        scale = 1.0 / max(1.0, 1e-3 * self._stiffest())

        def at(q: Array) -> tuple[float, Array, Array, Array]:
            key = q.tobytes()
            if key not in memory:
                memory.clear()
                memory[key] = self.at(q)
            return memory[key]

        fixed = self.lower >= self.upper
        free = ~fixed

        def whole(x: Array) -> Array:
            q = np.where(fixed, self.lower, 0.0)
            q[free] = x
            return q

        constraints: list[Any] = [
            {
                "type": "eq",
                "fun": lambda x: (at(whole(x))[2] - low)[exact],
                "jac": lambda x: at(whole(x))[3][np.ix_(exact, free)],
            },
            {
                "type": "ineq",
                "fun": lambda x: np.concatenate([(at(whole(x))[2] - low)[above], (high - at(whole(x))[2])[below]]),
                "jac": lambda x: np.concatenate([at(whole(x))[3][above], -at(whole(x))[3][below]])[:, free],
            },
        ]
        sizes = (exact.sum(), above.sum() + below.sum())
        answer = minimize(  # type: ignore[call-overload]
            lambda x: scale * at(whole(x))[0],
            np.clip(start, self.lower, self.upper)[free],
            jac=lambda x: scale * at(whole(x))[1][free],
            bounds=list(zip(self.lower[free], self.upper[free], strict=True)),
            constraints=[one for one, size in zip(constraints, sizes, strict=True) if size],
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 200},
        )
        return whole(np.clip(answer.x, self.lower[free], self.upper[free])), bool(answer.success)

    def _stiffest(self) -> float:
        weights = [
            float((goal.weights()[self.frame] * (goal.roles()[self.frame] == SOFT)).max()) for goal in self.task.goals
        ]
        return max([*weights, float(self.task.stiffness.max())])


def _rotation_vector(R: Numbers) -> Numbers:
    """Rotation vector (3, n) of rotations (n, 3, 3), by way of the quaternion's largest entry."""
    trace = np.trace(R, axis1=1, axis2=2)
    diagonal = np.moveaxis(np.diagonal(R, axis1=1, axis2=2), -1, 0)
    a, b, c = R[:, 2, 1] - R[:, 1, 2], R[:, 0, 2] - R[:, 2, 0], R[:, 1, 0] - R[:, 0, 1]
    u, v, w = R[:, 0, 1] + R[:, 1, 0], R[:, 0, 2] + R[:, 2, 0], R[:, 1, 2] + R[:, 2, 1]
    x, y, z = diagonal
    candidates = np.array(
        [[1 + trace, a, b, c], [a, 1 + x - y - z, u, v], [b, u, 1 - x + y - z, w], [c, v, w, 1 - x - y + z]]
    )
    largest = np.argmax(np.array([trace, x, y, z]).real, axis=0)
    quaternion = candidates[largest, :, np.arange(len(R))].T
    quaternion = quaternion * np.where(quaternion[0].real < 0.0, -1.0, 1.0)
    scalar, vector = quaternion[0], quaternion[1:]
    s = np.sqrt((vector**2).sum(axis=0))
    # near no rotation at all the vector is twice the quaternion's over its scalar part
    small = np.abs(s) < 1e-8 * np.abs(scalar)
    ratio = np.where(small, 1.0, s) / scalar
    return np.asarray(vector * np.where(small, 2.0 / scalar, 2.0 * np.arctan(ratio) / np.where(small, 1.0, s)))


__all__ = ["Restated"]
