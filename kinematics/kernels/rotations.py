"""Rotations in scalars; one formula per function (``kinematics/derivations/rotations.py``). Angles in rad."""

from math import atan2, cos, sin, sqrt

from kinematics.kernels.cached import njit


@njit(error_model="numpy")
def rotation_vector(R):
    """Axis times angle, angle in [0, pi], of a rotation given as rows.

    By way of the quaternion, from whichever of its entries is the largest (Shepperd 1978, J Guid Control 1:223), so
    that no digits are lost near 0 or near a half turn.
    """
    trace = R[0][0] + R[1][1] + R[2][2]
    if trace >= max(R[0][0], R[1][1], R[2][2]):
        w, x, y, z = 1.0 + trace, R[2][1] - R[1][2], R[0][2] - R[2][0], R[1][0] - R[0][1]
    elif R[0][0] >= max(R[1][1], R[2][2]):
        w, x = R[2][1] - R[1][2], 1.0 + R[0][0] - R[1][1] - R[2][2]
        y, z = R[0][1] + R[1][0], R[0][2] + R[2][0]
    elif R[1][1] >= R[2][2]:
        w, y = R[0][2] - R[2][0], 1.0 - R[0][0] + R[1][1] - R[2][2]
        x, z = R[0][1] + R[1][0], R[1][2] + R[2][1]
    else:
        w, z = R[1][0] - R[0][1], 1.0 - R[0][0] - R[1][1] + R[2][2]
        x, y = R[0][2] + R[2][0], R[1][2] + R[2][1]
    if w < 0.0:
        w, x, y, z = -w, -x, -y, -z
    s = sqrt(x * x + y * y + z * z)
    if s == 0.0:
        return 0.0, 0.0, 0.0
    k = 2.0 * atan2(s, w) / s
    return k * x, k * y, k * z


@njit(error_model="numpy")
def inverse_left_factor(t2):
    """Factor k of K^2 in the inverse left Jacobian I - K/2 + k K^2 of a rotation vector of squared length `t2`.

    1/t^2 - cot(t/2)/(2t), also at a half turn. Under t = 0.05 the difference has lost three digits and the series takes
    over; its next term is t^6/1209600, 1e-14 there.
    """
    if t2 < 0.0025:
        return 1.0 / 12.0 + t2 * (1.0 / 720.0 + t2 / 30240.0)
    t = sqrt(t2)
    return 1.0 / t2 - cos(0.5 * t) / (2.0 * t * sin(0.5 * t))


@njit(error_model="numpy")
def inverse_left_factor_slope(t2):
    """Derivative of `inverse_left_factor` by `t2`.

    From (t/2) cot(t/2) = 1 - t^2 k: 2 dk/dt^2 = (1/(4 sin^2(t/2)) + cot(t/2)/(2t) - 2/t^2)/t^2. The three terms cancel
    near 0: at t = 0.25 eleven digits are left, and below it the series takes over; its next term is 1e-16 there.
    """
    if t2 < 0.0625:
        tail = 1.0 / 403200.0 + t2 * (1.0 / 11975040.0 + t2 * 691.0 / 261534873600.0)
        return 1.0 / 720.0 + t2 * (1.0 / 15120.0 + t2 * tail)
    t = sqrt(t2)
    s, c = sin(0.5 * t), cos(0.5 * t)
    return 0.5 * (0.25 / (s * s) + 0.5 * c / (s * t) - 2.0 / t2) / t2
