"""The motion free against restricted over the cycle, and the body where it gives way most."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kinematics.conventions import SIDE_WORDS
from simulate.figures.body import ANSWER, FREE, Places, draw, extent, moved, skeleton
from simulate.figures.furniture import Box, furniture
from simulate.figures.style import BLACK, GREY, SHEET, STRATEGIES, VERMILION
from simulate.figures.words import LYING, free_words, put_headline
from simulate.kernels.data import SHORTFALL, UNSOLVED
from simulate.report.table import headline_strategy, span_of
from simulate.result import Compensation

Array = NDArray[np.float64]

#: The pelvis's coordinates: sense and words. The first is shown if none moves more.
PELVIS = {
    "pelvis_tilt": (-1.0, "anterior tilt (+)"),
    "pelvis_list": (1.0, "right side down (+)"),
    "pelvis_rotation": (1.0, "turned left (+)"),
}
LUMBAR = {
    "lumbar_extension": "extension (+)",
    "lumbar_rotation": "rotation left (+)",
    "lumbar_bending": "bending right (+)",
}
HIP_WORDS = {
    "hip_flexion": "flexion (+) / extension (-)",
    "hip_rotation": "internal (+) / external (-)",
    "hip_adduction": "adduction (+) / abduction (-)",
}
#: Another coordinate is shown in place of the usual one if it changes by so much more. [deg]
CLEARLY_MORE = 1.0
#: Of a heading that goes through more than this only the change can be read. [deg]
FAR_ROUND = 90.0
#: No panel shows less than this from its bottom to its top: a curve that hardly moves should look so. [deg]
LEAST_SPAN = 5.0
#: How many times larger a body that lies is drawn from the feet.
LARGER = 1.8


class _Curve(NamedTuple):
    """What a panel shows: its title, and angles (F,) of the free motion and of each strategy. [deg]"""

    title: str
    free: Array
    answers: Mapping[str, Array]


def compensation_figure(result: Compensation) -> Figure:
    """Draw one answer: hip, pelvis and lumbar spine over the cycle, and the body where it gives way most.

    A movement of a single frame has points in place of curves.

    Parameters
    ----------
    result : Compensation

    Returns
    -------
    matplotlib.figure.Figure
        Sixteen by nine.
    """
    still = result.sizes["frame"] == 1
    with rc_context(SHEET):
        figure = Figure(figsize=(13.33, 7.5), layout="constrained")
        put_headline(figure, result)
        curves, body = np.asarray(figure.subfigures(1, 2, width_ratios=(1.65, 1.0)))
        axes = curves.subplots(2, 2, sharex=True)
        hip, lumbar = _limited_hip(result), _two_that_moved(result)
        shown = (_hip(result, hip), _pelvis(result), *(_lumbar(result, name) for name in lumbar))
        for axis, curve in zip(axes.flat, shown, strict=True):
            (_draw_points if still else _draw_curves)(axis, result, curve)
            axis.set_title(curve.title, loc="left", fontsize=11)
            axis.set_ylabel("degrees")
        _forbidden(axes[0, 0], result, hip, shown[0])
        for axis, name in zip(axes[1], lumbar, strict=True):
            _own_range(axis, result, name)
        if not still:
            for axis in axes[1]:
                axis.set_xlabel(f"% {span_of(result)}")
            handles, labels = _once(*axes[0, 1].get_legend_handles_labels())
            curves.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
        _bodies(body, result)
    return figure


def _once(handles: list[Any], labels: list[str]) -> tuple[list[Any], list[str]]:
    """Each label with its first handle."""
    first = dict(reversed(list(zip(labels, handles, strict=True))))
    kept = list(dict.fromkeys(labels))
    return [first[label] for label in kept], kept


def _changed(result: Compensation, name: str) -> float:
    """By how much the headline's strategy changes a coordinate at most; 0 if nothing was solved. [deg]"""
    one = result.sel(strategy=headline_strategy(result), coordinate=name)
    change = np.abs((one.restricted - one.free).values)
    return float(change[one.status.values != UNSOLVED].max(initial=0.0))


def _moved_most(result: Compensation, names: Iterable[str]) -> str:
    """Of these coordinates the one that changes most; the first unless another clearly does."""
    moved = {name: _changed(result, name) for name in names}
    first, most = next(iter(moved)), max(moved, key=lambda name: moved[name])
    return most if moved[most] > moved[first] + CLEARLY_MORE else first


def _two_that_moved(result: Compensation) -> tuple[str, str]:
    """Lumbar extension and rotation; bending in place of the one that changes less, if it changes clearly more."""
    extension, rotation, bending = LUMBAR
    less = min((extension, rotation), key=lambda name: _changed(result, name))
    if _changed(result, bending) <= _changed(result, less) + CLEARLY_MORE:
        return extension, rotation
    return (bending, rotation) if less == extension else (extension, bending)


def _limited_hip(result: Compensation) -> str:
    """The hip coordinate to show, of the limited side: the one whose limit takes most; without limits what changes."""
    names = [f"{name}_{result.limited_side}" for name in HIP_WORDS]
    taken: dict[str, float] = {}
    for bound, limit in json.loads(result.attrs["limits_model_deg"]).items():
        name, end = bound.rsplit("_", 1)
        if name in names:
            free = result.free.isel(strategy=0).sel(coordinate=name).values
            beyond = limit - free.min() if end == "min" else free.max() - limit
            taken[name] = max(taken.get(name, 0.0), float(beyond))
    if not taken:
        return _moved_most(result, names)
    return max((name for name in names if name in taken), key=lambda name: taken[name])


def _angles(result: Compensation, name: str, sign: float = 1.0) -> tuple[Array, dict[str, Array]]:
    """Of the free motion and of each strategy, from the named zero. [deg]"""
    one = result.sel(coordinate=name)
    offset = float(one.zero_offset)
    free = sign * (one.free.isel(strategy=0).values + offset)
    return free, {str(s): sign * (one.restricted.sel(strategy=s).values + offset) for s in result.strategy.values}


def _hip(result: Compensation, name: str) -> _Curve:
    zero = f"{result.attrs['zero']} zero" if name.startswith("hip_flexion") else "model zero"
    side = SIDE_WORDS[name[-1]].capitalize()
    return _Curve(f"{side} hip: {HIP_WORDS[name[:-2]]}, {zero}", *_angles(result, name))


def _lumbar(result: Compensation, name: str) -> _Curve:
    return _Curve(f"Lumbar: {LUMBAR[name]}, from standing", *_angles(result, name))


def _pelvis(result: Compensation) -> _Curve:
    """The pelvis's coordinate that changes most; a heading and a body that lies count from where they begin."""
    name = _moved_most(result, PELVIS)
    sign, words = PELVIS[name]
    free, answers = _angles(result, name, sign)
    zero: Array | float = 0.0
    since = "from standing"
    if name == "pelvis_rotation" and np.ptp(free) > FAR_ROUND:
        zero, since = free, "change from free"
    elif name == "pelvis_rotation" and result.attrs["span"] != "movement":
        zero, since = float(free.mean()), "from the free mean"
    elif name == "pelvis_rotation" or str(result.attrs["task"]) in LYING:
        zero, since = float(free[0]), "from the start"
    return _Curve(f"Pelvis: {words}, {since}", free - zero, {s: angle - zero for s, angle in answers.items()})


def broken(percent: Array, angle: Array) -> tuple[Array, Array]:
    """The curve with a gap wherever a new cycle begins."""
    turns = np.flatnonzero(np.diff(percent) < 0.0) + 1
    return np.insert(percent, turns, np.nan), np.insert(angle, turns, np.nan)


def _draw_curves(axis: Axes, result: Compensation, curve: _Curve) -> None:
    percent = result.percent()
    axis.plot(*broken(percent, curve.free), color=GREY, linewidth=3.0, label=free_words(result))
    for strategy, angle in curve.answers.items():
        axis.plot(*broken(percent, angle), label=strategy, **STRATEGIES[strategy])
        reached = result.status.sel(strategy=strategy).values
        for status, mark, words in ((UNSOLVED, "x", "not solved"), (SHORTFALL, ".", "falls short")):
            marked = reached == status
            if marked.any():
                colour = VERMILION if status == UNSOLVED else STRATEGIES[strategy]["color"]
                axis.plot(percent[marked], angle[marked], mark, color=colour, markersize=8, label=words, clip_on=False)
    axis.set_xlim(0, 100)
    _wide_enough(axis)


def _draw_points(axis: Axes, result: Compensation, curve: _Curve) -> None:
    """One point each, with its value; below the names, and what was not reached."""
    colours = [GREY, *(STRATEGIES[strategy]["color"] for strategy in curve.answers)]
    angles = [float(curve.free[0]), *(float(angle[0]) for angle in curve.answers.values())]
    names = [free_words(result).replace(" ", "\n", 1)]
    for strategy in curve.answers:
        status = int(result.status.sel(strategy=strategy)[0])
        names.append(strategy + {UNSOLVED: "\nnot solved", SHORTFALL: "\nfalls short"}.get(status, ""))
    for k, (angle, colour) in enumerate(zip(angles, colours, strict=True)):
        axis.plot(k, angle, "o", color=colour, markersize=11, zorder=4)
        label = f"{angle:.1f}°".replace("-0.0°", "0.0°")
        axis.annotate(label, (k, angle), xytext=(0, 8), textcoords="offset points", ha="center", fontsize=11)
    axis.set_xticks(range(len(names)), names, fontsize=11)
    axis.set_xlim(-0.5, len(names) - 0.5)
    axis.grid(visible=False, axis="x")
    axis.margins(y=0.2)
    _wide_enough(axis)


def _wide_enough(axis: Axes) -> None:
    low, high = axis.get_ylim()
    if high - low < LEAST_SPAN:
        middle = 0.5 * (low + high)
        axis.set_ylim(middle - 0.5 * LEAST_SPAN, middle + 0.5 * LEAST_SPAN)


def _forbidden(axis: Axes, result: Compensation, name: str, curve: _Curve) -> None:
    """The range taken away, where a limit was imposed on this coordinate."""
    limited = json.loads(result.attrs["limits_model_deg"])
    offset = float(result.zero_offset.sel(coordinate=name))
    for end in ("min", "max"):
        if f"{name}_{end}" not in limited:
            continue
        low, high = axis.get_ylim()
        limit = limited[f"{name}_{end}"] + offset
        edge = min(low, limit - 4.0) if end == "min" else max(high, limit + 4.0)
        axis.set_ylim(min(low, edge), max(high, edge))
        axis.axhspan(edge, limit, color=VERMILION, alpha=0.13, linewidth=0)
        axis.axhline(limit, color=VERMILION, linewidth=1.5)
        left = _clearer_on_the_left(result, curve, limit, -1.0 if end == "min" else 1.0, axis)
        axis.annotate(
            f"limit {limit:.0f}°" if abs(limit - round(limit)) < 0.05 else f"limit {limit:.1f}°",
            (0.01 if left else 0.99, limit),
            xycoords=axis.get_yaxis_transform(),
            xytext=(0, -15 if end == "min" else 5),
            textcoords="offset points",
            ha="left" if left else "right",
            color=VERMILION,
            fontsize=11,
        )


def _clearer_on_the_left(result: Compensation, curve: _Curve, limit: float, beyond: float, axis: Axes) -> bool:
    """Whether words just beyond a limit run into fewer curves at the left end than at the right."""
    if len(curve.free) == 1:
        return False
    low, high = axis.get_ylim()
    percent = result.percent()
    over = [beyond * (angle - limit) for angle in (curve.free, *curve.answers.values())]
    hit = np.any([(0.01 * (high - low) < by) & (by < 0.1 * (high - low)) for by in over], axis=0)
    return bool(hit[percent > 75.0].sum() > hit[percent < 25.0].sum())


def _own_range(axis: Axes, result: Compensation, name: str) -> None:
    """Where the person's own range ends, if a strategy needs more than that."""
    angle = result.restricted.sel(coordinate=name).values + float(result.zero_offset.sel(coordinate=name))
    angle = angle[result.status.values != UNSOLVED]  # an unsolved posture is no need
    most, least = angle.max(initial=-np.inf), angle.min(initial=np.inf)
    for end, beyond, below in (("upper", most - 0.05, False), ("lower", -least - 0.05, True)):
        own = float(result[f"own_{end}"].sel(coordinate=name))
        if beyond > (-own if below else own):
            axis.axhline(own, color=VERMILION, linewidth=1.5, linestyle=(0, (1, 2)))
            axis.annotate(
                f"own range {own:.0f}°", (0.01, own), xycoords=axis.get_yaxis_transform(), xytext=(0, 4),
                textcoords="offset points", color=VERMILION, fontsize=11,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1.0},
            )  # fmt: skip


def _bodies(panel: Any, result: Compensation) -> None:
    """Side and back view at the frame in which the lumbar spine gives way most."""
    strategy, lying = headline_strategy(result), str(result.attrs["task"]) in LYING
    one = result.sel(strategy=strategy)
    lumbar = [name for name in result.coordinate.values if str(name).startswith("lumbar")]
    added = np.linalg.norm((one.restricted - one.free).sel(coordinate=lumbar).values, axis=-1)
    frame = int(np.where(one.status.values == UNSOLVED, -1.0, added).argmax())
    headings = np.deg2rad(one.free.sel(coordinate="pelvis_rotation").values)
    box = furniture(result, headings[0])
    heading = headings[frame] if box is None else headings[0]
    bodies = [skeleton(one, kind, frame, heading) for kind in ("free", "restricted")]
    axis = panel.subplots()
    # the second view stands beside the first, or larger above it if the body lies
    wide, tall = _view(axis, bodies, box, 0, (0.0, 0.0), "from the right", strategy)
    if lying:
        larger = [{name: LARGER * at for name, at in body.items()} for body in bodies]
        box = box.scaled(LARGER) if box else None
        beyond, higher = _view(axis, larger, box, 2, (0.2 * wide, tall + 0.3), "from the feet, larger", strategy)
        wide, tall = max(wide, 0.2 * wide + beyond), tall + 0.3 + higher
    else:
        beyond, _ = _view(axis, bodies, box, 2, (wide + 0.12 * tall, 0.0), "from behind", strategy)
        wide += 0.12 * tall + beyond
    axis.set_xlim(-0.08, wide + 0.08)
    axis.set_ylim(-0.04, tall + 0.14)
    axis.set_aspect("equal")
    axis.set_axis_off()
    percent = result.percent()[frame]
    when = "" if np.isnan(percent) or len(headings) == 1 else f"\nat {percent:.0f} % {span_of(result)}"
    panel.suptitle(f"Largest lumbar compensation{when}\ngrey: free    black: {strategy}", fontsize=12)


def _view(
    axis: Axes,
    bodies: Sequence[Places],
    box: Box | None,
    across: int,
    at: tuple[float, float],
    title: str,
    strategy: str,
) -> tuple[float, float]:
    """Draw one view with its lower left corner `at` a place; how wide and high it is."""
    low, high = extent(bodies)
    if box is not None:
        low, high = np.minimum(low, box.low), np.maximum(high, box.high)
    by = np.array([0.0, at[1] - low[1], 0.0])
    by[across] = at[0] - low[across]
    wide, tall = float(high[across] - low[across]), float(high[1] - low[1])
    if box is not None:
        box.moved(by).draw(axis, across)
    else:
        axis.plot([at[0] - 0.05, at[0] + wide + 0.05], [at[1]] * 2, color=BLACK, linewidth=1.0)
    for places, style, colour in zip(bodies, (FREE, ANSWER), (GREY, STRATEGIES[strategy]["color"]), strict=True):
        draw(axis, moved(places, by), across, style, colour, from_feet=title.startswith("from the feet"))
    axis.text(at[0] + 0.5 * wide, at[1] + tall + 0.04, title, ha="center", va="bottom", fontsize=11)
    return wide, tall


__all__ = ["broken", "compensation_figure"]
