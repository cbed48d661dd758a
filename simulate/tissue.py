"""Passive tissues as energies: what resists at hip, knee, ankle and lumbar spine as each nears the end of its range.

Every curve is an exponential of a linear combination of angles, so that it is the slope of an energy and nothing
depends on the way by which a posture is reached. Of the legs these are the terms of Riener & Edrich (1999), each
integrated over its own joint; what a term then pulls at the other joints follows from that, and differs from what the
source fitted there (`moment`). Part of what resists hip extension is the psoas, a line that passes hip and lumbar
spine: it is stretched by both, each at its moment arm, and pulls both. Numbers: ``simulate/data/passive_moments.csv``.

The curves of hip, knee and ankle (`legs`) stand in every task, in place of a stiffness of hip flexion; what stiffness
knee and ankle have beside them is of the muscles that hold them. Lumbar and thoracic joint have one stiffness an axis
(table ``stiffness``); the lumbar curves here stand apart, for who wants a spine that stiffens towards its end.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinematics.conventions import COORDINATES, INDEX, SIDES
from kinematics.errors import HipspineError, unknown
from kinematics.rom import RangeOfMotion
from kinematics.tables import rows, value
from kinematics.zero import Standing, standing_tilt, zero_offsets
from simulate.kernels.data import EXPONENTIAL, Tissue

Array = NDArray[np.float64]

_TABLE = "passive_moments"
_LUMBAR = ("lumbar_extension", "lumbar_bending", "lumbar_rotation")
#: Joints whose tissues there are.
JOINTS = ("hip", "knee", "ankle", "lumbar")
#: The curve of which the psoas carries a part.
_PSOAS_CURVE = "hip_into_extension"


class Curve(NamedTuple):
    """One exponential: exp(constant + rates . angles), about the coordinate `of`; rates by coordinate. [1/rad]"""

    name: str
    of: str
    constant: float
    rates: dict[str, float]

    @property
    def sense(self) -> float:
        """Sense of the moment on its own coordinate: a curve that grows with an angle pushes it back."""
        return -float(np.sign(self.rates[self.of]))


@cache
def curves() -> tuple[Curve, ...]:
    """The curves of one leg, as the table has them."""
    found: dict[str, Curve] = {}
    for row in rows(_TABLE, "simulate"):
        if row["what"] == "constant":
            found[row["name"]] = Curve(row["name"], row["of"], float(row["value"]), {})
        elif row["what"] == "rate":
            found[row["name"]].rates[row["of"]] = float(np.rad2deg(float(row["value"])))
    return tuple(found.values())


def moment(of: str, *, hip_flexion_deg: ArrayLike, knee_angle_deg: ArrayLike, ankle_angle_deg: ArrayLike) -> Array:
    """Passive moment about a coordinate of a leg, as Riener & Edrich fitted it.

    Parameters
    ----------
    of : {"hip_flexion", "knee_angle", "ankle_angle"}
        In whose positive sense the moment counts.
    hip_flexion_deg, knee_angle_deg, ankle_angle_deg : array_like, broadcastable
        Flexion of hip (source's zero) and knee, dorsiflexion. [deg]

    Returns
    -------
    ndarray
        Of the broadcast shape. [N m]

    Raises
    ------
    HipspineError
        If there is no such fit.
    """
    given = {"hip_flexion": hip_flexion_deg, "knee_angle": knee_angle_deg, "ankle_angle": ankle_angle_deg}
    if of not in given:
        raise unknown("coordinate with a passive moment", of, given)
    angles = {name: np.deg2rad(np.asarray(angle, dtype=np.float64)) for name, angle in given.items()}
    total = np.full(
        np.broadcast_shapes(*(angle.shape for angle in angles.values())), value(_TABLE, of, package="simulate")
    )
    for curve in curves():
        if curve.of == of:
            exponent = curve.constant + sum(rate * angles[name] for name, rate in curve.rates.items())
            total = total + curve.sense * np.exp(exponent)
    return total


def passive(offsets: ArrayLike, *, joints: tuple[str, ...] = JOINTS) -> Tissue:
    """Passive tissues of both legs and of the lumbar spine, as the difference from their tangent at the reference.

    Parameters
    ----------
    offsets : array_like, shape (24,)
        Added to a model angle they give the angle in which curves and ranges count. [rad]
    joints : tuple of {"hip", "knee", "ankle", "lumbar"}
        Whose tissues.

    Returns
    -------
    Tissue
        Energy (moment / rate) exp(rate . angle) of each curve, so that its slope is the moment.

    Raises
    ------
    HipspineError
        If a joint is unknown.

    Notes
    -----
    Lumbar stiffness is K cosh(g x / range), half of it for each direction, which has a range of its own: energy
    (K / 2 k^2) exp(k x) with k = g / range. The growth g is that of lateral bending in vivo; that extension and
    rotation grow alike over their ranges is assumed.
    """
    shift = np.asarray(offsets, dtype=np.float64)
    if shift.shape != (len(COORDINATES),):
        raise HipspineError(f"offsets has shape {shift.shape}, must be ({len(COORDINATES)},)")
    for joint in joints:
        if joint not in JOINTS:
            raise unknown("joint with passive tissue", joint, JOINTS)
    factors, constants, amplitudes = list[Array](), list[float](), list[float]()
    for curve in curves():
        if curve.name.partition("_")[0] in joints:
            for side in SIDES:
                for factor, amplitude in _strands(curve, side):
                    factors.append(factor)
                    constants.append(curve.constant)
                    amplitudes.append(amplitude)
    for name in _LUMBAR if "lumbar" in joints else ():
        stiffness = value(_TABLE, name, package="simulate")
        for sign in (1, -1):
            rate = value(_TABLE, "lumbar", package="simulate") / np.deg2rad(
                RangeOfMotion.normal().reach_deg[name, sign]
            )
            factor = np.zeros(len(COORDINATES))
            factor[INDEX[name]] = sign * rate
            factors.append(factor)
            constants.append(0.0)
            amplitudes.append(0.5 * stiffness / rate**2)
    n, matrix = len(factors), np.array(factors).reshape(-1, len(COORDINATES))
    return Tissue(
        kind=np.full(n, EXPONENTIAL, np.int8),
        factor=matrix,
        shift=-np.array(constants) - matrix @ shift,
        amplitude=np.array(amplitudes),
        tangent=np.ones(n, np.int8),
    )


def legs(standing: Standing) -> Tissue:
    """Passive tissues of both legs, psoas included, of a person who stands as `standing` says.

    Notes
    -----
    The source's zero of hip flexion is taken for the clinical one: a pelvis with a level ASIS-PSIS line, from the tilt
    that was measured in standing, else from the published one.
    """
    tilt_deg, _ = standing_tilt(standing.tilt_deg)
    return passive(zero_offsets("clinical", standing, standing_tilt_deg=tilt_deg), joints=JOINTS[:3])


def tilted(tissue: Tissue, by: float) -> Tissue:
    """The same tissues of a person who stands with so much more anterior tilt. [rad]"""
    hips = [INDEX[f"hip_flexion_{side}"] for side in SIDES]
    return tissue._replace(shift=tissue.shift - by * tissue.factor[:, hips].sum(axis=1))


def tightened(name: str, side: str, *, sooner: float, healthy: Tissue) -> Tissue:
    """What a curve of one leg adds to the body where it comes sooner.

    Parameters
    ----------
    name : str
        Of `curves`.
    side : {"r", "l"}
    sooner : float
        By how much of its own joint's angle the curve is shifted, 0 or more. [rad]
    healthy : Tissue
        Of the body, with the curve in it: where that counts from, this does.

    Returns
    -------
    Tissue
        Its slope is moment(x + sooner) - moment(x), whole: the restricted body's reference is no equilibrium.

    Raises
    ------
    HipspineError
        If there is no such curve, or the body has not got it.
    """
    known = {curve.name: curve for curve in curves()}
    if name not in known:
        raise unknown("passive curve", name, known)
    curve = known[name]
    more = float(np.expm1(abs(curve.rates[curve.of]) * sooner))
    own = [np.flatnonzero((healthy.factor == factor).all(axis=1)) for factor, _ in _strands(curve, side)]
    if not all(len(found) == 1 for found in own):
        raise HipspineError(f"the body has no passive tissue {name!r} of side {side!r} that could be tightened")
    its = np.concatenate(own)
    found = Tissue(*(getattr(healthy, part)[its] for part in Tissue._fields))
    return found._replace(amplitude=more * found.amplitude, tangent=np.zeros(len(its), np.int8))


def _strands(curve: Curve, side: str) -> list[tuple[Array, float]]:
    """What carries a curve of one leg: rates by coordinate (24,) [1/rad] and amplitude [J]; the psoas apart.

    Notes
    -----
    A line is stretched by each joint it passes as its moment arm there says, and pulls there with that arm: its
    exponent counts lumbar extension by the ratio of the arms, and the slope of its energy is the arm times its force.
    """
    factor = np.zeros(len(COORDINATES))
    for name, rate in curve.rates.items():
        factor[INDEX[f"{name}_{side}"]] = rate
    amplitude = 1.0 / abs(curve.rates[curve.of])
    if curve.name != _PSOAS_CURVE:
        return [(factor, amplitude)]
    line = {row["of"]: float(row["value"]) for row in rows(_TABLE, "simulate") if row["name"] == "psoas"}
    part, along = line[_PSOAS_CURVE], factor.copy()
    along[INDEX["lumbar_extension"]] = curve.rates[curve.of] * line["lumbar_extension"] / line["hip_flexion"]
    return [(factor, (1.0 - part) * amplitude), (along, part * amplitude)]


__all__ = ["JOINTS", "Curve", "curves", "legs", "moment", "passive", "tightened", "tilted"]
