"""The pictures that go with a study, whatever it varies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from kinematics.rom import DIRECTIONS
from simulate.curves import cycle_curves
from simulate.figures.cycle import SHOWN, cycle_figure
from simulate.figures.indices import indices_figure, indices_over_cycle_figure
from simulate.figures.limits_map import LUMBAR, limits_map
from simulate.figures.people import OUTCOMES, people_figure, people_scatter
from simulate.figures.study_words import UNORDERED, axes_of, coordinate_of
from simulate.sensitivity import curve_indices, study_indices


def study_figures(ds: xr.Dataset) -> dict[str, Figure]:
    """Draw what a data set can show.

    A map of the first two limits that vary on a grid (lines if only one does), the people of a cohort and their outcome
    against the limit that varies among them, the motion over the cycle if the study has trajectories, and the indices
    of a sample that was drawn for them. Other axes are held at the middle of their values; the titles say at which.

    Parameters
    ----------
    ds : xarray.Dataset
        A study's data set.

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        By name: ``limits_map``, ``people``, ``people_scatter``, ``cycle``, ``indices``,
        ``indices_over_cycle``; those that apply.
    """
    axes = axes_of(ds)
    ordered = [dim for dim in axes if dim not in UNORDERED and ds.sizes[dim] > 1]
    found: dict[str, Figure] = {}
    people = [dim for dim in axes if dim in UNORDERED and ds.sizes[dim] > 1]
    named = [_option_of(ds, dim) for dim in ordered]
    limits = [name for name in named if name in DIRECTIONS] or [name for name in named if _numeric(ds, name)]
    if limits and not people:
        x, y = limits[0], limits[1] if len(limits) > 1 else None
        shown = _known(ds, LUMBAR, "coordinate")
        found["limits_map"] = limits_map(ds, x=x, y=y, coordinates=shown, held=_middle(ds, ordered, [x, y]))
    if "person" in people and people == ["person"]:
        held = _middle(ds, ordered)
        shown = [*_known(ds, OUTCOMES, "coordinate"), *(["lumbar"] if "lumbar" in ds else [])]
        found["people"] = people_figure(ds, variables=[n for n in OUTCOMES if n in shown], held=held)
    if len(people) == 1:
        columns = [str(c) for c in ds.coords if ds[c].dims == (people[0],) and c in DIRECTIONS]
        outcomes = _known(ds, LUMBAR, "coordinate")
        if columns and outcomes:
            held = _middle(ds, ordered)
            found["people_scatter"] = people_scatter(ds, x=columns[0], y=outcomes[0], held=held)
    if {"restricted", "free", "percent", "joint_angle"} <= {*map(str, ds.variables)}:
        found["cycle"] = cycle_figure(ds, coordinates=_known(ds, SHOWN, "joint_angle"))
    found |= _sensitivity(ds, axes)
    return found


def _sensitivity(ds: xr.Dataset, axes: list[str]) -> dict[str, Figure]:
    """Indices of a sample that was drawn for them: of what the study summarises, and of the lumbar spine's curves."""
    shares = study_indices(ds)
    if shares is None or axes != ["sample"]:
        return {}
    found = {"indices": indices_figure(shares)}
    if "restricted" in ds:
        curves = cycle_curves(ds, points=51).sel(joint_angle=list(LUMBAR))
        over = curve_indices(curves, ds.attrs["samples"], missing="drop blocks")
        over.attrs["title"] = shares.attrs.get("title", "")
        found["indices_over_cycle"] = indices_over_cycle_figure(over)
    return found


def _option_of(ds: xr.Dataset, dim: str) -> str:
    """The option that an axis stands for: its own, or of several along it the first limit that never repeats."""
    along = [str(c) for c in ds.coords if ds[c].dims == (dim,) and c in DIRECTIONS]
    return next((name for name in along if len(np.unique(ds[name].values)) == ds.sizes[dim]), dim)


def _numeric(ds: xr.Dataset, name: str) -> bool:
    return name in ds.coords and np.issubdtype(ds[name].dtype, np.number)


def _known(ds: xr.Dataset, names: tuple[str, ...], dim: str) -> list[str]:
    there = {str(name) for name in ds[dim].values}
    return [name for name in names if name in there]


def _middle(ds: xr.Dataset, dims: list[str], shown: Sequence[str | None] = ()) -> dict[str, Any]:
    """The middle value of every axis that is not shown."""
    gone = {coordinate_of(ds, name)[0] for name in shown if name is not None}
    values = {dim: coordinate_of(ds, dim)[1] for dim in dims if dim not in gone}
    return {dim: some[len(some) // 2] for dim, some in values.items()}


__all__ = ["study_figures"]
