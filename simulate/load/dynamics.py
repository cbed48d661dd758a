"""Net force and moment at L5/S1 from above: gravity and inertia of what the lumbar joint carries.

No ground forces and no legs are needed: the upper body touches nothing but the pelvis. Accelerations are differences of
mass-centre places and of angular momentum, so no angle is ever differentiated twice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain
from kinematics.conventions import INDEX, SEGMENT_COORDINATE, SEGMENTS
from kinematics.errors import HipspineError
from kinematics.pose import frames
from kinematics.tables import value

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: What is above L5/S1.
ABOVE = ("lumbar", "thorax")
#: Times may be off an even grid by this part of a step: they are often rounded to a millisecond.
UNEVEN = 0.05
#: Central differences over seven frames, errors of sixth order: first and second derivative, by frame offset 0 to 3.
_FIRST = np.array([0.0, 45.0, -9.0, 1.0]) / 60.0
_SECOND = np.array([-490.0, 270.0, -27.0, 2.0]) / 180.0
#: Frames that a difference, and a difference of a difference, does not reach at each end.
REACH = 3
LUMBAR = [INDEX[name] for name in ("lumbar_extension", "lumbar_bending", "lumbar_rotation")]
_UPPER = [*range(6), *range(INDEX["lumbar_extension"], len(INDEX))]


def constant(name: str) -> float:
    """A number of table ``simulate/data/load.csv``."""
    return value("load", name, package="simulate")


class Wrench(NamedTuple):
    """What the pelvis does to the upper body at L5/S1, in the laboratory.

    `force` (F, 3) [N]; `moment` (F, 3) [N m] about L5/S1; `R_pelvis` (F, 3, 3); `axes` (F, 3, 3), the lumbar joint's
    axes as rows: extension, bending, rotation.
    """

    force: Array
    moment: Array
    R_pelvis: Array
    axes: Array


def weight_above(chain: Chain, gravity: float) -> float:
    """Weight of what is above L5/S1. [N]"""
    return gravity * float(sum(chain.masses[SEGMENTS.index(name)] for name in ABOVE))


def wrench(chain: Chain, q: Array, *, gravity: float, rate: float | None = None) -> Wrench:
    """Force and moment at L5/S1 by Newton's and Euler's equations of what is above.

    Parameters
    ----------
    chain : Chain
    q : ndarray, shape (F, 24)
        [m, rad]
    gravity : float
        [m/s^2]
    rate : float, optional
        Frames per second; without it every posture is held, and nothing accelerates. [Hz]

    Returns
    -------
    Wrench
        NaN in the frames that the differences do not reach: `REACH` at each end for the force, twice that for the
        moment.
    """
    R, o, a = frames(chain, q)
    low, up = o[:, LUMBAR[0]], np.array([0.0, 1.0, 0.0])
    force, moment = np.zeros((len(q), 3)), np.zeros((len(q), 3))
    for name in ABOVE:
        k, s = SEGMENTS.index(name), SEGMENT_COORDINATE[name]
        centre = o[:, s] + R[:, s] @ chain.mass_centres[k]
        pull = np.tile(chain.masses[k] * gravity * up, (len(q), 1))
        if rate is not None:
            pull = pull + chain.masses[k] * second(centre, rate)
            moment = moment + first(_angular_momentum(R[:, s], chain.inertias[k], rate), rate)
        force = force + pull
        moment = moment + np.cross(centre - low, pull)
    return Wrench(force, moment, R[:, SEGMENT_COORDINATE["pelvis"]], a[:, LUMBAR])


def _angular_momentum(R: Array, inertia: Array, rate: float) -> Array:
    """Of a body about its mass centre, in the laboratory (F, 3): angular velocity from how its axes turn."""
    turning = first(R.reshape(len(R), 9), rate).reshape(-1, 3, 3) @ np.swapaxes(R, -1, -2)
    omega = 0.5 * np.stack(
        [turning[:, j, i] - turning[:, i, j] for i, j in ((1, 2), (2, 0), (0, 1))], axis=-1
    )  # of the antisymmetric part: what the differences leave of the other is their error
    result: Array = (R @ inertia @ np.swapaxes(R, -1, -2) @ omega[..., None])[..., 0]
    return result


def first(values: Array, rate: float) -> Array:
    """First derivative (F, n) by central differences over seven frames; NaN where they do not reach."""
    out = np.full(values.shape, np.nan)
    inner = slice(REACH, len(values) - REACH)
    if len(values) > 2 * REACH:
        out[inner] = rate * sum(
            _FIRST[k] * (values[REACH + k : len(values) - REACH + k] - values[REACH - k : len(values) - REACH - k])
            for k in range(1, REACH + 1)
        )
    return out


def second(values: Array, rate: float) -> Array:
    """Second derivative (F, n) by central differences over seven frames; NaN where they do not reach."""
    out = np.full(values.shape, np.nan)
    inner = slice(REACH, len(values) - REACH)
    if len(values) > 2 * REACH:
        middle = values[inner]
        steps = [
            _SECOND[k] * (values[REACH + k : len(values) - REACH + k] + values[REACH - k : len(values) - REACH - k])
            for k in range(1, REACH + 1)
        ]
        out[inner] = rate**2 * (_SECOND[0] * middle + sum(steps))
    return out


def frame_rate(time: Array, source: str) -> float:
    """Frames per second of even times (F,). [Hz]

    Raises
    ------
    HipspineError
        If there are too few frames or the times are not even.
    """
    if len(time) < 2 * (2 * REACH) + 1:
        raise HipspineError(
            f"{source}: {len(time)} frames are too few for accelerations; at least {4 * REACH + 1} are needed"
        )
    step = float(time[-1] - time[0]) / (len(time) - 1)
    grid = time[0] + step * np.arange(len(time))
    if not (np.isfinite(time).all() and step > 0.0) or np.abs(time - grid).max() > UNEVEN * step:
        raise HipspineError(
            f"{source}: accelerations need frames at equal times (to {100 * UNEVEN:g} % of a step); resample the motion"
        )
    return 1.0 / step


def smoothed(q: Array, *, rate: float, cutoff: float, source: str) -> Array:
    """Postures with pelvis and spine low-pass filtered: Butterworth, there and back, so that nothing is delayed.

    Parameters
    ----------
    q : ndarray, shape (F, 24)
    rate : float
        Frames per second. [Hz]
    cutoff : float
        Where half the power is left after both passes; infinity leaves all as it is. [Hz]
    source : str
        Whose frames they are, for messages.
    """
    from scipy.signal import butter, sosfiltfilt

    if np.isinf(cutoff):
        return q
    order = round(constant("order")) // 2
    # two passes take the power down twice: each goes to where it has lost the square root
    each = cutoff / (np.sqrt(2.0) - 1.0) ** (1.0 / (2 * order))
    if each >= 0.5 * rate:
        raise HipspineError(
            f"{source}: {rate:.3g} frames a second are too few for a cut-off at {cutoff:g} Hz; it must be below "
            f"{cutoff / each * 0.5 * rate:.3g} Hz"
        )
    out = q.copy()
    beyond = min(len(q) - 1, int(np.ceil(3.0 * rate / cutoff)))
    out[:, _UPPER] = sosfiltfilt(butter(order, each, fs=rate, output="sos"), q[:, _UPPER], axis=0, padlen=beyond)
    return out


def bridged(q: Array, there: Flags) -> Array:
    """Postures with those that are no answer put on straight lines between their neighbours."""
    if there.all():
        return q
    at = np.arange(len(q))
    out = q.copy()
    for k in _UPPER:
        out[:, k] = np.interp(at, at[there], q[there, k])
    return out


def usable(there: Flags, guard: int) -> Flags:
    """Frames (F,) that are further than `guard` frames from either end and from what is no answer."""
    lost = np.pad(~there, guard, constant_values=True)  # beyond the ends nothing is there
    before = np.concatenate([[0], np.cumsum(lost)])
    width = 2 * guard + 1
    return np.asarray(before[width:] == before[:-width])


__all__ = [
    "ABOVE", "REACH", "Wrench", "bridged", "constant", "first", "frame_rate", "second", "smoothed", "usable",
    "weight_above", "wrench",
]  # fmt: skip
