"""CasADi on the problem: its SQP method with DAQP as it comes and compiled, and IPOPT.

The objective is written in symbols; derivatives are CasADi's. Axes, offsets and weights are either numbers in the
expressions, which then simplify (a body then has to be compiled of its own), or parameters.
"""

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import casadi as ca
import numpy as np

from tests.benchmarks.gait_frame.problem import FOOT_L, FOOT_R, IS_SLIDE, PARENT, TRUNK, N, UnavailableError

#: Parameters of one frame: three target orientations row by row, two ankle centres, the nominal posture.
TARGETS, PLACES, NOMINAL = slice(0, 27), slice(27, 33), slice(33, 33 + N)
FRAME = 33 + N
#: Parameters of a body and its weights: axes and offsets row by row, then the weights.
BODY = 6 * N + 3 + N
#: Gradients below this end the SQP method: about the loosest that leaves the objective within the judge's gap on every
#: case. The same of IPOPT's complementarity, which is what holds it back.
SQP_TOLERANCE, IPOPT_COMPLEMENTARITY = 1e-5, 5e-13
SQP = {
    "qpsol": "daqp", "tol_du": SQP_TOLERANCE, "tol_pr": 1e-9, "max_iter": 50,
    "max_iter_ls": 0,  # full steps: a line search costs time and is not needed here
    "qpsol_options": {"error_on_fail": False},
    "print_header": False, "print_iteration": False, "print_status": False, "print_time": False, "error_on_fail": False,
}  # fmt: skip
IPOPT = {
    "ipopt.print_level": 0, "ipopt.sb": "yes", "ipopt.bound_relax_factor": 0.0, "ipopt.nlp_scaling_method": "none",
    "ipopt.tol": 1e-8, "ipopt.compl_inf_tol": IPOPT_COMPLEMENTARITY, "ipopt.mu_init": IPOPT_COMPLEMENTARITY,
    "ipopt.warm_start_init_point": "yes",
    **{f"ipopt.warm_start_{what}": 1e-9 for what in ("bound_push", "bound_frac", "mult_bound_push")},
    "print_time": False, "error_on_fail": False,
}  # fmt: skip
FLAGS = ("-O3", "-march=native", "-fPIC", "-shared")


def _skew(a):
    return ca.vertcat(ca.horzcat(0, -a[2], a[1]), ca.horzcat(a[2], 0, -a[0]), ca.horzcat(-a[1], a[0], 0))


def _frames(axis, offset, q):
    """Rotation and origin after each coordinate; `axis` and `offset` are rows of numbers or symbols."""
    R, o = [], []
    for i, parent in enumerate(PARENT):
        before, at = (R[parent], o[parent]) if parent >= 0 else (ca.SX.eye(3), ca.SX.zeros(3))
        a, at = axis[i], at + before @ offset[i]
        if IS_SLIDE[i]:
            R.append(before)
            o.append(at + before @ a * q[i])
        else:
            along, cosine = ca.sparsify(a @ a.T), ca.cos(q[i])
            R.append(before @ (along + cosine * (ca.SX.eye(3) - along) + ca.sin(q[i]) * ca.sparsify(_skew(a))))
            o.append(at)
    return R, o


def _rotation_vector(R):
    v = 0.5 * ca.vertcat(R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1])
    s2 = ca.sumsqr(v)
    small = s2 < 1e-8
    s = ca.sqrt(ca.if_else(small, 1.0, s2))
    return v * ca.if_else(small, 1.0 + s2 / 6.0, ca.atan2(s, 0.5 * (ca.trace(R) - 1.0)) / s)


class Programme:
    """The problem in symbols: objective `f` of `q` and parameters `p`, and its Gauss-Newton Hessian `H`."""

    def __init__(self, body):
        """`body` holds numbers (BODY,), or is None: then they are parameters, after those of the frame."""
        q, frame = ca.SX.sym("q", N), ca.SX.sym("frame", FRAME)
        own = ca.SX.sym("body", BODY) if body is None else ca.DM(body)
        axes, offsets, w = own[: 3 * N], own[3 * N : 6 * N], own[6 * N :]
        R, o = _frames(*([ca.sparsify(rows[3 * i : 3 * i + 3]) for i in range(N)] for rows in (axes, offsets)), q)
        targets, places, nominal = frame[TARGETS], frame[PLACES], frame[NOMINAL]
        parts = [w[0] * (o[FOOT_R] - places[:3]), w[0] * (o[FOOT_L] - places[3:])]
        for k, (tip, weight) in enumerate(((FOOT_R, w[1]), (FOOT_L, w[1]), (TRUNK, w[2]))):
            transposed = ca.reshape(targets[9 * k : 9 * k + 9], 3, 3)
            parts.append(weight * _rotation_vector(transposed @ R[tip]))
        r, w_q = ca.vertcat(*parts), w[3:]
        J = ca.jacobian(r, q)
        self.q, self.p = q, frame if body is not None else ca.vertcat(frame, own)
        self.f = 0.5 * ca.sumsqr(r) + 0.5 * ca.sumsqr(w_q * (q - nominal))
        self.H = J.T @ J + ca.diag(w_q * w_q)

    def solver(self, method, options, *, gauss_newton):
        """CasADi's solver of that method."""
        if gauss_newton:
            factor, none, ipopt = ca.SX.sym("factor"), ca.SX.sym("none", 0), method == "ipopt"
            H = factor * (ca.triu(self.H) if ipopt else self.H)
            name = "triu_hess_gamma_x_x" if ipopt else "hess_gamma_x_x"
            given = [self.q, self.p, factor, none]
            hessian = ca.Function("nlp_hess_l", given, [H], ["x", "p", "lam_f", "lam_g"], [name])
            options = {**options, "hess_lag": hessian}
        return ca.nlpsol("solver", method, {"x": self.q, "p": self.p, "f": self.f}, options)


def _body(problem):
    weights = [problem.w_foot_position, problem.w_foot_orientation, problem.w_trunk]
    return np.concatenate((problem.axis.ravel(), problem.offset.ravel(), weights, problem.w_q))


def _frame_parameters(problem):
    """Parameters (F, FRAME) of every frame."""
    turns = [R.reshape(-1, 9) for R in (problem.R_foot_r, problem.R_foot_l, problem.R_trunk)]
    return np.ascontiguousarray(np.hstack((*turns, problem.p_foot_r, problem.p_foot_l, problem.q_nominal)))


class _FrameByFrame:
    """A CasADi solver called from Python, frame by frame."""

    method, options, gauss_newton = "sqpmethod", SQP, True

    def __init__(self, problem):
        self.problem, self.parameters = problem, _frame_parameters(problem)
        self.solver = Programme(_body(problem)).solver(self.method, self.options, gauss_newton=self.gauss_newton)

    def cycle(self):
        problem, q, multipliers = self.problem, np.empty_like(self.problem.q_nominal), 0.0
        for k in range(problem.frames):
            found = self.solver(
                x0=problem.start(k, q[k - 1] if k else None), p=self.parameters[k], lbx=problem.lower,
                ubx=problem.upper, lam_x0=multipliers,
            )  # fmt: skip
            q[k], multipliers = found["x"].full()[:, 0], found["lam_x"]
        return np.clip(q, problem.lower, problem.upper)


class Sqp(_FrameByFrame):
    """The SQP method as it comes: expressions evaluated by CasADi's virtual machine."""


class Ipopt(_FrameByFrame):
    """IPOPT with the exact Hessian, warm-started."""

    method, options, gauss_newton = "ipopt", IPOPT, False


class IpoptGaussNewton(Ipopt):
    """IPOPT with the Gauss-Newton Hessian."""

    gauss_newton = True


def _cycle_function(programme, frames):
    """All frames in one function: first posture, parameters (one column a frame) and bounds to postures."""
    solver = programme.solver("sqpmethod", SQP, gauss_newton=True)
    size = programme.p.numel()
    before, p = ca.MX.sym("before", 3 * N), ca.MX.sym("p", size)  # posture, its nominal posture, multipliers
    lower, upper = ca.MX.sym("lower", N), ca.MX.sym("upper", N)
    q, nominal, multipliers = ca.vertsplit(before, N)
    start = ca.fmin(ca.fmax(q + p[NOMINAL] - nominal, lower), upper)
    found = solver(x0=start, p=p, lbx=lower, ubx=upper, lam_x0=multipliers)
    after = ca.vertcat(found["x"], p[NOMINAL], found["lam_x"])
    step = ca.Function("step", [before, p, lower, upper], [after])
    every = ca.MX.sym("every", size, frames)
    passed = step.mapaccum("passed", frames)(before, every, ca.repmat(lower, 1, frames), ca.repmat(upper, 1, frames))
    return ca.Function("cycle", [before, every, lower, upper], [passed[:N, :]])


def _compiled(function):
    """The function as C, compiled and loaded again."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise UnavailableError("no C compiler")
    include, library = Path(ca.GlobalOptions.getCasadiIncludePath()), Path(ca.GlobalOptions.getCasadiPath())
    with tempfile.TemporaryDirectory() as folder:
        code = ca.CodeGenerator(f"{function.name()}.c")
        code.add(function)
        code.generate(f"{folder}/")
        where = [f"-I{include}", f"-L{library}", f"-Wl,-rpath,{library}"]
        files = [f"{function.name()}.c", "-o", f"{function.name()}.so"]
        done = subprocess.run(
            [compiler, *FLAGS, *where, *files, "-lm", "-ldaqp"], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise UnavailableError(f"the C compiler failed: {done.stderr.strip().splitlines()[-1]}")
        return ca.external(function.name(), str(Path(folder, f"{function.name()}.so")))


@cache
def _of_any_body(frames):
    return _compiled(_cycle_function(Programme(None), frames))


class Compiled:
    """The SQP method and the loop over the frames as one compiled C function; body and weights are compiled in."""

    def __init__(self, problem):
        frames = problem.frames
        parameters, cycle = self._prepared(problem)
        before = np.concatenate((problem.q_nominal[0], problem.q_nominal[0], np.zeros(N)))
        self.q, self._held = np.empty((frames, N)), (before, parameters, problem.lower.copy(), problem.upper.copy())
        self._buffer, self._call = cycle.buffer()
        for i, array in enumerate(self._held):
            self._buffer.set_arg(i, memoryview(array.reshape(-1)))
        self._buffer.set_res(0, memoryview(self.q.reshape(-1)))

    def _prepared(self, problem):
        own = Programme(_body(problem))
        return _frame_parameters(problem), _compiled(_cycle_function(own, problem.frames))

    def cycle(self):
        self._call()
        return self.q.copy()


class CompiledOnce(Compiled):
    """The same with axes, offsets and weights as data: compiled once for every body."""

    def _prepared(self, problem):
        body = np.broadcast_to(_body(problem), (problem.frames, BODY))
        return np.ascontiguousarray(np.hstack((_frame_parameters(problem), body))), _of_any_body(problem.frames)
