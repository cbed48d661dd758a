"""The motion free against restricted over the cycle, and the body where it gives way most."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kinematics.conventions import SIDE_WORDS
from simulate.figures.body import draw, skeleton
from simulate.figures.style import BLACK, GREY, SHEET, STRATEGIES, VERMILION
from simulate.kernels.data import SHORTFALL, UNSOLVED
from simulate.report.table import cause_text, headline_strategy, movement_of, span_of, words_of
from simulate.result import Compensation

Array = NDArray[np.float64]

#: Words for a positive and a negative change of each spinal coordinate.
CHANGES = {
    "lumbar_extension": ("lumbar extension", "lumbar flexion"),
    "lumbar_bending": ("lumbar bending to the right", "lumbar bending to the left"),
    "lumbar_rotation": ("lumbar rotation to the left", "lumbar rotation to the right"),
}
#: The pelvis's coordinates: sense, title and words of a curve. The first is shown if none moves more.
PELVIS = {
    "pelvis_tilt": (-1.0, "Pelvis", "anterior tilt (+), from standing"),
    "pelvis_list": (1.0, "Pelvis", "right side down (+), from standing"),
    "pelvis_rotation": (1.0, "Pelvis", "heading, to the left (+)"),
}
LUMBAR = {"lumbar_extension": "extension", "lumbar_rotation": "rotation left", "lumbar_bending": "bending right"}
#: Movements of a body that lies.
LYING = ("prone", "prone-rotation")
#: Another coordinate is shown in place of the usual one if it changes by so much more. [deg]
CLEARLY_MORE = 1.0
HIP_WORDS = {
    "hip_flexion": "flexion (+) / extension (-)",
    "hip_rotation": "internal (+) / external (-)",
    "hip_adduction": "adduction (+) / abduction (-)",
}


def compensation_figure(result: Compensation) -> Figure:
    """Draw one answer: hip, pelvis and lumbar spine over the cycle, and the body where it gives way most.

    Parameters
    ----------
    result : Compensation

    Returns
    -------
    matplotlib.figure.Figure
        Sixteen by nine.
    """
    with rc_context(SHEET):
        figure = Figure(figsize=(13.33, 7.5), layout="constrained")
        words = headline(result)
        longest = max(len(line) for line in words.splitlines())
        # 82 characters of 17 points fill the width
        size = min(17.0, 17.0 * 82.0 / longest)
        figure.suptitle(words, fontsize=size, fontweight="bold", x=0.012, ha="left")
        curves, body = np.asarray(figure.subfigures(1, 2, width_ratios=(1.65, 1.0)))
        axes = curves.subplots(2, 2, sharex=True)
        side = result.limited_side
        hip = _limited_hip(result)
        zero = f"{result.attrs['zero']} zero" if hip.startswith("hip_flexion") else "model zero"
        _curve(axes[0, 0], result, hip, 1.0, f"{SIDE_WORDS[side].capitalize()} hip", f"{HIP_WORDS[hip[:-2]]}, {zero}")
        _forbidden(axes[0, 0], result, hip)
        pelvis = _moved_most(result, PELVIS)
        _curve(axes[0, 1], result, pelvis, *PELVIS[pelvis])
        for axis, name in zip(axes[1], _two_that_moved(result), strict=True):
            _curve(axis, result, name, 1.0, "Lumbar spine", f"{LUMBAR[name]} (+), from standing")
            _own_range(axis, result, name)
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


def free_words(result: Compensation) -> str:
    """What the free motion is, in words."""
    return f"free ({'constructed' if result.attrs['constructed'] else 'as recorded'})"


def headline(result: Compensation) -> str:
    """What the answer says, in two lines."""
    given, causes = json.loads(result.attrs["limits_deg"]), json.loads(result.attrs["causes"])
    movement = movement_of(result)
    if not given and not causes:
        return f"No limit beyond the normal range: {movement} is free"
    limits = [cause_text(cause) for cause in causes]
    limits = limits or [f"{words_of(name)} limited to {degrees:g}°" for name, degrees in given.items()]
    few = " and ".join(limits[:2]) + (" and more" if len(limits) > 2 else "")
    if not causes and any(name.startswith(("hip_extension", "hip_flexion")) for name in given):
        few += f" ({result.attrs['zero']} zero)"
    strategy, changes = headline_strategy(result), result.changes()
    added = {name: changes[strategy][name].added_deg for name in CHANGES}
    name = max(added, key=lambda key: abs(added[key]))
    if abs(added[name]) < 0.05:
        return f"With {few}\n{movement} needs no more of the lumbar spine"
    how = strategy
    if strategy == "predicted" and "closure" in changes:
        how = f"predicted; {abs(changes['closure'][name].added_deg):.1f}° if nothing else gave way"
    return f"With {few}\n{movement} needs {abs(added[name]):.1f}° more {CHANGES[name][int(added[name] < 0)]} ({how})"


def _moved_most(result: Compensation, names: Iterable[str]) -> str:
    """Of these coordinates the one that the headline's strategy changes most; the first unless another does clearly."""
    changes = result.changes()[headline_strategy(result)]
    moved = {name: abs(changes[name].added_deg) for name in names}
    first, most = next(iter(moved)), max(moved, key=lambda name: moved[name])
    return most if moved[most] > moved[first] + CLEARLY_MORE else first


def _two_that_moved(result: Compensation) -> tuple[str, str]:
    """Lumbar extension and rotation; bending in place of the one that changes less, if it changes clearly more."""
    changes = result.changes()[headline_strategy(result)]
    moved = {name: abs(changes[name].added_deg) for name in LUMBAR}
    extension, rotation, bending = LUMBAR
    less = min((extension, rotation), key=lambda name: moved[name])
    if moved[bending] <= moved[less] + CLEARLY_MORE:
        return extension, rotation
    return (bending, rotation) if less == extension else (extension, bending)


def _limited_hip(result: Compensation) -> str:
    """The hip coordinate to show: the limited one of the limited side, flexion before the others."""
    limited = {bound.rsplit("_", 1)[0] for bound in json.loads(result.attrs["limits_model_deg"])}
    names = [f"{name}_{result.limited_side}" for name in HIP_WORDS]
    return next((name for name in names if name in limited), names[0])


def _broken(percent: Array, angle: Array) -> tuple[Array, Array]:
    """The curve with a gap wherever a new cycle begins."""
    turns = np.flatnonzero(np.diff(percent) < 0.0) + 1
    return np.insert(percent, turns, np.nan), np.insert(angle, turns, np.nan)


def _curve(axis: Axes, result: Compensation, name: str, sign: float, title: str, label: str) -> None:
    percent, offset = result.percent(), float(result.zero_offset.sel(coordinate=name))
    free = sign * (result.free.isel(strategy=0).sel(coordinate=name).values + offset)
    alone: dict[str, Any] = {"marker": "o", "markersize": 9} if len(percent) == 1 else {}
    axis.plot(*_broken(percent, free), color=GREY, linewidth=3.0, **alone, label=free_words(result))
    for strategy in result.strategy.values:
        one = result.sel(strategy=strategy)
        angle = sign * (one.restricted.sel(coordinate=name).values + offset)
        axis.plot(*_broken(percent, angle), label=str(strategy), **alone, **STRATEGIES[str(strategy)])
        for status, mark, words in ((UNSOLVED, "x", "not solved"), (SHORTFALL, ".", "falls short")):
            marked = one.status.values == status
            if marked.any():
                colour = VERMILION if status == UNSOLVED else STRATEGIES[str(strategy)]["color"]
                axis.plot(percent[marked], angle[marked], mark, color=colour, markersize=8, label=words)
    axis.set_title(f"{title}: {label}", loc="left", fontsize=11)
    axis.set_ylabel("degrees")
    axis.set_xlim(*((-50, 50) if len(percent) == 1 else (0, 100)))
    if len(percent) == 1:
        axis.set_xticks([])
    low, high = axis.get_ylim()
    if high - low < 5.0:  # a curve that hardly moves should look so
        middle = 0.5 * (low + high)
        axis.set_ylim(middle - 2.5, middle + 2.5)


def _forbidden(axis: Axes, result: Compensation, name: str) -> None:
    """The range taken away, where a limit was imposed on this coordinate."""
    limited = json.loads(result.attrs["limits_model_deg"])
    offset = float(result.zero_offset.sel(coordinate=name))
    low, high = axis.get_ylim()
    for end, inside in (("min", low), ("max", high)):
        if f"{name}_{end}" in limited:
            limit = limited[f"{name}_{end}"] + offset
            edge = min(inside, limit - 4.0) if end == "min" else max(inside, limit + 4.0)
            axis.axhspan(edge, limit, color=VERMILION, alpha=0.13, linewidth=0)
            axis.axhline(limit, color=VERMILION, linewidth=1.5)
            axis.annotate(
                f"limit {limit:.0f}°" if abs(limit - round(limit)) < 0.05 else f"limit {limit:.1f}°",
                (99.0, limit),
                xytext=(0, -15 if end == "min" else 5),
                textcoords="offset points",
                ha="right",
                color=VERMILION,
                fontsize=11,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1.0},
            )
            axis.set_ylim(min(low, edge), max(high, edge))


def _own_range(axis: Axes, result: Compensation, name: str) -> None:
    """Where the person's own range ends, if a strategy needs more than that."""
    angle = result.restricted.sel(coordinate=name).values + float(result.zero_offset.sel(coordinate=name))
    for end, beyond, below in (("upper", angle.max() - 0.05, False), ("lower", -angle.min() - 0.05, True)):
        own = float(result[f"own_{end}"].sel(coordinate=name))
        if beyond > (-own if below else own):
            axis.axhline(own, color=VERMILION, linewidth=1.5, linestyle=(0, (1, 2)))
            axis.annotate(
                f"own range {own:.0f}°", (1.0, own), xytext=(0, 4), textcoords="offset points",
                color=VERMILION, fontsize=11,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1.0},
            )  # fmt: skip


def _bodies(panel: Any, result: Compensation) -> None:
    """Side and back view at the frame in which the lumbar spine gives way most."""
    strategy = headline_strategy(result)
    one = result.sel(strategy=strategy)
    lumbar = [name for name in result.coordinate.values if str(name).startswith("lumbar")]
    added = np.linalg.norm((one.restricted - one.free).sel(coordinate=lumbar).values, axis=-1)
    frame = int(added.argmax())
    percent = result.percent()[frame]
    lying = str(result.attrs["task"]) in LYING
    side, back = panel.subplots(2, 1) if lying else panel.subplots(1, 2, width_ratios=(1.35, 1.0), sharey=True)
    heading = np.deg2rad(float(one.free.sel(coordinate="pelvis_rotation")[frame]))
    ghost, body = skeleton(one, "free", frame, heading), skeleton(one, "restricted", frame, heading)
    if lying:  # the head would hide what is behind it
        ghost, body = ({name: at for name, at in one.items() if name != "head_top"} for one in (ghost, body))
    for axis, across, title in ((side, 0, "from the right"), (back, 2, "from the feet" if lying else "from behind")):
        draw(axis, ghost, across, {"color": GREY, "linewidth": 3.0, "alpha": 0.7}, GREY)
        draw(axis, body, across, {"color": BLACK, "linewidth": 2.2}, STRATEGIES[strategy]["color"])
        ground = min(place[1] for place in ghost.values())
        axis.axhline(ground, color=BLACK, linewidth=1.0)
        axis.set_title(title, fontsize=11)
        axis.set_aspect("equal", adjustable="datalim")
        axis.set_axis_off()
    when = "" if np.isnan(percent) else f" (at {percent:.0f} %)"
    panel.suptitle(f"Largest lumbar compensation{when}\ngrey: free    black: {strategy}", fontsize=12)


__all__ = ["compensation_figure", "free_words", "headline"]
