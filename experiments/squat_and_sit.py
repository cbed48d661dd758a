"""What gives way in a squat and in sitting down when the hips flex little: the spine, or the task?

Subject  A generic adult: pelvis and trunk of a recorded squat over flat feet; sitting down to a seat and up again,
         constructed.
Task     The hips go down as far as free, on flat feet and balance; the trunk would rather keep its lean. Depth is what
         yields first.
Varied   Hip flexion available on both sides, 120 to 50 deg (clinical zero); who gives way.
Held     Everything else of the normal range, tables ranges and stiffness; allowances of `least`, table allowances.
Outcome  By how much the hips stay higher; sagittal range and posterior turn of the pelvis; lumbar flexion added and
         the share of the own range it takes.
Run      python experiments/squat_and_sit.py [--small] [--out FOLDER]

A negative control: people with impinging hips squat less deep (Lamontagne 2009). A model in which depth is a must can
only show that if nothing else is left to give; whether it does is the question.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, Solved, compare, dataset, script, solved
from experiments.common.cases import STRATEGIES, free_of
from experiments.common.draw import by_strategy, legend, page
from simulate.tasks.catalogue import build_task

TASKS = ("squat", "sit")
#: Hip flexion that the finding is told about. [deg] (assumption)
STIFF = 90.0
LIMITS = {True: np.array([110.0, STIFF, 70.0]), False: np.arange(120.0, 49.0, -10.0)}


def run(*, small: bool) -> Outcome:
    """Solve both movements under every limit."""
    limits, notices = LIMITS[small], list[str]()
    words = {
        "higher": ("mm", "by how much the hips stay higher than asked"),
        "pelvis_range": ("deg", "sagittal range of the pelvis, more than free"),
        "posterior": ("deg", "posterior tilt added, at its largest"),
        "flexion": ("deg", "lumbar flexion added, at its largest"),
        "share": ("1", "share of the own lumbar flexion that is used"),
        "hip": ("deg", "change of peak hip flexion"),
        "unsolved": ("1", "frames without an answer"),
    }
    kept = {name: np.full((len(TASKS), len(limits), len(STRATEGIES)), np.nan) for name in words}
    asked = np.zeros(len(TASKS))
    for m, name in enumerate(TASKS):
        task = build_task(name)
        notices += task.notices
        asked[m] = free_of(task).angle("hip_flexion_r", kind="free").max()
        for i, limit in enumerate(limits):
            case = solved(task, STRATEGIES, hip_flexion_deg=float(limit))
            for s, by in enumerate(STRATEGIES):
                for key, found in one_case(case, by).items():
                    kept[key][m, i, s] = found
    dims = ("movement", "limit", "strategy")
    data = dataset(
        {
            **{name: (dims, kept[name], unit, about) for name, (unit, about) in words.items()},
            "asked": (("movement",), asked, "deg", "peak hip flexion, free, clinical zero"),
        },
        {
            "movement": (list(TASKS), "", "movement"),
            "limit": (limits, "deg", "hip flexion available, clinical zero, both sides"),
            "strategy": (list(STRATEGIES), "", "who gives way"),
        },
        small=small,
        notices=notices,
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def one_case(case: Solved, by: str) -> dict[str, float]:
    """One limit, one strategy."""
    tilt, free = case.angle("pelvis_tilt", by), case.angle("pelvis_tilt", by, "free")
    flexed, hip = case.largest("lumbar_extension", by), case.angle("hip_flexion_r", by)
    return {
        "higher": case.short(by, case.task.yields[0])[0],
        "pelvis_range": float(np.nanmax(tilt) - np.nanmin(tilt) - np.ptp(free)),
        "posterior": case.largest("pelvis_tilt", by).added_deg,
        "flexion": -flexed.added_deg,
        "share": flexed.share_of_range,
        "hip": float(np.nanmax(hip) - case.angle("hip_flexion_r", by, "free").max()),
        "unsolved": case.count("unsolved", by),
    }


def of(data: xr.Dataset, name: str, movement: str, by: str = "predicted") -> float:
    """One number, with hips of `STIFF`."""
    return float(data[name].sel(movement=movement, limit=STIFF, strategy=by))


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    parts = []
    for name, words in (("squat", "The squat"), ("sit", "Sitting down")):
        asked, need = float(data.asked.sel(movement=name)), of(data, "flexion", name, "closure")
        parts.append(
            f"{words} asks for {asked:.0f}° of hip flexion. With {STIFF:g}° the pelvis stays "
            f"{of(data, 'posterior', name):.0f}° further back and the lumbar joint flexes "
            f"{of(data, 'flexion', name):.0f}° more (predicted; {need:.0f}° if nothing else gives way), "
            f"{100.0 * of(data, 'share', name):.0f} % of its range in all, and the hips stay "
            f"{of(data, 'higher', name):.0f} mm higher."
        )
        short = data.limit.where((data.higher > 0.1).sel(movement=name, strategy="predicted"), drop=True)
        parts.append(
            f"Depth first falls short with {float(short.max()):g}°."
            if short.size
            else f"Depth does not fall short down to {float(data.limit.min()):g}°."
        )
    return " ".join(parts)


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """Lamontagne 2009, Higgs 2019."""
    return [
        compare(
            "squat.depth",
            of(data, "higher", "squat"),
            "predicted",
            why="the lumbar spine makes up for it where people go less deep"
            if of(data, "higher", "squat") < 1.0
            else "",
        ),
        compare("squat.pelvis", of(data, "pelvis_range", "squat"), "predicted"),
        compare("sit.tilt", of(data, "posterior", "sit"), "predicted"),
        compare("sit.hip", of(data, "hip", "sit"), "predicted"),
    ]


def figure(data: xr.Dataset) -> Any:
    """Lumbar flexion added, pelvic range and depth lost over the limit."""
    title = (
        f"With hips that flex {STIFF:g}° a squat takes {of(data, 'flexion', 'squat'):.0f}° more lumbar flexion and "
        f"loses {of(data, 'higher', 'squat') / 10.0:.0f} cm of depth (predicted)"
    )
    names = {
        "flexion": "lumbar flexion added [deg]",
        "posterior": "posterior tilt added [deg]",
        "higher": "hips higher than asked [mm]",
    }
    words = [
        f"{'squat' if m == 'squat' else 'sitting down'}: {about.partition(' [')[0]}"
        for m in TASKS
        for about in names.values()
    ]
    with page(title, words, columns=3, wide=4.6, high=3.2) as (sheet, axes):
        for axis, (movement, name) in zip(axes, [(m, n) for m in TASKS for n in names], strict=True):
            one = data[name].sel(movement=movement)
            by_strategy(axis, data.limit, {by: one.sel(strategy=by) for by in STRATEGIES})
            axis.axvline(
                float(data.asked.sel(movement=movement)),
                color="#8c8c8c",
                linewidth=1.4,
                linestyle=(0, (2, 2)),
                label="asked for, free",
            )
            axis.invert_xaxis()
            axis.set_ylim(min(0.0, float(data[name].min())), 1.08 * max(float(data[name].max()), 5.0))
            axis.set_ylabel(names[name].rpartition(" ")[2].strip("[]"))
        for axis in axes[3:]:
            axis.set_xlabel("hip flexion available [deg]")
        legend(sheet, axes[0])
    return sheet


if __name__ == "__main__":
    script(__file__)
