"""What does walking ask of pelvis and lumbar spine when one hip, or both, cannot extend?

Subject  The adult of the bundled overground recording on the scaled model, and a generic adult who walks as published
         norm curves have it (free speed).
Task     Walking: the loaded foot stays where it was, the trunk would rather stay upright; the free walk is the
         reference itself.
Varied   Hip extension available, 10 to -10 deg (clinical zero), on the right or on both sides; who gives way.
Held     Everything else of the normal range, tables ranges and stiffness; allowances of `least`, table allowances.
Outcome  Added lumbar extension, bending, rotation and added anterior tilt, signed, at their largest, counted from the
         free walk; pelvic and lumbar change per lost degree at the instant of greatest loss; shortening of the step.
Run      python experiments/limited_extension_walking.py [--small] [--out FOLDER]
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, Solved, compare, dataset, script, solved
from experiments.common.cases import STRATEGIES, spine_ranges
from experiments.common.draw import by_strategy, legend, page
from simulate.figures.style import BLACK
from simulate.tasks.catalogue import build_task

WALKS: dict[str, dict[str, Any]] = {"recorded": {}, "norm curves": {"speed": "free"}}
WALK_WORDS = {"recorded": "the recorded walk", "norm curves": "the walk by norm curves"}
SIDES = {"right": "hip_extension_right_deg", "both": "hip_extension_deg"}
#: What is kept: coordinate, the sense in which it is counted, and its words.
ADDED = {
    "lumbar_extension": (1.0, "added lumbar extension"),
    "lumbar_bending": (1.0, "added lumbar bending to the right"),
    "lumbar_rotation": (1.0, "added lumbar rotation to the left"),
    "pelvis_tilt": (-1.0, "added anterior tilt"),
}
NEUTRAL, SEVERE = 0.0, -10.0
LIMITS = {True: np.array([10.0, NEUTRAL, SEVERE]), False: np.arange(10.0, SEVERE - 1.0, -2.5)}


def run(*, small: bool) -> Outcome:
    """Solve every limit, side and walk."""
    limits = LIMITS[small]
    shape = (len(WALKS), len(SIDES), len(limits), len(STRATEGIES))
    kept = {name: np.full(shape, np.nan) for name in (*ADDED, "per_degree_pelvis", "per_degree_lumbar", "range")}
    short, notices, free = np.zeros(shape), list[str](), dict[str, Solved]()
    for w, (walk, options) in enumerate(WALKS.items()):
        task = build_task("walk", **options)
        notices += task.notices
        free[walk] = solved(task, ["predicted"])
        for s, direction in enumerate(SIDES.values()):
            for k, limit in enumerate(limits):
                case = solved(task, STRATEGIES, **{direction: float(limit)})
                for by, name in enumerate(STRATEGIES):
                    at = (w, s, k, by)
                    short[at] = case.short(name, "step length")[0]
                    for coordinate, found in one_case(case, name).items():
                        kept[coordinate][at] = found
    dims = ("walk", "side", "limit", "strategy")
    variables = {
        name: (dims, kept[name], "deg", f"{words}, signed, at its largest") for name, (_, words) in ADDED.items()
    }
    variables |= {
        "per_degree_pelvis": (
            dims,
            kept["per_degree_pelvis"],
            "1",
            "anterior tilt gained per lost degree, instant of greatest loss",
        ),
        "per_degree_lumbar": (
            dims,
            kept["per_degree_lumbar"],
            "1",
            "lumbar extension gained per lost degree, instant of greatest loss",
        ),
        "range": (dims, kept["range"], "deg", "change of the lumbar sagittal range"),
        "short": (dims, short, "mm", "by how much the step is shorter"),
    }
    data = dataset(
        variables,
        {
            "walk": (list(WALKS), "", "reference walk"),
            "side": (list(SIDES), "", "limited side"),
            "limit": (limits, "deg", "hip extension available, clinical zero"),
            "strategy": (list(STRATEGIES), "", "who gives way"),
        },
        small=small,
        notices=notices,
    )
    comparisons = [*published_gains(data), *free_walk(free["recorded"])]
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons))


def one_case(case: Solved, by: str) -> dict[str, float]:
    """What one strategy adds, and what pelvis and lumbar spine gain per degree that the right hip lost."""
    found = {name: sign * case.largest(name, by).added_deg for name, (sign, _) in ADDED.items()}
    lost = case.hip_extension("r", by, "free") - case.hip_extension("r", by)
    k = int(np.nanargmax(lost)) if np.isfinite(lost).any() else 0
    if lost[k] > 0.5:  # of less than half a degree nothing can be said per degree
        tilt = case.anterior_tilt(by) - case.anterior_tilt(by, "free")
        found |= {
            "per_degree_pelvis": float(tilt[k] / lost[k]),
            "per_degree_lumbar": float(case.change("lumbar_extension", by)[k] / lost[k]),
        }
    free = case.angle("lumbar_extension", by, "free")
    return found | {
        "range": float(
            np.nanmax(case.angle("lumbar_extension", by)) - np.nanmin(case.angle("lumbar_extension", by)) - np.ptp(free)
        )
    }


def of(data: xr.Dataset, name: str, **which: Any) -> float:
    """One number."""
    return float(data[name].sel(which))


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    parts = []
    for walk, words in WALK_WORDS.items():
        right, both = ({"walk": walk, "side": side, "limit": NEUTRAL} for side in SIDES)
        need, soft, least = (of(data, "lumbar_extension", strategy=by, **right) for by in STRATEGIES)
        parts.append(
            f"With a right hip that stops at neutral {words} takes {need:.1f}° more lumbar extension if nothing else "
            f"gives way (closure), {soft:.1f}° with everything at its stiffness (predicted) and {least:.1f}° at the "
            f"least; with both hips so, {of(data, 'lumbar_extension', strategy='predicted', **both):.1f}° (predicted)."
        )
    severe = {"walk": "recorded", "side": "right", "limit": SEVERE, "strategy": "predicted"}
    parts.append(
        f"At {SEVERE:g}° on the right the recorded walk takes {of(data, 'lumbar_extension', **severe):.1f}° of "
        f"extension, {abs(of(data, 'lumbar_bending', **severe)):.1f}° of bending and "
        f"{abs(of(data, 'lumbar_rotation', **severe)):.1f}° of rotation of the lumbar joint, "
        f"{of(data, 'pelvis_tilt', **severe):.1f}° of anterior tilt, and the step falls short by "
        f"{of(data, 'short', **severe):.0f} mm; per lost degree the pelvis gives "
        f"{of(data, 'per_degree_pelvis', **severe):.2f}° and the lumbar joint "
        f"{of(data, 'per_degree_lumbar', **severe):.2f}°."
    )
    return " ".join(parts)


def published_gains(data: xr.Dataset) -> list[Comparison]:
    """Hip extension 0 on the right, recorded walk."""
    case = {"walk": "recorded", "side": "right", "limit": NEUTRAL}
    found = []
    for row, name in (
        ("gain.pelvis", "per_degree_pelvis"),
        ("gain.lumbar", "per_degree_lumbar"),
        ("walk.lumbar", "range"),
        ("walk.tilt", "pelvis_tilt"),
        ("walk.step", "short"),
    ):
        number = of(data, name, strategy="predicted", **case)
        found.append(
            compare(row, number, "predicted", why="" if np.isfinite(number) else "the hip loses next to nothing")
        )
    return found


def free_walk(case: Solved) -> list[Comparison]:
    """The free walk, which is the recording."""
    whole, lumbar = spine_ranges(case)
    rows = ("V5.sagittal", "V5.frontal", "V5.axial")
    found = [compare(row, number, "the recording") for row, number in zip(rows, whole, strict=True)]
    return [*found, compare("V5.share", float(lumbar.max()), "the recording", why="largest of the three axes")]


def figure(data: xr.Dataset) -> Any:
    """Added lumbar extension and anterior tilt over the limit, both walks, right and both sides."""
    case = {"walk": "recorded", "side": "right", "limit": NEUTRAL}
    title = (
        "A right hip that stops at neutral costs walking "
        f"{of(data, 'lumbar_extension', strategy='predicted', **case):.1f}° of lumbar extension (predicted), "
        f"{of(data, 'lumbar_extension', strategy='closure', **case):.1f}° if nothing else gives"
    )
    names = ("lumbar_extension", "lumbar_rotation", "pelvis_tilt")
    panels = [(walk, name) for walk in WALKS for name in names]
    words = [f"{walk}: {ADDED[name][1].removeprefix('added ').partition(' to ')[0]}" for walk, name in panels]
    with page(title, words, columns=3, high=3.2) as (sheet, axes):
        for axis, (walk, name) in zip(axes, panels, strict=True):
            one = abs(data[name].sel(walk=walk))
            by_strategy(axis, data.limit, {by: one.sel(side="right", strategy=by) for by in STRATEGIES})
            both = one.sel(side="both", strategy="predicted")
            axis.plot(data.limit, both, "x", color=BLACK, markersize=7, label="predicted, both hips limited")
            axis.invert_xaxis()
            axis.set_ylim(0.0, 1.05 * max(float(abs(data[name]).max()), 0.5))
        for axis in axes[::3]:
            axis.set_ylabel("added at most [deg]")
        for axis in axes[3:]:
            axis.set_xlabel("hip extension available [deg]")
        legend(sheet, axes[0])
    return sheet


if __name__ == "__main__":
    script(__file__)
