"""What the people of a cohort need: distributions of outcomes by group, and what goes with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy.stats import gaussian_kde

from kinematics.errors import HipspineError, unknown
from simulate.figures.sheet import MARKS, SERIES, sheet
from simulate.figures.study_words import (
    MINUS,
    NOT_COMPUTED,
    NOT_SOLVED,
    SHORT,
    UNORDERED,
    Outcome,
    axes_of,
    fixed,
    option_words,
    outcome,
    states,
    strategy_of,
    title_of,
    zero_words,
)
from simulate.figures.style import BLACK, GREY, SHEET, VERMILION

Array = NDArray[np.float64]

OUTCOMES = ("lumbar_extension", "lumbar_rotation", "lumbar", "pelvis_tilt")
KINDS = ("ridge", "violin")
#: Above so many people single ones are no longer drawn, only quantiles; a scatter becomes an embedded picture.
RUG, VECTOR_POINTS = 1000, 4000
#: A column with more different values than this makes no groups.
GROUPS = 6
#: Fewer people than this have no density; a group that varies less than this part of the picture is drawn as a spike.
FEWEST, SPIKE = 5, 1e-3
#: The narrowest kernel, as a part of the picture's width.
NARROWEST = 0.004
#: Resamples behind an interval, their seed, and the interval's ends. [%]
RESAMPLES, SEED, ENDS = 2000, 20250101, (2.5, 97.5)


class _Group(NamedTuple):
    """Some of the people: their name, which they are, how they are drawn."""

    name: str
    who: NDArray[np.bool_]
    style: dict[str, Any]


def people_figure(
    ds: xr.Dataset,
    *,
    variables: Sequence[str] = OUTCOMES,
    by: str | None = "group",
    kind: str = "ridge",
    same_scale: bool = True,
    strategy: str | None = None,
    held: Mapping[str, Any] | None = None,
) -> Figure:
    """Draw how outcomes are distributed over the people of a cohort, one row an outcome.

    Densities are Gaussian kernel densities cut at the lowest and highest person, each drawn to the same height: areas
    do not tell how many people there are, the legend does. Whoever falls short of the task stays in, with what the
    motion that was possible adds, and is marked: without the stiffest a group would look better than it is. People
    not solved or not computed at all have no value and are counted.

    Parameters
    ----------
    ds : xarray.Dataset
        A study's data set with a dimension ``person``.
    variables : sequence of str, optional
        Outcomes, as `limits_map` takes them.
    by : str or None, optional
        A column of few different values along ``person``, whose groups are compared. The default is left out if the
        cohort has no such column.
    kind : {"ridge", "violin"}, optional
        Groups overlaid, or below one another.
    same_scale : bool, optional
        Whether outcomes of the same unit share their scale.
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
        If nobody is there, a name is unknown, an axis is not held, or the column makes no groups.
    """
    if kind not in KINDS:
        raise unknown("kind of picture", kind, KINDS)
    if not variables:
        raise HipspineError("nothing to show: name at least one outcome")
    one, words, strategy = _cohort(ds, "person", held, strategy)
    by = None if by == "group" and by not in one.coords else by
    found = [outcome(one, name) for name in variables]
    state = states(one).values
    groups = _groups(one, "person", by)
    same = same_scale and len({each.unit for each in found}) == 1
    tall = 1.5 if kind == "ridge" else 0.75 + 0.6 * len(groups)
    with rc_context(SHEET):
        figure = sheet(
            11.0, 1.9 + (tall + (0.35 if same else 0.8)) * len(found), title_of(ds, f"strategy {strategy}", *words)
        )
        panels = figure.subplots(len(found), 1, squeeze=False, sharex=same)[:, 0]
        values = [_values(each) for each in found]
        ends = _ends(np.concatenate(values))
        for panel, each, value in zip(panels, found, values, strict=True):
            if not same:
                ends = _ends(value)
            panel.set_xlim(*ends)
            panel.axvline(0.0, color=GREY, linewidth=1.0, zorder=0)
            for k, group in enumerate(groups):
                _draw_group(panel, group, value, state, k, len(groups), kind)
            panel.set_title(each.labelled(), loc="left", fontsize=12, pad=4)
            panel.set_ylim(*((-0.24 * len(groups) - 0.1, 1.08) if kind == "ridge" else (-len(groups) + 0.45, 0.55)))
            panel.set_yticks([])
            panel.spines["left"].set_visible(False)
            panel.grid(visible=False, axis="y")
        panels[0].annotate(
            "median [5 to 95 %]", (1.02, 1.0), xycoords="axes fraction", xytext=(0, 5), textcoords="offset points",
            fontsize=11, color="#555555",
        )  # fmt: skip
        if same and found[0].unit:
            panels[-1].set_xlabel(found[0].unit)
        figure.legend(
            handles=_legend(groups, state, kind), loc="outside lower left", ncols=1 if len(groups) > 1 else 2,
            frameon=False, fontsize=11,
        )  # fmt: skip
    return figure


def _cohort(
    ds: xr.Dataset, dim: str, held: Mapping[str, Any] | None, strategy: str | None
) -> tuple[xr.Dataset, list[str], str]:
    """The people, what is held in words, and the strategy."""
    if dim not in axes_of(ds):
        raise HipspineError(f"this study has no {dim}s: it varies {', '.join(axes_of(ds)) or 'nothing'}")
    one, words = fixed(ds, keep=[dim], held=held)
    strategy = strategy_of(one, strategy)
    return one.sel(strategy=strategy), words, strategy


def _column(one: xr.Dataset, dim: str, name: str) -> NDArray[Any]:
    """A column of the people by name."""
    columns = [str(c) for c in one.coords if one[c].dims == (dim,)]
    if name not in columns:
        raise unknown("column of the cohort" if dim == "person" else f"option along {dim}", name, columns)
    return np.asarray(one[name].values)


def _groups(one: xr.Dataset, dim: str, by: str | None) -> list[_Group]:
    """The people by the values of a column."""
    if by is None:
        return [_Group("all", np.ones(one.sizes[dim], dtype=np.bool_), SERIES[0])]
    column = _column(one, dim, by).astype(str)
    names = list(dict.fromkeys(column))
    if len(names) > GROUPS:
        raise HipspineError(f"{by} has {len(names)} different values; groups need a column of at most {GROUPS}")
    return [_Group(str(name), column == name, SERIES[k]) for k, name in enumerate(names)]


def _values(found: Outcome) -> Array:
    values = np.asarray(found.values.values, dtype=float)
    return np.where(np.isfinite(values), values, np.nan)


def _ends(values: Array) -> tuple[float, float]:
    """Of a panel: all values, with zero if that is near, and room beside them."""
    there = values[np.isfinite(values)]
    low, high = (float(there.min()), float(there.max())) if there.size else (0.0, 1.0)
    wide = high - low
    if low > 0.0 and low < 0.5 * wide:
        low = 0.0
    if high < 0.0 and -high < 0.5 * wide:
        high = 0.0
    room = max(0.03 * (high - low), 0.5 if high - low < 1e-9 else 0.0)
    return low - room, high + room


def _draw_group(panel: Axes, group: _Group, values: Array, state: NDArray[np.int_], k: int, of: int, kind: str) -> None:
    """One group's density, its people and quantiles, and its numbers at the right."""
    colour, at = group.style["color"], -0.24 * k - 0.16 if kind == "ridge" else -float(k)
    there = group.who & np.isfinite(values)
    some = values[there]
    left, right = panel.get_xlim()
    share = (1.0 - (k + 0.5) / of) if kind == "violin" else 0.82 - 0.24 * k
    if not some.size:
        said = "nobody has a value"
    else:
        x, density = _density(some, right - left)
        if kind == "ridge":
            panel.fill_between(x, 0.0, density, color=colour, alpha=0.25, linewidth=0, zorder=2)
            panel.plot(x, density, linewidth=1.8, zorder=3, **group.style)
            middle = float(np.median(some))
            panel.plot([middle] * 2, [0.0, np.interp(middle, x, density)], linewidth=1.8, zorder=3, **group.style)
        else:
            panel.fill_between(
                x, at - 0.4 * density, at + 0.4 * density, color=colour, alpha=0.3, linewidth=0, zorder=2
            )
            for sign in (-0.4, 0.4):
                panel.plot(x, at + sign * density, color=colour, linewidth=1.4, zorder=3)
        _strip(panel, values, there, state, at, colour, 0.1 if kind == "ridge" else 0.12)
        q = np.percentile(some, [5, 50, 95])
        said = "{1} [{0} to {2}]".format(*(_number(value, right - left) for value in q))
    panel.annotate(
        said, (1.02, share), xycoords="axes fraction", va="center", fontsize=11, color=BLACK,
        xytext=(14, 0), textcoords="offset points",
    )  # fmt: skip
    panel.plot([1.02, 1.032], [share, share], transform=panel.transAxes, clip_on=False, linewidth=2.6, **group.style)


def _number(value: float, width: float) -> str:
    """As many decimals as a hundredth of the picture's width needs, one at least; no minus before nothing."""
    decimals = int(np.clip(1 - np.floor(np.log10(width)), 1, 4))
    value = round(value, decimals)
    return f"{value + 0.0:.{decimals}f}".replace("-", MINUS)


def _density(values: Array, width: float) -> tuple[Array, Array]:
    """Where, and the kernel density as a part of its highest; a spike if hardly anything varies."""
    low, high = float(values.min()), float(values.max())
    spread = float(values.std(ddof=1)) if values.size > 1 else 0.0
    if values.size < FEWEST or high - low <= SPIKE * width or spread <= 1e-12:
        if high - low > SPIKE * width:  # a handful of people: no density, their marks tell
            return np.array([low, high]), np.zeros(2)
        half = 0.5 * max(high - low, SPIKE * width)
        middle = 0.5 * (low + high)
        return middle + half * np.array([-1.0, -1.0, 1.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0])
    kernel = gaussian_kde(values)
    kernel.set_bandwidth(max(float(kernel.factor), NARROWEST * width / spread))
    # finer where people are close together
    x = np.unique(np.concatenate([np.linspace(low, high, 200), np.percentile(values, np.linspace(0, 100, 101))]))
    density = kernel(x)
    x, density = np.concatenate([[low], x, [high]]), np.concatenate([[0.0], density, [0.0]])
    return x, density / density.max()


def _strip(
    panel: Axes, values: Array, there: NDArray[np.bool_], state: NDArray[np.int_], at: float, colour: str, half: float
) -> None:
    """People as short lines, who falls short marked, with quantiles on them."""
    if there.sum() <= RUG:
        strong: dict[str, Any] = {"linewidth": 1.4, "zorder": 3}
        weak: dict[str, Any] = {"linewidth": 0.7, "alpha": 0.55, "zorder": 2}
        for short, ink, reach, style in ((False, colour, half, weak), (True, VERMILION, 1.2 * half, strong)):
            some = values[there & ((state == SHORT) == short)]
            # one path for all of them
            x = np.repeat(some, 3)
            y = np.tile([at - reach, at + reach, np.nan], some.size)
            panel.plot(x, y, color=ink, solid_capstyle="butt", **style)
    q = np.percentile(values[there], [5, 25, 50, 75, 95])
    panel.plot(q[[0, 4]], [at, at], color=BLACK, linewidth=1.2, zorder=4, solid_capstyle="butt")
    panel.plot(q[[1, 3]], [at, at], color=BLACK, linewidth=4.0, zorder=4, solid_capstyle="butt")
    panel.plot(q[2], at, "o", color="white", markeredgecolor=BLACK, markersize=6, zorder=5)


def _counts(group: _Group, state: NDArray[np.int_]) -> str:
    """How many there are, and how many cannot do what was asked."""
    own = state[group.who]
    n = int((own != NOT_COMPUTED).sum())
    short, lost, waiting = (int((own == kind).sum()) for kind in (SHORT, NOT_SOLVED, NOT_COMPUTED))
    said = f"n = {n}: " + (f"{short} cannot complete the task" if short else "nobody falls short of the task")
    said += f", {lost} with frames not solved" if lost else ""
    return said + (f" ({waiting} not computed yet)" if waiting else "")


def _legend(groups: Sequence[_Group], state: NDArray[np.int_], kind: str) -> list[Any]:
    handles: list[Any] = []
    for group in groups:
        label = f"{group.name}, {_counts(group, state)}"
        colour = group.style["color"]
        handles.append(Patch(facecolor=colour, alpha=0.4, edgecolor=colour, label=label))
    people = max(int(group.who.sum()) for group in groups) <= RUG
    if people and SHORT in state:
        handles.append(
            Line2D(
                [], [], color=VERMILION, marker="|", markersize=12, linestyle="none", label="cannot complete the task"
            )
        )
    label = "median, middle half, and 5 to 95 % of the people" + (", each a short line" if people else "")
    handles.append(
        Line2D([], [], color=BLACK, marker="o", markerfacecolor="white", linewidth=3.0, markersize=6, label=label)
    )
    return handles


def people_scatter(
    ds: xr.Dataset,
    *,
    x: str = "hip_extension_right",
    y: str = "lumbar_extension",
    by: str | None = "group",
    strategy: str | None = None,
    held: Mapping[str, Any] | None = None,
) -> Figure:
    """Draw an outcome against a column of the cohort (or an option of a sample), one point a person.

    Beside the points stands Spearman's rank correlation, with the 95 % percentile interval of 2000 bootstrap resamples
    (fixed seed) of the people drawn. Who falls short is an open mark and counts.

    Parameters
    ----------
    ds : xarray.Dataset
        A study's data set with a dimension ``person`` or ``sample``.
    x : str, optional
        A numeric column along it.
    y : str, optional
        An outcome, as `limits_map` takes them.
    by : str or None, optional
        A column of few different values, whose groups are told apart. The default is left out if there is none.
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
        If nobody is there, a name is unknown, or the column holds no numbers.
    """
    dim = next((name for name in reversed(UNORDERED) if name in axes_of(ds)), "person")
    one, words, strategy = _cohort(ds, dim, held, strategy)
    by = None if by == "group" and by not in one.coords else by
    column = _column(one, dim, x)
    if not np.issubdtype(column.dtype, np.number):
        raise HipspineError(f"{x} holds no numbers but {', '.join(dict.fromkeys(column.astype(str)))}: group by it")
    found, state = outcome(one, y), states(one).values
    values, across = _values(found), column.astype(float)
    groups = _groups(one, dim, by)
    there = np.isfinite(values) & np.isfinite(across)
    with rc_context(SHEET):
        figure = sheet(9.0, 6.6, title_of(ds, f"strategy {strategy}", *words, zero_words(ds, x)))
        panel = figure.subplots()
        panel.axhline(0.0, color=GREY, linewidth=1.0)
        lines = []
        for k, group in enumerate(groups):
            for short in (False, True):
                some = group.who & there & ((state == SHORT) == short)
                colour = group.style["color"]
                panel.plot(
                    across[some], values[some], MARKS[k], markersize=5, markeredgewidth=1.0, markeredgecolor=colour,
                    markerfacecolor="white" if short else colour, alpha=0.65, linestyle="none", zorder=2 + short,
                    rasterized=bool(there.sum() > VECTOR_POINTS),
                )  # fmt: skip
            some = group.who & there
            said = f"{group.name}, n = {int(some.sum())}: {_correlation(across[some], values[some])}"
            lines.append(Line2D([], [], marker=MARKS[k], color=colour, linestyle="none", label=said))
        if len(groups) > 1:
            said = f"all, n = {int(there.sum())}: {_correlation(across[there], values[there])}"
            lines.append(Line2D([], [], linestyle="none", label=said))
        if (there & (state == SHORT)).any():
            said = f"cannot complete the task (n = {int((there & (state == SHORT)).sum())})"
            lines.append(Line2D([], [], marker="o", color=BLACK, markerfacecolor="white", linestyle="none", label=said))
        panel.set_xlabel(option_words(one, x))
        panel.set_ylabel(found.labelled())
        figure.legend(
            handles=lines, loc="outside lower left", frameon=False, fontsize=11,
            title=f"Spearman's rank correlation \u03c1 [95 % interval, {RESAMPLES} bootstrap resamples]",
            alignment="left", title_fontsize=11,
        )  # fmt: skip
    return figure


def _correlation(x: Array, y: Array) -> str:
    """Spearman's correlation and its interval, in words."""
    n = x.size
    rho = _spearman(x, y, np.ones((1, n)))[0] if n > 2 else np.nan
    if np.isnan(rho):
        return "\u03c1 not defined (too few people, or all alike)"
    rng, found = np.random.default_rng(SEED), []
    step = max(1, 2**21 // n)
    for start in range(0, RESAMPLES, step):
        rows = min(step, RESAMPLES - start)
        drawn = rng.integers(n, size=(rows, n)) + n * np.arange(rows)[:, None]
        found.append(_spearman(x, y, np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(float)))
    resampled = np.concatenate(found)
    low, high = np.percentile(resampled[np.isfinite(resampled)], ENDS)
    return f"\u03c1 = {rho:.2f} [{low:.2f} to {high:.2f}]".replace("-", MINUS)


def _spearman(x: Array, y: Array, times: Array) -> Array:
    """Rank correlation (B,) of people (N,) each of whom is there so many times (B, N); NaN if all are alike."""
    n = times.sum(axis=1, keepdims=True)
    a, b = (_ranks(values, times) - 0.5 * (n + 1.0) for values in (x, y))
    size = np.sqrt((times * a**2).sum(axis=1) * (times * b**2).sum(axis=1))
    return np.where(size > 0.0, (times * a * b).sum(axis=1) / np.where(size > 0.0, size, 1.0), np.nan)


def _ranks(values: Array, times: Array) -> Array:
    """Mean rank (B, N) of each person among people who are there so many times (B, N)."""
    found, place = np.unique(values, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(found.size))
    alike = np.add.reduceat(times[:, order], starts, axis=1)
    ranks: Array = (np.cumsum(alike, axis=1) - 0.5 * alike + 0.5)[:, place]
    return ranks


__all__ = ["people_figure", "people_scatter"]
