"""Rotations of whole arrays (``kinematics/derivations/rotations.py``).

Angles in rad, last axis in the order of the rotations: ``zxy`` is (z, x, y), ``yxz`` is (y, x, z).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def rotation_about(axis: ArrayLike, angle: ArrayLike) -> Array:
    """Rotation matrices (..., 3, 3) by `angle` (...) [rad] about the unit vector `axis` (3,)."""
    x, y, z = np.asarray(axis, dtype=np.float64)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = np.asarray(angle, dtype=np.float64)[..., None, None]
    result: Array = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)
    return result


def zxy_matrix(angles: ArrayLike) -> Array:
    """Rz Rx Ry of `angles` (..., 3), each (z, x, y) [rad], as (..., 3, 3)."""
    z, x, y = np.moveaxis(np.asarray(angles, dtype=np.float64), -1, 0)
    return rotation_about((0, 0, 1), z) @ rotation_about((1, 0, 0), x) @ rotation_about((0, 1, 0), y)


def zxy_angles(R: ArrayLike) -> Array:
    """Angles (..., 3), each (z, x, y) [rad], with ``zxy_matrix(angles) = R``; x in [-pi/2, pi/2]."""
    R = np.asarray(R, dtype=np.float64)
    x = np.arctan2(R[..., 2, 1], np.hypot(R[..., 2, 0], R[..., 2, 2]))
    return np.stack([np.arctan2(-R[..., 0, 1], R[..., 1, 1]), x, np.arctan2(-R[..., 2, 0], R[..., 2, 2])], axis=-1)


def yxz_matrix(angles: ArrayLike) -> Array:
    """Ry Rx Rz of `angles` (..., 3), each (y, x, z) [rad], as (..., 3, 3): the pelvis, heading first."""
    y, x, z = np.moveaxis(np.asarray(angles, dtype=np.float64), -1, 0)
    return rotation_about((0, 1, 0), y) @ rotation_about((1, 0, 0), x) @ rotation_about((0, 0, 1), z)


def yxz_angles(R: ArrayLike) -> Array:
    """Angles (..., 3), each (y, x, z) [rad], with ``yxz_matrix(angles) = R``; x in [-pi/2, pi/2]."""
    R = np.asarray(R, dtype=np.float64)
    x = np.arctan2(-R[..., 1, 2], np.hypot(R[..., 0, 2], R[..., 2, 2]))
    return np.stack([np.arctan2(R[..., 0, 2], R[..., 2, 2]), x, np.arctan2(R[..., 1, 0], R[..., 1, 1])], axis=-1)


def rotation_angle(R: ArrayLike) -> Array:
    """Angle (...) [rad], in [0, pi], of the rotations `R` (..., 3, 3)."""
    R = np.asarray(R, dtype=np.float64)
    sine = 0.5 * np.sqrt(
        (R[..., 2, 1] - R[..., 1, 2]) ** 2 + (R[..., 0, 2] - R[..., 2, 0]) ** 2 + (R[..., 1, 0] - R[..., 0, 1]) ** 2
    )
    result: Array = np.arctan2(sine, 0.5 * (np.trace(R, axis1=-2, axis2=-1) - 1.0))
    return result
