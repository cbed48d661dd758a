"""A page to draw on, in the style of the other pictures, and a published result on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isfinite
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from experiments.common.published import Published
from simulate.figures.sheet import Sheet, sheet
from simulate.figures.style import GREY, PURPLE, SHEET, STRATEGIES

#: Colour of everything published.
PUBLISHED = PURPLE
WORDS = {"closure": "closure: nothing else gives", "predicted": "predicted", "least": "least lumbar motion"}


@contextmanager
def page(
    title: str, panels: Sequence[str], *, columns: int = 0, wide: float = 4.6, high: float = 4.0
) -> Iterator[tuple[Sheet, NDArray[Any]]]:
    """A page with a title that tells what was found, and a panel for each of `panels`, which are their titles.

    Parameters
    ----------
    title : str
    panels : sequence of str
    columns : int
        How many panels stand side by side; all if 0.
    wide, high : float
        Of a panel. [inch]
    """
    columns = columns or len(panels)
    rows = -(-len(panels) // columns)
    with rc_context(SHEET):
        figure = sheet(max(wide * columns, 9.0), high * rows + 1.0, title)
        axes = np.asarray(figure.subplots(rows, columns, squeeze=False)).ravel()
        for axis, words in zip(axes, panels, strict=False):
            axis.set_title(words, loc="left", fontsize=12)
        for axis in axes[len(panels) :]:
            axis.set_visible(False)
        yield figure, axes


def by_strategy(axis: Axes, x: ArrayLike, curves: Mapping[str, ArrayLike], *, marker: str = "o") -> None:
    """A line for each strategy, in its own colour and style."""
    for name, y in curves.items():
        axis.plot(x, y, label=WORDS[name], marker=marker, markersize=4.5, **STRATEGIES[name])


def band(axis: Axes, row: Published, *, label: str = "", upright: bool = False) -> None:
    """A published value as a line, and what is tolerated as a band."""
    line, span = (axis.axvline, axis.axvspan) if upright else (axis.axhline, axis.axhspan)
    if isfinite(row.low) and isfinite(row.high):
        span(row.low, row.high, color=PUBLISHED, alpha=0.13, linewidth=0, zorder=0)
    words = label or f"{row.cited}: {row.said}"
    if isfinite(row.value):
        line(row.value, color=PUBLISHED, linewidth=1.6, linestyle=(0, (5, 2)), zorder=1, label=words)


def bars(axis: Axes, names: Sequence[str], groups: Mapping[str, tuple[ArrayLike, str]], *, unit: str = "deg") -> None:
    """Bars side by side: a name on the x axis has one of each group, whose values and colour are given."""
    at = np.arange(len(names), dtype=float)
    width = 0.8 / max(len(groups), 1)
    for k, (label, (values, colour)) in enumerate(groups.items()):
        axis.bar(
            at + (k - 0.5 * (len(groups) - 1)) * width,
            np.asarray(values),
            0.92 * width,
            color=colour,
            label=label,
            zorder=2,
        )
    axis.set_xticks(at, list(names))
    axis.grid(visible=False, axis="x")
    axis.axhline(0.0, color=GREY, linewidth=1.0, zorder=1)
    axis.set_ylabel(unit)


def legend(figure: Sheet, *axes: Axes, columns: int = 0) -> None:
    """One legend below all panels; what is labelled alike in several stands there once."""
    found = dict[str, Any]()
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.legend(
        list(found.values()),
        list(found),
        loc="outside lower left",
        ncols=columns or min(len(found), 4),
        frameon=False,
        fontsize=11,
    )


__all__ = ["PUBLISHED", "WORDS", "band", "bars", "by_strategy", "legend", "page"]
