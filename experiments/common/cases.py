"""Cases to solve: a task under limits, and the angles one asks of the answer, each in the zero that its name says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from kinematics.conventions import INDEX, SIDES, SPINE
from kinematics.errors import unknown
from kinematics.pose import frames, orientation, positions
from kinematics.rom import RangeOfMotion
from kinematics.spine import follow, recombine
from kinematics.tables import rows
from kinematics.zero import standing_tilt
from simulate.compensation import compensate
from simulate.goals import MUST, SOFT, Goal, OrientationGoal, PointGoal
from simulate.problem import Task
from simulate.result import STATUS, Change, Compensation
from simulate.strategies import STRATEGIES as BY_NAME

Array = NDArray[np.float64]
#: Angles that differ by less are alike: rounding has no ranks. [deg]
ALIKE = 1e-3
STRATEGIES = tuple(BY_NAME)


@dataclass(frozen=True, eq=False)
class Solved:
    """A task, and the answer to it under some limits. Angles are over the frames, (F,); NaN where nothing was found."""

    task: Task
    result: Compensation

    def angle(self, coordinate: str, by: str = "predicted", kind: str = "restricted") -> Array:
        """A joint angle in the answer's zero: hips in the clinical one, pelvis and spine from standing. [deg]"""
        one = self.result.sel(strategy=by, coordinate=coordinate)
        found = one[kind].values + float(one.zero_offset)
        if kind == "restricted":
            found = np.where(self.result.status.sel(strategy=by).values == STATUS["unsolved"], np.nan, found)
        return np.asarray(found, dtype=np.float64)

    def hip_extension(self, side: str, by: str = "predicted", kind: str = "restricted") -> Array:
        """Hip extension, clinical zero. [deg]"""
        return -self.angle(f"hip_flexion_{side}", by, kind)

    def anterior_tilt(self, by: str = "predicted", kind: str = "restricted") -> Array:
        """Anterior tilt of the ASIS-PSIS line. [deg]"""
        return standing_tilt(self.task.standing.tilt_deg)[0] - self.angle("pelvis_tilt", by, kind)

    def change(self, coordinate: str, by: str = "predicted") -> Array:
        """Restricted minus free. [deg]"""
        return self.angle(coordinate, by) - self.angle(coordinate, by, "free")

    def largest(self, coordinate: str, by: str = "predicted") -> Change:
        """The change at its largest, with the peak, the range and the share of the person's own range."""
        return self.result.changes()[by][coordinate]

    def lumbar(self, by: str = "predicted") -> float:
        """The largest norm of what is added to the three lumbar axes. [deg]"""
        parts = [self.change(f"lumbar_{axis}", by) for axis in ("extension", "bending", "rotation")]
        return _most(np.linalg.norm(parts, axis=0))

    def short(self, by: str = "predicted", only: str = "") -> tuple[float, float]:
        """By how much what yields, or one thing of it, falls short at most. [mm, deg]"""
        one = self.result.sel(strategy=by)
        if only:
            one = one.sel(yielding=only)
        mm, deg = (float(part.max()) if part.size else 0.0 for part in (one.short_mm, one.short_deg))
        return mm, deg

    def count(self, status: str, by: str = "predicted") -> int:
        """How many frames are ``solved``, ``shortfall`` or ``unsolved``."""
        return int((self.result.status.sel(strategy=by) == STATUS[status]).sum())


def solved(
    task: Task, strategies: Sequence[str] = STRATEGIES, causes: Sequence[str] = (), /, **limits_deg: float | None
) -> Solved:
    """A task under causes and limits, by clinical direction and counted as `RangeOfMotion.limited` has them. [deg]"""
    rom = RangeOfMotion.normal().limited(**limits_deg)
    return Solved(task, compensate(task, rom=rom, strategies=strategies, reliefs=False, causes=causes))


def with_reference(task: Task, q: Array) -> Task:
    """The same task about another reference: its musts stay as they are, what is only preferred is the reference's.

    Parameters
    ----------
    task : Task
    q : ndarray, shape (F, 24)
        Postures that meet the musts. [m, rad]
    """
    R, o, _ = frames(task.chain, q)

    def preferred(goal: Goal) -> Goal:
        roles = goal.roles()
        if isinstance(goal, OrientationGoal) and not (roles == MUST).any():
            return replace(goal, target=orientation(task.chain, q, goal.segment))
        if isinstance(goal, PointGoal):
            own = goal.values(task.chain, q, R, o)[:, 0]
            return replace(goal, target=goal.target + np.where(roles[:, 0] == SOFT, own, 0.0))
        return goal

    return replace(task, q=q, goals=tuple(preferred(goal) for goal in task.goals))


def free_of(task: Task) -> Solved:
    """A task with nothing limited."""
    return solved(task, ["predicted"])


def standing_reference(task: Task) -> Task:
    """A movement that begins in standing, with nothing but that standing as its reference: musts stay as they are."""
    q = np.tile(task.q[:1], (len(task.q), 1))
    own = with_reference(task, q)
    musts = {goal.name: goal for goal in task.goals if (goal.roles() == MUST).any()}
    return replace(own, goals=tuple(musts.get(goal.name, goal) for goal in own.goals))


def tilted(task: Task, back_deg: float) -> Task:
    """The same walk with the pelvis tilted back by so much in every frame; legs and thorax keep their orientation.

    The pelvis turns about the middle of the hips, so that the feet stay; the spine gives in its published shares.
    """
    q, chain = task.q.copy(), task.chain
    thorax = orientation(chain, q, "thorax")
    hips = positions(chain, q, ["hip_r", "hip_l"]).mean(axis=1)
    q[:, INDEX["pelvis_tilt"]] += np.deg2rad(back_deg)
    q[:, :3] += hips - positions(chain, q, ["hip_r", "hip_l"]).mean(axis=1)
    pelvis = np.swapaxes(orientation(chain, q, "pelvis"), -1, -2)
    q[:, [INDEX[name] for name in SPINE]] = follow(chain, pelvis @ thorax, task.q[:, [INDEX[name] for name in SPINE]])
    for side in SIDES:  # flexion is the hip's first turn on the pelvis, and tilt the pelvis's last: they cancel
        q[:, INDEX[f"hip_flexion_{side}"]] -= np.deg2rad(back_deg)
    return with_reference(task, q)


def spine_ranges(case: Solved) -> tuple[Array, Array]:
    """Of the free motion: range of the thorax on the pelvis about its three axes [deg], and the share of the own lumbar
    range, from end to end, that the lumbar joint uses of it; each (3,).
    """
    free = case.task.q[:, [INDEX[name] for name in SPINE]]
    whole = np.rad2deg(np.ptp(recombine(case.task.chain, free), axis=0))
    names = SPINE[:3]
    own = [float(case.result.own_upper.sel(coordinate=c) - case.result.own_lower.sel(coordinate=c)) for c in names]
    return whole, np.array([np.ptp(case.angle(name, kind="free")) for name in names]) / np.array(own)


def cohort_value(population: str, of: str, what: str, *, group: str = "") -> float:
    """One number of table cohorts: of everyone of a population, or of one of its groups, both sexes alike.

    Raises
    ------
    HipspineError
        If there is none.
    """
    told = {
        " ".join(filter(None, (row["name"], row["group"], row["of"], row["what"]))): row["value"]
        for row in rows("cohorts", "simulate")
        if not row["sex"]
    }
    asked = " ".join(filter(None, (population, group, of, what)))
    if asked not in told:
        raise unknown("row of table cohorts", asked, told)
    return float(told[asked])


def spearman(x: Array, y: Array) -> tuple[float, bool]:
    """Rank correlation of two lists, and whether the second varies at all; 0 where it does not. NaN are left out."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    there = np.isfinite(x) & np.isfinite(y)
    x, y = x[there], y[there]
    if len(x) < 3 or np.ptp(y) < ALIKE or np.ptp(x) < ALIKE:
        return 0.0, False
    return float(np.corrcoef(rankdata(x), rankdata(np.where(np.abs(y) < ALIKE, 0.0, y)))[0, 1]), True


def column(name: str) -> int:
    """Place of a coordinate in postures."""
    return INDEX[name]


def _most(values: Array) -> float:
    """The largest of those that were found; NaN if none was."""
    there = values[np.isfinite(values)]
    return float(there.max()) if there.size else float("nan")


__all__ = [
    "STRATEGIES",
    "Solved",
    "cohort_value",
    "column",
    "free_of",
    "solved",
    "spearman",
    "spine_ranges",
    "standing_reference",
    "tilted",
    "with_reference",
]
