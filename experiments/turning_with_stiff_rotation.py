"""Which turn asks most of hips that rotate little, and of the lumbar spine above them?

Subject  The adult of the bundled overground recording, who walks straight, and whose walk is bent to a step turn and
         to a spin turn by 90 deg; the bundled recording of a spin turn by somebody else (its own width, 89 deg, made
         90); a generic adult who turns the trunk by 60 deg over planted feet (pivot, constructed).
Task     The loaded foot stays where it is put and points where it pointed, the thorax comes round.
Varied   Rotation available to both hips, inward and outward alike, 40 to 10 deg; who gives way.
Held     Everything else of the normal range, tables ranges and stiffness; allowances of `least`, table allowances.
Outcome  Transverse range, abduction and adduction of the hips in the free movement; the largest lumbar motion added
         (norm of three axes), and lumbar rotation; by how much turn or feet fall short; of the pivot, spine over
         pelvis.
Run      python experiments/turning_with_stiff_rotation.py [--small] [--out FOLDER]

Straight walk, step and spin are one person's and one construction, so their order is theirs and not that of
recordings. How turns are bent is an assumption (docs/movements.md); the zero of hip rotation is the model's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, Solved, compare, dataset, script, solved
from experiments.common.cases import STRATEGIES, free_of
from experiments.common.draw import legend, page
from simulate.figures.sheet import MARKS, SERIES
from simulate.problem import Task
from simulate.recording import Recording
from simulate.tasks.catalogue import WALK, build_task
from simulate.tasks.turn import turned

TURN, PIVOT = 90.0, 60.0
#: The rotation that the finding is told about. [deg] (assumption: about what golfers with pain have, Murray 2009)
STIFF = 20.0
LIMITS = {True: np.array([30.0, STIFF]), False: np.array([40.0, 35.0, 30.0, 25.0, STIFF, 15.0, 10.0])}
NAMES = ("straight walk", "step turn", "spin turn", "spin turn (recorded)", "pivot")
STRAIGHT, STEP, SPIN, RECORDED, PIVOTED = NAMES


def movements() -> dict[str, Task]:
    """The movements by name; the first three are one person's."""
    chain, motion, standing = Recording().read(WALK)
    return {
        STRAIGHT: build_task("walk"),
        STEP: turned(chain, motion, angle_deg=TURN, style="step", standing=standing),
        SPIN: turned(chain, motion, angle_deg=TURN, style="spin", standing=standing),
        RECORDED: build_task("turn", angle=TURN, style="spin"),
        PIVOTED: build_task("pivot", angle=PIVOT),
    }


def run(*, small: bool) -> Outcome:
    """Solve every movement under every limit."""
    limits, tasks, notices = LIMITS[small], movements(), list[str]()
    shape = (len(NAMES), len(limits), len(STRATEGIES))
    kept = {name: np.full(shape, np.nan) for name in ("lumbar", "lumbar_rotation", "short_deg", "short_mm", "unsolved")}
    free = {name: np.zeros(len(NAMES)) for name in ("transverse", "abduction", "adduction")}
    ratio = np.full((len(limits) + 1,), np.nan)
    for m, task in enumerate(tasks.values()):
        notices += task.notices
        one = free_of(task)
        for name, found in demands(one).items():
            free[name][m] = found
        for i, limit in enumerate(limits):
            case = solved(
                task, STRATEGIES, hip_internal_rotation_deg=float(limit), hip_external_rotation_deg=float(limit)
            )
            for s, by in enumerate(STRATEGIES):
                mm, deg = case.short(by)
                numbers = (
                    case.lumbar(by),
                    abs(case.largest("lumbar_rotation", by).added_deg),
                    deg,
                    mm,
                    case.count("unsolved", by),
                )
                for name, number in zip(kept, numbers, strict=True):
                    kept[name][m, i, s] = number
            if m == NAMES.index(PIVOTED):
                ratio[0], ratio[1 + i] = spine_over_pelvis(one, "free"), spine_over_pelvis(case, "restricted")
    dims = ("movement", "limit", "strategy")
    words = {
        "lumbar": ("deg", "largest lumbar motion added, norm of three axes"),
        "lumbar_rotation": ("deg", "largest lumbar rotation added, either way"),
        "short_deg": ("deg", "by how much turn or feet fall short"),
        "short_mm": ("mm", "by how much feet fall short"),
        "unsolved": ("1", "frames without an answer"),
    }
    data = dataset(
        {
            **{name: (dims, kept[name], unit, about) for name, (unit, about) in words.items()},
            "transverse": (
                ("movement",),
                free["transverse"],
                "deg",
                "transverse range of the hip that turns further, free",
            ),
            "abduction": (("movement",), free["abduction"], "deg", "peak hip abduction, free"),
            "adduction": (("movement",), free["adduction"], "deg", "peak hip adduction, free"),
            "pivot_ratio": (("limit",), ratio[1:], "1", "pivot: spine over pelvis at the end, predicted"),
        },
        {
            "movement": (list(NAMES), "", "movement"),
            "limit": (limits, "deg", "hip rotation available, inward and outward, both sides"),
            "strategy": (list(STRATEGIES), "", "who gives way"),
        },
        small=small,
        notices=notices,
        pivot_ratio_free=float(ratio[0]),
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def demands(case: Solved) -> dict[str, float]:
    """What the free movement asks of the hips."""
    adduction = np.array([case.angle(f"hip_adduction_{side}", kind="free") for side in "rl"])
    transverse = max(float(np.ptp(case.angle(f"hip_rotation_{side}", kind="free"))) for side in "rl")
    return {"transverse": transverse, "abduction": -float(adduction.min()), "adduction": float(adduction.max())}


def spine_over_pelvis(case: Solved, kind: str) -> float:
    """Turn of spine over turn of pelvis at the end of a pivot; NaN if it falls short."""
    pelvis = float(case.angle("pelvis_rotation", kind=kind)[-1])
    spine = sum(float(case.angle(f"{part}_rotation", kind=kind)[-1]) for part in ("lumbar", "thoracic"))
    return spine / pelvis if abs(pelvis) > 1.0 and max(case.short()) < 1.0 else float("nan")


def of(data: xr.Dataset, name: str, movement: str, by: str = "predicted") -> float:
    """One number, hips limited to `STIFF`; what the free movement asks has no limit."""
    one = data[name].sel(movement=movement)
    return float(one.sel(limit=STIFF, strategy=by) if "limit" in one.dims else one)


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    asked = ", ".join(f"{name} {of(data, 'transverse', name):.0f}°" for name in NAMES)
    added = ", ".join(f"{name} {of(data, 'lumbar', name):.1f}°" for name in NAMES)
    turns = ", ".join(f"{name} {of(data, 'lumbar_rotation', name):.1f}°" for name in NAMES)
    short = [name for name in NAMES if max(of(data, "short_deg", name), of(data, "short_mm", name) / 10.0) > 0.1]
    return (
        f"Free, the hip that turns further goes through: {asked}. With hips that rotate {STIFF:g}° either way the "
        f"lumbar joint adds (predicted, all axes): {added}; of rotation alone: {turns}. "
        + (f"What is asked falls short in {', '.join(short)}. " if short else "All of them are still completed. ")
        + f"In the pivot spine over pelvis goes from {data.attrs['pivot_ratio_free']:.2f} to "
        f"{float(data.pivot_ratio.sel(limit=STIFF)):.2f}."
    )


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """Taylor 2005, Steingrebe 2024, Taniguchi 2017."""

    def more(name: str, one: str, other: str) -> float:
        return of(data, name, one) - of(data, name, other)

    free, stiff = "free, hip range", f"predicted, hips {STIFF:g}°"
    bent = "the turns are bent from one straight walk"
    ratio = float(data.pivot_ratio.sel(limit=STIFF)) - float(data.attrs["pivot_ratio_free"])
    return [
        compare("turn.spin_step", more("transverse", SPIN, STEP), free, why=bent),
        compare("turn.spin_step", more("lumbar", SPIN, STEP), f"{stiff}, lumbar"),
        compare("turn.step_straight", more("transverse", STEP, STRAIGHT), free, why=bent),
        compare("turn.step_straight", more("lumbar", STEP, STRAIGHT), f"{stiff}, lumbar"),
        compare("turn.abduction", more("abduction", STEP, SPIN), "free", why=bent),
        compare("turn.adduction", more("adduction", SPIN, STEP), "free", why=bent),
        compare("pivot.ratio", ratio, stiff, why="" if np.isfinite(ratio) else "the pivot falls short"),
    ]


def figure(data: xr.Dataset) -> Any:
    """Free transverse range, and what is added over the limit."""
    title = (
        f"With hips that rotate {STIFF:g}° a spin turn costs {of(data, 'lumbar', SPIN):.1f}° of lumbar motion, a step "
        f"turn {of(data, 'lumbar', STEP):.1f}°, a straight walk {of(data, 'lumbar', STRAIGHT):.1f}° (predicted)"
    )
    panels = ["hip range asked for (free)", "lumbar motion added, predicted", "lumbar motion added, closure"]
    with page(title, panels, wide=4.6, high=4.3) as (sheet, axes):
        for m, name in enumerate(NAMES):
            style = SERIES[m]
            axes[0].barh(m, of(data, "transverse", name), color=style["color"], height=0.7, zorder=2)
            for axis, by in zip(axes[1:], ("predicted", "closure"), strict=False):
                one = data.sel(movement=name, strategy=by)
                axis.plot(data.limit, one.lumbar, marker=MARKS[m], label=name, linewidth=2.2, **style)
                fell = (one.short_deg > 0.01) | (one.short_mm > 0.1)
                axis.plot(
                    data.limit.where(fell),
                    one.lumbar.where(fell),
                    "o",
                    markersize=12,
                    fillstyle="none",
                    color="#d55e00",
                    label="falls short" if m == len(NAMES) - 1 else None,
                )
        axes[0].set_yticks(range(len(NAMES)), NAMES)
        axes[0].invert_yaxis()
        axes[0].set_xlabel("transverse hip range [deg]")
        axes[0].grid(visible=False, axis="y")
        high = 1.05 * float(data.lumbar.sel(strategy=["predicted", "closure"]).max())
        for axis in axes[1:]:
            axis.invert_xaxis()
            axis.set_ylim(0.0, high)
            axis.set_xlabel("hip rotation available [deg]")
        axes[1].set_ylabel("norm of three axes [deg]")
        legend(sheet, axes[1], columns=6)
    return sheet


if __name__ == "__main__":
    script(__file__)
