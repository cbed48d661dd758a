"""What a restriction changes in the load: restricted minus free, per strategy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from kinematics.conventions import SIDES
from kinematics.errors import HipspineError, unknown
from simulate.load.answer import FREE, LOADS
from simulate.load.muscle import COMPONENTS

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def load_changes(load: xr.Dataset, *, side: str | None = None) -> pd.DataFrame:
    """By how much each strategy's load differs from the free one, over the cycle.

    Parameters
    ----------
    load : xarray.Dataset
        Of `simulate.load.spinal_load`, with a motion ``free`` and others.
    side : {"r", "l"}, optional
        Whose cycle counts; the limited side's if not given, right if both are.

    Returns
    -------
    pandas.DataFrame
        One row a motion and quantity: compression, shear_anterior, shear_lateral [N], and the net moment about the
        disc's axes: extension, bending, rotation [N m]. Columns:

        - ``free_peak``, ``free_peak_percent``, ``peak``, ``peak_percent``: the value that is largest in size, signed,
          and at what percentage of the cycle;
        - ``peak_change``, ``mean_change``, ``impulse_change``: restricted minus free; the impulse over the frames that
          count [N s, N m s], NaN where postures are held;
        - ``free_mean``, ``free_impulse``;
        - ``largest_change``, ``largest_percent``: the largest difference within one frame, signed, and where;
        - ``frames``, ``covered``: how many frames count, and what share of the cycle they are.

        Frames count where both loads are usable.

    Raises
    ------
    HipspineError
        If there is nothing to compare, or the side is unknown.
    """
    side = str(load.attrs["side"]) if side is None else side
    if side not in SIDES:
        raise unknown("side", side, SIDES)
    motions = [str(name) for name in load.motion.values]
    others = [name for name in motions if name != FREE]
    if FREE not in motions or not others:
        raise HipspineError(
            f"a change needs the motion {FREE!r} and another; there is {', '.join(motions)}: give `spinal_load` the "
            "answer of `compensate`"
        )
    percent = np.asarray(load[f"percent_{side}"].values, dtype=np.float64)
    cycle = np.isfinite(percent)
    time = np.asarray(load.time.values, dtype=np.float64)
    held = load.attrs["accelerations"] == "none"
    step = np.nan if held or len(time) < 2 else float(np.ptp(time)) / (len(time) - 1)
    there = {name: np.asarray(load.usable.sel(motion=name).values, dtype=bool) for name in motions}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for name in others:
        counted = cycle & there[FREE] & there[name]
        if not counted.any():
            raise HipspineError(f"{name}: no frame of the cycle is usable in both motions")
        for quantity, values in _quantities(load).items():
            free, other = (np.asarray(values.sel(motion=which).values)[counted] for which in (FREE, name))
            share = counted.sum() / cycle.sum()
            rows[name, quantity] = _change(free, other, percent[counted], step) | {
                "frames": int(counted.sum()),
                "covered": float(share),
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index=["motion", "quantity"])


def _quantities(load: xr.Dataset) -> dict[str, xr.DataArray]:
    loads = {name: load[name] for name in LOADS}
    return loads | {name: load.moment_disc.sel(component=name) for name in COMPONENTS}


def _change(free: Array, other: Array, percent: Array, step: float) -> dict[str, float]:
    """Peak, mean, impulse of both, and their largest difference."""
    added = other - free
    a, b, k = (int(np.abs(values).argmax()) for values in (free, other, added))
    duration = step * len(free)
    return {
        "free_peak": float(free[a]),
        "free_peak_percent": float(percent[a]),
        "peak": float(other[b]),
        "peak_percent": float(percent[b]),
        "peak_change": float(other[b] - free[a]),
        "free_mean": float(free.mean()),
        "mean_change": float(added.mean()),
        "free_impulse": float(free.mean() * duration),
        "impulse_change": float(added.mean() * duration),
        "largest_change": float(added[k]),
        "largest_percent": float(percent[k]),
    }


__all__ = ["load_changes"]
