"""The movement itself: poses side by side, in two views."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX, ROTATIONS, SIDES, SPINE, TRANSLATIONS
from kinematics.kernels import tree
from simulate.figures.answer import LYING, free_words, headline
from simulate.figures.body import draw, skeleton
from simulate.figures.style import BLACK, GREY, SHEET, STRATEGIES, VERMILION
from simulate.report.table import headline_strategy, span_of
from simulate.result import Compensation

Array = NDArray[np.float64]
Places = dict[str, Array]

#: How many poses are drawn; of a body that lies, fewer fit.
POSES, LYING_POSES = 7, 3
#: Movements whose second view is from above: there it shows what turns.
FROM_ABOVE = ("turn", "pivot", "swing")
#: Half the width of the shoulders as they are drawn. [m]
SHOULDERS = 0.19
#: Seen from above poses are so far apart. [m]
ABOVE = 0.95
ABOVE_WORDS = "seen from above: shoulders (thick, with arrow), hips (dashed), feet"


def movement_figure(result: Compensation) -> Figure:
    """Draw the movement: poses from the side, and from above or behind; free in grey, the answer in black.

    Parameters
    ----------
    result : Compensation

    Returns
    -------
    matplotlib.figure.Figure
        Sixteen by nine.
    """
    task, strategy = str(result.attrs["task"]), headline_strategy(result)
    one = result.sel(strategy=strategy)
    frames = _poses(result, LYING_POSES if task in LYING else POSES)
    heading = np.deg2rad(float(one.free.sel(coordinate="pelvis_rotation")[frames[0]]))
    above = task in FROM_ABOVE
    with rc_context({**SHEET, "axes.grid": False}):
        figure = Figure(figsize=(13.33, 7.5), layout="constrained")
        words = headline(result)
        size = min(17.0, 17.0 * 82.0 / max(len(line) for line in words.splitlines()))
        figure.suptitle(words, fontsize=size, fontweight="bold", x=0.012, ha="left")
        axes = np.asarray(figure.subplots(2, 1, height_ratios=(1.0, 1.1) if task in LYING else (1.25, 1.0)))
        second = "seen from the feet" if task in LYING else "seen from behind"
        for axis, title in zip(axes, ("seen from the side", ABOVE_WORDS if above else second), strict=True):
            axis.set_title(title, loc="left", fontsize=12)
            axis.set_axis_off()
        poses = [_Pose(one, int(frame), heading, strategy) for frame in frames]
        legend = f"grey: {free_words(result)}    black: {strategy}, lumbar spine coloured"
        if any(pose.at_limit for pose in poses):
            legend += "    red dot: that hip is at its limit"
        figure.supxlabel(f"% {span_of(result)}\n{legend}", fontsize=12)
        marks = [f"{value:.0f} %" for value in result.percent()[frames]]
        for k, mark in enumerate(marks):
            axes[1].text(
                (k + 0.5) / len(poses), 0.0, mark, transform=axes[1].transAxes, ha="center", va="top", fontsize=12
            )
        figure.draw_without_rendering()  # lays out: how wide the rows are says how far apart poses stand
        figure.set_layout_engine("none")
        _row(axes[0], poses, 0)
        if above:
            _row_above(axes[1], poses)
        else:
            _row(axes[1], poses, 2, head=task not in LYING)
    return figure


def _poses(result: Compensation, most: int) -> NDArray[np.intp]:
    """Frames to draw: over one cycle of the limited side, or over the whole."""
    percent = result.percent()
    if result.attrs["span"] == "movement":
        return np.unique(np.linspace(0, len(percent) - 1, most).round().astype(int))
    starts = [0, *(np.flatnonzero(np.diff(percent) < 0.0) + 1).tolist(), len(percent)]
    start, stop = max(pairwise(starts), key=lambda ends: ends[1] - ends[0])
    return np.unique(np.linspace(start, stop - 1, most).round().astype(int))


class _Pose:
    """Free and restricted body in one frame, turned so that the movement's first heading is forward."""

    def __init__(self, one: Any, frame: int, heading: float, strategy: str):
        self.bodies = {kind: skeleton(one, kind, frame, heading) for kind in ("free", "restricted")}
        self.thorax = {kind: _thorax(one, kind, frame, heading) for kind in self.bodies}
        self.colour = STRATEGIES[strategy]["color"]
        limited = {bound.rsplit("_", 1)[0] for bound in json.loads(one.attrs["limits_model_deg"])}
        bound = one.bound_active[frame]
        self.at_limit = {
            side
            for side in SIDES
            for name in limited
            if name.startswith("hip_") and name.endswith(f"_{side}") and int(bound.sel(coordinate=name)) != 0
        }

    @property
    def place(self) -> Array:
        """Middle of the free hips."""
        free = self.bodies["free"]
        return np.asarray(0.5 * (free["hip_r"] + free["hip_l"]))

    def moved(self, by: Array) -> list[tuple[str, Places]]:
        """Both bodies moved by a place, the free one first."""
        return [(kind, {name: at + by for name, at in body.items()}) for kind, body in self.bodies.items()]


def _thorax(one: Any, kind: str, frame: int, heading: float) -> tuple[Array, Array]:
    """Forward and right of the thorax in the picture's axes."""
    q = np.zeros((1, len(COORDINATES)))
    q[0, [INDEX[name] for name in ROTATIONS]] = np.deg2rad(one[kind].values[frame])
    q[0, [INDEX[name] for name in TRANSLATIONS]] = one[f"{kind}_translation"].values[frame]
    R, o, a = (np.empty((1, *shape)) for shape in ((24, 3, 3), (24, 3), (24, 3)))
    tree.forward_many(np.array(one.chain_axes), np.array(one.chain_offsets), q, R, o, a)
    c, s = np.cos(heading), np.sin(heading)
    turned = np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]]) @ R[0, INDEX[SPINE[-1]]]
    return turned[:, 0], turned[:, 2]


def _shape(axis: Axes) -> float:
    """How many times as wide as high a panel is."""
    box = axis.get_window_extent()
    return float(box.width / box.height)


def _row(axis: Axes, poses: list[_Pose], across: int, *, head: bool = True) -> None:
    """Poses side by side; `across` is the axis that runs to the right."""
    every = [at for pose in poses for _, body in pose.moved(-pose.place) for at in body.values()]
    tall = (
        float(np.ptp([at[1] for pose in poses for _, body in pose.moved(0.0 * pose.place) for at in body.values()]))
        + 0.1
    )
    # so far apart that the row is as wide as its panel, or as the poses need
    wide = max(float(np.ptp([at[across] for at in every])) + 0.12, _shape(axis) * tall / len(poses))
    ground = min(at[1] for pose in poses for at in pose.bodies["free"].values())
    up = np.array([0.0, 1.0, 0.0])
    middle = 0.5 * (min(at[across] for at in every) + max(at[across] for at in every))
    for k, pose in enumerate(poses):
        by = -pose.place * (1.0 - up)
        by[across] += k * wide - middle
        for kind, body in pose.moved(by):
            free = kind == "free"
            style: dict[str, Any] = (
                {"color": GREY, "linewidth": 3.0, "alpha": 0.7} if free else {"color": BLACK, "linewidth": 2.2}
            )
            if not head:  # it would hide what is behind it; shoulders show how the trunk lies
                body = {name: at for name, at in body.items() if name != "head_top"}
                ends = np.stack([body["c7"] + sign * SHOULDERS * pose.thorax[kind][1] for sign in (-1.0, 1.0)])
                axis.plot(ends[:, across], ends[:, 1], solid_capstyle="round", **style)
            draw(axis, body, across, style, GREY if free else pose.colour)
            if not free:
                for side in pose.at_limit:
                    hip = body[f"hip_{side}"]
                    axis.plot(hip[across], hip[1], "o", color=VERMILION, markersize=9, zorder=5)
    axis.axhline(ground, color=BLACK, linewidth=1.0)
    axis.set_xlim(-0.5 * wide, (len(poses) - 0.5) * wide)
    axis.set_ylim(ground - 0.05, ground - 0.05 + len(poses) * wide / _shape(axis))


def _row_above(axis: Axes, poses: list[_Pose]) -> None:
    """Pelvis, shoulders and feet from above, forward up the page."""
    wide = ABOVE
    for k, pose in enumerate(poses):
        by = -pose.place + np.array([0.0, 0.0, k * wide])
        for kind, body in pose.moved(by):
            free = kind == "free"
            colour, alpha = (GREY, 0.8) if free else (BLACK, 1.0)
            for side in SIDES:
                ends = np.stack([body[f"heel_{side}"], body.get(f"toe_{side}", body[f"forefoot_{side}"])])
                axis.plot(
                    ends[:, 2], ends[:, 0], color=colour, alpha=0.55 * alpha, linewidth=8.0, solid_capstyle="round"
                )
            hips = np.stack([body["hip_l"], body["hip_r"]])
            axis.plot(hips[:, 2], hips[:, 0], color=colour, alpha=alpha, linewidth=3.0, linestyle=(0, (2, 1)))
            forward, right = pose.thorax[kind]
            at = body["t12l1"]
            ends = np.stack([at - SHOULDERS * right, at + SHOULDERS * right])
            ink = colour if free else pose.colour
            axis.plot(ends[:, 2], ends[:, 0], color=ink, alpha=alpha, linewidth=5.0, solid_capstyle="round")
            tip = at + 0.22 * forward
            axis.annotate(
                "", (tip[2], tip[0]), (at[2], at[0]),
                arrowprops={
                    "arrowstyle": "-|>", "color": ink, "linewidth": 2.0, "alpha": alpha, "shrinkA": 0, "shrinkB": 0,
                },
            )  # fmt: skip
            if not free:
                for side in pose.at_limit:
                    hip = body[f"hip_{side}"]
                    axis.plot(hip[2], hip[0], "o", color=VERMILION, markersize=9, zorder=5)
    axis.set_xlim(-0.5 * wide, (len(poses) - 0.5) * wide)
    half = 0.5 * len(poses) * wide / _shape(axis)
    axis.set_ylim(-half, half)


__all__ = ["movement_figure"]
