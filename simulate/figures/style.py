"""What pictures share. Colours are Okabe and Ito's, told apart by colour-blind eyes; lines differ in style too."""

from __future__ import annotations

from typing import Any

import matplotlib

matplotlib.use("Agg")

BLACK, GREY, ORANGE, BLUE, VERMILION = "#000000", "#8c8c8c", "#e69f00", "#0072b2", "#d55e00"
GREEN, SKY, YELLOW, PURPLE = "#009e73", "#56b4e9", "#f0e442", "#cc79a7"
STRATEGIES: dict[str, dict[str, Any]] = {
    "closure": {"color": ORANGE, "linestyle": (0, (4, 1.5)), "linewidth": 2.2},
    "predicted": {"color": BLUE, "linestyle": "-", "linewidth": 2.6},
    "least": {"color": GREEN, "linestyle": (0, (1, 1)), "linewidth": 2.4},
}
SHEET: dict[Any, Any] = {
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e5e5e5",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
}
