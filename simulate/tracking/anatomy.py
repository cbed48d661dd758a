"""Segment frames and joint centres from anatomical points: what a laboratory's model makes of markers.

All frames have X forward, Y up, Z to the right when the person stands; arrays are (F, 3) and (F, 3, 3), columns of a
frame are its axes in the world.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kinematics.tables import rows
from simulate.tracking.marker_sets import POINT_SEGMENT

Array = NDArray[np.float64]
Points = Mapping[str, Array]

UP = np.array([0.0, 1.0, 0.0])


def unit(v: Array) -> Array:
    """Unit vectors along `v` (..., 3)."""
    return np.asarray(v / np.linalg.norm(v, axis=-1, keepdims=True))


def frame(y: Array, *, forward: Array | None = None, right: Array | None = None) -> Array:
    """Frames (F, 3, 3) with Y along `y`, and Z or X as near as can be to `right` or `forward` (each (F, 3))."""
    y = unit(y)
    x = unit(np.cross(y, right)) if right is not None else np.cross(y, unit(np.cross(np.asarray(forward), y)))
    return np.asarray(np.stack([x, y, np.cross(x, y)], axis=-1))


def in_frame(R: Array, origin: Array, places: Array) -> Array:
    """World places (F, 3) in frames `R` at `origin`."""
    return np.asarray(np.einsum("fij,fi->fj", R, places - origin))


def pelvis(points: Points) -> tuple[Array, Array]:
    """Orientation and origin of the pelvis: Z from left to right ASIS, X from the back's middle to theirs.

    So the ASIS-PSIS line is level in it: an unturned pelvis is the clinical zero. The origin is mid-ASIS.
    """
    middle = 0.5 * (points["asis_r"] + points["asis_l"])
    z = unit(points["asis_r"] - points["asis_l"])
    y = unit(np.cross(z, middle - back_of_pelvis(points)))
    return np.stack([np.cross(y, z), y, z], axis=-1), middle


def back_of_pelvis(points: Points) -> Array:
    """Middle of the PSISs, or the sacral marker."""
    if "psis_r" in points and "psis_l" in points:
        return 0.5 * (points["psis_r"] + points["psis_l"])
    return points["sacral"]


def thorax(points: Points, below: Array, R_pelvis: Array) -> tuple[Array, str]:
    """Orientation of the thorax, and how it was got.

    With C7, T10, CLAV and STRN: Y from the middle of the lower two to that of the upper two, X in the plane of back and
    front. Without: Y from `below` (L5/S1) to the middle of what there is at the top, Z along the shoulders.
    """
    if all(name in points for name in ("c7", "t10", "clavicle", "sternum")):
        low, high = 0.5 * (points["t10"] + points["sternum"]), 0.5 * (points["c7"] + points["clavicle"])
        front, back = 0.5 * (points["clavicle"] + points["sternum"]), 0.5 * (points["c7"] + points["t10"])
        return frame(high - low, forward=front - back), "C7, T10, CLAV and STRN"
    ends = [name for name in ("shoulder", "clavicle") if f"{name}_r" in points and f"{name}_l" in points]
    right = points[f"{ends[0]}_r"] - points[f"{ends[0]}_l"] if ends else R_pelvis[..., 2]
    tops = [name for name in ("c7", "clavicle", *(f"{end}_{side}" for end in ends for side in "rl")) if name in points]
    tops = tops or [name for name in points if POINT_SEGMENT[name] == "thorax"]
    return frame(np.mean([points[name] for name in tops], axis=0) - below, right=right), (
        f"the line from L5/S1 to the middle of {', '.join(tops)}"
    )


def hip_in_pelvis(width: float, depth: float) -> Array:
    """Right hip centre (3,) from mid-ASIS, by table ``hip_regression`` (Harrington 2007). [m]

    `width` between the ASISs, `depth` from mid-ASIS to mid-PSIS [m]. Of Harrington's forms the one that regresses each
    direction on one length: the full form puts the hips 1 cm further out per 4 cm of depth, and depth is what a marker
    on the sacrum misses most.
    """
    return np.array(
        [
            float(row["per_depth"]) * depth + float(row["per_width"]) * width + float(row["constant"])
            for row in rows("hip_regression")
        ]
    )


def chord(above: Array, marker: Array, aside: Array, distance: float) -> Array:
    """Joint centre at `distance` from a marker beside it, at right angles to the line to the joint `above`.

    It is in the plane of these two and `aside`, away from `aside`: a wand beyond the marker (Davis 1991; Plug-in-Gait).
    """
    long = np.linalg.norm(above - marker, axis=-1, keepdims=True)
    u = (above - marker) / long
    beyond = aside - marker
    v = -unit(beyond - np.sum(beyond * u, axis=-1, keepdims=True) * u)
    cosine = distance / long
    return np.asarray(marker + distance * (cosine * u + np.sqrt(1.0 - cosine**2) * v))


def kabsch(local: Array, places: Array) -> tuple[Array, Array]:
    """Frames (F, 3, 3) and origins (F, 3) in which the points `local` (n, 3) come nearest to `places` (F, n, 3)."""
    middle, centre = local.mean(axis=0), places.mean(axis=1)
    H = np.einsum("ni,fnj->fij", local - middle, places - centre[:, None])
    U, _, Vt = np.linalg.svd(H)
    flip = np.ones((len(places), 3))
    flip[:, 2] = np.sign(np.linalg.det(np.swapaxes(Vt, -1, -2) @ np.swapaxes(U, -1, -2)))
    R = np.swapaxes(Vt, -1, -2) @ (flip[:, :, None] * np.swapaxes(U, -1, -2))
    return R, centre - R @ middle
