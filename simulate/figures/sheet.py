"""The sheet that pictures of a study are drawn on: whoever saves one finds its text as text."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from simulate.figures.style import BLUE, GREEN, GREY, ORANGE, PURPLE, SHEET, SKY

#: Colour and line style of groups and inputs: no two share both. Vermilion is kept for what falls short.
SERIES: tuple[dict[str, Any], ...] = tuple(
    {"color": colour, "linestyle": style}
    for style in ("-", (0, (4, 1.5)), (0, (1, 1)))
    for colour in (BLUE, ORANGE, GREEN, PURPLE, SKY, GREY)
)
#: Marks of groups in a scatter, in the same order.
MARKS = "osD^vP"
#: Sizes of a title [points], and how many of its letters fit an inch at one point.
LARGEST, SMALLEST, _FIT = 14.0, 10.0, 100.0


class Sheet(Figure):
    """A figure that is saved in the style it was drawn in, text as text."""

    def savefig(self, *args: Any, **kwargs: Any) -> None:
        """`Figure.savefig` with the settings of `style.SHEET`."""
        with rc_context(SHEET):
            super().savefig(*args, **kwargs)


def sheet(width: float, height: float, title: str) -> Sheet:
    """A new sheet with its title at the top left, as large as its lines fit; those too long for that are broken.

    What is asked of the sheet should be drawn within `style.SHEET`. [inch]
    """
    figure = Sheet(figsize=(width, height), layout="constrained")
    lines = [part for line in title.splitlines() for part in textwrap.wrap(line, int(_FIT * width / SMALLEST))]
    longest = max(map(len, lines), default=1)
    size = min(LARGEST, _FIT * width / longest)
    figure.suptitle("\n".join(lines), fontsize=size, fontweight="bold", x=0.012, ha="left")
    return figure


__all__ = ["MARKS", "SERIES", "Sheet", "sheet"]
