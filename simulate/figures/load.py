"""The load at L5/S1 over the cycle, free against restricted, what changes in it, and how far each lumbar level goes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from simulate.figures.answer import broken
from simulate.figures.style import BLACK, GREY, SHEET, STRATEGIES, VERMILION
from simulate.figures.words import free_words, headline
from simulate.kernels.data import SHORTFALL
from simulate.load.answer import FREE
from simulate.load.whole import free_peak, load_summary
from simulate.report.load import CAVEAT, NOTHING_N
from simulate.report.table import headline_strategy, span_of
from simulate.result import Compensation

Array = NDArray[np.float64]

#: No panel shows less than this from its bottom to its top, so that what hardly changes looks so: body weights, N, N m.
LEAST_LOAD, LEAST_CHANGE_N, LEAST_CHANGE_NM, LEAST_MOMENT = 0.4, 20.0, 2.0, 5.0
#: Loads as they are drawn: title, variable, component, unit, unit of the change, and the least spans of both.
PANELS: tuple[tuple[str, str, str, str, str, float, float], ...] = (
    ("Compression", "compression_bw", "compression", "body weights", "N", LEAST_LOAD, LEAST_CHANGE_N),
    ("Anterior shear", "shear_anterior_bw", "shear_anterior", "body weights", "N", LEAST_LOAD, LEAST_CHANGE_N),
    ("Extension moment", "moment_disc", "moment_disc", "N m", "N m", LEAST_MOMENT, LEAST_CHANGE_NM),
)
MINUS = "\u2212"
LEVELS = {"l1l2": "L1/2", "l2l3": "L2/3", "l3l4": "L3/4", "l4l5": "L4/5", "l5s1": "L5/S1"}
COMPONENTS = {
    "extension": f"extension (+), flexion ({MINUS})",
    "bending": f"bending right (+), left ({MINUS})",
    "rotation": f"rotation left (+), right ({MINUS})",
}
RANGE = "#dddddd"
#: Where the panels are on the sheet, in parts of it: nothing has to be laid out, which would take longer than drawing.
LOADS_AT: dict[str, Any] = {
    "left": 0.045, "right": 0.705, "top": 0.865, "bottom": 0.155, "wspace": 0.26, "hspace": 0.17,
    "height_ratios": (1.5, 1.0),
}  # fmt: skip
LEVELS_AT: dict[str, Any] = {"left": 0.775, "right": 0.985, "top": 0.84, "bottom": 0.155}
LEGEND_AT = 0.066
#: As many characters of the largest headline fill the width.
_LARGEST, _FILL = 17.0, 82.0


class _Series(NamedTuple):
    """Values (F,) of one load: of the free motion, of each strategy, and each strategy's change from free."""

    free: Array
    answers: dict[str, Array]
    changes: dict[str, Array]


def load_figure(result: Compensation, load: xr.Dataset) -> Figure:
    """Draw the load at L5/S1: compression, anterior shear and extension moment, their changes, and the lumbar levels.

    A movement of a single frame has points in place of curves.

    Parameters
    ----------
    result : Compensation
    load : xarray.Dataset
        Of `simulate.load.load_of`.

    Returns
    -------
    matplotlib.figure.Figure
        Sixteen by nine.
    """
    still = load.sizes["frame"] == 1
    with rc_context(SHEET):
        figure = Figure(figsize=(13.33, 7.5))
        _put_title(figure, result, load)
        axes = np.asarray(figure.add_gridspec(2, 3, **LOADS_AT).subplots(sharex=True))
        for column, panel in enumerate(PANELS):
            _column(axes[:, column], result, load, panel, still)
        if not still:
            for axis in axes[1]:
                axis.set_xlabel(f"% {span_of(result)}".replace("gait ", ""))
            handles, labels = axes[0, 0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="center", bbox_to_anchor=(0.37, LEGEND_AT), ncols=5, frameon=False)
        _draw_levels(figure, load, headline_strategy(result))
        held = "Held postures, no inertia. " if load.attrs["accelerations"] == "none" else ""
        figure.text(0.012, 0.015, f"{held}{CAVEAT}", fontsize=11, color="#444444")
    return figure


def _put_title(figure: Figure, result: Compensation, load: xr.Dataset) -> None:
    words = title(result, load)
    size = min(_LARGEST, _LARGEST * _FILL / max(len(line) for line in words.splitlines()))
    figure.suptitle(words, fontsize=size, fontweight="bold", x=0.012, y=0.985, ha="left")


def title(result: Compensation, load: xr.Dataset) -> str:
    """What was found, in two lines: the limits, and the largest changes of compression and shear."""
    first, *limited = headline(result).splitlines()
    if not limited:
        peak = free_peak(load, "compression")[0]
        where = "is" if load.sizes["frame"] == 1 else "peaks at"
        weights = peak / float(load.body_weight)
        return f"{first}\ncompression at L5/S1 {where} {peak:.0f} N ({weights:.2f} body weights)"
    strategy = headline_strategy(result)
    short = bool((result.status.sel(strategy=strategy) == SHORTFALL).any())
    how = f"{strategy}, falls short" if short else strategy
    at_most = "" if load.sizes["frame"] == 1 else " at most"
    found = load_summary(load)["answers"][strategy]
    change, shear = found["compression_change_n"], found["shear_anterior_change_n"]
    if max(abs(change), abs(shear)) < NOTHING_N:
        return f"{first}\nthe load at L5/S1 stays as it is ({how})"
    of_weight = f"{abs(found['compression_change_bw']):.2f} body weights"
    pressed = f"compression at L5/S1 changes by {_signed(change, '+.0f')} N{at_most} ({of_weight})"
    return f"{first}\n{pressed}, anterior shear by {_signed(shear, '+.0f')} N ({how})"


def _series(load: xr.Dataset, panel: tuple[str, str, str, str, str, float, float]) -> _Series:
    """What a column of panels shows."""
    named = [load[name] for name in panel[1:3]]
    shown, counted = (one.sel(component="extension") if "component" in one.dims else one for one in named)
    free = counted.sel(motion=FREE)
    strategies = [str(name) for name in load.strategy.values]
    return _Series(
        shown.sel(motion=FREE).values,
        {name: shown.sel(motion=name).values for name in strategies},
        {name: (counted.sel(motion=name) - free).values for name in strategies},
    )


def _column(
    axes: Any,
    result: Compensation,
    load: xr.Dataset,
    panel: tuple[str, str, str, str, str, float, float],
    still: bool,
) -> None:
    """One load above, and by how much each strategy changes it below."""
    name, _, _, unit, unit_of_change, least, least_change = panel
    one = _series(load, panel)
    upper, lower = axes
    upper.set_title(f"{name}, {unit}", loc="left", fontsize=12)
    lower.set_title(f"change from free, {unit_of_change}", loc="left", fontsize=11)
    lower.axhline(0.0, color=GREY, linewidth=3.0, zorder=1.9)
    if still:
        _points(upper, {"free": one.free, **one.answers}, ".1f" if unit == "N m" else ".2f")
        _points(lower, {"free": np.array([np.nan]), **one.changes}, "+.1f" if unit == "N m" else "+.0f")
        upper.margins(y=0.25)
        lower.margins(y=0.3)
    else:
        percent = np.asarray(load[f"percent_{load.attrs['side']}"].values, dtype=np.float64)
        upper.plot(*broken(percent, one.free), color=GREY, linewidth=3.0, label=free_words(result))
        for strategy, values in one.answers.items():
            upper.plot(*broken(percent, values), label=strategy, **STRATEGIES[strategy])
            lower.plot(*broken(percent, one.changes[strategy]), **STRATEGIES[strategy])
        upper.set_xlim(0, 100)
        strategy = headline_strategy(result)
        _mark_largest(lower, percent, one.changes[strategy], unit_of_change, STRATEGIES[strategy]["color"])
    for axis, span in ((upper, least), (lower, least_change)):
        _wide_enough(axis, span)
        axis.locator_params(axis="y", nbins=6)


def _mark_largest(axis: Axes, percent: Array, change: Array, unit: str, colour: str) -> None:
    """A ring, and the number, at the headline's largest change within the cycle."""
    inside = np.where(np.isfinite(percent), change, np.nan)
    k = int(np.nanargmax(np.abs(inside)))
    axis.margins(y=0.28)
    digits = 1 if unit == "N m" else 0
    if abs(inside[k]) < 0.5 * 10.0**-digits:
        return
    axis.plot(percent[k], inside[k], "o", markersize=8, fillstyle="none", color=colour, markeredgewidth=1.6, zorder=5)
    left, up = percent[k] > 75.0, inside[k] > 0.0
    axis.annotate(
        f"{_signed(inside[k], f'+.{digits}f')} {unit}", (percent[k], inside[k]),
        xytext=(-9 if left else 9, 9 if up else -9), textcoords="offset points",
        ha="right" if left else "left", va="bottom" if up else "top", fontsize=11, zorder=6,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.0},
    )  # fmt: skip


def _colour(motion: str) -> str:
    return str(STRATEGIES[motion]["color"]) if motion in STRATEGIES else GREY


def _signed(value: float, form: str) -> str:
    """A number with a proper sign; a change that rounds to nothing is 0."""
    text = f"{value:{form}}"
    return "0" if "+" in form and float(text) == 0.0 else text.replace("-", MINUS)


def _points(axis: Axes, values: dict[str, Array], form: str) -> None:
    """One point each, with its value; below the names."""
    for k, (name, found) in enumerate(values.items()):
        value = float(found[0])
        if not np.isfinite(value):
            continue
        axis.plot(k, value, "o", color=_colour(name), markersize=10, zorder=4)
        at: dict[str, Any] = {"xytext": (0, 8), "textcoords": "offset points", "ha": "center"}
        axis.annotate(_signed(value, form), (k, value), fontsize=11, **at)
    axis.set_xticks(range(len(values)), list(values), fontsize=10)
    axis.set_xlim(-0.5, len(values) - 0.5)
    axis.grid(visible=False, axis="x")


def _wide_enough(axis: Axes, least: float) -> None:
    low, high = axis.get_ylim()
    if high - low < least:
        middle = 0.5 * (low + high)
        axis.set_ylim(middle - 0.5 * least, middle + 0.5 * least)


def _draw_levels(figure: Figure, load: xr.Dataset, strategy: str) -> None:
    """Each level's own way between its least and greatest angle, over its published range, and its share."""
    component = _moved_most(load, strategy)
    named = [f"level_{name}" for name in ("angle", "exceeds", "share", "lower", "upper")]
    levels = load[named].sel(component=component)
    motions = [str(name) for name in load.motion.values]
    axis = figure.add_subplot(figure.add_gridspec(1, 1, **LEVELS_AT)[0, 0])
    step = 0.8 / len(motions)
    for row, level in enumerate(LEVELS):
        one = levels.sel(level=level)
        low, high = float(one.level_lower), float(one.level_upper)
        axis.barh(row, high - low, left=low, height=0.92, color=RANGE, linewidth=0, zorder=1)
        for k, name in enumerate(motions):
            angle = one.level_angle.sel(motion=name).values
            at = row + (k - 0.5 * (len(motions) - 1)) * step
            colour = _colour(name)
            ends = float(np.nanmin(angle)), float(np.nanmax(angle))
            axis.plot(ends, (at, at), color=colour, linewidth=3.5, solid_capstyle="butt", zorder=3)
            mark: dict[str, Any] = {"marker": "o"} if len(angle) == 1 else {"marker": "|", "markeredgewidth": 1.6}
            axis.plot(ends, (at, at), color=colour, linestyle="", markersize=7, zorder=4, **mark)
            for end, beyond in zip(ends, (ends[0] < low - 1e-9, ends[1] > high + 1e-9), strict=True):
                if beyond:
                    axis.plot(end, at, "o", color=VERMILION, markersize=5, zorder=5)
    axis.axvline(0.0, color=BLACK, linewidth=1.0, zorder=2)
    shares = [f"{words}\n{100.0 * float(levels.level_share.sel(level=level)):.0f} %" for level, words in LEVELS.items()]
    axis.set_yticks(range(len(LEVELS)), shares)
    axis.invert_yaxis()
    axis.tick_params(axis="y", length=0)
    axis.grid(visible=False, axis="y")
    axis.set_title(f"Lumbar levels, each with its share:\n{COMPONENTS[component]}", loc="left", fontsize=11)
    axis.set_xlabel("degrees from standing")
    axis.margins(x=0.04, y=0.01)
    handles: list[Any] = [Patch(color=RANGE, label="published range (from memory)")]
    if bool(levels.level_exceeds.any()):
        handles.append(axis.plot([], [], "o", color=VERMILION, markersize=5, label="beyond it")[0])
    legend_at = (0.5 * (LEVELS_AT["left"] + LEVELS_AT["right"]), LEGEND_AT - 0.012 * (len(handles) - 1))
    figure.legend(
        handles=handles, loc="center", bbox_to_anchor=legend_at, ncols=1, frameon=False, fontsize=11,
        labelspacing=0.2,
    )  # fmt: skip


def _moved_most(load: xr.Dataset, strategy: str) -> str:
    """The component that changes most at any level; extension unless another changes more."""
    change = np.abs(load.level_angle.sel(motion=strategy) - load.level_angle.sel(motion=FREE)).max(("frame", "level"))
    most = {name: float(change.sel(component=name)) for name in COMPONENTS}
    name = max(most, key=lambda one: most[one])
    return name if most[name] > most["extension"] + 1e-6 else "extension"


__all__ = ["load_figure", "title"]
