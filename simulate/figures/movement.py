"""The movement itself: poses side by side, in two views."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from simulate.figures.body import ANSWER, FREE, draw, extent, moved, skeleton
from simulate.figures.furniture import Box, furniture
from simulate.figures.plan import draw_plan, plan_extent, thorax_heading
from simulate.figures.style import BLACK, GREY, SHEET, STRATEGIES, VERMILION
from simulate.figures.words import LYING, NOTHING, free_words, put_headline
from simulate.kernels.data import SHORTFALL, UNSOLVED
from simulate.report.table import headline_strategy, span_of
from simulate.result import Compensation

Array = NDArray[np.float64]
Frames = NDArray[np.intp]

#: How many poses are drawn; of a body that lies, fewer fit.
POSES, LYING_POSES = 7, 3
#: What counts as a whole cycle. [%]
WHOLE = 80.0
#: Movements whose second view is from above: there it shows what turns.
FROM_ABOVE = ("turn", "pivot", "swing")
SIDE, BEHIND, FEET = "seen from the right", "seen from behind", "seen from the feet"
ABOVE = "seen from above: shoulders (thick) and hips (thin), with arrows where they face, and feet"
KINDS = ("free", "restricted")
#: The sheet: width, height, margin at the sides, room for headline, for what is below the poses and for a title. [inch]
WIDE, HIGH, MARGIN, HEAD, FOOT, TITLE = 13.33, 7.5, 0.2, 0.85, 1.0, 0.32
#: Room between two poses. [m]
GAP = 0.12
#: What is small is drawn at most this many times larger than the first row could be, in this part of the room at most.
LARGER, MOST = 1.7, 0.42


def movement_figure(result: Compensation) -> Figure:
    """Draw the movement: poses from the side, and from above or behind; free in grey, the answer in black.

    Poses are spread over the movement, or over one cycle, one of them where the lumbar spine gives way most.

    Parameters
    ----------
    result : Compensation

    Returns
    -------
    matplotlib.figure.Figure
        Sixteen by nine.
    """
    strategy, task = headline_strategy(result), str(result.attrs["task"])
    one, frames = result.sel(strategy=strategy), _frames(result, strategy)
    heading = np.deg2rad(float(one.free.sel(coordinate="pelvis_rotation")[frames[0]]))
    poses = [_Pose(one, int(frame), heading) for frame in frames]
    box = furniture(result, heading)
    second = _View(FEET, 2, box) if task in LYING else _View(BEHIND, 2, box)
    views = (_View(SIDE, 0, box), _View(ABOVE, 2) if task in FROM_ABOVE else second)
    with rc_context({**SHEET, "axes.grid": False}):
        figure = Figure(figsize=(WIDE, HIGH))
        put_headline(figure, result)
        panels = _beside(figure, views, poses) if len(poses) == 1 else _stacked(figure, views, poses)
        for axis, view in zip(panels, views, strict=True):
            view.draw(axis, poses, STRATEGIES[strategy]["color"])
            axis.set_axis_off()
        _legend(figure, result, poses)
    return figure


def _frames(result: Compensation, strategy: str) -> Frames:
    """Frames to draw, in order: over the longest cycle of the limited side, or over the whole."""
    percent = result.percent()
    most = LYING_POSES if str(result.attrs["task"]) in LYING else POSES
    order = np.arange(len(percent))
    if result.attrs["span"] == "movement":
        spread = np.linspace(0, len(order) - 1, most)
    else:
        starts = [0, *(np.flatnonzero(np.diff(percent) < 0.0) + 1).tolist(), len(percent)]
        start, stop = max(pairwise(starts), key=lambda ends: ends[1] - ends[0])
        # one cycle of the other side holds two parts of this side's, the later one first
        whole = np.ptp(percent[start:stop]) > WHOLE
        order = order[start:stop] if whole else np.argsort(percent, kind="stable")
        spread = np.linspace(0, len(order), most + 1)[:-1]  # a cycle ends as it begins
    places = np.unique(spread.round().astype(np.intp))
    one = result.sel(strategy=strategy)
    lumbar = [name for name in result.coordinate.values if str(name).startswith("lumbar")]
    added = np.linalg.norm((one.restricted - one.free).sel(coordinate=lumbar).values, axis=-1)
    added = np.where(one.status.values == UNSOLVED, 0.0, added)[order]
    largest = int(added.argmax())
    if len(places) > 2 and added[largest] > added[places].max() + NOTHING:
        places[1 + int(np.abs(places[1:-1] - largest).argmin())] = largest
    found: Frames = order[np.sort(places)]
    return found


class _Pose:
    """Free and restricted body in one frame, turned so that the movement's first heading is forward."""

    def __init__(self, one: Any, frame: int, heading: float):
        self.bodies = {kind: skeleton(one, kind, frame, heading) for kind in KINDS}
        self.faces = {kind: thorax_heading(one, kind, frame, heading) for kind in KINDS}
        self.percent = float(one.percent()[frame])
        self.status = int(one.status[frame])
        bound = one.bound_active[frame]
        self.at_limit = {
            name[-1]
            for name, direction in json.loads(one.attrs["limited_bounds"])
            if name.startswith("hip_") and int(bound.sel(coordinate=name)) == direction
        }


@dataclass(frozen=True)
class _View:
    """Poses seen from one side: `across` is the picture's axis that runs to the right; seen from above the first runs
    up the page, else the second, which is up.
    """

    words: str
    across: int
    box: Box | None = None

    @property
    def up(self) -> int:
        """The axis that runs up the page."""
        return 0 if self.words == ABOVE else 1

    def extent(self, pose: _Pose) -> tuple[Array, Array]:
        """Lowest and highest (3,) of what is drawn of a pose; up the page from above from the middle of its hips."""
        if self.words == ABOVE:
            low, high = plan_extent((pose.bodies[kind], pose.faces[kind]) for kind in KINDS)
        else:
            low, high = extent(pose.bodies.values())
        if self.box is not None:
            low, high = np.minimum(low, self.box.low), np.maximum(high, self.box.high)
        return low - self.place(pose), high - self.place(pose)

    def place(self, pose: _Pose) -> Array:
        """From where a pose counts: from above each from its own hips, else all from the floor."""
        free = pose.bodies["free"]
        middle = 0.5 * (free["hip_r"] + free["hip_l"])
        return np.asarray(middle * np.array([1.0, 0.0, 0.0]) if self.words == ABOVE else np.zeros(3))

    def size(self, poses: Sequence[_Pose]) -> tuple[float, float]:
        """How wide the widest pose is, and how high they are together. [m]"""
        ends = [self.extent(pose) for pose in poses]
        tall = max(high[self.up] for _, high in ends) - min(low[self.up] for low, _ in ends)
        return max(float((high - low)[self.across]) for low, high in ends) + GAP, float(tall) + GAP

    def draw(self, axis: Axes, poses: Sequence[_Pose], colour: str) -> None:
        """Draw the poses in equal columns of a panel whose limits are set."""
        width = axis.get_xlim()[1] / len(poses)
        lowest = min(float(self.extent(pose)[0][self.up]) for pose in poses)
        for k, pose in enumerate(poses):
            low, high = self.extent(pose)
            by = -self.place(pose)
            by[self.across] += (k + 0.5) * width - 0.5 * (low + high)[self.across]
            by[self.up] += 0.5 * GAP - lowest
            if self.box is not None:
                self.box.moved(by).draw(axis, self.across)
            for kind, style, ink in zip(KINDS, (FREE, ANSWER), (GREY, colour), strict=True):
                body = moved(pose.bodies[kind], by)
                if self.words == ABOVE:
                    draw_plan(axis, body, pose.faces[kind], style, ink)
                else:
                    draw(axis, body, self.across, style, ink, from_feet=self.words == FEET)
            for side in pose.at_limit:
                hip = pose.bodies["restricted"][f"hip_{side}"] + by
                axis.plot(hip[self.across], hip[self.up], "o", color=VERMILION, markersize=9, zorder=6)
        if self.words != ABOVE and (self.box is None or self.box.on_floor):
            axis.axhline(_floor(poses) + 0.5 * GAP - lowest, color=BLACK, linewidth=1.0, zorder=1)


def _floor(poses: Sequence[_Pose]) -> float:
    """Where the free body's feet are lowest. [m]"""
    feet = ("heel", "forefoot", "toe")
    return min(float(at[1]) for pose in poses for name, at in pose.bodies["free"].items() if name[:-2] in feet)


def _stacked(figure: Figure, views: Sequence[_View], poses: Sequence[_Pose]) -> list[Axes]:
    """Two rows of poses, each to one scale, with percentages below."""
    column = (WIDE - 2.0 * MARGIN) / len(poses)
    (wide, tall), (below_wide, below_tall) = (view.size(poses) for view in views)
    room = HIGH - HEAD - FOOT - len(views) * TITLE
    if views[1].words in (ABOVE, FEET):  # what it shows is small: it may be drawn larger
        below = min(column / below_wide, LARGER * column / wide, MOST * room / below_tall)
        scale = min(column / wide, (room - below * below_tall) / tall)
    else:
        scale = below = min(column / wide, column / below_wide, room / (tall + below_tall))
    scales, heights = (scale, below), (scale * tall, below * below_tall)  # inches a metre, inches
    spare = (room - sum(heights)) / len(views)
    top, axes = HIGH - HEAD, []
    for view, scale, height in zip(views, scales, heights, strict=True):
        figure.text(0.012, top / HIGH, view.words, va="top", fontsize=12)
        top -= TITLE + spare + height
        axes.append(_panel(figure, MARGIN, top, WIDE - 2.0 * MARGIN, height, scale))
    for k, pose in enumerate(poses):
        said = {UNSOLVED: "\nnot solved", SHORTFALL: "\nfalls short"}.get(pose.status, "")
        percent = "" if np.isnan(pose.percent) else f"{pose.percent:.0f} %"
        figure.text(
            (MARGIN + (k + 0.5) * column) / WIDE, (FOOT - 0.05) / HIGH, percent + said, ha="center", va="top",
            fontsize=12, linespacing=1.0, color=VERMILION if said else BLACK,
        )  # fmt: skip
    return axes


def _beside(figure: Figure, views: Sequence[_View], poses: Sequence[_Pose]) -> list[Axes]:
    """Two views of one pose, side by side, to one scale."""
    column, height = (WIDE - 2.0 * MARGIN) / len(views), HIGH - HEAD - FOOT - TITLE
    scale = min(min(column / wide, height / tall) for wide, tall in (view.size(poses) for view in views))
    axes = []
    for k, view in enumerate(views):
        left = MARGIN + k * column
        figure.text((left + 0.5 * column) / WIDE, (HIGH - HEAD) / HIGH, view.words, ha="center", va="top", fontsize=12)
        axes.append(_panel(figure, left, FOOT, column, height, scale))
    return axes


def _panel(figure: Figure, left: float, bottom: float, width: float, height: float, scale: float) -> Axes:
    """A panel with its lower left corner there [inch], its limits in metres from it."""
    axis = figure.add_axes((left / WIDE, bottom / HIGH, width / WIDE, height / HIGH))
    axis.set_xlim(0.0, width / scale)
    axis.set_ylim(0.0, height / scale)
    return axis


def _legend(figure: Figure, result: Compensation, poses: Sequence[_Pose]) -> None:
    """What percentages count over, and what is drawn how."""
    coloured = "lumbar spine and shoulders" if str(result.attrs["task"]) in FROM_ABOVE else "lumbar spine"
    words = f"grey: {free_words(result)}    black, {coloured} coloured: {headline_strategy(result)}"
    if any(pose.at_limit for pose in poses):
        words += "    orange-red dot: that hip is at its limit"
    span = f"% {span_of(result)}\n" if len(poses) > 1 else ""
    figure.text(0.5, 0.012, span + words, ha="center", va="bottom", fontsize=12)


__all__ = ["movement_figure"]
