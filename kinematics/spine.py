"""The spine is two joints: how a thorax-on-pelvis rotation is shared between lumbar (L5/S1) and thoracic (T12/L1).

The lumbar joint takes its published share of each Z-X-Y angle of the whole, the thoracic joint is the exact remainder,
so that the total is kept to rounding. Table ``kinematics/data/spine_shares.csv``.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinematics.chain import Chain
from kinematics.conventions import INDEX
from kinematics.errors import HipspineError
from kinematics.rotations import zxy_angles, zxy_matrix
from kinematics.tables import rows, value

Array = NDArray[np.float64]

_LUMBAR = slice(INDEX["lumbar_extension"], INDEX["lumbar_rotation"] + 1)
_THORACIC = slice(INDEX["thoracic_extension"], INDEX["thoracic_rotation"] + 1)


def lumbar_shares() -> Array:
    """Share (3,) of the thorax-on-pelvis angles that is lumbar: extension, bending, rotation."""
    return np.array([value("spine_shares", name) for name in ("extension", "bending", "rotation")])


def t12l1_above_l5s1() -> Array:
    """Place (3,) of T12/L1 above L5/S1 of an upright, unscaled spine [m]: table ``spine_geometry``."""
    steps = [(float(row["x"]), float(row["y"]), 0.0) for row in rows("spine_geometry")]
    result: Array = np.sum(steps, axis=0)
    return result


def _basis(chain: Chain) -> Array:
    """Columns X, Y, Z of the frame in which the spine's axes are Z, X, Y; checked to be one."""
    z, x, y = chain.axes[_LUMBAR]
    basis = np.stack([x, y, z], axis=1)
    if np.abs(basis.T @ basis - np.eye(3)).max() > 1e-6 or np.linalg.det(basis) < 0.0:
        raise HipspineError(
            f"chain {chain.name!r}: the lumbar axes must be a right-handed Z-X-Y triad, are {z}, {x}, {y}"
        )
    if np.abs(chain.axes[_THORACIC] - chain.axes[_LUMBAR]).max() > 1e-9:
        raise HipspineError(f"chain {chain.name!r}: lumbar and thoracic joints must have the same axes")
    return basis


def total_angles(chain: Chain, R_pelvis_thorax: ArrayLike) -> Array:
    """Extension, bending, rotation (..., 3) [rad] of the thorax on the pelvis, as one Z-X-Y joint."""
    basis = _basis(chain)
    return zxy_angles(basis.T @ np.asarray(R_pelvis_thorax, dtype=np.float64) @ basis)


def total_rotation(chain: Chain, angles: ArrayLike) -> Array:
    """R_pelvis_thorax (..., 3, 3) of `angles` (..., 3): extension, bending, rotation [rad] of one Z-X-Y joint."""
    basis = _basis(chain)
    result: Array = basis @ zxy_matrix(angles) @ basis.T
    return result


def split(chain: Chain, R_pelvis_thorax: ArrayLike) -> Array:
    """Lumbar and thoracic angles that make up a thorax-on-pelvis rotation.

    Parameters
    ----------
    chain : Chain
    R_pelvis_thorax : array_like, shape (..., 3, 3)

    Returns
    -------
    ndarray, shape (..., 6)
        Lumbar extension, bending, rotation, thoracic extension, bending, rotation. [rad]
    """
    whole = total_angles(chain, R_pelvis_thorax)
    lumbar = lumbar_shares() * whole
    thoracic = zxy_angles(np.swapaxes(zxy_matrix(lumbar), -1, -2) @ zxy_matrix(whole))
    return np.concatenate([lumbar, thoracic], axis=-1)


def follow(chain: Chain, R_pelvis_thorax: ArrayLike, spine: ArrayLike) -> Array:
    """Spine angles that make up a thorax-on-pelvis rotation, what is added to others in the published shares.

    Parameters
    ----------
    chain : Chain
    R_pelvis_thorax : array_like, shape (..., 3, 3)
    spine : array_like, shape (..., 6)
        The angles that are added to, in the order of `split`. [rad]

    Returns
    -------
    ndarray, shape (..., 6)
        [rad] Where `spine` is in its shares, what `split` gives.
    """
    spine, whole = np.asarray(spine, dtype=np.float64), total_angles(chain, R_pelvis_thorax)
    lumbar = spine[..., :3] + lumbar_shares() * (whole - recombine(chain, spine))
    thoracic = zxy_angles(np.swapaxes(zxy_matrix(lumbar), -1, -2) @ zxy_matrix(whole))
    return np.concatenate([lumbar, thoracic], axis=-1)


def recombine(chain: Chain, spine: ArrayLike) -> Array:
    """Extension, bending, rotation (..., 3) [rad] of the thorax on the pelvis, from the six spine angles (..., 6)."""
    spine = np.asarray(spine, dtype=np.float64)
    _basis(chain)
    return zxy_angles(zxy_matrix(spine[..., :3]) @ zxy_matrix(spine[..., 3:]))
