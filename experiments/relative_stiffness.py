"""Who pays for a stiff hip as the lumbar spine softens?

Subject  A generic adult, by free norm curves of walking and bending backward from standing.
Task     Walking with hips that stop at neutral: the loaded foot stays where it was, the trunk would rather stay
         upright. Backward bend of 25 deg with hips that end where they are in standing: the thorax gets there.
Varied   Stiffness of the lumbar joint about all three axes, an eighth to eight times table stiffness.
Held     Everything else of tables stiffness and passive_moments. Strategy predicted.
Outcome  Where the hip's lost degrees went at the frame of greatest loss: lumbar, thoracic, trunk lean, knee, foot and
         ankle (the budget, in % of the loss); lumbar extension added.
Run      python experiments/relative_stiffness.py [--small] [--out FOLDER]

"The body takes the path of least resistance" is the model, not its result: the result is how much of a doubt about the
spine's stiffness reaches the answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, Solved, compare, dataset, script, solved
from experiments.common.cases import free_of, standing_reference
from experiments.common.draw import legend, page
from kinematics.conventions import INDEX
from kinematics.tables import value
from simulate.budget import PARTS
from simulate.figures.budget import COLOURS
from simulate.problem import Task
from simulate.tasks.catalogue import build_task

FACTORS = {True: np.array([0.125, 1.0, 8.0]), False: 2.0 ** np.arange(-3.0, 3.01, 0.5)}
LUMBAR = ("lumbar_extension", "lumbar_bending", "lumbar_rotation")
#: How far somebody bends backward who is not told. [deg]
LEAN = value("movements", "bend_backward", package="simulate")


def run(*, small: bool) -> Outcome:
    """Solve both movements with every spine."""
    factors, notices = FACTORS[small], list[str]()
    movements = {"walk": build_task("walk", speed="free")}
    movements["backward bend"] = standing_reference(build_task("bend", direction="backward", angle=LEAN))
    shape = (len(movements), len(factors))
    kept = {name: np.full(shape, np.nan) for name in ("lumbar", "tilt", "knee", "loss")}
    parts = np.full((*shape, len(PARTS)), np.nan)
    for m, (name, task) in enumerate(movements.items()):
        notices += task.notices
        for i, factor in enumerate(factors):
            body = softened(task, float(factor))
            case = solved(body, ["predicted"], hip_extension_deg=limit(name, body))
            one = case.result.sel(strategy="predicted", limit="hip_extension_right")
            kept["loss"][m, i], parts[m, i] = float(one.budget_loss), one.budget.values
            k = int(one.budget_frame)
            kept["lumbar"][m, i] = float(case.change("lumbar_extension")[k])
            kept["tilt"][m, i] = float((case.anterior_tilt() - case.anterior_tilt(kind="free"))[k])
            kept["knee"][m, i] = float(case.change("knee_angle_r")[k])
    dims = ("movement", "softness")
    data = dataset(
        {
            "share": (
                (*dims, "part"),
                100.0 * parts / kept["loss"][..., None],
                "%",
                "of what the right hip lost, at the frame of its greatest loss",
            ),
            "loss": (dims, kept["loss"], "deg", "what the right hip lost"),
            "lumbar": (dims, kept["lumbar"], "deg", "lumbar extension added in that frame"),
            "tilt": (dims, kept["tilt"], "deg", "anterior tilt added in that frame"),
            "knee": (dims, kept["knee"], "deg", "knee flexion added in that frame"),
        },
        {
            "movement": (list(movements), "", "movement"),
            "softness": (factors, "1", "stiffness of the lumbar joint over that of table stiffness"),
            "part": (list(PARTS), "", "who pays"),
        },
        small=small,
        notices=notices,
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def softened(task: Task, factor: float) -> Task:
    """The same task of a body whose lumbar joint is so many times as stiff."""
    own = task.stiffness.copy()
    own[[INDEX[name] for name in LUMBAR]] *= factor
    return replace(task, stiffness=own)


def limit(movement: str, body: Task) -> float:
    """Hip extension available, clinical zero: neutral in walking, that of standing in the bend. [deg]"""
    if movement == "walk":
        return 0.0
    free: Solved = free_of(body)
    return float(free.hip_extension("r", kind="free")[0])


def of(data: xr.Dataset, name: str, movement: str, softness: float, part: str = "") -> float:
    """One number."""
    one = data[name].sel(movement=movement, softness=softness)
    return float(one.sel(part=part) if part else one)


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    soft, stiff = float(data.softness[0]), float(data.softness[-1])
    said = []
    for movement in (str(name) for name in data.movement.values):
        shares = ", ".join(
            f"{part} {of(data, 'share', movement, soft, part):.0f} / {of(data, 'share', movement, 1.0, part):.0f} / "
            f"{of(data, 'share', movement, stiff, part):.0f} %"
            for part in PARTS
        )
        said.append(
            f"{movement}, of {of(data, 'loss', movement, 1.0):.1f}° that the right hip loses: {shares}; lumbar "
            f"extension {of(data, 'lumbar', movement, soft):+.1f} / {of(data, 'lumbar', movement, 1.0):+.1f} / "
            f"{of(data, 'lumbar', movement, stiff):+.1f}°"
        )
    span = of(data, "lumbar", "walk", soft) / of(data, "lumbar", "walk", stiff)
    return (
        f"Who pays with a lumbar joint {soft:g} / 1 / {stiff:g} times as stiff as the table has it: {'; '.join(said)}. "
        f"From the stiffest to the softest spine the lumbar extension that walking adds grows {span:.1f} times, while "
        f"its stiffness falls {stiff / soft:.0f} times; the tilt of the pelvis goes from "
        f"{of(data, 'tilt', 'walk', stiff):.1f}° to {of(data, 'tilt', 'walk', soft):.1f}°."
    )


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """What several studies report of gains."""
    ends = {"softest": float(data.softness[0]), "stiffest": float(data.softness[-1])}
    return [
        compare(f"gain.{name}", of(data, key, "walk", at) / of(data, "loss", "walk", at), f"predicted, {which} spine")
        for name, key in (("pelvis", "tilt"), ("lumbar", "lumbar"))
        for which, at in ends.items()
    ]


def figure(data: xr.Dataset) -> Any:
    """Shares over softness, stacked, each movement; lumbar extension added."""
    title = (
        "The softer the lumbar spine, the more it pays: "
        f"{of(data, 'lumbar', 'walk', float(data.softness[-1])):.1f}° to "
        f"{of(data, 'lumbar', 'walk', float(data.softness[0])):.1f}° of extension for "
        f"{of(data, 'loss', 'walk', 1.0):.0f}° of a hip in walking (predicted)"
    )
    panels = [f"{movement}: who pays" for movement in data.movement.values]
    with page(title, [*panels, "lumbar extension added"], wide=4.3, high=4.2) as (sheet, axes):
        for axis, movement in zip(axes, data.movement.values, strict=False):
            shares = data.share.sel(movement=movement)
            base = {1: np.zeros(len(data.softness)), -1: np.zeros(len(data.softness))}
            for part in PARTS:
                values = shares.sel(part=part).values
                for sign in (1, -1):
                    own = np.where(np.sign(values) == sign, values, 0.0)
                    axis.fill_between(
                        data.softness, base[sign], base[sign] + own, color=COLOURS[part][0], linewidth=0,
                        label=part if sign == 1 else None,
                    )  # fmt: skip
                    base[sign] = base[sign] + own
            axis.set_ylabel("% of what the hip lost" if axis is axes[0] else "")
        for movement, mark in zip(data.movement.values, "os", strict=True):
            axes[2].plot(data.softness, data.lumbar.sel(movement=movement), marker=mark, linewidth=2.2, label=movement)
        axes[2].set_ylabel("[deg]")
        axes[2].set_ylim(bottom=0.0)
        axes[2].legend(frameon=False, fontsize=11)
        for axis in axes:
            axis.set_xscale("log", base=2)
            axis.set_xticks([0.125, 0.5, 1.0, 2.0, 8.0], ["1/8", "1/2", "table", "2", "8"])
            axis.axvline(1.0, color="white" if axis is not axes[2] else "0.7", linewidth=1.2, linestyle=(0, (4, 2)))
            axis.set_xlabel("stiffness of the lumbar joint")
        legend(sheet, axes[0])
    return sheet


if __name__ == "__main__":
    script(__file__)
