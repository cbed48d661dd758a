"""Who pays: what must the stiffness table say so that walking and bending backward come out as published?

Subject  A generic adult: bending backward from standing, and walking as the young adults of Lee et al. (2005) do.
Task     Backward bend of 25 deg (V7: Tojima 2016); walking with hips that end 4 deg sooner (V3: Lee 2005).
Varied   Stiffness of lumbar extension, of pelvic tilt and of a loaded knee: what they were assumed to be is known to a
         factor, table `experiments/data/calibration.csv`.
Held     Every other row of table stiffness, the passive tissues of the legs, the normal range of motion.
Outcome  The stiffnesses nearest to what was assumed (in logarithms, by those factors) at which the lumbar to hip ratio
         and the gain of anterior tilt come nearest to the published ones (by their tolerances): one least-squares sum.
Run      python experiments/calibration.py [--small] [--out FOLDER]

Nothing else is fitted to anything: what the other experiments say of the same table is a prediction. Table stiffness
holds what came out, to two digits. Of V3 only the difference of two groups' tilt is used, which no zero changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.optimize import least_squares

from experiments import age_and_tilt, backward_bend_rhythm
from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, compare, dataset, published, script, solved
from experiments.common.cases import free_of, standing_reference
from experiments.common.draw import PUBLISHED, page
from experiments.common.published import Published
from kinematics.conventions import COORDINATES
from kinematics.tables import rows
from simulate.figures.style import BLUE, GREY
from simulate.problem import Task, stiffness
from simulate.tasks.catalogue import build_task

Array = NDArray[np.float64]
TARGETS = ("V7.ratio", "V3.tilt")
#: Half the step of the derivatives, of the logarithm to base 2; and when the search ends.
STEP, ENOUGH = 0.05, 1e-3
WORDS = {"lumbar_extension": "lumbar extension", "pelvis_tilt": "pelvic tilt", "knee_angle": "loaded knee"}


@dataclass(frozen=True)
class Row:
    """What was assumed of one stiffness [N m/rad], and within what factor."""

    name: str
    prior: float
    factor: float


def assumed() -> tuple[Row, ...]:
    """What may be moved, as it was assumed."""
    return tuple(
        Row(row["name"], float(row["prior"]), float(row["factor"])) for row in rows("calibration", "experiments")
    )


def tabled() -> Array:
    """What table stiffness says of the same."""
    own = stiffness()
    return np.array([own[_columns(row.name)[0]] for row in assumed()])


@dataclass(frozen=True, eq=False)
class Movements:
    """The two movements that are fitted: the bend, the walk, and to what the walk's hips are cut. [deg]"""

    bend: Task
    walk: Task
    cut: float

    @classmethod
    def made(cls) -> Movements:
        """As their own experiments have them."""
        lean = backward_bend_rhythm.USUAL
        walk = age_and_tilt.walks()[age_and_tilt.ADULT]
        peak = float(free_of(walk).hip_extension("r", kind="free").max())
        return cls(
            standing_reference(build_task("bend", direction="backward", angle=lean)),
            walk,
            peak - (age_and_tilt.YOUNG - age_and_tilt.OLD),
        )

    def predicted(self, values: Array) -> Array:
        """Lumbar to hip ratio, and anterior tilt gained [deg], with these stiffnesses [N m/rad]."""
        bend = free_of(with_stiffness(self.bend, values))
        k = len(self.bend.q) // 2
        lumbar = backward_bend_rhythm.from_start(bend, "lumbar_extension", "free")[k]
        hip = backward_bend_rhythm.extension(bend, "free")[k]
        walk = solved(with_stiffness(self.walk, values), ["predicted"], hip_extension_deg=self.cut)
        return np.array([lumbar / hip, age_and_tilt.gained(walk, "predicted")["tilt"]])


def with_stiffness(task: Task, values: Array) -> Task:
    """The same task of a body with these stiffnesses. [N m/rad]"""
    own = task.stiffness.copy()
    for row, each in zip(assumed(), values, strict=True):
        own[_columns(row.name)] = each
    return replace(task, stiffness=own)


def _columns(name: str) -> list[int]:
    """Where a row of table stiffness stands in postures: once, or once a side."""
    return [i for i, each in enumerate(COORDINATES) if each in (name, f"{name}_r", f"{name}_l")]


def fitted(movements: Movements) -> tuple[Array, Array]:
    """The stiffnesses found [N m/rad], and how each published number pulls on the logarithm of each (2, rows)."""
    moved = assumed()
    prior = np.array([row.prior for row in moved])
    factor = np.log2([row.factor for row in moved])
    targets = [published(name) for name in TARGETS]
    value = np.array([row.value for row in targets])
    room = np.array([0.5 * (row.high - row.low) for row in targets])

    def misses(x: Array) -> Array:
        return np.concatenate([(movements.predicted(prior * 2.0**x) - value) / room, x / factor])

    def slopes(x: Array) -> Array:
        steps = STEP * np.eye(len(x))
        return np.array([(misses(x + step) - misses(x - step)) / (2.0 * STEP) for step in steps]).T

    found = least_squares(misses, np.zeros(len(moved)), jac=slopes, xtol=ENOUGH, ftol=ENOUGH)
    if not found.success:
        raise RuntimeError(f"the calibration did not converge: {found.message}")
    return prior * 2.0**found.x, np.asarray(found.jac)[: len(TARGETS)] * room[:, None]


def rounded(values: Array) -> Array:
    """To the two digits that the table has."""
    return np.array([float(f"{value:.2g}") for value in values])


def run(*, small: bool) -> Outcome:
    """Fit, and hold table stiffness against it."""
    movements, moved = Movements.made(), assumed()
    prior = np.array([row.prior for row in moved])
    found, slopes = fitted(movements)
    tables = {"assumed": prior, "calibrated": tabled()}
    reached = np.array([movements.predicted(values) for values in tables.values()])
    names = [row.name for row in moved]
    data = dataset(
        {
            "stiffness": (("table", "row"), np.array(list(tables.values())), "N m/rad", "stiffness"),
            "found": (("row",), found, "N m/rad", "stiffness found by the fit"),
            "predicted": (("table", "target"), reached, "1 | deg", "ratio, tilt gained"),
            "slope": (("target", "row"), slopes, "1 | deg", "change of a target by twice the stiffness"),
        },
        {
            "table": (list(tables), "", "stiffness as assumed, and as table stiffness has it"),
            "row": (names, "", "row of table stiffness"),
            "target": (list(TARGETS), "", "published result"),
        },
        small=small,
        notices=[*movements.bend.notices, *movements.walk.notices],
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    moved = ", ".join(
        f"{WORDS[row]} {float(data.stiffness.sel(table='assumed', row=row)):g} to "
        f"{float(data.stiffness.sel(table='calibrated', row=row)):g} N m/rad"
        for row in data.row.values
    )
    before, after = data.predicted.sel(table="assumed"), data.predicted.sel(table="calibrated")
    ratio, tilt = (published(name) for name in TARGETS)
    new, old = rounded(data.found.values), data.stiffness.sel(table="calibrated").values
    kept = "Table stiffness holds what the fit finds" if (new == old).all() else f"THE FIT NOW FINDS {new.tolist()}"
    return (
        f"From what was assumed the stiffnesses move: {moved}. The lumbar to hip ratio of a backward bend goes from "
        f"{float(before[0]):.2f} to {float(after[0]):.2f} (published {ratio.value:g}), the anterior tilt gained by a "
        f"hip that ends 4° sooner from {float(before[1]):.1f}° to {float(after[1]):.1f}° (published "
        f"{tilt.value:g}°, which is known to {0.5 * (tilt.high - tilt.low):.1f}° only and hardly pulls). A lumbar "
        "joint that is stiffer than in bending sideways is not what passive spines show: part of it stands for "
        f"muscle, and for what the model leaves out. {kept}."
    )


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """What was fitted."""
    after = data.predicted.sel(table="calibrated")
    return [compare(name, float(after.sel(target=name)), "calibrated table") for name in TARGETS]


def figure(data: xr.Dataset) -> Any:
    """The two published results before and after, and what was moved."""
    title = "Two published movements say who pays: the lumbar joint is stiffer than was assumed"
    panels = ["lumbar over hip extension (V7)", "anterior tilt gained (V3)", "stiffness"]
    with page(title, panels, wide=3.7, high=4.2) as (sheet, axes):
        for axis, name, unit in zip(axes, TARGETS, ("ratio", "deg"), strict=False):
            _beside(axis, data, published(name))
            axis.set_ylabel("ratio" if unit == "ratio" else "tilt gained [deg]")
        places = np.arange(len(data.row))
        for shift, table, colour in ((-0.18, "assumed", GREY), (0.18, "calibrated", BLUE)):
            values = data.stiffness.sel(table=table).values
            axes[2].bar(places + shift, values, 0.34, color=colour, label=table, zorder=2)
            for place, value in zip(places + shift, values, strict=True):
                axes[2].annotate(
                    f"{value:g}", (place, value), (0, 2), textcoords="offset points", ha="center", fontsize=10
                )
        axes[2].set_xticks(places, [WORDS[name].replace(" ", "\n") for name in data.row.values])
        axes[2].set_ylabel("stiffness [N m/rad]")
        axes[2].legend(frameon=False, fontsize=11)
    return sheet


def _beside(axis: Axes, data: xr.Dataset, row: Published) -> None:
    """A target before and after, beside the published value."""
    values = data.predicted.sel(target=row.id)
    axis.bar([0, 1], values, 0.6, color=[GREY, BLUE], zorder=2)
    for place, value in enumerate(values.values):
        axis.annotate(f"{value:.1f}", (place, value), (0, 2), textcoords="offset points", ha="center", fontsize=11)
    axis.errorbar(
        2, row.value, [[row.value - row.low], [row.high - row.value]], fmt="D", color=PUBLISHED, capsize=5, markersize=7
    )
    axis.set_xticks([0, 1, 2], ["assumed", "calibrated", row.cited.replace(" ", "\n")])
    axis.set_ylim(bottom=0.0)


if __name__ == "__main__":
    script(__file__)
