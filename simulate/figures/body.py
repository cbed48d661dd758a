"""A body as a stick figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from simulate.figures.style import BLACK, GREY

Array = NDArray[np.float64]
Places = dict[str, Array]

#: How the free body and the answer's are drawn.
FREE: dict[str, Any] = {"color": GREY, "linewidth": 3.0, "alpha": 0.7}
ANSWER: dict[str, Any] = {"color": BLACK, "linewidth": 2.4}
#: The far leg is thinner by this factor: another grey would be taken for the free body.
FAR = 0.6
#: Radius of the head, of the length from C7 to its top.
HEAD = 0.36

_BONES = (
    ("hip_r", "hip_l"), ("hip_r", "l5s1"), ("hip_l", "l5s1"), ("t12l1", "c7"),
    ("hip_l", "knee_l"), ("knee_l", "ankle_l"), ("ankle_l", "heel_l"), ("heel_l", "forefoot_l"),
    ("ankle_l", "forefoot_l"),
    ("hip_r", "knee_r"), ("knee_r", "ankle_r"), ("ankle_r", "heel_r"), ("heel_r", "forefoot_r"),
    ("ankle_r", "forefoot_r"),
)  # fmt: skip
#: Seen along a body that lies: pelvis and chest, which show how it rolls. The head would hide them.
_ACROSS = (
    ("asis_r", "asis_l"), ("asis_r", "psis_r"), ("psis_r", "psis_l"), ("psis_l", "asis_l"), ("chest_r", "chest_l"),
)  # fmt: skip
_DRAWN = {name for bone in (*_BONES, *_ACROSS) for name in bone}


def skeleton(one: Any, kind: str, frame: int, heading: float) -> Places:
    """Places by name at one frame, seen along the heading."""
    c, s = np.cos(heading), np.sin(heading)
    places: Places = {}
    for dim in ("landmark", "point"):
        for name, place in zip(one[dim].values, one[f"{kind}_{dim}s"].values[frame], strict=True):
            x, y, z = place
            places[str(name)] = np.array([c * x - s * z, y, s * x + c * z])
    return places


def moved(places: Places, by: Array) -> Places:
    """The same body elsewhere."""
    return {name: at + by for name, at in places.items()}


def _head(places: Places) -> tuple[Array, float] | None:
    """Centre and radius of the head."""
    if "head_top" not in places or "c7" not in places:
        return None
    neck = places["head_top"] - places["c7"]
    return places["head_top"] - HEAD * neck, HEAD * float(np.linalg.norm(neck))


def extent(bodies: Iterable[Places]) -> tuple[Array, Array]:
    """Lowest and highest (3,) of what is drawn of some bodies."""
    found: list[Array] = []
    for places in bodies:
        found += [at for name, at in places.items() if name in _DRAWN]
        head = _head(places)
        if head is not None:
            found += [head[0] - head[1], head[0] + head[1]]
    return np.min(found, axis=0), np.max(found, axis=0)


def draw(
    axis: Axes, places: Places, across: int, style: dict[str, Any], lumbar: str, *, from_feet: bool = False
) -> None:
    """Draw a body, its lumbar spine in a colour of its own.

    `across` is the world axis that runs to the right; `from_feet` draws pelvis and chest in place of the head.
    """
    for a, b in (*_BONES, *(_ACROSS if from_feet else ())):
        if a in places and b in places:
            far = across != 2 and a.endswith("_l")
            thin = {"linewidth": FAR * style["linewidth"]} if far else {}
            _line(axis, np.stack([places[a], places[b]]), across, {**style, **thin})
    _line(axis, np.stack([places["l5s1"], places["t12l1"]]), across, {"color": lumbar, "linewidth": 6.0})
    near = ["hip_r", "knee_r", "ankle_r", "l5s1", "t12l1", *(["hip_l", "knee_l", "ankle_l"] if across == 2 else [])]
    joints = np.stack([places[name] for name in near])
    axis.plot(joints[:, across], joints[:, 1], "o", color=style["color"], markersize=4, alpha=style.get("alpha", 1.0))
    head = None if from_feet else _head(places)
    if head is not None:
        _line(axis, np.stack([places["c7"], places["head_top"]]), across, style)
        centre, radius = head  # its top is the top of the head
        angle = np.linspace(0.0, 2.0 * np.pi, 60)
        axis.fill(
            centre[across] + radius * np.cos(angle), centre[1] + radius * np.sin(angle), facecolor="white",
            edgecolor=style["color"], linewidth=2.0, zorder=3,
        )  # fmt: skip


def _line(axis: Axes, ends: Array, across: int, style: dict[str, Any]) -> None:
    axis.plot(ends[:, across], ends[:, 1], solid_capstyle="round", **style)


__all__ = ["ANSWER", "FREE", "Places", "draw", "extent", "moved", "skeleton"]
