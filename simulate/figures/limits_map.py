"""What two limits together cost: maps with iso-lines, and lines where only one limit varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from kinematics.errors import HipspineError
from kinematics.rom import DIRECTIONS
from simulate.figures.sheet import sheet
from simulate.figures.study_words import (
    MINUS,
    NOT_COMPUTED,
    NOT_SOLVED,
    SHORT,
    STATES,
    UNORDERED,
    Outcome,
    coordinate_of,
    fixed,
    one_sign,
    option_words,
    outcome,
    states,
    strategy_of,
    title_of,
    zero_words,
)
from simulate.figures.style import BLACK, GREY, SHEET, STRATEGIES, VERMILION
from simulate.figures.words import NOTHING

Array = NDArray[np.float64]

LUMBAR = ("lumbar_extension", "lumbar_rotation")
#: How cases without a whole answer look: hatch, face, and how far what is below shows through.
HATCHES: dict[int, dict[str, Any]] = {
    SHORT: {"hatch": "///", "facecolor": (1.0, 1.0, 1.0, 0.45), "edgecolor": "#333333"},
    NOT_SOLVED: {"hatch": "xxx", "facecolor": (1.0, 1.0, 1.0, 0.45), "edgecolor": "#333333"},
    NOT_COMPUTED: {"facecolor": "#c9c9c9", "edgecolor": "#c9c9c9"},
}
#: More cells than this are drawn as an embedded picture, so that a vector file stays small.
VECTOR_CELLS = 5000
#: About as many iso-lines.
LINES = 7
#: As many values as this have a tick each.
TICKS = 9


class _Along(NamedTuple):
    """An axis of the picture: its dimension, where its values stand, their names if they are no numbers, its label."""

    dim: str
    at: Array
    names: list[str] | None
    label: str


def limits_map(
    ds: xr.Dataset,
    *,
    x: str,
    y: str | None = None,
    coordinates: Sequence[str] = LUMBAR,
    strategy: str | None = None,
    held: Mapping[str, Any] | None = None,
) -> Figure:
    """Draw what is added over two options that vary, or over one.

    Both axes run as on a number line, the stiffest hips at the lower left and free ones at the upper right: a value is
    found where a goniometer's scale has it, negative degrees lie beyond neutral, and an arrow says which way is more
    restricted. A colour stands for what is added: if only one way occurs it is named and shown as a positive amount,
    else both share a scale with zero in its middle. Cases that fall short are hatched, those with frames that are not
    solved are cross-hatched, both paler, with the value of the frames that have one; cases not computed yet are grey.
    An iso-line is interpolated between cells; cells are not.

    Parameters
    ----------
    ds : xarray.Dataset
        A study's data set.
    x : str
        An axis of the study, or an option along one.
    y : str, optional
        Another. Without it each panel has lines over `x`, of every strategy unless one is asked for.
    coordinates : sequence of str, optional
        What to show, one panel each: coordinates (what is added to them), variables without dimensions of their own
        (``lumbar``), or one place of a variable (``share_of_range:lumbar_rotation``).
    strategy : str, optional
        `predicted` if the study has it.
    held : mapping, optional
        At which value to hold every other axis of several values.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    HipspineError
        If a name is unknown, an axis is neither shown nor held, cases along it have no order, or it has one value only.
    """
    shown = [_along(ds, name) for name in (x, y) if name is not None]
    if len({along.dim for along in shown}) < len(shown):
        raise HipspineError(f"{x} and {y} vary together along {shown[0].dim}; a map needs two axes of their own")
    if not coordinates:
        raise HipspineError("nothing to show: name at least one coordinate")
    one, words = fixed(ds, keep=[along.dim for along in shown], held=held)
    one = one.transpose(*reversed([along.dim for along in shown]), ...)
    if y is not None or strategy is not None:
        strategy = strategy_of(one, strategy)
        one = one.sel(strategy=[strategy])
    found = [outcome(one, name) for name in coordinates]
    state = states(one).values
    names = [str(name) for name in one["strategy"].values]
    columns = min(len(found), 2 if y is None or len(found) in (2, 4) else 3)
    rows = -(-len(found) // columns)
    with rc_context({**SHEET, "hatch.linewidth": 0.9}):
        title = title_of(
            ds, f"strategy {strategy}" if strategy else "", *words, zero_words(ds, x, y or "", *(held or {}))
        )
        figure = sheet(max(6.4 * columns, 8.0), (5.0 if y is None else 5.4) * rows + 1.0, title)
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=y is not None)
        for panel in panels.flat[len(found) :]:
            panel.set_visible(False)
        for panel, each in zip(panels.flat, found, strict=False):
            values = each.values.transpose(*reversed([along.dim for along in shown]), ...).values.astype(float)
            if y is None:
                _lines(panel, shown[0], each, values, state, names)
            else:
                _map(figure, panel, shown, each, values[..., 0], state[..., 0])
        for k in range(len(found)):
            if k + columns >= len(found):
                panels.flat[k].set_xlabel(shown[0].label)
                panels.flat[k].xaxis.set_tick_params(labelbottom=True)
        if y is not None:
            for row in panels:
                row[0].set_ylabel(shown[1].label)
        handles = _line_legend(names, state) if y is None else _map_legend(state)
        if handles:
            figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 5), frameon=False)
    return figure


def _along(ds: xr.Dataset, name: str) -> _Along:
    """The picture's axis for one name."""
    dim, values = coordinate_of(ds, name)
    if dim in UNORDERED:
        raise HipspineError(f"{name} varies along {dim}, where cases stand in no order: draw a scatter of it")
    if len(values) < 2:
        raise HipspineError(f"{name} has a single value in this study ({values[0]}): there is nothing to draw along it")
    label = option_words(ds, name) + ("\n\u2190 more restricted" if name in DIRECTIONS else "")
    if not np.issubdtype(values.dtype, np.number):
        return _Along(dim, np.arange(len(values), dtype=float), [str(value) for value in values], label)
    if len(np.unique(values)) < len(values):
        raise HipspineError(f"{name} has a value more than once along {dim}: draw along {dim}")
    return _Along(dim, values.astype(float), None, label)


def _edges(at: Array) -> Array:
    """Edges of the cells around sorted places: half way between neighbours."""
    middle = 0.5 * (at[1:] + at[:-1])
    return np.concatenate([[2.0 * at[0] - middle[0]], middle, [2.0 * at[-1] - middle[-1]]])


def _map(
    figure: Figure, panel: Axes, shown: Sequence[_Along], found: Outcome, values: Array, state: NDArray[np.int_]
) -> None:
    """One panel: cells, iso-lines, hatches, and a colour bar with the iso-lines' values."""
    across, up = shown
    by_x, by_y = np.argsort(across.at), np.argsort(up.at)
    x, y = across.at[by_x], up.at[by_y]
    values, state = values[np.ix_(by_y, by_x)], state[np.ix_(by_y, by_x)]
    values = np.where(np.isfinite(values) & (state != NOT_COMPUTED), values, np.nan)
    values, label, both = one_sign(values, found, _nothing(values, found.unit))
    levels, low, high = _levels(values, both)
    colours, norm = _colours(both), Normalize(low, high)
    cells = panel.pcolormesh(
        _edges(x),
        _edges(y),
        np.ma.masked_invalid(values),
        cmap=colours,
        norm=norm,
        rasterized=values.size > VECTOR_CELLS,
    )
    inside = levels[(levels > np.nanmin(values, initial=np.inf)) & (levels < np.nanmax(values, initial=-np.inf))]
    drawn = bool(inside.size) and across.names is None and up.names is None
    dashes: list[Any] = ["--" if level < 0.0 else "-" for level in inside]
    if drawn:
        lines = panel.contour(
            x, y, np.ma.masked_invalid(values), levels=inside, colors=BLACK, linewidths=1.2, linestyles=dashes
        )
        panel.clabel(lines, fmt=lambda level: f"{level:g}".replace("-", MINUS), fontsize=11, inline_spacing=8)
    _regions(panel, _edges(x), _edges(y), state)
    panel.grid(visible=False)
    panel.set_xlim(_edges(x)[[0, -1]].tolist())
    panel.set_ylim(_edges(y)[[0, -1]].tolist())
    _ticks(panel.xaxis, across)
    _ticks(panel.yaxis, up)
    panel.set_title(label, loc="left", fontsize=12)
    bar = figure.colorbar(cells, ax=panel, ticks=levels.tolist(), pad=0.02, aspect=28)
    bar.outline.set_visible(False)
    if drawn:
        bar.add_lines(lines)


def _nothing(values: Array, unit: str) -> float:
    """Below this a sign is noise: what is not worth a word, or a fiftieth of the largest."""
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    return max(NOTHING if unit == "deg" else 0.0, 0.02 * largest)


def _levels(values: Array, both: bool) -> tuple[Array, float, float]:
    """Round values for iso-lines, and the ends of the colours: about zero if both signs occur, else from zero."""
    there = values[np.isfinite(values)]
    largest = max(float(np.abs(there).max(initial=0.0)), 1e-3)
    low = -largest if both else min(0.0, float(there.min(initial=0.0)))
    high = largest if both else max(float(there.max(initial=0.0)), 1e-3)
    if not both and there.size and there.min() > 0.5 * there.max():  # far from zero: show the differences
        low = float(there.min()) - 1e-6
    levels = np.asarray(MaxNLocator(LINES, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
    return levels[(levels >= low) & (levels <= high)], low, high


def _colours(both: bool) -> Colormap:
    """Told apart by colour-blind eyes, and so light that black lines, words and hatches read on each."""
    name, low, high = ("RdBu_r", 0.16, 0.84) if both else ("viridis_r", 0.0, 0.6)
    return LinearSegmentedColormap.from_list(name, colormaps[name](np.linspace(low, high, 256)))


def _regions(panel: Axes, x: Array, y: Array, state: NDArray[np.int_]) -> None:
    """Hatch or grey the cells of each state, and draw a line around those without a whole answer."""
    for kind, style in HATCHES.items():
        at = np.argwhere(state == kind)
        if not at.size:
            continue
        # one closed path for each run of cells in a row
        runs = [(row, start, stop) for row in range(len(state)) for start, stop in _runs(state[row] == kind)]
        corners = [[(x[a], y[r]), (x[b], y[r]), (x[b], y[r + 1]), (x[a], y[r + 1]), (x[a], y[r])] for r, a, b in runs]
        path = Path.make_compound_path(*(Path(np.array(c), closed=True) for c in corners))
        panel.add_patch(PathPatch(path, linewidth=0.0, gid=f"state-{STATES[kind].replace(' ', '-')}", **style))
    whole = ~np.isin(state, (SHORT, NOT_SOLVED))
    sides = [[(x[j + 1], y[i]), (x[j + 1], y[i + 1])] for i, j in np.argwhere(whole[:, 1:] != whole[:, :-1])]
    floors = [[(x[j], y[i + 1]), (x[j + 1], y[i + 1])] for i, j in np.argwhere(whole[1:] != whole[:-1])]
    if sides or floors:
        panel.add_collection(LineCollection(sides + floors, colors=BLACK, linewidths=1.6, capstyle="projecting"))


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one past the last place of each run of true ones."""
    turns = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in turns.reshape(-1, 2)]


def _ticks(axis: Any, along: _Along) -> None:
    """A tick a value while there are few; else round numbers."""
    if along.names is not None:
        axis.set_ticks(along.at, along.names)
    elif len(along.at) <= TICKS:
        axis.set_ticks(along.at, [f"{value:g}".replace("-", MINUS) for value in along.at])
    else:
        axis.set_major_locator(MaxNLocator(TICKS, steps=[1, 2, 2.5, 5, 10]))


def _lines(
    panel: Axes, along: _Along, found: Outcome, values: Array, state: NDArray[np.int_], names: Sequence[str]
) -> None:
    """One panel of lines, a strategy each; what is no whole answer is marked."""
    order = np.argsort(along.at)
    x, values, state = along.at[order], values[order], state[order]
    values = np.where(np.isfinite(values) & (state != NOT_COMPUTED), values, np.nan)
    values, label, _ = one_sign(values, found, _nothing(values, found.unit))
    panel.axhline(0.0, color=GREY, linewidth=1.0)
    for k, name in enumerate(names):
        style = STRATEGIES.get(name, {"color": BLACK})
        panel.plot(x, values[:, k], label=name, zorder=3, **style)
        for kind, mark in ((SHORT, "o"), (NOT_SOLVED, "x")):
            marked = state[:, k] == kind
            colour = VERMILION if kind == NOT_SOLVED else style["color"]
            there = marked & np.isfinite(values[:, k])
            panel.plot(x[there], values[there, k], mark, zorder=4, **_mark(colour))
            gone = x[marked & ~there]
            if gone.size:  # without a value it stands on the axis
                foot: dict[str, Any] = {"transform": panel.get_xaxis_transform(), "clip_on": False}
                panel.plot(gone, np.zeros_like(gone), mark, **foot, **_mark(colour))
    waiting = np.flatnonzero((state == NOT_COMPUTED).all(axis=1))
    edges = _edges(x)
    for place in waiting:
        panel.axvspan(edges[place], edges[place + 1], color="#c9c9c9", linewidth=0, zorder=0)
    panel.set_xlim(x[0] - 0.02 * np.ptp(x), x[-1] + 0.02 * np.ptp(x))
    low, high = panel.get_ylim()
    panel.set_ylim(low, max(high, low + 1.0))
    panel.yaxis.set_major_locator(MaxNLocator(LINES))
    _ticks(panel.xaxis, along)
    panel.set_title(label, loc="left", fontsize=12)


def _mark(colour: str) -> dict[str, Any]:
    return {"markerfacecolor": "white", "markeredgecolor": colour, "markeredgewidth": 1.8, "markersize": 7}


def _map_legend(state: NDArray[np.int_]) -> list[Any]:
    return [Patch(label=STATES[kind], linewidth=0.0, **style) for kind, style in HATCHES.items() if kind in state]


def _line_legend(names: Sequence[str], state: NDArray[np.int_]) -> list[Any]:
    handles: list[Any] = [Line2D([], [], label=name, **STRATEGIES.get(name, {"color": BLACK})) for name in names]
    for kind, mark, colour in ((SHORT, "o", BLACK), (NOT_SOLVED, "x", VERMILION)):
        if kind in state:
            handles.append(Line2D([], [], linestyle="none", marker=mark, label=STATES[kind], **_mark(colour)))
    if (state == NOT_COMPUTED).all(axis=1).any():
        handles.append(Patch(facecolor="#c9c9c9", label=STATES[NOT_COMPUTED]))
    return handles


__all__ = ["limits_map"]
