"""The posture problem written a second time, in CasADi symbols, for optimisers that share nothing with ours."""

import casadi as ca
import numpy as np

from kinematics.conventions import SEGMENT_COORDINATE
from simulate.problem import ABOVE, EQUAL, SOFT, PointGoal, Task


def _rotation(axis, angle):
    x, y, z = axis
    cross = ca.DM([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return ca.DM.eye(3) + ca.sin(angle) * cross + (1 - ca.cos(angle)) * (cross @ cross)


def _frames(chain, q):
    R, o = [], []
    for i in range(24):
        parent = i - 1 if i < 6 or i % 6 else 5
        R0, o0 = (ca.SX.eye(3), ca.SX.zeros(3)) if parent < 0 else (R[parent], o[parent])
        axis = ca.DM(chain.axes[i])
        here = o0 + R0 @ ca.DM(chain.offsets[i])
        R.append(R0 if i < 3 else R0 @ _rotation(chain.axes[i], q[i]))
        o.append(here + R0 @ axis * q[i] if i < 3 else here)
    return R, o


def _rotation_vector(R):
    v = 0.5 * ca.vertcat(R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1])
    s = ca.sqrt(ca.sumsqr(v) + 1e-300)
    return v * ca.if_else(s < 1e-7, 1.0, ca.atan2(s, 0.5 * (ca.trace(R) - 1.0)) / s)


class SymbolicPosture:
    """Objective and constraints of one frame of a task as CasADi expressions of the 24 coordinates."""

    def __init__(self, task: Task, frame: int, lower, upper):
        q = ca.SX.sym("q", 24)
        R, o = _frames(task.chain, q)
        self.reference, self.lower, self.upper = task.q[frame], lower, upper
        energy = 0.5 * ca.dot(ca.DM(task.stiffness), (q - ca.DM(task.q[frame])) ** 2)
        equal, above = [], []
        for goal in task.goals:
            role = goal.role[frame]
            if isinstance(goal, PointGoal):
                s = SEGMENT_COORDINATE[goal.point.segment]
                place = R[s] @ ca.DM(goal.point.location) + (0 if goal.is_direction else o[s])
                rows = ca.dot(ca.DM(goal.normal[frame]), place) - goal.target[frame]
            else:
                rows = _rotation_vector(ca.DM(goal.target[frame]).T @ R[SEGMENT_COORDINATE[goal.segment]])
            if role == EQUAL:
                equal.append(rows)
            elif role == ABOVE:
                above.append(rows)
            elif role == SOFT:
                energy += 0.5 * goal.stiffness * ca.sumsqr(rows)
        equal, above = ca.vertcat(*equal), ca.vertcat(*above)
        self.problem = {"x": q, "f": energy, "g": ca.vertcat(equal, above)}
        self.n_equal, self.n_above = equal.numel(), above.numel()
        self.energy = ca.Function("f", [q], [energy])
        self.gradient = ca.Function("df", [q], [ca.gradient(energy, q)])
        self.equal = ca.Function("e", [q], [equal, ca.jacobian(equal, q)])
        self.above = ca.Function("a", [q], [above, ca.jacobian(above, q)])

    def violation(self, q):
        """Largest violation of the musts and bounds at `q` [m, rad]."""
        equal, above = (np.asarray(rows(q)[0]).ravel() for rows in (self.equal, self.above))
        return max(0.0, *np.abs(equal), *-above, *(self.lower - q), *(q - self.upper))

    def ipopt(self, start):
        """Optimum by an interior-point method from `start`: (q, objective)."""
        options = {
            "print_time": False,
            "ipopt.print_level": 0,
            "ipopt.sb": "yes",
            "ipopt.tol": 1e-13,
            "ipopt.constr_viol_tol": 1e-12,
            "ipopt.acceptable_iter": 0,
            "ipopt.bound_relax_factor": 0.0,
            "ipopt.max_iter": 500,
        }
        solver = ca.nlpsol("solver", "ipopt", self.problem, options)
        answer = solver(
            x0=np.clip(start, self.lower, self.upper),
            lbx=self.lower,
            ubx=self.upper,
            lbg=0,
            ubg=np.r_[np.zeros(self.n_equal), np.full(self.n_above, np.inf)],
        )
        return np.asarray(answer["x"]).ravel(), float(answer["f"])

    def scipy(self, start, ftol=1e-15):
        """Optimum by SciPy's sequential least-squares programming from `start`: (q, objective)."""
        from scipy.optimize import minimize

        constraints = [
            {
                "type": kind,
                "fun": lambda x, rows=rows: np.asarray(rows(x)[0]).ravel(),
                "jac": lambda x, rows=rows: np.asarray(rows(x)[1]),
            }
            for kind, rows, size in (("eq", self.equal, self.n_equal), ("ineq", self.above, self.n_above))
            if size
        ]
        answer = minimize(
            lambda x: float(self.energy(x)),
            np.clip(start, self.lower, self.upper),
            jac=lambda x: np.asarray(self.gradient(x)).ravel(),
            bounds=list(zip(self.lower, self.upper, strict=True)),
            constraints=constraints,
            method="SLSQP",
            options={"ftol": ftol, "maxiter": 1000},
        )
        return answer.x, float(answer.fun)
