"""From what age on is the lumbar spine itself too stiff for what stiff hips ask of it?

Subject  A generic adult whose lumbar ranges fall with age as published (Troke 2005; table cohorts, population
         healthy_adults: extension 29 deg at 16 years, 0.31 less each year).
Task     Walking by free norm curves; bending the thorax 25 deg backward (table movements, an assumption).
Varied   Age, 20 to 80 years; hip extension of both hips, normal, 0 and -10 deg; who gives way.
Held     Hips and everything else do not age; tables ranges and stiffness.
Outcome  The need (closure, which no lumbar range bounds) over the lumbar extension of that age; frames in which the
         need is beyond it; what predicted does within it, and frames in which the movement cannot be completed.
Run      python experiments/age_and_infeasibility.py [--small] [--out FOLDER]
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, Solved, compare, dataset, script, solved
from experiments.common.draw import legend, page
from kinematics.tables import rows, value
from simulate.figures.sheet import MARKS, SERIES
from simulate.figures.style import GREY
from simulate.tasks.catalogue import build_task
from simulate.tissue import moment

TASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "walk": ("walk", {"speed": "free"}),
    "backward bend": ("bend", {"direction": "backward"}),
}
HIPS = {"normal": value("ranges", "hip_extension"), "0°": 0.0, "-10°": -10.0}
AGES = {True: np.array([20.0, 50.0, 80.0]), False: np.arange(20.0, 81.0, 10.0)}
WAYS = ("closure", "predicted")


def lumbar_ranges(age: float) -> dict[str, float]:
    """Lumbar limits at an age. [deg]"""
    found = {}
    for name in ("lumbar_extension", "lumbar_flexion", "lumbar_bending", "lumbar_rotation"):
        told = {
            row["what"]: row["value"]
            for row in rows("cohorts", "simulate")
            if row["name"] == "healthy_adults" and row["of"] == name
        }
        aged = float(told.get("per_year", 0.0)) * (age - float(told.get("at_age", age)))
        found[f"{name}_deg"] = float(told["mean"]) + aged
    return found


def run(*, small: bool) -> Outcome:
    """Solve both movements at every age with every hip."""
    ages, notices = AGES[small], list[str]()
    shape = (len(TASKS), len(HIPS), len(ages))
    names = ("share", "beyond", "need", "added", "short_mm", "short_deg", "short_frames", "agrees", "unsolved")
    kept = {name: np.full(shape, np.nan) for name in names}
    for m, (name, options) in enumerate(TASKS.values()):
        task = build_task(name, **options)
        notices += task.notices
        for h, hip in enumerate(HIPS.values()):
            for i, age in enumerate(ages):
                case = solved(task, WAYS, hip_extension_deg=hip, **lumbar_ranges(float(age)))
                for key, found in one_case(case, lumbar_ranges(float(age))["lumbar_extension_deg"]).items():
                    kept[key][m, h, i] = found
    dims = ("movement", "hips", "age")
    words = {
        "share": ("1", "largest need of lumbar extension over the range of that age (closure)"),
        "need": ("deg", "largest need of lumbar extension (closure)"),
        "beyond": ("1", "frames in which the need is beyond the range"),
        "agrees": (
            "1",
            "whether the answer's own share is above 1 where, and only where, the need is beyond the range",
        ),
        "added": ("deg", "largest lumbar extension added within the range (predicted)"),
        "short_mm": ("mm", "by how much a place of the movement falls short (predicted)"),
        "short_deg": ("deg", "by how much an attitude of the movement falls short (predicted)"),
        "short_frames": ("1", "frames that fall short (predicted)"),
        "unsolved": ("1", "frames without an answer"),
    }
    data = dataset(
        {name: (dims, kept[name], unit, about) for name, (unit, about) in words.items()},
        {
            "movement": (list(TASKS), "", "movement"),
            "hips": (list(HIPS), "", "hip extension available, clinical zero"),
            "age": (ages, "year", "age of the lumbar spine"),
        },
        small=small,
        notices=notices,
        lumbar_extension_by_age=[lumbar_ranges(float(age))["lumbar_extension_deg"] for age in ages],
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def one_case(case: Solved, own: float) -> dict[str, float]:
    """One age and hip."""
    need = case.angle("lumbar_extension", "closure")
    beyond = need > own + 1e-6
    told = case.largest("lumbar_extension", "closure").share_of_range
    short_mm, short_deg = case.short()
    return {
        "share": float(np.nanmax(need)) / own,
        "need": float(np.nanmax(need)),
        "beyond": float(beyond.sum()),
        "agrees": float((told > 1.0 + 1e-9) == bool(beyond.any())),
        "added": case.largest("lumbar_extension").added_deg,
        "short_mm": short_mm,
        "short_deg": short_deg,
        "short_frames": case.count("shortfall"),
        "unsolved": case.count("unsolved") + case.count("unsolved", "closure"),
    }


def of(data: xr.Dataset, name: str, movement: str, hips: str, age: float) -> float:
    """One number."""
    return float(data[name].sel(movement=movement, hips=hips, age=age))


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    young, old = float(data.age[0]), float(data.age[-1])
    parts = []
    for movement in TASKS:
        said = []
        for hips in HIPS:
            over = data.age.where(data.share.sel(movement=movement, hips=hips) > 1.0, drop=True)
            said.append(
                f"{hips} {100.0 * of(data, 'share', movement, hips, young):.0f} % at {young:.0f} and "
                f"{100.0 * of(data, 'share', movement, hips, old):.0f} % at {old:.0f}"
                + (f", beyond it from {float(over.min()):.0f} on" if over.size else "")
            )
        parts.append(
            f"The {movement} needs of the lumbar extension there is (closure, by hip extension): {'; '.join(said)}."
        )
    short = [
        f"{m} with {h} at {int(a)}"
        for m in TASKS
        for h in HIPS
        for a in data.age.values
        if of(data, "short_frames", m, h, a) > 0
    ]
    at_young, at_old = (of(data, "added", "walk", "-10°", age) for age in (young, old))
    within = f"{at_young:.1f}° at {young:.0f} and {at_old:.1f}° at {old:.0f}"
    parts.append(
        f"With hips of -10° the walk adds {within} (predicted, within the range). "
        + (
            f"What cannot be completed (predicted): {', '.join(short)}."
            if short
            else "Everything can still be completed (predicted): the rest of the body gives way."
        )
    )
    return " ".join(parts)


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """Troke 2005, Riener 1999."""
    rise = of(data, "share", "walk", "-10°", float(data.age[-1])) - of(
        data, "share", "walk", "-10°", float(data.age[0])
    )
    return [
        compare("V10.flag", float(data.agrees.min()), "closure"),
        compare("V10.rise", rise, "closure, walk with hips of -10°"),
        *(compare(f"V10.moment_{at}", resisted(at), "passive curves") for at in (10, 20)),
    ]


def resisted(extension_deg: float) -> float:
    """Passive moment of a hip extended so far, with a straight knee. [N m]"""
    return float(moment("hip_flexion", hip_flexion_deg=-extension_deg, knee_angle_deg=0.0, ankle_angle_deg=0.0))


def figure(data: xr.Dataset) -> Any:
    """Share of the range over age, both movements."""
    old = float(data.age[-1])
    title = (
        "With hips that lack 10° to neutral walking needs "
        f"{100.0 * of(data, 'share', 'walk', '-10°', float(data.age[0])):.0f} % of the lumbar extension of "
        f"20-year-olds and {100.0 * of(data, 'share', 'walk', '-10°', old):.0f} % at {old:.0f}"
    )
    with page(title, [f"{name}: need over own range" for name in TASKS], wide=5.6, high=4.2) as (sheet, axes):
        for axis, movement in zip(axes, TASKS, strict=True):
            for k, hips in enumerate(HIPS):
                one = data.sel(movement=movement, hips=hips)
                axis.plot(
                    data.age,
                    100.0 * one.share,
                    marker=MARKS[k],
                    linewidth=2.3,
                    label=f"hip extension {hips}",
                    **SERIES[k],
                )
            axis.axhline(100.0, color=GREY, linewidth=1.6, linestyle=(0, (4, 2)), label="all there is")
            axis.set_ylim(0.0, 1.08 * max(110.0, 100.0 * float(data.share.sel(movement=movement).max())))
            axis.set_xlabel("age [years]")
        axes[0].set_ylabel("% of the lumbar extension of that age")
        legend(sheet, axes[0])
    return sheet


if __name__ == "__main__":
    script(__file__)
