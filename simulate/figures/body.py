"""A body as a stick figure."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

Array = NDArray[np.float64]

_BONES = (
    ("hip_r", "hip_l"), ("hip_r", "l5s1"), ("hip_l", "l5s1"), ("t12l1", "c7"),
    ("hip_l", "knee_l"), ("knee_l", "ankle_l"), ("ankle_l", "heel_l"), ("heel_l", "forefoot_l"),
    ("ankle_l", "forefoot_l"),
    ("hip_r", "knee_r"), ("knee_r", "ankle_r"), ("ankle_r", "heel_r"), ("heel_r", "forefoot_r"),
    ("ankle_r", "forefoot_r"),
)  # fmt: skip


def skeleton(one: Any, kind: str, frame: int, heading: float) -> dict[str, Array]:
    """Places by name at one frame, seen along the heading."""
    c, s = np.cos(heading), np.sin(heading)
    places: dict[str, Array] = {}
    for dim in ("landmark", "point"):
        for name, place in zip(one[dim].values, one[f"{kind}_{dim}s"].values[frame], strict=True):
            x, y, z = place
            places[str(name)] = np.array([c * x - s * z, y, s * x + c * z])
    return places


def _line(axis: Axes, ends: Array, across: int, style: dict[str, Any]) -> None:
    """A bone; it may reach beyond its panel, and the layout does not make room for that."""
    (line,) = axis.plot(ends[:, across], ends[:, 1], solid_capstyle="round", clip_on=False, **style)
    line.set_in_layout(False)


def draw(axis: Axes, places: dict[str, Array], across: int, style: dict[str, Any], lumbar: str) -> None:
    """Draw a body, its lumbar spine in a colour of its own; `across` is the world axis that runs to the right."""
    for a, b in _BONES:
        if a in places and b in places:
            far = {} if not a.endswith("_l") or across == 2 else {"alpha": 0.45}
            ends = np.stack([places[a], places[b]])
            _line(axis, ends, across, {**style, **far})
    ends = np.stack([places["l5s1"], places["t12l1"]])
    _line(axis, ends, across, {"color": lumbar, "linewidth": 6.0})
    joints = np.stack([places[name] for name in ("hip_r", "knee_r", "ankle_r", "l5s1", "t12l1")])
    axis.plot(joints[:, across], joints[:, 1], "o", color=style["color"], markersize=4, alpha=style.get("alpha", 1.0))
    if "head_top" in places and "c7" in places:
        ends = np.stack([places["c7"], places["head_top"]])
        _line(axis, ends, across, style)
        neck = places["head_top"] - places["c7"]
        radius = 0.36 * float(np.linalg.norm(neck))
        centre = places["head_top"] - 0.36 * neck  # its top is the top of the head
        angle = np.linspace(0.0, 2.0 * np.pi, 60)
        (head,) = axis.fill(
            centre[across] + radius * np.cos(angle), centre[1] + radius * np.sin(angle), facecolor="white",
            clip_on=False, edgecolor=style["color"], linewidth=2.0, zorder=3,
        )  # fmt: skip
        head.set_in_layout(False)


__all__ = ["draw", "skeleton"]
