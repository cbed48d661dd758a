"""Checking an answer from its file alone: its problem rebuilt, solved again, and solved by somebody else's optimiser.

Two checks. *Consistency*: the problem in the file is solved again by our own solver, and everything that follows from
it is held against what the file says: motions, proof, budget, relief, derivatives, labels. What follows from nothing
(the recording, its times, masses a task does not use) is covered by the file's digest alone, which tells accidents and
careless hands, not a forger. *Agreement*: in sampled frames every posture problem behind the answer is stated a second
time (`simulate.restated`) and solved by SciPy's SLSQP from starts of its own; it must not find less.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain, Point
from kinematics.conventions import COORDINATES, SEGMENTS, SPINE
from kinematics.errors import HipspineError
from kinematics.rom import RangeOfMotion
from kinematics.zero import Standing
from simulate.assemble import SLIDES, TURNS, Inputs, version_here
from simulate.compensation import answer_to, bounds_of
from simulate.goals import MASS_CENTRE, CombinationGoal, Goal, OrientationGoal, PointGoal
from simulate.io.netcdf import digest, read_result
from simulate.kernels.data import Tissue, no_tissue
from simulate.motion import Motion
from simulate.problem import Task
from simulate.restated import Restated
from simulate.restrictions import parse_cause, restrict
from simulate.result import Compensation
from simulate.solution import UNSOLVED, Answer, Stage
from simulate.strategies import allowances

Array = NDArray[np.float64]

#: What the file says and what follows from it may differ by rounding that an optimum magnifies, no more: this share of
#: the variable's size, or of one.
CONSISTENT = 1e-5
#: What `least` finds is a best of several starts; where two are as good to rounding, another may come first. Its
#: numbers may differ by this much, by unit; its relief, a search of its own, is not compared.
BEST_FOUND = {"deg": 0.1, "mm": 0.1, "m": 1e-3}
#: An energy is the same to this share of itself, or to this many joules; a least miss in its spring's share.
SAME_ENERGY, SAME_JOULES = 1e-7, 1e-9
#: Musts and bounds an optimum of SciPy's must meet to be taken for one. [m, rad]
FEASIBLE = 1e-7
#: Not compared: counts of a run; and what rounding decides where a bound holds with a multiplier of next to nothing.
_NOT_COMPARED = (
    "iterations", "starts", "starts_solved", "starts_agreeing", "ties_broken", "bound_active", "marginal_limit_reach",
    "marginal_stiffness_reach",
)  # fmt: skip
#: Derivatives are compared where nothing comes to bind within this much of the parameter. [its unit]
_FAR_FROM_CHANGE = 0.05
#: Attributes that say how a run went, not what it found.
_OF_THE_RUN = ("digest", "solver_ms", "version")


@dataclass(frozen=True)
class Check:
    """One posture problem in one frame, solved by both.

    `gap_j` what ours costs more than SciPy's best; `posture_deg` largest difference of an angle; `confirmed` whether
    SciPy found a posture that meets the musts; `holds` whether that one costs no less than ours.
    """

    strategy: str
    what: str
    frame: int
    energy_j: float
    gap_j: float
    posture_deg: float
    confirmed: bool
    holds: bool


@dataclass(frozen=True)
class Inconsistency:
    """A variable of the file that does not follow from its problem, with the largest difference and where."""

    variable: str
    where: str
    says: float
    follows: float


@dataclass(frozen=True)
class Verification:
    """What was found: `inconsistencies` with the problem, `checks` against SciPy, how many frames are `unsolved`."""

    inconsistencies: tuple[Inconsistency, ...]
    checks: tuple[Check, ...]
    unsolved: int

    @property
    def holds(self) -> bool:
        """Whether the file is consistent and nothing less was found."""
        return not self.inconsistencies and all(check.holds for check in self.checks)


def rebuild(result: Compensation) -> Inputs:
    """The problem a result answers, from its data set alone.

    Parameters
    ----------
    result : Compensation

    Returns
    -------
    Inputs
    """
    attrs, n = result.attrs, result.sizes["frame"]
    points = {
        name: Point(str(segment), tuple(place)) for name, (segment, place) in json.loads(attrs["chain_points"]).items()
    }
    chain = Chain(
        name=attrs["chain"],
        axes=result.chain_axes.values,
        offsets=result.chain_offsets.values,
        masses=result.segment_mass.values,
        mass_centres=result.segment_mass_centre.values,
        points=points,
        locked=tuple(json.loads(attrs["chain_locked"])),
        source=attrs["chain_source"],
    )
    task = Task(
        name=attrs["task"],
        chain=chain,
        motion=Motion(time=result.time.values, names=(), values=np.zeros((n, 0)), source=attrs["source"]),
        time=result.time.values,
        q=_postures(result.recorded.values, result.recorded_translation.values),
        goals=tuple(_goals(result)),
        stiffness=result.stiffness.values,
        standing=Standing(0.0, 0.0, (0.0, 0.0), np.zeros(len(SPINE)), attrs["zero_text"]),
        percent={side: result[f"percent_{side}"].values for side in ("r", "l")},
        loaded={side: result[f"loaded_{side}"].values.astype(bool) for side in ("r", "l")},
        yields=tuple(json.loads(attrs["yields"])),
        source=attrs["source"],
        tissue=_tissue(result),
        span=attrs["span"],
        constructed=attrs["constructed"],
        raised=attrs["raised"],
        active=bool(json.loads(attrs["active"])),
    )
    offsets = np.zeros(len(COORDINATES))
    offsets[TURNS] = np.deg2rad(result.zero_offset.values)
    given = {f"{name}_deg": float(value) for name, value in json.loads(attrs["limits_deg"]).items()}
    causes = tuple(
        parse_cause(f"{cause['name']}:{cause['side']}:{cause['severity']}") for cause in json.loads(attrs["causes"])
    )
    # the limits in the file are the causes' too: to restrict them once more changes nothing
    rom = RangeOfMotion.normal().limited(**given)
    stiff = restrict(rom, causes, active=task.active, offsets=offsets, tissue=task.tissue)
    free, limited, _ = bounds_of(task, stiff.rom, offsets)
    return Inputs(
        task=task,
        rom=stiff.rom,
        zero=attrs["zero"],
        zero_text=attrs["zero_text"],
        offsets=offsets,
        bounds={"free": free, "limit": limited},
        allow=allowances(json.loads(attrs["allowances"])),
        notices=tuple(json.loads(attrs["notices"])),
        causes=causes,
        imposed_deg=stiff.imposed_deg,
        tissue=stiff.tissue,
    )


def _postures(turns_deg: Array, slides: Array) -> Array:
    q = np.zeros((len(slides), len(COORDINATES)))
    q[:, TURNS], q[:, SLIDES] = np.deg2rad(turns_deg), slides
    return q


def _tissue(result: Compensation) -> Tissue:
    """The tissues of the free body; what causes add follows from them."""
    if "tissue_kind" not in result:
        return no_tissue()
    own = result.tissue_restriction.values == 0
    return Tissue(*(np.array(result[f"tissue_{name}"].values[own]) for name in Tissue._fields))


def _goals(result: Compensation) -> Iterator[Goal]:
    """The goals, in order."""
    for g, name in enumerate(result.goal.values):
        one = result.isel(goal=g)
        kind = str(one.goal_kind.values)
        rows = 3 if kind == "orientation" else 1
        shared: dict[str, Any] = {
            "name": str(name),
            "role": one.goal_role.values[:, :rows],
            "room": np.stack([one.goal_low.values, one.goal_high.values], axis=-1)[:, :rows],
            "stiffness": one.goal_stiffness.values[:, :rows],
            "stiffness_name": str(one.goal_stiffness_name.values),
            "yields": int(one.goal_yields),
            "allowance": str(one.goal_allowance.values),
            "allowed": np.stack([one.goal_allowed_low.values, one.goal_allowed_high.values], axis=-1)[:, :rows],
        }
        if kind == "orientation":
            yield OrientationGoal(**shared, segment=SEGMENTS[int(one.goal_segment)], target=one.goal_orientation.values)
        elif kind == "combination":
            factors = {c: float(v) for c, v in zip(COORDINATES, one.goal_factor.values, strict=True) if v != 0.0}
            yield CombinationGoal(**shared, factors=factors, target=one.goal_target.values)
        else:
            x, y, z = (float(v) for v in one.goal_point.values)
            point = MASS_CENTRE if kind == "mass centre" else Point(SEGMENTS[int(one.goal_segment)], (x, y, z))
            yield PointGoal(
                **shared,
                point=point,
                normal=one.goal_normal.values,
                target=one.goal_target.values,
                is_direction=kind in ("direction", "heading"),
                is_heading=kind == "heading",
            )


def verify(path: str | Path, *, frames: int | None = 6) -> Verification:
    """Check a result file.

    Parameters
    ----------
    path : str or Path
        A ``result.nc``.
    frames : int, optional
        How many frames of each posture problem to solve with SciPy, from the one that moved most to the one that moved
        least; all if None.

    Returns
    -------
    Verification

    Raises
    ------
    HipspineError
        If the file cannot be read, or does not hold a problem.
    """
    result = read_result(path)
    written = result.attrs.get("version", "a version without a name")
    if written != version_here():
        raise HipspineError(f"{path}: was written by hipspine {written}; this is {version_here()}")
    try:
        inputs, strategies = rebuild(result), [str(name) for name in result.strategy.values]
        reliefs = "reliefs" in result.attrs
    except (KeyError, AttributeError, ValueError, TypeError, IndexError, HipspineError) as error:
        raise HipspineError(f"{path}: holds no whole problem: {type(error).__name__}: {error}") from None
    again, answers = answer_to(inputs, strategies, reliefs=reliefs)
    checks = [
        check
        for name, answer in answers.items()
        for check in _checks(name, answer, _said(result, name), inputs.task.q, frames)
    ]
    return Verification(
        inconsistencies=tuple(_inconsistencies(result, again)),
        checks=tuple(checks),
        unsolved=int((result.status == UNSOLVED).sum()),
    )


def _said(result: Compensation, strategy: str) -> Array:
    """The restricted postures (F, 24) as the file has them."""
    one = result.sel(strategy=strategy)
    return _postures(one.restricted.values, one.restricted_translation.values)


def _inconsistencies(result: Compensation, again: Compensation) -> Iterator[Inconsistency]:
    """Every variable that does not follow from the problem in the file; before them, whether it was changed since."""
    if result.attrs.get("digest") != digest(result):
        yield Inconsistency("digest", "the file was changed after it was written", np.nan, np.nan)
    for name in sorted({str(n) for n in result.variables} ^ {str(n) for n in again.variables}):
        yield Inconsistency(name, "missing" if name not in result.variables else "unexpected", np.nan, np.nan)
    for name in sorted((set(result.attrs) | set(again.attrs)) - set(_OF_THE_RUN)):
        if str(result.attrs.get(name)) != str(again.attrs.get(name)):
            yield Inconsistency(f"attribute {name}", f"says {result.attrs.get(name)}", np.nan, np.nan)
    lost = (result.status.values == UNSOLVED) | (again.status.values == UNSOLVED)
    for key, follows in again.variables.items():
        name = str(key)
        if name not in result.variables or name in _NOT_COMPARED:
            continue
        says = result[name].variable
        if says.dims != follows.dims or says.shape != follows.shape:
            yield Inconsistency(name, f"has {dict(says.sizes)}, should have {dict(follows.sizes)}", np.nan, np.nan)
        elif _plain(says.attrs) != _plain(follows.attrs):
            yield Inconsistency(name, f"is described by {says.attrs}, should be by {follows.attrs}", np.nan, np.nan)
        elif says.dtype.kind not in "fiub":
            if (says.values.astype(str) != follows.values.astype(str)).any():
                yield Inconsistency(name, "other words", np.nan, np.nan)
        else:
            differ = _difference(says.values, follows.values)
            if follows.dims[:2] == ("strategy", "frame"):
                differ[lost] = 0.0  # an unsolved posture follows from nothing
            elif name.endswith("mean"):
                differ[lost.any(axis=1)] = 0.0
            if follows.dims[:1] == ("strategy",):
                least = [str(strategy) == "least" for strategy in result.strategy.values]
                near = np.inf if name == "relief" else BEST_FOUND.get(str(follows.attrs.get("units")), 0.0)
                differ[least] = np.where(differ[least] <= near, 0.0, differ[least])
            if name.startswith("marginal"):
                differ = np.where(_far_from_change(name, result, again), differ, 0.0)
            sizes = np.abs(follows.values[np.isfinite(follows.values)], dtype=np.float64)
            if differ.size and differ.max() > CONSISTENT * max(1.0, sizes.max(initial=0.0)):
                k = np.unravel_index(int(differ.argmax()), differ.shape)
                where = ", ".join(f"{dim} {_label(result, dim, i)}" for dim, i in zip(says.dims, k, strict=True))
                yield Inconsistency(name, where, float(says.values[k]), float(follows.values[k]))


def _plain(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes as a file gives them back: lists for arrays."""
    return {str(name): np.asarray(value).tolist() for name, value in attrs.items()}


def _difference(says: Array, follows: Array) -> Array:
    """How far apart two arrays are; nothing where both are nan or the same infinity."""
    a, b = np.asarray(says, dtype=np.float64), np.asarray(follows, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        differ = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
    differ[np.isnan(differ)] = np.inf
    return differ


def _far_from_change(name: str, result: Compensation, again: Compensation) -> Any:
    """Where a derivative is the same on both sides of rounding, by both; means are, if every frame's is."""
    reach = f"marginal_{'limit' if name.startswith('marginal_limit') else 'stiffness'}_reach"
    near = [(one[reach] <= _FAR_FROM_CHANGE) for one in (result, again) if reach in one]
    far = ~near[0] & ~near[-1]
    if name.endswith("mean"):
        far = far.all("frame")
    return far.broadcast_like(again[name]).transpose(*again[name].dims).values


def _label(result: Compensation, dim: Any, i: Any) -> str:
    return str(result[dim].values[i]) if dim in result.coords and result[dim].ndim else str(int(i))


def _checks(strategy: str, answer: Answer, said: Array, recorded: Array, frames: int | None) -> Iterator[Check]:
    """Every posture problem behind one answer, in sampled frames."""
    decides = {int(f): number for number, stage in enumerate(answer.stages) for f in _solved(stage)}
    for number, stage in enumerate(answer.stages):
        solved = np.flatnonzero(stage.solution.status != UNSOLVED)
        if solved.size == 0:
            continue
        moved = np.abs(stage.solution.q - stage.task.q)[solved].max(axis=1)
        if frames is not None:
            # from the frame that moved most to the one that moved least
            spread = np.unique(np.linspace(0, solved.size - 1, frames).astype(int))
            solved = solved[np.argsort(-moved, kind="stable")[spread]]
        for k in solved:
            f = int(stage.frames[k])
            # in closure pelvis and spine are found before the other leg: no one problem holds the whole posture
            yield _check(strategy, stage, int(k), said[f] if decides[f] == number and strategy != "closure" else None)


def _solved(stage: Stage) -> NDArray[np.intp]:
    return np.asarray(stage.frames[stage.solution.status != UNSOLVED])


def _check(strategy: str, stage: Stage, k: int, said: Array | None) -> Check:
    """One problem in one frame: ours, or what the file says it is, against SciPy's."""
    problem = Restated(stage.task, k, stage.lower[k], stage.upper[k])
    ours = stage.solution.q[k] if said is None else said
    energy = problem.energy(ours)
    same = SAME_JOULES + SAME_ENERGY * abs(energy)
    best, posture = np.inf, ours
    nearby = ours + np.deg2rad(2.0) * np.random.default_rng(k).uniform(-1.0, 1.0, 24) * (np.arange(24) > 2)
    for start in (stage.task.q[k], nearby):
        q, _converged = problem.solve(start)
        if problem.violation(q) <= FEASIBLE and problem.energy(q) < best:
            best, posture = problem.energy(q), q
        if abs(best - energy) <= same:
            break
    apart = float(np.rad2deg(np.abs(posture - ours)[TURNS].max()))
    feasible = problem.violation(ours) <= FEASIBLE
    confirmed = bool(np.isfinite(best))
    holds = feasible and (not confirmed or energy <= best + same)
    return Check(
        strategy,
        stage.what,
        int(stage.frames[k]),
        energy,
        energy - best if confirmed else np.nan,
        apart,
        confirmed,
        holds,
    )


__all__ = ["Check", "Inconsistency", "Verification", "rebuild", "verify"]
