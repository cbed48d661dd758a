"""What is minimised, in numpy: forward kinematics, residuals and their derivatives, for one posture or many at once.

A posture `q` has shape (..., 21); whatever comes of it has the same leading axes.
"""

import numpy as np

from tests.benchmarks.gait_frame.problem import FOOT_L, FOOT_R, IS_SLIDE, PARENT, TIPS, TRUNK, N

HINGES = ~np.array(IS_SLIDE)
SIZE = 15 + N
#: Rows of the residual: place and turn of the right foot, of the left foot, turn of the trunk, coordinates.
PLACE_R, TURN_R, PLACE_L, TURN_L, TURN_TRUNK = (slice(3 * i, 3 * i + 3) for i in range(5))
COORDINATES = slice(15, SIZE)
#: Below this angle the series of the rotation vector is exact to rounding. [rad]
SMALL = 1e-4


def _moves():
    """Which coordinates (21, 21) move the frame after which."""
    out = np.eye(N, dtype=bool)
    for i, parent in enumerate(PARENT):
        if parent >= 0:
            out[i] |= out[parent]
    return out


MOVES = _moves()


def skew(v):
    """The matrix (..., 3, 3) that crosses with `v`."""
    out = np.zeros((*v.shape[:-1], 3, 3))
    out[..., 2, 1], out[..., 0, 2], out[..., 1, 0] = v[..., 0], v[..., 1], v[..., 2]
    return out - np.swapaxes(out, -1, -2)


def cross(a, b):
    """a x b, without the checks that make numpy's own slow on few vectors."""
    a0, a1, a2, b0, b1, b2 = a[..., 0], a[..., 1], a[..., 2], b[..., 0], b[..., 1], b[..., 2]
    return np.stack((a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0), axis=-1)


def turned(axis, angle):
    """Rotation (..., 3, 3) by `angle` about the unit vectors `axis`."""
    K = skew(axis)
    return np.eye(3) + np.sin(angle)[..., None, None] * K + (1.0 - np.cos(angle))[..., None, None] * (K @ K)


def forward(problem, q):
    """Orientation (..., 21, 3, 3) and origin (..., 21, 3) of the frame after each coordinate."""
    local = turned(problem.axis, q * HINGES)
    R, o = np.empty((*q.shape, 3, 3)), np.empty((*q.shape, 3))
    along = problem.offset + problem.axis * (q * ~HINGES)[..., None]
    for i, parent in enumerate(PARENT):
        if parent < 0:
            R[..., i, :, :], o[..., i, :] = local[..., i, :, :], along[..., i, :]
        else:
            R[..., i, :, :] = R[..., parent, :, :] @ local[..., i, :, :]
            o[..., i, :] = o[..., parent, :] + (R[..., parent, :, :] @ along[..., i, :, None])[..., 0]
    return R, o


def rotation_vector(R):
    """Rotation vector (..., 3) of rotations by less than a half turn."""
    v = 0.5 * np.stack((R[..., 2, 1] - R[..., 1, 2], R[..., 0, 2] - R[..., 2, 0], R[..., 1, 0] - R[..., 0, 1]), axis=-1)
    s = np.sqrt((v * v).sum(axis=-1))
    angle = np.arctan2(s, 0.5 * (R[..., 0, 0] + R[..., 1, 1] + R[..., 2, 2] - 1.0))
    small = s < SMALL
    return v * np.where(small, 1.0 + s * s / 6.0, angle / np.where(small, 1.0, s))[..., None]


def rotation_vector_rate(v):
    """How the rotation vector `v` of R changes (..., 3, 3) as R turns about its own axes."""
    t2 = (v * v).sum(axis=-1)
    small = t2 < SMALL
    half = 0.5 * np.sqrt(np.where(small, 1.0, t2))
    c = np.where(small, (1.0 + t2 / 60.0) / 12.0, (1.0 - half / np.tan(half)) / np.where(small, 1.0, t2))
    K = skew(v)
    return np.eye(3) + 0.5 * K + c[..., None, None] * (K @ K)


def _targets(problem, frames):
    return problem.R_foot_r[frames], problem.R_foot_l[frames], problem.R_trunk[frames]


def weights(problem):
    """Weight (36,) of each residual."""
    foot = 3 * [problem.w_foot_position] + 3 * [problem.w_foot_orientation]
    return np.concatenate((foot, foot, 3 * [problem.w_trunk], problem.w_q))


def residuals(problem, frames, q):
    """Weighted residuals (..., 36) of the postures `q`, one for each of `frames` (an index, or a slice)."""
    return _residuals(problem, frames, q, *forward(problem, q))


def _residuals(problem, frames, q, R, o):
    r = np.empty((*q.shape[:-1], SIZE))
    for turn, tip, target in zip((TURN_R, TURN_L, TURN_TRUNK), TIPS, _targets(problem, frames), strict=True):
        r[..., turn] = rotation_vector(np.swapaxes(target, -1, -2) @ R[..., tip, :, :])
    r[..., PLACE_R] = o[..., FOOT_R, :] - problem.p_foot_r[frames]
    r[..., PLACE_L] = o[..., FOOT_L, :] - problem.p_foot_l[frames]
    r[..., COORDINATES] = q - problem.q_nominal[frames]
    return r * weights(problem)


def linearised(problem, frames, q):
    """Weighted residuals (..., 36) and their derivatives (..., 36, 21)."""
    R, o = forward(problem, q)
    r = _residuals(problem, frames, q, R, o)
    w, J = weights(problem), np.zeros((*r.shape, N))
    a = (R @ problem.axis[..., None])[..., 0]  # an axis is not moved by its own coordinate
    for place, tip in ((PLACE_R, FOOT_R), (PLACE_L, FOOT_L)):
        swept = np.where(HINGES[:, None], cross(a, o[..., tip, None, :] - o), a)
        J[..., place, :] = np.swapaxes(swept * MOVES[tip][:, None], -1, -2)
    for turn, tip in ((TURN_R, FOOT_R), (TURN_L, FOOT_L), (TURN_TRUNK, TRUNK)):
        own = (a * (MOVES[tip] & HINGES)[:, None]) @ R[..., tip, :, :]  # the world axes in the tip's frame, as rows
        v = r[..., turn] / np.where(w[turn] > 0.0, w[turn], 1.0)
        J[..., turn, :] = rotation_vector_rate(v) @ np.swapaxes(own, -1, -2)
    J[..., COORDINATES, :] = np.eye(N)
    return r, J * w[:, None]


def objective(problem, frames, q):
    """What is minimised, (...,)."""
    r = residuals(problem, frames, q)
    return 0.5 * (r * r).sum(axis=-1)


def bound_violation(problem, q):
    """How far each posture (..., 21) is out of its bounds at most, (...,). [m, rad]"""
    return np.maximum(np.maximum(problem.lower - q, q - problem.upper).max(axis=-1), 0.0)
