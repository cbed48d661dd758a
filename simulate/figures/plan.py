"""A body from above: shoulders, hips and feet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX, ROTATIONS, SIDES, SPINE, TRANSLATIONS
from kinematics.kernels import tree
from simulate.figures.body import Places

Array = NDArray[np.float64]

#: Half the width of the shoulders, length of an arrow, and half widths of heel and forefoot, as drawn. [m]
SHOULDERS, ARROW, HEEL, TOES = 0.19, 0.2, 0.03, 0.042


def thorax_heading(one: Any, kind: str, frame: int, heading: float) -> Array:
    """Where the thorax faces in the picture's plane from above: (forward, right), of length 1."""
    q = np.zeros((1, len(COORDINATES)))
    q[0, [INDEX[name] for name in ROTATIONS]] = np.deg2rad(one[kind].values[frame])
    q[0, [INDEX[name] for name in TRANSLATIONS]] = one[f"{kind}_translation"].values[frame]
    R, o, a = (np.empty((1, *shape)) for shape in ((24, 3, 3), (24, 3), (24, 3)))
    tree.forward_many(np.array(one.chain_axes), np.array(one.chain_offsets), q, R, o, a)
    x, _, z = R[0, INDEX[SPINE[-1]]][:, 2]  # to the right: it stays level where a trunk leans forward
    c, s = np.cos(heading), np.sin(heading)
    return _ahead(np.array([c * x - s * z, s * x + c * z]))


def _ahead(right: Array) -> Array:
    """A quarter turn to the left of what points to the right, of length 1."""
    x, z = right
    return np.asarray(np.array([z, -x]) / np.hypot(x, z))


def _lines(places: Places, faces: Array) -> dict[str, Array]:
    """Ends (2, 2) of shoulders, hips and both arrows, and outlines (K, 2) of the feet: (forward, right)."""
    flat = {name: at[[0, 2]] for name, at in places.items()}
    top = flat.get("c7", flat["t12l1"])
    aside = SHOULDERS * np.array([-faces[1], faces[0]])
    middle = 0.5 * (flat["hip_r"] + flat["hip_l"])
    found = {
        "shoulders": np.stack([top - aside, top + aside]),
        "thorax": np.stack([top, top + ARROW * faces]),
        "hips": np.stack([flat["hip_l"], flat["hip_r"]]),
        "pelvis": np.stack([middle, middle + ARROW * _ahead(flat["hip_r"] - flat["hip_l"])]),
    }
    for side in SIDES:
        found[f"foot_{side}"] = _foot(flat[f"heel_{side}"], flat.get(f"toe_{side}", flat[f"forefoot_{side}"]))
    return found


def _foot(heel: Array, toe: Array) -> Array:
    """Outline (K, 2) of a foot: round at the heel, wider and round at the toes."""
    along = np.arctan2(*(toe - heel)[::-1])
    front, back = (along + np.linspace(-0.5, 0.5, 12) * np.pi + turn for turn in (0.0, np.pi))
    rounds = [
        at + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        for at, radius, angle in ((toe, TOES, front), (heel, HEEL, back))
    ]
    return np.concatenate([*rounds, rounds[0][:1]])


def plan_extent(bodies: Iterable[tuple[Places, Array]]) -> tuple[Array, Array]:
    """Lowest and highest (3,) of bodies that face somewhere, as drawn from above."""
    ends = np.concatenate([line for places, faces in bodies for line in _lines(places, faces).values()])
    return np.insert(ends.min(axis=0), 1, 0.0), np.insert(ends.max(axis=0), 1, 0.0)


def draw_plan(axis: Axes, places: Places, faces: Array, style: dict[str, Any], ink: str) -> None:
    """Draw a body from above, forward up the page; `ink` colours its shoulders."""
    lines = _lines(places, faces)
    colour, alpha = style["color"], style.get("alpha", 1.0)
    for side in SIDES:
        foot = lines[f"foot_{side}"]
        axis.plot(foot[:, 1], foot[:, 0], color=colour, alpha=alpha, linewidth=1.3)
    for ends, arrow, own, width in (("shoulders", "thorax", ink, 6.0), ("hips", "pelvis", colour, 2.4)):
        line, tip = lines[ends], lines[arrow]
        axis.plot(line[:, 1], line[:, 0], color=own, alpha=alpha, linewidth=width, solid_capstyle="round")
        axis.annotate(
            "", (tip[1, 1], tip[1, 0]), (tip[0, 1], tip[0, 0]),
            arrowprops={
                "arrowstyle": "-|>", "color": own, "linewidth": max(0.35 * width, 1.2), "alpha": alpha,
                "shrinkA": 0, "shrinkB": 0,
            },
        )  # fmt: skip


__all__ = ["draw_plan", "plan_extent", "thorax_heading"]
