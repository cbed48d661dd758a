"""How do lumbar spine and hips share a backward bend, if nothing tells them how?

Subject  A generic adult standing on both feet.
Task     Lean the thorax backward over feet that stay, the mass centre over them. The reference is standing: every
         coordinate would rather stay as it stands, and no published share of spine and hips is put in. Knees and
         ankles may give, at their stiffness.
Varied   Lean of the thorax, 5 to 35 deg; hip extension available (the normal range, or none beyond standing).
Held     Tables ranges and stiffness. Strategy predicted: the free answer is the prediction.
Outcome  Lumbar extension over hip extension, both counted from standing; the same of the whole spine; the ratio of the
         speeds, which a bend without time has as the slope of one angle over the other.
Run      python experiments/backward_bend_rhythm.py [--small] [--out FOLDER]
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, Solved, compare, dataset, published, script, solved
from experiments.common.cases import free_of, standing_reference
from experiments.common.draw import band, page
from kinematics.tables import value
from simulate.figures.style import BLUE, GREEN, ORANGE, SKY
from simulate.tasks.catalogue import build_task

#: Lean at which the finding is told: what somebody does who is not told, table movements (an assumption). [deg]
USUAL = value("movements", "bend_backward", package="simulate")
LEANS = {True: np.array([15.0, USUAL]), False: np.array([5.0, 10.0, 15.0, 20.0, USUAL, 30.0, 35.0])}
PARTS = {"lumbar": "lumbar_extension", "thoracic": "thoracic_extension"}


def run(*, small: bool) -> Outcome:
    """Solve every lean, free and with limited hips."""
    leans, notices = LEANS[small], list[str]()
    ends = {name: np.full((len(leans), 2), np.nan) for name in ("lumbar", "thoracic", "hip", "pelvis", "knee")}
    ways = np.zeros((len(leans), 2))
    for i, lean in enumerate(leans):
        task = standing_reference(build_task("bend", direction="backward", angle=float(lean)))
        notices += task.notices
        free = free_of(task)
        limited = solved(task, ["predicted"], hip_extension_deg=float(free.hip_extension("r", kind="free")[0]))
        for j, (case, kind) in enumerate(((free, "free"), (limited, "restricted"))):
            k = len(task.q) // 2
            ends["hip"][i, j] = extension(case, kind)[k]
            for name, coordinate in PARTS.items():
                ends[name][i, j] = from_start(case, coordinate, kind)[k]
            ends["pelvis"][i, j] = from_start(case, "pelvis_tilt", kind)[k]
            ends["knee"][i, j] = from_start(case, "knee_angle_r", kind)[k]
            ways[i, j] = slope(from_start(case, PARTS["lumbar"], kind)[: k + 1], extension(case, kind)[: k + 1])
    dims = ("lean", "hips")
    data = dataset(
        {
            **{
                name: (dims, values, "deg", f"{name}, change from standing at the furthest lean")
                for name, values in ends.items()
            },
            "ratio": (dims, over(ends["lumbar"], ends["hip"]), "1", "lumbar extension over hip extension"),
            "whole_ratio": (
                dims,
                over(ends["lumbar"] + ends["thoracic"], ends["hip"]),
                "1",
                "extension of the whole spine over hip extension",
            ),
            "speed_ratio": (dims, ways, "1", "speed of the lumbar joint over that of the hips at the steepest"),
        },
        {
            "lean": (leans, "deg", "backward lean of the thorax"),
            "hips": (["free", "limited"], "", "normal hips, or hips that end where they are in standing"),
        },
        small=small,
        notices=notices,
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def from_start(case: Solved, coordinate: str, kind: str) -> Any:
    """A coordinate's change from standing over the bend. [deg]"""
    angle = case.angle(coordinate, kind=kind)
    return angle - angle[0]


def extension(case: Solved, kind: str) -> Any:
    """Hip extension from standing. [deg]"""
    return -from_start(case, "hip_flexion_r", kind)


def slope(lumbar: Any, hip: Any) -> float:
    """Ratio of peak speeds: both go from rest to rest in the same time."""
    return float(over(np.diff(lumbar).max(), np.diff(hip).max()))


def over(spine: Any, hip: Any) -> Any:
    """One angle over another; NaN where the hips do not move."""
    return spine / np.where(np.abs(hip) < 1e-3, np.nan, hip)


def of(data: xr.Dataset, name: str, lean: float = USUAL, hips: str = "free") -> float:
    """One number."""
    return float(data[name].sel(lean=lean, hips=hips))


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    free, least, most = data.ratio.sel(hips="free"), float(data.lean[0]), float(data.lean[-1])
    return (
        f"A backward lean of {USUAL:g}° that starts from standing, and of which only the thorax's angle is told, is "
        f"made of {of(data, 'lumbar'):.1f}° of lumbar and {of(data, 'thoracic'):.1f}° of thoracic extension, "
        f"{of(data, 'hip'):.1f}° of hip extension, {of(data, 'pelvis'):.1f}° of posterior tilt and "
        f"{of(data, 'knee'):.1f}° of knee flexion: the lumbar joint goes {of(data, 'ratio'):.2f} times as far as the "
        f"hips (the whole spine {of(data, 'whole_ratio'):.2f} times), between {float(free.sel(lean=least)):.2f} at "
        f"{least:g}° and {float(free.sel(lean=most)):.2f} at {most:g}° of lean. With hips that end where they are in "
        f"standing the lumbar joint extends by {of(data, 'lumbar', hips='limited') - of(data, 'lumbar'):.1f}° more. "
        "The ratio is that of the stiffness table: who makes the lumbar joint stiffer against pelvis and hips lowers "
        "it."
    )


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """Tojima 2016, Milosavljevic 2007."""
    return [
        compare("V7.ratio", of(data, "ratio"), "predicted"),
        compare("V7.velocity", of(data, "speed_ratio"), "predicted"),
    ]


def figure(data: xr.Dataset) -> Any:
    """What the lean is made of, and the ratio over the lean."""
    row = published("V7.ratio")
    title = (
        f"Bending backward the lumbar spine goes {of(data, 'ratio'):.1f} times as far as the hips (predicted); "
        f"published {row.value:g} times"
    )
    with page(title, ["what the lean is made of (free)", "lumbar over hip extension"], wide=5.6, high=4.2) as (
        sheet,
        axes,
    ):
        free = data.sel(hips="free")
        for name, colour, mark in (
            ("lumbar", BLUE, "o"),
            ("thoracic", SKY, "s"),
            ("hip", ORANGE, "^"),
            ("knee", GREEN, "v"),
        ):
            axes[0].plot(
                data.lean,
                free[name],
                marker=mark,
                color=colour,
                linewidth=2.2,
                label=f"{name} {'flexion' if name == 'knee' else 'extension'}",
            )
        axes[0].set_ylabel("change from standing [deg]")
        axes[1].plot(data.lean, free.ratio, marker="o", color=BLUE, linewidth=2.4, label="predicted")
        band(axes[1], row)
        axes[1].set_ylim(0.0, max(2.4, 1.1 * float(free.ratio.max())))
        for axis in axes[:2]:
            axis.set_xlabel("backward lean of the thorax [deg]")
        axes[0].legend(frameon=False, fontsize=11)
        axes[1].legend(frameon=False, fontsize=11)
    return sheet


if __name__ == "__main__":
    script(__file__)
