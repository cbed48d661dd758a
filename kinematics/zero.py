"""The zero of the hip is declared, never assumed.

Hip extension is measured against the pelvis, and the zeros in use differ by more than most restrictions. ``clinical``
counts hip flexion against a pelvis whose ASIS-PSIS line is level, ``standing`` against the person's own standing,
``model`` as the source does. All three differ by constants that the standing posture gives. Hip adduction and rotation
keep the model's zero; pelvis tilt and list, lumbar and thoracic angles count from standing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinematics.chain import Chain
from kinematics.conventions import COORDINATES, INDEX, SIDES, SPINE
from kinematics.errors import HipspineError, unknown
from kinematics.tables import rows

Array = NDArray[np.float64]

ZEROS = ("clinical", "standing", "model")
#: Pelvis markers whose line is further than this from the assumed standing tilt are not believed. [deg]
MARKER_TOLERANCE_DEG = 10.0


@dataclass(frozen=True, eq=False)
class Standing:
    """A person's standing posture in a chain's coordinates.

    Parameters
    ----------
    pelvis_tilt, pelvis_list : float
        Heading first, posterior and right-side-down positive. [rad]
    hip_flexion : tuple of float
        Right, left. [rad]
    spine : ndarray, shape (6,)
        Lumbar and thoracic angles. [rad]
    how : str
        How it was got, in words.
    tilt_deg : float, optional
        Anterior tilt of the ASIS-PSIS line in this posture, where markers measured it. [deg]
    """

    pelvis_tilt: float
    pelvis_list: float
    hip_flexion: tuple[float, float]
    spine: Array
    how: str
    tilt_deg: float | None = None


def standing_from_posture(q: ArrayLike, how: str = "standing trial") -> Standing:
    """The standing posture of a standing trial `q`, (24,) or (F, 24) [m, rad]: its mean."""
    mean = np.atleast_2d(np.asarray(q, dtype=np.float64)).mean(axis=0)
    return Standing(
        float(mean[INDEX["pelvis_tilt"]]),
        float(mean[INDEX["pelvis_list"]]),
        (float(mean[INDEX["hip_flexion_r"]]), float(mean[INDEX["hip_flexion_l"]])),
        mean[[INDEX[name] for name in SPINE]],
        how,
    )


def standing_from_stride(q: ArrayLike) -> Standing:
    """An estimate from walking, `q` (F, 24) [m, rad]: mean pelvis and spine, thighs vertical."""
    mean = np.asarray(q, dtype=np.float64).mean(axis=0)
    tilt = float(mean[INDEX["pelvis_tilt"]])
    return Standing(
        tilt,
        float(mean[INDEX["pelvis_list"]]),
        (-tilt, -tilt),
        mean[[INDEX[name] for name in SPINE]],
        "estimated from the stride (thighs vertical, pelvis and trunk as on average)",
    )


def standing_tilt(measured_deg: float | None = None) -> tuple[float, str]:
    """Anterior tilt of the ASIS-PSIS line in standing [deg], and how it was got: measured, or the published mean."""
    if measured_deg is not None:
        if not (np.isfinite(measured_deg) and -45.0 < measured_deg < 45.0):
            raise HipspineError(f"standing tilt must be between -45 and 45 deg (anterior positive), is {measured_deg}")
        return float(measured_deg), f"standing pelvic tilt {measured_deg:.3g} deg anterior, measured"
    row = rows("standing")[0]
    return float(
        row["value"]
    ), f"standing pelvic tilt {row['value']} +- {row['sd']} deg anterior, published ({row['source']})"


def zero_offsets(zero: str, standing: Standing, *, standing_tilt_deg: float) -> Array:
    """What is added to model angles to count them from the named zero.

    Parameters
    ----------
    zero : {"clinical", "standing", "model"}
        Of hip flexion.
    standing : Standing
    standing_tilt_deg : float
        Anterior tilt of the ASIS-PSIS line in standing; only the clinical zero uses it. [deg]

    Returns
    -------
    ndarray, shape (24,)
        [rad]

    Notes
    -----
    The thigh's angle in the laboratory is model tilt + model flexion and depends on no zero. The level pelvis stands
    `standing_tilt` behind the standing one, so clinical flexion = model flexion + standing tilt (model, posterior
    positive) + the anterior tilt of standing.
    """
    if zero not in ZEROS:
        raise unknown("zero", zero, ZEROS)
    offsets = np.zeros(len(COORDINATES))
    for side, flexion in zip(SIDES, standing.hip_flexion, strict=True):
        offsets[INDEX[f"hip_flexion_{side}"]] = {
            "clinical": standing.pelvis_tilt + np.deg2rad(standing_tilt_deg),
            "standing": -flexion,
            "model": 0.0,
        }[zero]
    offsets[INDEX["pelvis_tilt"]] = -standing.pelvis_tilt
    offsets[INDEX["pelvis_list"]] = -standing.pelvis_list
    offsets[[INDEX[name] for name in SPINE]] = -standing.spine
    return offsets


def marker_tilt(chain: Chain) -> float | None:
    """Anterior angle of the chain's own ASIS-PSIS line in the pelvis frame [rad]; None without such markers."""
    fronts = [chain.points[name].location for name in ("asis_r", "asis_l") if name in chain.points]
    backs = [chain.points[name].location for name in ("psis_r", "psis_l", "sacral") if name in chain.points]
    if not fronts or not backs:
        return None
    forward, up, _ = np.mean(fronts, axis=0) - np.mean(backs, axis=0)
    return float(np.arctan2(-up, forward))


def implausible_pelvis_markers(chain: Chain, standing: Standing, standing_tilt_deg: float) -> str | None:
    """A warning if the chain's pelvis markers give a standing tilt far from `standing_tilt_deg`, else None."""
    line = marker_tilt(chain)
    if line is None or not chain.convention.coordinates:  # a generic pelvis is not the one that was recorded
        return None
    tilt_deg = float(np.rad2deg(line - standing.pelvis_tilt))
    if abs(tilt_deg - standing_tilt_deg) <= MARKER_TOLERANCE_DEG:
        return None
    return (
        f"warning: by the model's own pelvis markers the ASIS-PSIS line tilts {tilt_deg:.0f} deg forward in standing, "
        f"{standing_tilt_deg:g} deg is used; markers of scaled models are often off"
    )
