"""Rotations as tuples of rows; one formula per function (``kinematics/derivations/rotations.py``).

A matrix named ``R_a_b`` takes coordinates of frame b to frame a. Angles in rad.
"""

from math import atan2, cos, sin, sqrt

from numba import njit


@njit(cache=True, inline="always")
def cross(a, b):
    """a x b."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


@njit(cache=True, inline="always")
def dot(a, b):
    """Inner product of a and b."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(cache=True)
def rotation_about(x, y, z, angle):
    """Rotation by `angle` about the unit vector (x, y, z), as rows (Rodrigues)."""
    c, s = cos(angle), sin(angle)
    v = 1.0 - c
    return (
        (c + v * x * x, v * x * y - s * z, v * x * z + s * y),
        (v * x * y + s * z, c + v * y * y, v * y * z - s * x),
        (v * x * z - s * y, v * y * z + s * x, c + v * z * z),
    )


@njit(cache=True)
def zxy_matrix(z, x, y):
    """Rz(z) Rx(x) Ry(y): hips, spine, and OpenSim's tilt-list-rotation of the pelvis."""
    cz, sz, cx, sx, cy, sy = cos(z), sin(z), cos(x), sin(x), cos(y), sin(y)
    return (
        (cz * cy - sz * sx * sy, -sz * cx, cz * sy + sz * sx * cy),
        (sz * cy + cz * sx * sy, cz * cx, sz * sy - cz * sx * cy),
        (-cx * sy, sx, cx * cy),
    )


@njit(cache=True)
def zxy_angles(R):
    """Angles (z, x, y) with ``zxy_matrix(z, x, y) = R``; x in [-pi/2, pi/2].

    x by atan2, not asin: near +-90 deg asin loses half of the digits.
    """
    x = atan2(R[2][1], sqrt(R[2][0] * R[2][0] + R[2][2] * R[2][2]))
    return (atan2(-R[0][1], R[1][1]), x, atan2(-R[2][0], R[2][2]))


@njit(cache=True)
def yxz_matrix(y, x, z):
    """Ry(y) Rx(x) Rz(z): the pelvis, heading first (heading, list, tilt)."""
    cy, sy, cx, sx, cz, sz = cos(y), sin(y), cos(x), sin(x), cos(z), sin(z)
    return (
        (cy * cz + sy * sx * sz, -cy * sz + sy * sx * cz, sy * cx),
        (cx * sz, cx * cz, -sx),
        (-sy * cz + cy * sx * sz, sy * sz + cy * sx * cz, cy * cx),
    )


@njit(cache=True)
def yxz_angles(R):
    """Angles (y, x, z) with ``yxz_matrix(y, x, z) = R``; x in [-pi/2, pi/2]."""
    x = atan2(-R[1][2], sqrt(R[0][2] * R[0][2] + R[2][2] * R[2][2]))
    return (atan2(R[0][2], R[2][2]), x, atan2(R[1][0], R[1][1]))


@njit(cache=True)
def rotation_vector(R):
    """Axis times angle of R, angle in [0, pi).

    The angle comes from atan2 of sine and cosine, so nothing is lost near 0; under 1e-9 rad sin(t)/t is 1 to the
    last digit.
    """
    x, y, z = 0.5 * (R[2][1] - R[1][2]), 0.5 * (R[0][2] - R[2][0]), 0.5 * (R[1][0] - R[0][1])
    s = sqrt(x * x + y * y + z * z)
    if s < 1e-9:
        return (x, y, z)
    k = atan2(s, 0.5 * (R[0][0] + R[1][1] + R[2][2] - 1.0)) / s
    return (k * x, k * y, k * z)
