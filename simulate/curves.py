"""Trajectories of a study on a common percentage of the cycle."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from kinematics.errors import HipspineError, unknown

Array = NDArray[np.float64]

#: Numbers taken at once: 64 MiB of them.
_AT_ONCE = 2**23
#: A percentage this near to a frame's is that frame's. [%]
_SAME = 1e-6


def cycle_curves(ds: xr.Dataset, variable: str = "restricted", *, points: int = 101) -> xr.DataArray:
    """Put each case's trajectory on the same percentages of its cycle.

    Between two neighbouring frames of a cycle the curve is their straight line; where either was not solved (NaN) it is
    NaN. Where the percentage falls from one frame to the next a new cycle begins. Of several cycles the first whole one
    is taken; if none is whole, at each percentage the first that holds it. A percentage at most one frame beyond the
    first or last frame continues their straight line, since a cycle of frames 0 to 99 has none at 100.

    Parameters
    ----------
    ds : xarray.Dataset
        A study with trajectories. Select strategies and angles before, if only some are wanted.
    variable : str, optional
        A variable with a dimension ``frame``: ``restricted``, ``free``, ``restricted_translation`` ...
    points : int, optional
        How many percentages from 0 to 100, at least 2.

    Returns
    -------
    xarray.DataArray
        The variable with ``percent`` in place of ``frame``; NaN where no frame of the cycle is near.

    Raises
    ------
    HipspineError
        If the study was run without trajectories, the variable has none, or there are too few points.
    """
    for name in (variable, "percent"):
        if name not in ds.data_vars and name not in ds.coords:
            if name in ("restricted", "free", "percent"):
                raise HipspineError(f"the study was run without trajectories: its data set has no {name!r}")
            raise unknown("variable of this study", name, map(str, ds.data_vars))
    if points < 2:
        raise HipspineError(f"points must be 2 or more, is {points}")
    values, percent = ds[variable], ds["percent"]
    if "frame" not in values.dims:
        moving = [str(name) for name, found in ds.data_vars.items() if "frame" in found.dims]
        raise HipspineError(f"{variable} is not a trajectory; these are: {', '.join(moving)}")
    lead = [str(dim) for dim in percent.dims if dim != "frame"]
    rest = [str(dim) for dim in values.dims if dim not in lead and dim != "frame"]
    order = ["percent" if dim == "frame" else str(dim) for dim in values.dims]
    order = [dim for dim in lead if dim not in values.dims] + order
    values = values.expand_dims({dim: ds.sizes[dim] for dim in lead if dim not in values.dims})
    values, percent = values.transpose(*lead, "frame", *rest), percent.transpose(*lead, "frame")
    grid = np.linspace(0.0, 100.0, points)
    shape = (*(values.sizes[dim] for dim in lead), points, *(values.sizes[dim] for dim in rest))
    out = np.full(shape, np.nan, dtype=np.result_type(values.dtype, np.float32))
    for part in _parts(values, lead):
        at = dict.fromkeys(lead[:1], part)
        some, when = values.isel(at).values, percent.isel(at).values
        frames, cases = when.shape[-1], when.size // max(when.shape[-1], 1)
        found = _on_grid(some.reshape(cases, frames, -1), when.reshape(cases, frames).astype(float), grid)
        out[part if lead else ...] = found.reshape(out[part if lead else ...].shape)
    coords = {name: c for name, c in values.coords.items() if "frame" not in c.dims and name != "percent"}
    curves = xr.DataArray(out, dims=(*lead, "percent", *rest), coords=coords, attrs=ds[variable].attrs, name=variable)
    attrs = {"units": "%", "long_name": "part of the cycle", **ds["percent"].attrs}
    return curves.assign_coords(percent=("percent", grid, attrs)).transpose(*order)


def _parts(values: xr.DataArray, lead: list[str]) -> list[slice]:
    """Slices of the first axis, few enough numbers each."""
    if not lead:
        return [slice(None)]
    n = values.sizes[lead[0]]
    step = max(1, _AT_ONCE * n // max(values.size, 1))
    return [slice(k, k + step) for k in range(0, n, step)]


def _on_grid(values: Array, percent: Array, grid: Array) -> Array:
    """Values (N, F, R) at percentages (N, F) of frames, on a grid (P,): (N, P, R)."""
    counted = np.isfinite(percent)
    # frames of a cycle first, in their order
    order = np.argsort(~counted, axis=1, kind="stable")
    number = counted.sum(axis=1)
    phase = np.take_along_axis(percent, order, axis=1)
    cycles = np.zeros_like(phase)
    cycles[:, 1:] = np.cumsum(np.nan_to_num(np.diff(phase, axis=1)) < 0.0, axis=1)
    phase += 100.0 * cycles
    lower, upper, weight = _neighbours(phase, order, number, grid)
    lower, upper = np.take_along_axis(order, lower, axis=1), np.take_along_axis(order, upper, axis=1)
    below = np.take_along_axis(values, lower[:, :, None], axis=1)
    above = np.take_along_axis(values, upper[:, :, None], axis=1)
    weight = weight[:, :, None]
    # a frame that is hit needs no neighbour
    found: Array = np.where(weight == 0.0, below, np.where(weight == 1.0, above, below + weight * (above - below)))
    return np.where(np.isnan(weight), np.nan, found)


def _neighbours(
    phase: Array, order: NDArray[np.intp], number: NDArray[np.intp], grid: Array
) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """For each case and percentage the two frames that it lies between (places in `order`) and the second's weight.

    The weight is NaN where no two neighbouring frames hold the percentage.
    """
    n = len(phase)
    rows = np.arange(n)[:, None]
    last = np.maximum(number - 1, 0)[:, None]
    ends = phase[rows, 0 * last], phase[rows, last]
    step = np.where(number[:, None] > 1, (ends[1] - ends[0]) / np.maximum(last, 1), 0.0)
    most = int(np.nan_to_num(ends[1]).max(initial=0.0) // 100.0) + 1
    place = np.zeros((n, len(grid)), dtype=np.intp)
    weight = np.full((n, len(grid)), np.nan)
    settled = np.zeros(n, dtype=np.bool_)  # a whole cycle was found
    filled = np.where(np.isnan(phase), np.inf, phase)
    for cycle in range(most):
        at = grid + 100.0 * cycle
        reach = 1.0 + _SAME
        held = (at >= ends[0] - reach * step - _SAME) & (at <= ends[1] + reach * step + _SAME) & (number[:, None] > 0)
        upper = _searched(filled, at)
        lower = np.clip(upper - 1, 0, np.maximum(last - 1, 0))
        upper = np.minimum(lower + 1, last)
        a, b = phase[rows, lower], phase[rows, upper]
        apart = (order[rows, upper] - order[rows, lower] > 1) | (b <= a)
        w = np.where(b > a, (at - a) / np.where(b > a, b - a, 1.0), 0.0)
        w = np.where(np.abs(at - a) <= _SAME, 0.0, np.where(np.abs(at - b) <= _SAME, 1.0, w))
        w = np.where(apart & (w != 0.0) & (w != 1.0), np.nan, w)
        w = np.where(held & ((number[:, None] > 1) | (np.abs(at - a) <= _SAME)), w, np.nan)
        whole = ~settled & np.isfinite(w).all(axis=1)
        # between frames is better than beyond them
        better = np.isnan(weight) | (((weight < 0.0) | (weight > 1.0)) & (w >= 0.0) & (w <= 1.0))
        take = whole[:, None] | (~settled[:, None] & better)
        place, weight = np.where(take, lower, place), np.where(take, w, weight)
        settled |= whole
    return place, np.minimum(place + 1, last), weight


def _searched(phase: Array, at: Array) -> NDArray[np.intp]:
    """For each row of ascending phases (infinite beyond their end) how many are at most each of `at`: (N, P)."""
    n = len(phase)
    apart = 2.0 * (float(np.max(phase, where=np.isfinite(phase), initial=0.0)) + float(at[-1]) + 100.0)
    shift = apart * np.arange(n)[:, None]
    flat = np.where(np.isfinite(phase), phase, 0.75 * apart) + shift
    found = np.searchsorted(flat.ravel(), (at + shift).ravel(), side="right").reshape(n, len(at))
    own: NDArray[np.intp] = found - phase.shape[1] * np.arange(n)[:, None]
    return own


__all__ = ["cycle_curves"]
