"""Rotations in scalars; one formula per function (``kinematics/derivations/rotations.py``). Angles in rad."""

from math import atan2, sqrt

from numba import njit


@njit(cache=True)
def rotation_vector(x, y, z, cosine):
    """Axis times angle, angle in [0, pi), from axis times sine (x, y, z) and the angle's cosine.

    The angle comes from atan2, so nothing is lost near 0; under 1e-9 rad sin(t)/t is 1 to the last digit.
    """
    sine = sqrt(x * x + y * y + z * z)
    if sine < 1e-9:
        return x, y, z
    k = atan2(sine, cosine) / sine
    return k * x, k * y, k * z
