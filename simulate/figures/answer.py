"""The motion free against restricted over the cycle, and the body where it gives way most."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kinematics.conventions import SIDE_WORDS
from simulate.figures.style import BLACK, GREY, SHEET, STRATEGIES, VERMILION
from simulate.kernels.data import SHORTFALL, UNSOLVED
from simulate.report.table import headline_strategy, words_of
from simulate.result import Compensation

Array = NDArray[np.float64]

#: Words for a positive and a negative change of each spinal coordinate.
CHANGES = {
    "lumbar_extension": ("lumbar extension", "lumbar flexion"),
    "lumbar_bending": ("lumbar bending to the right", "lumbar bending to the left"),
    "lumbar_rotation": ("lumbar rotation to the left", "lumbar rotation to the right"),
}
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
        headline = _headline(result)
        longest = max(len(line) for line in headline.splitlines())
        # 82 characters of 17 points fill the width
        size = min(17.0, 17.0 * 82.0 / longest)
        figure.suptitle(headline, fontsize=size, fontweight="bold", x=0.012, ha="left")
        curves, body = np.asarray(figure.subfigures(1, 2, width_ratios=(1.65, 1.0)))
        axes = curves.subplots(2, 2, sharex=True)
        side = result.limited_side
        hip = _limited_hip(result)
        zero = f"{result.attrs['zero']} zero" if hip.startswith("hip_flexion") else "model zero"
        _curve(axes[0, 0], result, hip, 1.0, f"{SIDE_WORDS[side].capitalize()} hip", f"{HIP_WORDS[hip[:-2]]}, {zero}")
        _forbidden(axes[0, 0], result, hip)
        _curve(axes[0, 1], result, "pelvis_tilt", -1.0, "Pelvis", "anterior tilt (+), from standing")
        _curve(axes[1, 0], result, "lumbar_extension", 1.0, "Lumbar spine", "extension (+), from standing")
        _curve(axes[1, 1], result, "lumbar_rotation", 1.0, "Lumbar spine", "rotation left (+), from standing")
        _own_range(axes[1, 0], result, "lumbar_extension")
        _own_range(axes[1, 1], result, "lumbar_rotation")
        for axis in axes[1]:
            axis.set_xlabel(f"% of the {SIDE_WORDS[side]} gait cycle")
        handles, labels = _once(*axes[0, 1].get_legend_handles_labels())
        curves.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
        _bodies(body, result)
    return figure


def _once(handles: list[Any], labels: list[str]) -> tuple[list[Any], list[str]]:
    """Each label with its first handle."""
    first = dict(reversed(list(zip(labels, handles, strict=True))))
    kept = list(dict.fromkeys(labels))
    return [first[label] for label in kept], kept


def _headline(result: Compensation) -> str:
    """What the answer says, in two lines."""
    given = json.loads(result.attrs["limits_deg"])
    if not given:
        return "No limit beyond the normal range: the free walk"
    limits = [f"{words_of(name)} limited to {degrees:g}°" for name, degrees in given.items()]
    few = " and ".join(limits[:2]) + (" and more" if len(limits) > 2 else "")
    if any(name.startswith(("hip_extension", "hip_flexion")) for name in given):
        few += f" ({result.attrs['zero']} zero)"
    strategy, changes = headline_strategy(result), result.changes()
    added = {name: changes[strategy][name].added_deg for name in CHANGES}
    name = max(added, key=lambda key: abs(added[key]))
    if abs(added[name]) < 0.05:
        return f"With {few}\nthis walk needs no more of the lumbar spine"
    how = strategy
    if strategy == "predicted" and "closure" in changes:
        how = f"predicted; {abs(changes['closure'][name].added_deg):.1f}° if nothing else gave way"
    return f"With {few}\nthis walk needs {abs(added[name]):.1f}° more {CHANGES[name][int(added[name] < 0)]} ({how})"


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
    axis.plot(*_broken(percent, free), color=GREY, linewidth=3.0, label="free (as recorded)")
    for strategy in result.strategy.values:
        one = result.sel(strategy=strategy)
        angle = sign * (one.restricted.sel(coordinate=name).values + offset)
        axis.plot(*_broken(percent, angle), label=str(strategy), **STRATEGIES[str(strategy)])
        for status, mark, words in ((UNSOLVED, "x", "not solved"), (SHORTFALL, ".", "falls short")):
            marked = one.status.values == status
            if marked.any():
                colour = VERMILION if status == UNSOLVED else STRATEGIES[str(strategy)]["color"]
                axis.plot(percent[marked], angle[marked], mark, color=colour, markersize=8, label=words)
    axis.set_title(f"{title}: {label}", loc="left", fontsize=11)
    axis.set_ylabel("degrees")
    axis.set_xlim(0, 100)
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
    side, back = panel.subplots(1, 2, width_ratios=(1.35, 1.0), sharey=True)
    heading = np.deg2rad(float(one.free.sel(coordinate="pelvis_rotation")[frame]))
    ghost, body = _skeleton(one, "free", frame, heading), _skeleton(one, "restricted", frame, heading)
    for axis, across, title in ((side, 0, "from the right"), (back, 2, "from behind")):
        _draw(axis, ghost, across, {"color": GREY, "linewidth": 3.0, "alpha": 0.7}, GREY)
        _draw(axis, body, across, {"color": BLACK, "linewidth": 2.2}, STRATEGIES[strategy]["color"])
        ground = min(place[1] for place in ghost.values())
        axis.axhline(ground, color=BLACK, linewidth=1.0)
        axis.set_title(title, fontsize=11)
        axis.set_aspect("equal", adjustable="datalim")
        axis.set_axis_off()
    when = "" if np.isnan(percent) else f" ({percent:.0f} % of the cycle)"
    panel.suptitle(f"Largest lumbar compensation{when}\ngrey: free    black: {strategy}", fontsize=12)


_BONES = (
    ("hip_r", "hip_l"), ("hip_r", "l5s1"), ("hip_l", "l5s1"), ("t12l1", "c7"),
    ("hip_l", "knee_l"), ("knee_l", "ankle_l"), ("ankle_l", "heel_l"), ("heel_l", "forefoot_l"),
    ("ankle_l", "forefoot_l"),
    ("hip_r", "knee_r"), ("knee_r", "ankle_r"), ("ankle_r", "heel_r"), ("heel_r", "forefoot_r"),
    ("ankle_r", "forefoot_r"),
)  # fmt: skip


def _skeleton(one: Any, kind: str, frame: int, heading: float) -> dict[str, Array]:
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


def _draw(axis: Axes, places: dict[str, Array], across: int, style: dict[str, Any], lumbar: str) -> None:
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


__all__ = ["compensation_figure"]
