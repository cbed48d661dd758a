"""Does limited hip extension go with lumbar rotation and not with lumbar extension, as in Kim & Shin 2020?

Subject  Cohorts of 59 people drawn from the published hip extension of people with low back pain (Roach 2015; the two
         hips differ, the lumbar ranges fall with age; population low_back_pain), on a generic body.
Task     Prone hip extension: the stiffer leg's thigh is raised 20 deg (an assumption) off a table into which nothing
         sinks and on which the body's weight rests.
Varied   The people; who gives way: nothing but pelvis and spine (closure), everything at its stiffness (predicted),
         the same if nobody extends the lumbar joint beyond 6 deg (Troke's oldest; that pain does this is an
         assumption), the least lumbar motion.
Held     Everything else: one body, one raise, one way of lying for all.
Outcome  Added lumbar extension and rotation (size), and roll of the pelvis, at the end of the raise; Spearman's
         correlation of the hip extension that is available with either, in each cohort; median and middle 95 % of many
         cohorts.
Run      python experiments/kim_shin_2020.py [--small] [--out FOLDER]

Of the paper only the abstract is at hand: signs, no coefficients; its posture and the place of its instrument are
assumed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.spatial.transform import Rotation

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, compare, dataset, script
from experiments.common.cases import cohort_value, column, spearman
from experiments.common.draw import PUBLISHED, legend, page
from kinematics.pose import orientation
from kinematics.rom import RangeOfMotion
from kinematics.tables import value
from kinematics.zero import standing_tilt, zero_offsets
from simulate.cohort import people
from simulate.compensation import bounds_of
from simulate.figures.style import BLUE, GREEN, ORANGE, SKY
from simulate.many import solve_many
from simulate.problem import Task
from simulate.solution import SOLVED
from simulate.strategies import allowances, closure, least, predicted
from simulate.tasks.catalogue import build_task

PEOPLE, RAISE, SPARED = 59, 20.0, 6.0
#: Cohorts by way, small and full grid; `least` looks from many starts and takes longest.
COHORTS = {
    "closure": {True: 4, False: 100},
    "predicted": {True: 20, False: 200},
    "predicted, extension spared": {True: 4, False: 100},
    "least": {True: 1, False: 5},
}
COLOURS = dict(zip(COHORTS, (ORANGE, BLUE, SKY, GREEN), strict=True))
OUTCOMES = {"extension": "lumbar extension", "rotation": "lumbar rotation", "roll": "roll of the pelvis"}
#: Halfway and the end of the raise.
FRAMES = np.array([25, 50])
#: Mean hip extension with low back pain, and what stretching the iliopsoas gave. [deg]
MEAN = cohort_value("low_back_pain", "hip_extension", "mean", group="low back pain")
GAINED = value("imposed", "stretched", package="experiments")


class Table:
    """The table, and how people lie on it: the task, the free answer, and bounds of a person."""

    def __init__(self) -> None:
        self.task: Task = build_task("prone", raise_=RAISE).frames(FRAMES)
        standing = self.task.standing
        self.offsets = zero_offsets("clinical", standing, standing_tilt_deg=standing_tilt(standing.tilt_deg)[0])
        self.free = predicted(self.task, *bounds_of(self.task, RangeOfMotion.normal(), self.offsets)[0]).solution.q

    def bounds(self, hips: tuple[float, float], extension: float, rotation: float) -> tuple[Any, Any]:
        """Of somebody whose raised and resting hip, and whose lumbar joint, go so far. [deg]"""
        rom = RangeOfMotion.normal().limited(
            hip_extension_right_deg=hips[0],
            hip_extension_left_deg=hips[1],
            lumbar_extension_deg=extension,
            lumbar_rotation_deg=rotation,
        )
        return bounds_of(self.task, rom, self.offsets)[1]

    def added(self, q: Any) -> Any:
        """Lumbar extension, sizes of lumbar rotation and the pelvis's roll (..., 3) of postures (..., 24). [deg]"""
        end = self.free[-1]
        turn = np.rad2deg(q - end)
        free = orientation(self.task.chain, end, "pelvis")
        rolled = Rotation.from_matrix(orientation(self.task.chain, np.nan_to_num(q), "pelvis") @ free.T).as_rotvec()
        roll = np.abs(np.rad2deg(rolled[..., 0]))
        found = np.stack(
            [turn[..., column("lumbar_extension")], np.abs(turn[..., column("lumbar_rotation")]), roll], axis=-1
        )
        return np.where(np.isfinite(turn[..., :1]), found, np.nan)


def run(*, small: bool) -> Outcome:
    """Draw the cohorts, lay everybody down, and correlate."""
    table, most = Table(), max(each[small] for each in COHORTS.values())
    drawn = people("low_back_pain", count=most * PEOPLE, seed=1, groups=["low back pain"])
    hips = drawn[["hip_extension_right", "hip_extension_left"]].to_numpy()
    stiffer = hips.min(axis=1)
    added = np.full((len(COHORTS), len(drawn), len(OUTCOMES)), np.nan)
    for w, (way, counts) in enumerate(COHORTS.items()):
        n = counts[small] * PEOPLE
        added[w, :n] = solve(table, way, drawn.iloc[:n])
    shape = (len(COHORTS), most, PEOPLE, len(OUTCOMES))
    limit, by_cohort = stiffer.reshape(most, PEOPLE), added.reshape(shape)
    r, moved = np.full((len(COHORTS), most, len(OUTCOMES)), np.nan), np.zeros(len(COHORTS), dtype=np.int8)
    for w, counts in enumerate(COHORTS.values()):
        for c in range(counts[small]):
            pairs = [spearman(limit[c], by_cohort[w, c, :, k]) for k in range(len(OUTCOMES))]
            r[w, c], moved[w] = [pair[0] for pair in pairs], moved[w] or pairs[1][1]
    data = dataset(
        {
            "r": (
                ("way", "cohort", "outcome"),
                r,
                "1",
                "Spearman's correlation of hip extension available and what is added",
            ),
            "added": (("way", "person", "outcome"), added, "deg", "added at the end of the raise, size"),
            "hip_extension": (("person",), stiffer, "deg", "hip extension available, stiffer side, clinical zero"),
            "asymmetry": (("person",), np.abs(hips[:, 0] - hips[:, 1]), "deg", "difference of the two hips"),
            "lumbar_extension": (
                ("person",),
                drawn["lumbar_extension"].to_numpy(),
                "deg",
                "lumbar extension available",
            ),
            "rotates": (("way",), moved, "1", "whether anybody's lumbar joint rotates at all"),
            "stretched": (
                ("way",),
                [stretched(table, way) for way in COHORTS],
                "deg",
                f"change of the pelvis's roll by {GAINED:g} deg more hip extension",
            ),
        },
        {
            "way": (list(COHORTS), "", "who gives way"),
            "cohort": (np.arange(most), "1", "drawn cohort"),
            "person": (np.arange(len(drawn)), "1", "drawn person"),
            "outcome": (list(OUTCOMES), "", "what is added"),
        },
        small=small,
        notices=[*table.task.notices, *drawn.attrs["notices"]],
        people_in_a_cohort=PEOPLE,
        raise_deg=RAISE,
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def solve(table: Table, way: str, drawn: pd.DataFrame) -> Any:
    """What is added (n, 3) to each of the drawn people."""
    extension = drawn["lumbar_extension"].to_numpy()
    if way == "predicted, extension spared":
        extension = np.minimum(extension, SPARED)
    hips = np.sort(drawn[["hip_extension_right", "hip_extension_left"]].to_numpy(), axis=1)
    bounds = [
        table.bounds((a, b), e, r) for (a, b), e, r in zip(hips, extension, drawn["lumbar_rotation"], strict=True)
    ]
    lower, upper = (np.array(end) for end in zip(*bounds, strict=True))
    if way.startswith("predicted"):
        found = solve_many(table.task, lower, upper, free=table.free, motions=True)
        return table.added(found.q[:, -1])
    one, task = closure if way == "closure" else least, table.task.frames(np.array([len(FRAMES) - 1]))
    answers = [
        one(task, low, high, free=table.free[-1:], allow=allowances()).solution
        for low, high in zip(lower, upper, strict=True)
    ]
    return table.added(np.array([np.where(each.status[-1] == SOLVED, each.q[-1], np.nan) for each in answers]))


def stretched(table: Table, way: str) -> float:
    """Change of the pelvis's roll when a hip of the mean extension gains some."""
    normal = {name: value("ranges", name) for name in ("hip_extension", "lumbar_extension", "lumbar_rotation_left")}
    rows = pd.DataFrame(
        {
            "hip_extension_right": [MEAN, MEAN + GAINED],
            "hip_extension_left": normal["hip_extension"],
            "lumbar_extension": normal["lumbar_extension"],
            "lumbar_rotation": normal["lumbar_rotation_left"],
        }
    )
    before, after = solve(table, way, rows)[:, 2]
    return float(after - before)


def median(data: xr.Dataset, way: str, outcome: str) -> float:
    """Of the correlations in all cohorts."""
    return float(data.r.sel(way=way, outcome=outcome).median(skipna=True))


def paragraph(data: xr.Dataset) -> str:
    """What was found, and what in the model decides it."""
    parts = []
    for way in COHORTS:
        low, high = (float(data.r.sel(way=way, outcome="rotation").quantile(q, skipna=True)) for q in (0.025, 0.975))
        mean = data.added.sel(way=way).mean("person", skipna=True)
        parts.append(
            f"{way}: {median(data, way, 'extension'):.2f} with extension ({float(mean.sel(outcome='extension')):.1f}° "
            f"on average) and {median(data, way, 'rotation'):.2f} ({low:.2f} to {high:.2f}) with rotation "
            f"({float(mean.sel(outcome='rotation')):.1f}°)"
        )
    first = data.added.sel(way="predicted")
    rotating = first.sel(outcome="rotation") > 0.5
    ends = data.lumbar_extension
    uneven, _ = spearman(data.asymmetry.values, first.sel(outcome="rotation").values)
    lost = int(np.isnan(first.sel(outcome="extension")).sum())
    used = (first.sel(outcome="extension") > ends - 0.5) & rotating
    share = float(used.sum() / max(int(rotating.sum()), 1))
    return (
        f"Median correlation of the hip extension that {PEOPLE} people have with what the lumbar joint adds: "
        f"{'; '.join(parts)}. A raised thigh asks the pelvis to tilt degree by degree, and a tilt over a trunk that "
        "rests on the table is extension: so extension follows the loss wherever the lumbar joint has it to give. Of "
        f"the {int(rotating.sum())} drawn people whose lumbar joint rotates by more than half a degree (predicted), "
        f"{100.0 * share:.0f} % have used up their own extension. What decides is thus how much extension the spine "
        f"has or will use. The difference of the two hips correlates with rotation by {uneven:.2f}: the leg that is "
        "not raised only rests." + (f" {lost} people could not complete the raise and are left out." if lost else "")
    )


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """Kim & Shin 2020, Jeon 2018."""
    found = []
    for row, outcome in (("V8.rotation", "rotation"), ("V8.extension", "extension")):
        for way in COHORTS:
            why = ""
            if outcome == "rotation" and not bool(data.rotates.sel(way=way)):
                why = "no lumbar joint rotates at all"
            elif outcome == "extension":
                why = "a pelvis that tilts under a trunk on a table extends the lumbar joint, where it has any to give"
            found.append(compare(row, median(data, way, outcome), way, why=why))
    return [*found, *(compare("V8.stretch", float(data.stretched.sel(way=way)), way) for way in ("predicted", "least"))]


def figure(data: xr.Dataset) -> Any:
    """People of the first cohort, and the correlations of all cohorts."""
    title = (
        f"Hip extension against lumbar rotation r = {median(data, 'predicted', 'rotation'):.2f}, against lumbar "
        f"extension {median(data, 'predicted', 'extension'):.2f} (predicted); in Kim & Shin 2020 strong and none"
    )
    panels = ["one cohort: lumbar extension", "one cohort: lumbar rotation", "correlations of all cohorts"]
    with page(title, panels, wide=4.7, high=4.4) as (sheet, axes):
        first = data.isel(person=slice(0, PEOPLE))
        for axis, outcome in zip(axes, ("extension", "rotation"), strict=False):
            for way, mark in zip(COHORTS, "x.+^", strict=True):
                axis.plot(
                    first.hip_extension,
                    first.added.sel(way=way, outcome=outcome),
                    mark,
                    color=COLOURS[way],
                    markersize=6,
                    label=way,
                )
            axis.set_xlabel("hip extension available [deg]")
        axes[0].set_ylabel("added [deg]")
        for k, way in enumerate(COHORTS):
            for outcome, mark, by in (("extension", "s", -0.15), ("rotation", "o", 0.15)):
                one = data.r.sel(way=way, outcome=outcome)
                low, mid, high = (float(one.quantile(q, skipna=True)) for q in (0.025, 0.5, 0.975))
                axes[2].plot([low, high], [k + by] * 2, color=COLOURS[way], linewidth=2.0)
                axes[2].plot(mid, k + by, mark, color=COLOURS[way], markersize=7)
                axes[2].annotate(outcome, (1.12, k + by), va="center", fontsize=10, annotation_clip=False)
        axes[2].axvspan(-0.256, 0.256, color=PUBLISHED, alpha=0.13, linewidth=0, label="not significant in 59 people")
        axes[2].set_yticks(range(len(COHORTS)), [way.replace(", ", ",\n") for way in COHORTS])
        axes[2].set_ylim(len(COHORTS) - 0.5, -0.5)
        axes[2].set_xlim(-1.08, 1.08)
        axes[2].set_xlabel("Spearman's correlation with hip extension")
        legend(sheet, axes[0], axes[2], columns=5)
    return sheet


if __name__ == "__main__":
    script(__file__)
