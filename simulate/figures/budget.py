"""Where the degrees a hip lost went: one stacked bar a limit and strategy."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from simulate.budget import PARTS
from simulate.figures.style import BLACK, GREY, ORANGE, SHEET, SKY, VERMILION, YELLOW
from simulate.report.table import headline_strategy, words_of
from simulate.result import Compensation

#: Colour of each part, and of its text.
COLOURS = {
    "lumbar": (VERMILION, "white"),
    "thoracic": (ORANGE, BLACK),
    "trunk lean": (SKY, BLACK),
    "knee": (YELLOW, BLACK),
    "foot and ankle": (GREY, "white"),
}
#: Parts smaller than this share of the longest bar are drawn but not written on.
_READABLE = 0.045
#: As many characters of the largest headline fill the width.
_FILL = 78.0


def budget_figure(result: Compensation) -> Figure | None:
    """Draw where the lost degrees of every limited hip went; None if no limit takes anything away.

    Parameters
    ----------
    result : Compensation
    """
    if "budget" not in result:
        return None
    limits = [name for name in result.limit.values if bool((result.budget_frame.sel(limit=name) >= 0).any())]
    if not limits:
        return None
    limits.sort(key=lambda name: -float(result.budget_loss.sel(limit=name).max()))
    rows = result.sizes["strategy"]
    with rc_context({**SHEET, "axes.grid": False}):
        figure = Figure(figsize=(10.0, 1.5 + len(limits) * (0.9 + 0.55 * rows)), layout="constrained")
        axes = np.atleast_1d(np.asarray(figure.subplots(len(limits), 1, sharex=True)))
        longest = float(np.abs(result.budget).sum("budget_part").max())
        for axis, limit in zip(axes, limits, strict=True):
            _bars(axis, result.sel(limit=limit), longest, words_of(str(limit)))
        axes[-1].set_xlabel("degrees of the loss that are made up for there")
        words = _sentence(result, limits)
        size = min(15.0, 15.0 * _FILL / len(words))
        figure.suptitle(words, fontsize=size, fontweight="bold", x=0.012, ha="left")
        handles = [Patch(facecolor=colour, edgecolor=BLACK, label=name) for name, (colour, _) in COLOURS.items()]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return figure


def _sentence(result: Compensation, limits: list[Any]) -> str:
    """The largest loss and who pays most of it."""
    strategy = headline_strategy(result)
    one = result.sel(strategy=strategy)
    limit = max(limits, key=lambda name: float(one.budget_loss.sel(limit=name)))
    parts = one.budget.sel(limit=limit)
    k = int(np.argmax(parts.values))
    payer = {"lumbar": "the lumbar spine", "thoracic": "the thoracic spine", "trunk lean": "leaning the trunk"}.get(
        PARTS[k], f"the {PARTS[k]}"
    )
    loss = float(one.budget_loss.sel(limit=limit))
    return f"Of {loss:.1f}° lost in {words_of(str(limit))}, {payer} makes up for {float(parts[k]):.1f}° ({strategy})"


def _bars(axis: Axes, one: Any, longest: float, words: str) -> None:
    strategies = [str(name) for name in one.strategy.values]
    for row, strategy in enumerate(strategies):
        parts = dict(zip(PARTS, one.budget.sel(strategy=strategy).values, strict=True))
        ends = {1: 0.0, -1: 0.0}
        for name, (colour, ink) in COLOURS.items():
            value, sign = float(parts[name]), 1 if parts[name] >= 0.0 else -1
            axis.barh(row, value, left=ends[sign], height=0.72, color=colour, edgecolor=BLACK, linewidth=0.6)
            if abs(value) > _READABLE * longest:
                axis.text(ends[sign] + 0.5 * value, row, f"{value:.1f}", ha="center", va="center", color=ink)
            ends[sign] += value
        loss = float(one.budget_loss.sel(strategy=strategy))
        axis.text(ends[1] + 0.012 * longest, row, f"= {loss:.1f}° lost" if row == 0 else f"= {loss:.1f}°", va="center")
    axis.axvline(0.0, color=BLACK, linewidth=1.0)
    axis.set_yticks(range(len(strategies)), strategies)
    axis.invert_yaxis()
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_title(words[0].upper() + words[1:], loc="left", fontsize=12)
    axis.margins(x=0.12)


__all__ = ["COLOURS", "budget_figure"]
