"""Which input an outcome hangs on: Sobol indices as bars, and over the cycle as lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from kinematics.errors import HipspineError
from kinematics.rom import DIRECTIONS
from simulate.figures.sheet import SERIES, sheet
from simulate.figures.study_words import SENSES, capital, percent_words, strategy_of, title_of
from simulate.figures.style import BLACK, BLUE, GREY, ORANGE, SHEET
from simulate.report.table import words_of

Array = NDArray[np.float64]

#: First-order and total indices: variable, its interval, colour, what it means.
KINDS = (
    ("S1", "S1_conf", ORANGE, "first order: the share of the variance due to the input alone"),
    ("ST", "ST_conf", BLUE, "total: with all that it does together with others"),
)
#: What options that begin so are about.
PREFIXES = {"stiffness_": "stiffness of ", "allow_": "allowance of ", "severity_": "severity of "}
#: More inputs than this are not told apart as lines: the rest are drawn in grey.
LINES = 8


def indices_figure(indices: xr.Dataset, *, strategy: str | None = None) -> Figure:
    """Draw first-order and total Sobol indices of each input with their confidence intervals, a panel an output.

    Inputs stand in one order in every panel, the largest total index (of all outputs together) at the top. Whiskers are
    the intervals of the data set. An index can come out a little below 0: then it is nothing within its interval.

    Parameters
    ----------
    indices : xarray.Dataset
        ``S1``, ``S1_conf``, ``ST``, ``ST_conf`` over ``input`` and, if there are several, ``output`` and ``strategy``;
        the names of inputs are names of options.
    strategy : str, optional
        `predicted` if there is a choice that has it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    HipspineError
        If a variable or the dimension is missing, or there is another one.
    """
    one, title = _prepared(indices, ("S1", "S1_conf", "ST", "ST_conf"), ("input",), strategy)
    one = one.transpose("output", "input")
    one = one.isel(input=np.argsort(np.nan_to_num(one["ST"].values).mean(axis=0), kind="stable"))
    names = [_words(name) for name in one["input"].values]
    n, outputs = len(names), one.sizes["output"]
    columns = min(outputs, 3)
    rows = -(-outputs // columns)
    with rc_context(SHEET):
        wide = 3.2 + 3.5 * columns
        figure = sheet(max(wide, 8.0), rows * (0.55 * n + 1.1) + 1.5, title)
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for panel in panels.flat[outputs:]:
            panel.set_visible(False)
        for k, panel in enumerate(panels.flat[:outputs]):
            _bars(panel, one.isel(output=k))
            panel.set_title(_output_words(one, k), loc="left", fontsize=12)
            panel.set_yticks(np.arange(n), names)
            panel.set_ylim(-0.6, n - 0.4)
            if k + columns >= outputs:
                panel.set_xlabel("share of the variance")
                panel.xaxis.set_tick_params(labelbottom=True)
        handles: list[Any] = [Patch(facecolor=colour, label=words) for _, _, colour, words in KINDS]
        handles.append(Line2D([], [], color=BLACK, marker="|", linewidth=1.4, label=_interval(indices)))
        figure.legend(handles=handles, loc="outside lower left", frameon=False, fontsize=11)
    return figure


def indices_over_cycle_figure(indices: xr.Dataset, *, strategy: str | None = None) -> Figure:
    """Draw total Sobol indices over the cycle, an input a line with its confidence band.

    Where an output hardly varies its shares mean little; such percentages may be NaN and stay empty.

    Parameters
    ----------
    indices : xarray.Dataset
        ``ST`` and ``ST_conf`` over ``input``, ``percent`` and, if there are several, ``output`` or ``angle``, and
        ``strategy``.
    strategy : str, optional
        `predicted` if there is a choice that has it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    HipspineError
        If a variable or a dimension is missing, or there is another one.
    """
    one, title = _prepared(indices, ("ST", "ST_conf"), ("input", "percent"), strategy)
    one = one.transpose("output", "input", "percent")
    size = np.nan_to_num(one["ST"].values).max(axis=(0, 2))
    one = one.isel(input=np.argsort(-size, kind="stable"))
    outputs, percent = one.sizes["output"], one["percent"].values.astype(float)
    columns = min(outputs, 2)
    rows = -(-outputs // columns)
    with rc_context(SHEET):
        figure = sheet(max(6.2 * columns, 9.0), 3.8 * rows + 1.6 + 0.12 * one.sizes["input"], title)
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for panel in panels.flat[outputs:]:
            panel.set_visible(False)
        for k, panel in enumerate(panels.flat[:outputs]):
            for i in range(one.sizes["input"]):
                here = one.isel(output=k, input=i)
                style = SERIES[i] if i < LINES else {"color": GREY, "linestyle": "-"}
                total, half = here["ST"].values, here["ST_conf"].values
                panel.fill_between(
                    percent,
                    total - half,
                    total + half,
                    color=style["color"],
                    alpha=0.2 if i < LINES else 0.1,
                    linewidth=0,
                )
                panel.plot(percent, total, linewidth=2.2 if i < LINES else 1.0, **style)
            panel.set_title(_output_words(one, k), loc="left", fontsize=12)
            panel.set_xlim(0.0, 100.0)
            panel.set_ylim(min(0.0, panel.get_ylim()[0]), max(1.0, panel.get_ylim()[1]))
            if k % columns == 0:
                panel.set_ylabel("total index (share of the variance)")
            if k + columns >= outputs:
                panel.set_xlabel(percent_words(indices))
                panel.xaxis.set_tick_params(labelbottom=True)
        handles = [
            Line2D([], [], linewidth=2.2, label=_words(name), **SERIES[i])
            for i, name in enumerate(one["input"].values[:LINES])
        ]
        if one.sizes["input"] > LINES:
            handles.append(Line2D([], [], color=GREY, linewidth=1.0, label=f"{one.sizes['input'] - LINES} others"))
        handles.append(Line2D([], [], linestyle="none", label=f"bands: {_interval(indices)}"))
        figure.legend(handles=handles, loc="outside lower left", ncols=2, frameon=False, fontsize=11)
    return figure


def _prepared(
    indices: xr.Dataset, variables: tuple[str, ...], dims: tuple[str, ...], strategy: str | None
) -> tuple[xr.Dataset, str]:
    """The variables with a dimension ``output``, of one strategy, and the title."""
    missing = [name for name in variables if name not in indices]
    if missing:
        there = ", ".join(map(str, indices.data_vars)) or "nothing"
        raise HipspineError(f"no indices to draw: {', '.join(missing)} missing; there is {there}")
    one = indices[list(variables)]
    said = ""
    if "strategy" in one.dims:
        strategy = strategy_of(one, strategy)
        one, said = one.sel(strategy=strategy), f"strategy {strategy}"
    if "output" not in one.dims and "joint_angle" in one.dims:
        one = one.drop_vars("output", errors="ignore").rename(joint_angle="output")
    if "output" not in one.dims:
        one = one.expand_dims("output")
    for dim in dims:
        if dim not in one.dims:
            raise HipspineError(f"these indices have no dimension {dim!r}, but {', '.join(map(str, one.dims))}")
    more = [str(dim) for dim in one.dims if dim not in (*dims, "output")]
    if more:
        raise HipspineError(f"these indices have dimension {', '.join(more)} too: select one of each")
    attrs = {"title": "What the answer hangs on"} | {key: value for key, value in indices.attrs.items() if value}
    return one, title_of(one.assign_attrs(attrs), said)


def _bars(panel: Axes, one: xr.Dataset) -> None:
    """Two bars an input, the first-order one above the total one."""
    at = np.arange(one.sizes["input"])
    panel.axvline(0.0, color=GREY, linewidth=1.0)
    for (name, interval, colour, _), by in zip(KINDS, (0.19, -0.19), strict=True):
        values, half = one[name].values, one[interval].values
        panel.barh(at + by, values, height=0.36, color=colour, zorder=2)
        panel.errorbar(
            values, at + by, xerr=np.nan_to_num(half), fmt="none", ecolor=BLACK, elinewidth=1.4, capsize=3, zorder=3
        )
    panel.grid(visible=False, axis="y")


def _interval(indices: xr.Dataset) -> str:
    if "confidence" in indices.attrs:
        return f"{100.0 * float(indices.attrs['confidence']):g} % confidence interval"
    words = str(indices["ST_conf"].attrs.get("long_name", ""))
    return words.removesuffix(", half width") or "confidence interval"


def _output_words(one: xr.Dataset, k: int) -> str:
    """An output in words: what is added to a coordinate, or a variable and its place."""
    if "output" not in one.coords:
        return ""
    variable, _, place = str(one["output"].values[k]).rpartition(":")
    if not variable and place == "lumbar":
        return "Added lumbar motion, all three axes"
    words = place.replace("pelvis", "pelvic").replace("_", " ") if place in SENSES else place.replace("_", " ")
    if place in SENSES and variable in ("", "added"):
        return f"Added {words}"
    return capital(f"{variable.replace('_', ' ')}: {words}" if variable else words)


def _words(name: object) -> str:
    """An input in words."""
    said = str(name)
    if said in DIRECTIONS:
        return f"{words_of(said)} (range)"
    for start, words in PREFIXES.items():
        if said.startswith(start):
            return words + words_of(said.removeprefix(start))
    return said.replace("_", " ")


__all__ = ["indices_figure", "indices_over_cycle_figure"]
