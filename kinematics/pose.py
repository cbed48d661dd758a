"""Where the body is: positions, orientations and Jacobians of a chain in a posture, arrays in and out.

A posture `q` has shape (..., 24), in the order of `kinematics.conventions.COORDINATES`, m and rad. The world has X
forward, Y up, Z to the right.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinematics.chain import Chain
from kinematics.conventions import COORDINATES, SEGMENT_COORDINATE, SEGMENTS
from kinematics.errors import HipspineError, unknown
from kinematics.kernels import tree

Array = NDArray[np.float64]


def _postures(q: ArrayLike) -> Array:
    q = np.asarray(q, dtype=np.float64)
    if q.ndim == 0 or q.shape[-1] != len(COORDINATES):
        raise HipspineError(f"a posture needs {len(COORDINATES)} coordinates on its last axis, this one is {q.shape}")
    return q


def frames(chain: Chain, q: ArrayLike) -> tuple[Array, Array, Array]:
    """Frame after each coordinate, in the world.

    Parameters
    ----------
    chain : Chain
    q : array_like, shape (..., 24)
        Postures. [m, rad]

    Returns
    -------
    R : ndarray, shape (..., 24, 3, 3)
        Orientation.
    o : ndarray, shape (..., 24, 3)
        Origin. [m]
    a : ndarray, shape (..., 24, 3)
        Axis of each coordinate in the world.
    """
    q = _postures(q)
    flat = np.ascontiguousarray(q.reshape(-1, q.shape[-1]))
    R, o, a = (np.empty((len(flat), *shape)) for shape in ((24, 3, 3), (24, 3), (24, 3)))
    tree.forward_many(chain.axes, chain.offsets, flat, R, o, a)
    lead = q.shape[:-1]
    return R.reshape(*lead, 24, 3, 3), o.reshape(*lead, 24, 3), a.reshape(*lead, 24, 3)


def positions(chain: Chain, q: ArrayLike, names: Sequence[str]) -> Array:
    """World places (..., len(names), 3) [m] of the chain's points `names` in the postures `q` (..., 24)."""
    R, o, _ = frames(chain, q)
    out = np.empty((*o.shape[:-2], len(names), 3))
    for k, name in enumerate(names):
        place = chain.point(name)
        s = SEGMENT_COORDINATE[place.segment]
        out[..., k, :] = o[..., s, :] + R[..., s, :, :] @ np.asarray(place.location)
    return out


def orientation(chain: Chain, q: ArrayLike, segment: str) -> Array:
    """Orientation (..., 3, 3) of a segment in the world: it takes segment coordinates to world coordinates."""
    if segment not in SEGMENT_COORDINATE:
        raise unknown("segment", segment, SEGMENT_COORDINATE)
    return frames(chain, q)[0][..., SEGMENT_COORDINATE[segment], :, :]


def jacobian(chain: Chain, q: ArrayLike, name: str) -> Array:
    """Derivative (..., 3, 24) [m per m or rad] of the world place of the chain's point `name`."""
    place = chain.point(name)
    s = SEGMENT_COORDINATE[place.segment]
    q = _postures(q)
    _, o, a = frames(chain, q)
    p = positions(chain, q, [name])[..., 0, :]
    out = np.empty((*q.shape[:-1], 3, 24))
    for n in np.ndindex(q.shape[:-1]):
        tree.point_jacobian(o[n], a[n], s, p[n], out[n])
    return out


def centre_of_mass(chain: Chain, q: ArrayLike) -> Array:
    """World place (..., 3) [m] of the whole body's centre of mass."""
    R, o, _ = frames(chain, q)
    total = np.zeros((*o.shape[:-2], 3))
    for mass, centre, segment in zip(chain.masses, chain.mass_centres, SEGMENTS, strict=True):
        s = SEGMENT_COORDINATE[segment]
        total += mass * (o[..., s, :] + R[..., s, :, :] @ centre)
    result: Array = total / chain.mass
    return result
