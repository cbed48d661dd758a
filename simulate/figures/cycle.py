"""A study's motion over the cycle: every case a line, with bands, against the free motion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from kinematics.errors import HipspineError, unknown
from simulate.curves import cycle_curves
from simulate.figures.sheet import sheet
from simulate.figures.study_words import (
    NOT_COMPUTED,
    NOT_SOLVED,
    SHORT,
    axes_of,
    capital,
    fixed,
    percent_words,
    sense,
    states,
    strategy_of,
    title_of,
)
from simulate.figures.style import BLACK, GREY, SHEET, STRATEGIES

Array = NDArray[np.float64]

SHOWN = ("hip_flexion_r", "pelvis_tilt", "lumbar_extension", "lumbar_rotation")
#: So many cases are drawn as lines; bands are of all.
MOST = 200
#: Bands and their ends. [%]
BANDS = ((5.0, 95.0, 0.2), (25.0, 75.0, 0.3))
#: A free motion that varies less than this over the cases is one line. [deg]
ONE_LINE = 0.05


def cycle_figure(
    ds: xr.Dataset,
    *,
    coordinates: Sequence[str] = SHOWN,
    strategy: str | None = None,
    over: str | Sequence[str] | None = None,
    held: Mapping[str, Any] | None = None,
    points: int = 101,
) -> Figure:
    """Draw the motion of every case over the cycle, with the median and bands, against the free motion.

    Angles count from the model's zero. Bands at each percentage hold the middle 50 and 90 % of the cases that have a
    solved frame there. Of more than 200 cases as many are drawn, evenly over their order; the title says so.

    Parameters
    ----------
    ds : xarray.Dataset
        A study's data set with trajectories.
    coordinates : sequence of str, optional
        Angles, one panel each.
    strategy : str, optional
        `predicted` if the study has it.
    over : str or sequence of str, optional
        The axes whose cases are drawn together; every axis that is not held, if left out.
    held : mapping, optional
        At which value to hold every other axis of several values.
    points : int, optional
        How many percentages from 0 to 100.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    HipspineError
        If the study was run without trajectories, a name is unknown, or an axis is neither drawn over nor held.
    """
    missing = [name for name in ("restricted", "free", "percent") if name not in ds]
    if missing:
        raise HipspineError(
            f"the study was run without trajectories: its data set has no {', '.join(missing)}; run it with them"
        )
    if not coordinates:
        raise HipspineError("nothing to show: name at least one coordinate")
    known = [str(name) for name in ds["joint_angle"].values]
    for name in coordinates:
        if name not in known:
            raise unknown("coordinate", name, known)
    pooled = _pooled(ds, over, held)
    one, words = fixed(ds, keep=pooled, held=held)
    strategy = strategy_of(one, strategy)
    one = one.sel(strategy=strategy)
    state = states(one).values.ravel()
    some = one.sel(joint_angle=list(coordinates))
    curves = {kind: _stacked(cycle_curves(some, kind, points=points), pooled) for kind in ("restricted", "free")}
    percent = np.linspace(0.0, 100.0, points)
    said = _cases(state)
    columns = min(len(coordinates), 2)
    rows = -(-len(coordinates) // columns)
    with rc_context(SHEET):
        figure = sheet(max(6.2 * columns, 8.0), 3.6 * rows + 1.6, title_of(ds, f"strategy {strategy}", *words, said))
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True)
        for panel in panels.flat[len(coordinates) :]:
            panel.set_visible(False)
        for k, (panel, name) in enumerate(zip(panels.flat, coordinates, strict=False)):
            words_of_it = sense(name)
            free, answer = (words_of_it.sign * curves[kind][:, :, k] for kind in ("free", "restricted"))
            _panel(panel, percent, free, answer, STRATEGIES.get(strategy, {"color": BLACK})["color"])
            panel.set_title(capital(words_of_it.both), loc="left", fontsize=12)
            if k % columns == 0:
                panel.set_ylabel("deg, model zero")
            if k + columns >= len(coordinates):
                panel.set_xlabel(percent_words(ds))
                panel.xaxis.set_tick_params(labelbottom=True)
        varied = bool((_width(curves["free"]) > ONE_LINE).any())
        handles = _legend(STRATEGIES.get(strategy, {"color": BLACK})["color"], varied)
        figure.legend(handles=handles, loc="outside lower center", ncols=3 * columns, frameon=False, fontsize=11)
    return figure


def _pooled(ds: xr.Dataset, over: str | Sequence[str] | None, held: Mapping[str, Any] | None) -> list[str]:
    """The axes drawn over."""
    axes = axes_of(ds)
    if over is None:
        gone = {str(ds[name].dims[0]) if name in ds.coords and ds[name].ndim == 1 else name for name in held or {}}
        return [dim for dim in axes if dim not in gone]
    asked = [over] if isinstance(over, str) else list(over)
    for name in asked:
        if name not in axes:
            raise unknown("axis of this study", name, axes)
    return asked


def _stacked(curves: xr.DataArray, pooled: Sequence[str]) -> Array:
    """Curves (cases, percent, angle)."""
    missing = [dim for dim in pooled if dim not in curves.dims]
    values = curves.expand_dims(missing).transpose(*pooled, "percent", "joint_angle").values
    return values.reshape(-1, *values.shape[-2:]).astype(float)


def _cases(state: NDArray[np.int_]) -> str:
    """How many cases there are, are drawn, and have no whole answer."""
    short, lost, waiting = (int((state == kind).sum()) for kind in (SHORT, NOT_SOLVED, NOT_COMPUTED))
    n = state.size - waiting
    said = f"{n} case{'' if n == 1 else 's'}" + (f", {MOST} of them drawn as lines" if n > MOST else "")
    said += f"; {short} fall{'s' if short == 1 else ''} short of the task" if short else ""
    said += f"; {lost} with frames not solved" if lost else ""
    return said + (f"; {waiting} not computed yet" if waiting else "")


def _panel(panel: Axes, percent: Array, free: Array, answer: Array, colour: str) -> None:
    """One angle: cases as thin lines, bands, medians, and the free motion."""
    there = answer[np.isfinite(answer).any(axis=1)]
    if len(there):
        picked = there[np.unique(np.linspace(0, len(there) - 1, min(len(there), MOST)).round().astype(int))]
        alpha = float(np.clip(30.0 / len(picked), 0.25, 0.7))
        lines = [np.column_stack([percent, curve]) for curve in picked]
        panel.add_collection(
            LineCollection(lines, colors=colour, linewidths=0.5, alpha=alpha, zorder=4, gid="cases"), autolim=True
        )
    _band(panel, percent, free, GREY, BANDS[:1], zorder=1)
    _median(panel, percent, free, color=GREY, linewidth=4.0, zorder=5)
    if len(there) > 1:
        _band(panel, percent, answer, colour, BANDS, zorder=3)
    _median(panel, percent, answer, color=colour, linewidth=2.4, zorder=6)
    panel.autoscale_view()
    panel.set_xlim(0.0, 100.0)
    panel.set_xticks(np.arange(0, 101, 20))


def _width(curves: Array) -> Array:
    """From lowest to highest at each percentage and angle; 0 where there is none."""
    there = np.isfinite(curves)
    low = np.min(curves, axis=0, where=there, initial=np.inf)
    high = np.max(curves, axis=0, where=there, initial=-np.inf)
    return np.where(high >= low, high - low, 0.0)


def _quantiles(curves: Array, ends: Sequence[float]) -> Array:
    """Quantiles over the cases that have a value, NaN where none has."""
    found = np.full((len(ends), curves.shape[1]), np.nan)
    some = np.isfinite(curves).any(axis=0)
    if some.any():
        found[:, some] = np.nanpercentile(curves[:, some], ends, axis=0)
    return found


def _band(
    panel: Axes, percent: Array, curves: Array, colour: str, bands: Sequence[tuple[float, float, float]], zorder: int
) -> None:
    if not (_width(curves) > ONE_LINE).any():
        return
    for low, high, alpha in bands:
        a, b = _quantiles(curves, (low, high))
        panel.fill_between(percent, a, b, color=colour, alpha=alpha, linewidth=0, zorder=zorder)


def _median(panel: Axes, percent: Array, curves: Array, **style: Any) -> None:
    panel.plot(percent, _quantiles(curves, (50.0,))[0], **style)


def _legend(colour: str, varied: bool) -> list[Any]:
    handles: list[Any] = [
        Line2D([], [], color=GREY, linewidth=4.0, label="free motion" + (", median" if varied else ""))
    ]
    if varied:
        handles.append(Patch(facecolor=GREY, alpha=BANDS[0][2], label="free, 5 to 95 %"))
    return [
        *handles,
        Line2D([], [], color=colour, linewidth=0.8, alpha=0.6, label="one case"),
        Line2D([], [], color=colour, linewidth=2.4, label="median"),
        Patch(facecolor=colour, alpha=0.44, label="25 to 75 %"),
        Patch(facecolor=colour, alpha=BANDS[0][2], label="5 to 95 %"),
    ]


__all__ = ["cycle_figure"]
