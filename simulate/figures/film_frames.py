"""Frames of a film: a body in the flesh, seen from some sides, and the curves that are told beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from kinematics.conventions import SIDE_WORDS
from kinematics.mirror import other_side
from simulate.figures.body import ANSWER, FREE, HEAD, Places, draw
from simulate.figures.furniture import Box
from simulate.figures.movement import FROM_ABOVE
from simulate.figures.plan import draw_plan
from simulate.figures.style import BLACK, GREY, VERMILION
from simulate.figures.words import LYING
from simulate.kernels.data import UNSOLVED
from simulate.report.table import headline_strategy
from simulate.result import Compensation

Array = NDArray[np.float64]

#: Views by name: the words below them, and the axis of the picture that runs to the right.
VIEWS = {
    "side": ("from the right", 0),
    "behind": ("from behind", 2),
    "above": ("from above: shoulders thick, hips thin", 2),
    "feet": ("from the feet", 2),
}
#: Near and far leg and trunk of a body in the flesh.
FLESH, FAR_FLESH = "#d5dbe1", "#bcc4cc"
#: Radii along the body of somebody whose leg is `LEG` long, as drawn. [m]
LEG = 0.84
RADII = {"hip": 0.080, "knee": 0.054, "ankle": 0.036, "heel": 0.030, "forefoot": 0.024, "toe": 0.018}
#: Radii of the trunk at pelvis, loin, chest and neck, from the side and from behind, and how far it reaches ahead of
#: the joints of the spine, as drawn. [m]
TRUNK_SIDE, TRUNK_BEHIND = (0.095, 0.088, 0.100, 0.050), (0.060, 0.115, 0.130, 0.050)
AHEAD = (0.020, 0.045, 0.035, 0.010)
CHEST = 0.62
#: Half the width of the shoulders. [m]
SHOULDERS = 0.165
MINUS = "\N{MINUS SIGN}"

_HIP = {
    ("hip_flexion", -1): "hip extension",
    ("hip_flexion", 1): "hip flexion",
    ("hip_rotation", 1): "hip internal rotation",
    ("hip_rotation", -1): "hip external rotation",
    ("hip_adduction", 1): "hip adduction",
    ("hip_adduction", -1): "hip abduction",
}
_PELVIS = {
    "pelvis_tilt": (-1.0, "Pelvis: anterior tilt"),
    "pelvis_list": (1.0, "Pelvis: right side down"),
    "pelvis_rotation": (1.0, "Pelvis: turned left"),
}
_LUMBAR = {
    "lumbar_extension": "Lumbar extension",
    "lumbar_rotation": "Lumbar rotation to the left",
    "lumbar_bending": "Lumbar bending to the right",
}
_PLANE = {
    "hip_flexion": ("pelvis_tilt", "lumbar_extension"),
    "hip_rotation": ("pelvis_rotation", "lumbar_rotation"),
    "hip_adduction": ("pelvis_list", "lumbar_bending"),
}
#: Another coordinate is shown in place of the plane's own if it changes by so much more. [deg]
CLEARLY_MORE = 1.0
#: No curve is drawn in less than this from bottom to top. [deg]
LEAST_SPAN = 8.0
#: Of a heading that goes through more than this only the change can be read. [deg]
FAR_ROUND = 60.0


@dataclass(frozen=True)
class Trace:
    """An angle that is told as a curve: free and restricted (F,), the limit if it has one; NaN if not solved. [deg]"""

    title: str
    free: Array
    restricted: Array
    limit: float | None = None


def traces(result: Compensation) -> list[Trace]:
    """Hip, pelvis and lumbar spine: of the limited hip's plane, unless another coordinate clearly changes more."""
    strategy = headline_strategy(result)
    one = result.sel(strategy=strategy)
    solved = one.status.values != UNSOLVED

    def angle(name: str, sign: float = 1.0) -> tuple[Array, Array]:
        offset = float(one.zero_offset.sel(coordinate=name))
        free, answer = (sign * (one[kind].sel(coordinate=name).values + offset) for kind in ("free", "restricted"))
        return free, np.where(solved, answer, np.nan)

    def change(name: str) -> float:
        return float(np.abs((one.restricted - one.free).sel(coordinate=name).values)[solved].max(initial=0.0))

    def most(names: Sequence[str], own: str) -> str:
        found = max(names, key=change)
        return found if change(found) > change(own) + CLEARLY_MORE else own

    side, hip, sign, limit = _limited_hip(result)
    tilt, lumbar = _PLANE[hip]
    pelvis, lumbar = most(tuple(_PELVIS), tilt), most(tuple(_LUMBAR), lumbar)
    title = f"{SIDE_WORDS[side].capitalize()} {_HIP[hip, sign]}"
    found = [Trace(title, *angle(f"{hip}_{side}", sign), limit)]
    pelvis_sign, words = _PELVIS[pelvis]
    free, answer = angle(pelvis, pelvis_sign)
    zero: Array | float = 0.0
    if pelvis == "pelvis_rotation":
        far = np.ptp(free) > FAR_ROUND
        zero, words = (free, f"{words}, added") if far else (float(free.mean()), words)
    elif str(result.attrs["task"]) in LYING:
        zero = float(free[0])
    found.append(Trace(words, free - zero, answer - zero))
    found.append(Trace(_LUMBAR[lumbar], *angle(lumbar)))
    return found


def _limited_hip(result: Compensation) -> tuple[str, str, int, float | None]:
    """Side, coordinate, sense and limit of the hip that is told: the one whose limit takes most."""
    taken: dict[tuple[str, str, int, float], float] = {}
    for bound, limit in json.loads(result.attrs["limits_model_deg"]).items():
        name, end = bound.rsplit("_", 1)
        if name[:-2] not in _PLANE:
            continue
        sign = -1 if end == "min" else 1
        free = sign * result.free.isel(strategy=0).sel(coordinate=name).values
        offset = float(result.zero_offset.sel(coordinate=name))
        taken[name[-1], name[:-2], sign, sign * (limit + offset)] = float(free.max()) - sign * limit
    if not taken:
        return result.limited_side, "hip_flexion", -1, None
    return max(taken, key=lambda key: taken[key])


def draw_trace(axis: Axes, percent: Array, trace: Trace, colour: str) -> tuple[Any, Any, Any, Any]:
    """Draw what stays of a curve; its cursor, the dots of free and answer, and the words that tell their values."""
    axis.plot(percent, trace.free, color=GREY, linewidth=2.6)
    axis.plot(percent, trace.restricted, color=colour, linewidth=2.2)
    low, high = axis.get_ylim()
    if trace.limit is not None:
        low, high = min(low, trace.limit), max(high, trace.limit + 0.1 * (high - low))
    spare = max(0.5 * (LEAST_SPAN - (high - low)), 0.0)
    low, high = low - spare, high + spare
    if trace.limit is not None:
        axis.axhspan(trace.limit, high, color=VERMILION, alpha=0.13, linewidth=0)
        axis.axhline(trace.limit, color=VERMILION, linewidth=1.4)
        quarter = max(len(trace.free) // 4, 1)
        right = float(trace.free[-quarter:].max()) <= float(trace.free[:quarter].max())
        axis.annotate(
            f"limit {trace.limit:.0f}°".replace("-0°", "0°").replace("-", MINUS),
            (0.985 if right else 0.015, trace.limit), xycoords=axis.get_yaxis_transform(), xytext=(0, 3),
            textcoords="offset points", ha="right" if right else "left", color=VERMILION, fontsize=10.5,
        )  # fmt: skip
    axis.set_ylim(low, high)
    axis.set_xlim(0.0, 100.0)
    axis.set_xticks([0, 25, 50, 75, 100])
    axis.tick_params(labelsize=10)
    axis.set_title(trace.title, loc="left", fontsize=13, fontweight="bold", pad=21)
    cursor = axis.axvline(0.0, color=BLACK, linewidth=1.2)
    dots = [
        axis.plot([], [], "o", color=ink, markersize=7, markeredgecolor="white", zorder=5)[0] for ink in (GREY, colour)
    ]
    said = axis.annotate(
        "", (0.0, 1.0), xycoords="axes fraction", xytext=(0, 5), textcoords="offset points", fontsize=12, color=BLACK
    )
    return cursor, dots[0], dots[1], said


@dataclass(frozen=True)
class Body:
    """A body at one instant: places by name (3,), and where its thorax faces from above (2,)."""

    places: Places
    faces: Array


@dataclass(frozen=True)
class View:
    """Bodies seen from one side; the picture's lower left corner is the one of `low` and `high` (3,). [m]

    From the left everything has made half a turn about the vertical, and forward is to the left.
    """

    name: str
    low: Array
    high: Array
    box: Box | None = None
    from_left: bool = False

    @property
    def words(self) -> str:
        """From where, in words."""
        return "from the left" if self.from_left else VIEWS[self.name][0]

    @property
    def sense(self) -> Array:
        """Which way each axis (3,) of the picture runs: 1 as the body's, -1 against it."""
        return np.array([-1.0, 1.0, -1.0]) if self.from_left else np.ones(3)

    @property
    def across(self) -> int:
        """The axis that runs to the right."""
        return VIEWS[self.name][1]

    @property
    def up(self) -> int:
        """The axis that runs up the page."""
        return 0 if self.name == "above" else 1

    @property
    def size(self) -> tuple[float, float]:
        """Width and height. [m]"""
        return float((self.high - self.low)[self.across]), float((self.high - self.low)[self.up])

    def other_side(self) -> View:
        """The same from the left."""
        half = replace(self, from_left=True)
        ends = half.sense * self.low, half.sense * self.high
        box = None if self.box is None else self.box.turned()
        return replace(half, low=np.minimum(*ends), high=np.maximum(*ends), box=box)

    def at(self, place: Array) -> Array:
        """A place (3,) from the picture's corner. [m]"""
        return np.asarray(self.sense * place - self.low)

    def seen(self, body: Body) -> Body:
        """A body as it is drawn: from the left its left is what is near, so it changes names with its right."""
        if not self.from_left:
            return Body({name: self.at(at) for name, at in body.places.items()}, body.faces)
        return Body({other_side(name): self.at(at) for name, at in body.places.items()}, -body.faces)

    def draw(self, axis: Axes, bodies: Mapping[str, Body], colour: str) -> None:
        """Draw bodies by kind, ``ghost`` first in grey lines, ``actor`` in the flesh with its lumbar spine coloured."""
        if self.box is not None:
            self.box.moved(-self.low).draw(axis, self.across)
        for kind in ("flesh", "ghost", "actor"):
            body = bodies.get("actor" if kind == "flesh" else kind)
            if body is None:
                continue
            body = self.seen(body)
            places = body.places
            if self.name == "above":
                if kind != "flesh":
                    ghost = kind == "ghost"
                    draw_plan(axis, places, body.faces, FREE if ghost else ANSWER, GREY if ghost else colour)
            elif kind == "flesh":
                flesh(axis, places, self.across, body.faces)
            elif kind == "ghost":
                draw(axis, places, self.across, {**FREE, "linewidth": 2.2}, GREY, from_feet=self.name == "feet")
            else:
                draw(axis, places, self.across, ANSWER, colour, from_feet=self.name == "feet")
                _pelvis(axis, places, self.across)


def _pelvis(axis: Axes, places: Places, across: int) -> None:
    """The pelvis from the side, so that its tilt can be seen."""
    names = ("asis_r", "psis_r")
    if across != 0 or not all(name in places for name in names):
        return
    corners = np.array([places[name][[0, 1]] for name in ("asis_r", "psis_r", "hip_r")])
    axis.fill(*corners.T, facecolor="white", edgecolor=BLACK, linewidth=1.8, joinstyle="round", alpha=0.85, zorder=2.5)
    axis.plot(*corners[:2].T, color=BLACK, linewidth=3.0, solid_capstyle="round", zorder=2.6)


def flesh(axis: Axes, places: Places, across: int, faces: Array) -> None:
    """Limbs and trunk as soft shapes behind the bones; the leg that is further away is darker."""
    leg = sum(
        float(np.linalg.norm(places[a] - places[b])) for a, b in (("hip_r", "knee_r"), ("knee_r", "ankle_r"))
    )  # straight or bent, as long
    size = leg / LEG
    shapes: list[tuple[list[tuple[Array, float]], str, float]] = []
    for side in ("l", "r"):
        order, ink = (0.0, FAR_FLESH) if side == "l" and across == 0 else (0.3, FLESH)
        at = {name: places[f"{name}_{side}"] for name in ("hip", "knee", "ankle", "heel", "forefoot")}
        at["toe"] = places.get(f"toe_{side}", at["forefoot"])
        for ends in (("hip", "knee"), ("knee", "ankle"), ("ankle", "heel", "forefoot"), ("forefoot", "toe")):
            shapes.append(([(at[name], size * RADII[name]) for name in ends], ink, order))
    shapes += [(part, FLESH, 0.2) for part in _trunk(places, across, size, faces)]
    for part, ink, order in shapes:
        _hull(axis, [(at[[across, 1]], radius) for at, radius in part], ink, order)


def _trunk(places: Places, across: int, size: float, faces: Array) -> list[list[tuple[Array, float]]]:
    """Pelvis, loin and chest as balls whose hulls make a trunk."""
    if "c7" not in places:
        return []
    aside = np.array([-faces[1], 0.0, faces[0]])  # the thorax's right
    along = places["c7"] - places["l5s1"]
    ahead = np.cross(along / np.linalg.norm(along), aside)
    middle = 0.5 * (places["hip_r"] + places["hip_l"])
    spine = (0.5 * (middle + places["l5s1"]), places["t12l1"])
    chest = places["t12l1"] + CHEST * (places["c7"] - places["t12l1"])
    centres = [at + size * by * ahead for at, by in zip((*spine, chest, places["c7"]), AHEAD, strict=True)]
    radii = TRUNK_SIDE if across == 0 else TRUNK_BEHIND
    balls = [(at, size * radius) for at, radius in zip(centres, radii, strict=True)]
    parts = [[balls[0], balls[1]], [balls[1], balls[2]], [balls[2], balls[3]]]
    hips = [(places["hip_r"], 0.9 * size * RADII["hip"]), (places["hip_l"], 0.9 * size * RADII["hip"])]
    parts.append([*hips, balls[1]] if across == 2 else [*hips, balls[0]])
    if across == 2:
        top = places["t12l1"] + 0.86 * (places["c7"] - places["t12l1"])
        ends = [(top + side * size * SHOULDERS * aside, 0.045 * size) for side in (-1.0, 1.0)]
        parts.append([*ends, balls[1], balls[3]])
    return parts


def _hull(axis: Axes, balls: Sequence[tuple[Array, float]], ink: str, order: float) -> None:
    """The convex hull of some discs."""
    angle = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = np.concatenate([at + radius * ring for at, radius in balls])
    outline = points[ConvexHull(points).vertices]
    axis.add_patch(PathPatch(Path(outline, closed=False), facecolor=ink, edgecolor=ink, linewidth=0.6, zorder=order))


def outer(places: Mapping[str, Array], above: bool) -> tuple[Array, Array]:
    """Lowest and highest (3,) of bodies in the flesh whose places are (F, 3) each."""
    room = [0.24, 0.03, 0.24] if above else [0.05, 0.03, 0.125]
    low = np.min([at.min(axis=0) for at in places.values()], axis=0) - room
    high = np.max([at.max(axis=0) for at in places.values()], axis=0) + room
    if "head_top" in places and "c7" in places:
        neck = places["head_top"] - places["c7"]
        radius = HEAD * float(np.linalg.norm(neck[0]))
        centre = places["head_top"] - HEAD * neck
        low, high = np.minimum(low, centre.min(axis=0) - radius), np.maximum(high, centre.max(axis=0) + radius)
    return np.asarray(low), np.asarray(high)


__all__ = ["FROM_ABOVE", "MINUS", "VIEWS", "Body", "Trace", "View", "draw_trace", "flesh", "outer", "traces"]
