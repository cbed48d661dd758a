"""Which lumbar level turns how far: the lumbar angle split by published shares, beside each level's published range."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from kinematics.tables import rows
from simulate.load.answer import motions_of
from simulate.load.dynamics import LUMBAR
from simulate.load.muscle import COMPONENTS
from simulate.problem import Task
from simulate.result import Compensation

Array = NDArray[np.float64]

LEVELS = ("l1l2", "l2l3", "l3l4", "l4l5", "l5s1")
#: What bounds each component below and above: rows of table ``lumbar_levels``.
_ENDS = {"extension": ("flexion", "extension"), "bending": ("bending", "bending"), "rotation": ("rotation", "rotation")}
#: An excess below this is rounding. [deg]
ROUNDING = 1e-9


def _table(what: str) -> Array:
    """A column (5,) of table ``lumbar_levels``, from the top level down."""
    found = {row["name"]: float(row["value"]) for row in rows("lumbar_levels", "simulate") if row["what"] == what}
    return np.array([found[name] for name in LEVELS])


def shares() -> Array:
    """Share (5, 3) of each level in lumbar extension, bending and rotation; each adds up to 1."""
    printed = np.stack([_table(f"share_{name}") for name in COMPONENTS], axis=1)
    result: Array = printed / printed.sum(axis=0)
    return result


def level_ranges() -> tuple[Array, Array]:
    """Lower and upper end (5, 3) of each level's range, from standing. [deg]"""
    low = np.stack([-_table(_ENDS[name][0]) for name in COMPONENTS], axis=1)
    return low, np.stack([_table(_ENDS[name][1]) for name in COMPONENTS], axis=1)


def lumbar_levels(task: Task, answer: Compensation | ArrayLike | Mapping[str, ArrayLike] | None = None) -> xr.Dataset:
    """Extension, bending and rotation of each lumbar level, from standing.

    The chain has one lumbar joint; its angles are split over five levels by the shares of a published model, the same
    at every angle and speed. Real levels do not share so evenly: this says where a lumbar angle would end up.

    Parameters
    ----------
    task : Task
    answer : Compensation, array_like of shape (F, 24), or mapping of such, optional
        As in `simulate.load.spinal_load`.

    Returns
    -------
    xarray.Dataset
        Dims ``motion``, ``frame``, ``level``, ``component``. ``angle``, ``lower``, ``upper`` [deg], ``exceeds``
        (whether the angle is beyond the level's range) and ``share``. The ranges are recalled from the literature and
        were not seen at their sources (table ``lumbar_levels``, ``unverified``): a flag is a hint, no finding. NaN in
        frames without an answer.
    """
    part, (low, high) = shares(), level_ranges()
    angles = []
    asked = motions_of(task, answer)
    for motion in asked.values():
        lumbar = np.rad2deg(motion.q[:, LUMBAR] - task.standing.spine[:3])
        angles.append(np.where(motion.there[:, None, None], lumbar[:, None, :] * part, np.nan))
    angle = np.stack(angles)
    beyond = (angle < low - ROUNDING) | (angle > high + ROUNDING)
    dims = ("level", "component")
    return xr.Dataset(
        {
            "angle": (("motion", "frame", *dims), angle, {"units": "deg", "long_name": "angle from standing"}),
            "exceeds": (("motion", "frame", *dims), beyond, {"units": "1", "long_name": "beyond the level's range"}),
            "share": (dims, part, {"units": "1", "long_name": "share of the lumbar angle"}),
            "lower": (dims, low, {"units": "deg", "long_name": "lower end of the level's range"}),
            "upper": (dims, high, {"units": "deg", "long_name": "upper end of the level's range"}),
        },
        {"motion": list(asked), "level": list(LEVELS), "component": list(COMPONENTS)},
        {
            "title": f"hipspine: lumbar levels, {task.name}",
            "ranges": "flexion, extension: Pearcy 1984; bending, rotation: White and Panjabi; unverified, from memory",
        },
    )


__all__ = ["LEVELS", "level_ranges", "lumbar_levels", "shares"]
