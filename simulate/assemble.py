"""Everything that was asked and found, put into one labelled data set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX, JOINT_CENTRES, ROTATIONS, SEGMENTS, SPINE, TRANSLATIONS
from kinematics.pose import positions
from kinematics.rom import RangeOfMotion, direction_name
from simulate.budget import PARTS, Budget
from simulate.goals import MASS_CENTRE, CombinationGoal, Goal, OrientationGoal, PointGoal
from simulate.kernels.data import Tissue, no_tissue
from simulate.marginal import Marginal, Parameters
from simulate.problem import Task, misses
from simulate.relief import SUMMARIES, Relief
from simulate.restrictions import Cause, joined
from simulate.result import STATUS, Compensation
from simulate.solution import SHORTFALL, Answer, Solution

Array = NDArray[np.float64]

TURNS = [INDEX[name] for name in ROTATIONS]
SLIDES = [INDEX[name] for name in TRANSLATIONS]
_AXES = ("x", "y", "z")
_FRAMED = ("strategy", "frame")


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a compensation was asked with.

    `offsets` (24,) rad turn model angles into those of the named zero; `bounds` holds (lower, upper) [rad, model zero]
    of the free and the restricted body; `allow` what strategy ``least`` may use [deg; m]. Of the `causes` of a stiff
    hip, `imposed_deg` says by clinical direction what they alone leave [deg], `tissue` what they add to the restricted
    body.
    """

    task: Task
    rom: RangeOfMotion
    zero: str
    zero_text: str
    offsets: Array
    bounds: Mapping[str, tuple[Array, Array]]
    allow: Mapping[str, float]
    notices: tuple[str, ...]
    causes: tuple[Cause, ...] = ()
    imposed_deg: Mapping[str, float] = field(default_factory=dict)
    tissue: Tissue = field(default_factory=no_tissue)

    @property
    def restricted_task(self) -> Task:
        """The task of the restricted body: with what the causes add to its tissues."""
        return replace(self.task, tissue=joined(self.task.tissue, self.tissue))


@dataclass(frozen=True, eq=False)
class Findings:
    """What was found: the free motion, each strategy's answer, and what follows from them."""

    free: Solution
    answers: Mapping[str, Answer]
    budgets: Mapping[str, Sequence[Budget]]
    relief: Relief | None
    parameters: Parameters
    marginals: Mapping[str, Marginal]


def build(inputs: Inputs, found: Findings) -> Compensation:
    """Put the solutions and the problem they solve into one labelled data set."""
    task, names = inputs.task, list(found.answers)
    restricted = np.stack([answer.solution.q for answer in found.answers.values()])
    motions = {"recorded": task.q, "free": np.repeat(found.free.q[None], len(names), axis=0), "restricted": restricted}
    drawn = [name for name in task.chain.points if name not in JOINT_CENTRES]
    variables: dict[str, Any] = {}
    for kind, q in motions.items():
        lead = ("frame",) if kind == "recorded" else _FRAMED
        variables[kind] = _variable((*lead, "coordinate"), np.rad2deg(q[..., TURNS]), "deg", f"{kind} joint angle")
        variables[f"{kind}_translation"] = _variable(
            (*lead, "translation"), q[..., SLIDES], "m", f"{kind} pelvis place"
        )
        for dim, points in (("landmark", JOINT_CENTRES), ("point", drawn)):
            places = positions(task.chain, q, points)
            variables[f"{kind}_{dim}s"] = _variable(
                (*lead, dim, "axis"), places, "m", f"{kind} place in the laboratory"
            )
    variables |= _proof(inputs, found.answers) | _problem(inputs) | _budget(found) | _marginals(found)
    limits = [direction_name(*limit) for limit in found.parameters.limits]
    coords = {
        "strategy": names,
        "coordinate": list(ROTATIONS),
        "translation": list(TRANSLATIONS),
        "landmark": list(JOINT_CENTRES),
        "point": drawn,
        "axis": list(_AXES),
        "body_coordinate": list(COORDINATES),
        "segment": list(SEGMENTS),
        "goal": [goal.name for goal in task.goals],
        "time": _variable(("frame",), task.time, "s", "time in the recording"),
        "yielding": list(_yielding(found.answers, task)),
    }
    if limits:
        coords |= {
            "limit": limits,
            "budget_part": list(PARTS),
            "other_leg": list(_OTHER_LEG),
            "summary": list(SUMMARIES),
        }
    if found.marginals and found.parameters.stiffness:
        coords["tissue_stiffness"] = list(found.parameters.stiffness)
    return Compensation(variables, coords, _attributes(inputs, found))


def _variable(dims: tuple[str, ...], data: Any, units: str, long_name: str, **attrs: Any) -> xr.Variable:
    return xr.Variable(dims, data, {"units": units, "long_name": long_name, **attrs})


def _yielding(answers: Mapping[str, Answer], task: Task) -> Sequence[str]:
    """What may fall short, in order: the task's own, and in one strategy more."""
    return max((answer.asked.yields for answer in answers.values()), key=len, default=task.yields)


def _proof(inputs: Inputs, answers: Mapping[str, Answer]) -> dict[str, xr.Variable]:
    """Per strategy and frame: status, residuals, what binds, and how often a search found the same."""
    lower, upper = inputs.bounds["limit"]
    solutions = {name: answer.solution for name, answer in answers.items()}
    yields = _yielding(answers, inputs.task)
    flags = {
        "flag_values": sorted(STATUS.values()),
        "flag_meanings": " ".join(sorted(STATUS, key=STATUS.__getitem__)),
    }
    must: dict[str, list[Array]] = {"mm": [], "deg": []}
    short: dict[str, list[Array]] = {"mm": [], "deg": []}
    over = []
    for name, answer in answers.items():
        solution = answer.solution
        miss, goals = misses(answer.asked, solution.q), answer.asked.goals
        fell = (solution.status == SHORTFALL)[:, None]
        for unit in ("mm", "deg"):
            mine = np.array([goal.unit == unit for goal in goals], dtype=bool)
            levels = np.array([goal.yields for goal in goals])
            # where nothing has fallen short, goals that may yield are musts like the others
            held = np.where(fell & (levels > 0), 0.0, miss)[:, mine]
            must[unit].append(held.max(axis=1, initial=0.0))
            short[unit].append(
                np.stack(
                    [
                        np.where(fell[:, 0], miss[:, mine & (levels == level)].max(axis=1, initial=0.0), 0.0)
                        for level in range(1, len(yields) + 1)
                    ],
                    axis=1,
                )
                if yields
                else np.zeros((len(miss), 0))
            )
        excess = np.rad2deg(np.maximum(lower - solution.q, solution.q - upper))[:, TURNS]
        bound = [name != "closure" or (c not in SPINE and not c.startswith("pelvis")) for c in ROTATIONS]
        over.append(np.maximum(excess[:, bound].max(axis=1), 0.0))

    def each(name: str) -> Array:
        return np.stack([getattr(solution, name) for solution in solutions.values()])

    proof = {
        "status": _variable(_FRAMED, each("status"), "1", "status of the frame", **flags),
        "iterations": _variable(_FRAMED, each("iterations"), "1", "solver iterations"),
        "kkt": _variable(_FRAMED, each("kkt"), "rad | m", "scaled KKT residual"),
        "must_mm": _variable(_FRAMED, np.stack(must["mm"]), "mm", "largest miss of a must goal on a place"),
        "must_deg": _variable(_FRAMED, np.stack(must["deg"]), "deg", "largest miss of a must goal on a direction"),
        "short_mm": _variable((*_FRAMED, "yielding"), np.stack(short["mm"]), "mm", "by how much a goal falls short"),
        "short_deg": _variable(
            (*_FRAMED, "yielding"), np.stack(short["deg"]), "deg", "turn by which a goal falls short"
        ),
        "bound_violation": _variable(_FRAMED, np.stack(over), "deg", "largest excess over the range of motion"),
        "bound_active": _variable(
            (*_FRAMED, "coordinate"), each("active")[..., TURNS], "1", "which bound binds: -1 lower, 1 upper, 0 none"
        ),
    }
    evidence = {key for answer in answers.values() for key in answer.evidence}
    for key in sorted(evidence):
        nothing = np.full(len(inputs.task.q), np.nan)
        data = np.stack([answer.evidence.get(key, nothing) for answer in answers.values()])
        proof[key] = _variable(_FRAMED, data, "1", f"{key.replace('_', ' ')}, of a search from several starts")
    return proof


_OTHER_LEG = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle", "subtalar_angle")


def _budget(found: Findings) -> dict[str, xr.Variable]:
    """Where the degrees of each limit went, and what giving them back would save; nothing without limits."""
    limits = found.parameters.limits
    if not limits:
        return {}
    shape = (len(found.answers), len(limits))
    loss, frame = np.zeros(shape), np.full(shape, -1)
    parts, other = np.zeros((*shape, len(PARTS))), np.zeros((*shape, len(_OTHER_LEG)))
    for s, budgets in enumerate(found.budgets.values()):
        for budget in budgets:
            k = limits.index((budget.coordinate, budget.direction))
            loss[s, k], frame[s, k] = np.rad2deg(budget.loss), budget.frame
            parts[s, k], other[s, k] = np.rad2deg(budget.parts), np.rad2deg(budget.other_leg)
    lead = ("strategy", "limit")
    out = {
        "budget_loss": _variable(lead, loss, "deg", "what the hip gives up at the frame of its greatest loss"),
        "budget_frame": _variable(lead, frame, "1", "frame of the greatest loss; -1 if the limit takes nothing away"),
        "budget": _variable((*lead, "budget_part"), parts, "deg", "part of the loss that is made up for there"),
        "budget_other_leg": _variable((*lead, "other_leg"), other, "deg", "added in the other leg at that frame"),
    }
    if found.relief is not None:
        saved = np.rad2deg(np.stack(list(found.relief.saved.values())))
        out["relief"] = _variable((*lead, "summary"), saved, "deg", "largest change saved when the limit is given back")
        out["relief_given_back"] = _variable(
            ("limit",), np.rad2deg(found.relief.given_back), "deg", "how much of the limit is given back"
        )
    return out


def _marginals(found: Findings) -> dict[str, xr.Variable]:
    """Derivatives of every coordinate by every limit and stiffness."""
    out: dict[str, xr.Variable] = {}
    if not found.marginals:
        return out
    n = len(found.parameters.limits)

    def mean(rates: Array) -> Array:
        """Mean over the frames that have a derivative; NaN if none has."""
        there = np.isfinite(rates)
        total, count = np.where(there, rates, 0.0).sum(axis=1), there.sum(axis=1)
        return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))

    dq = np.stack([m.dq for m in found.marginals.values()])
    reach = np.stack([m.reach for m in found.marginals.values()])
    if n:
        # towards more range: a lower bound that goes down
        sign = np.array([direction for _, direction in found.parameters.limits])
        out["marginal_limit"] = _variable(
            (*_FRAMED, "coordinate", "limit"), dq[:, :, TURNS, :n] * sign, "deg / deg", "by a degree more of the limit"
        )
        out["marginal_limit_translation"] = _variable(
            (*_FRAMED, "translation", "limit"),
            np.deg2rad(dq[:, :, SLIDES, :n] * sign),
            "m / deg",
            "by a degree more of the limit",
        )
        out["marginal_limit_mean"] = _variable(
            ("strategy", "coordinate", "limit"), mean(dq[:, :, TURNS, :n] * sign), "deg / deg", "mean over the frames"
        )
        out["marginal_limit_reach"] = _variable(
            (*_FRAMED, "limit"), np.rad2deg(reach[:, :, :n]), "deg", "change of the limit until something else binds"
        )
    if found.parameters.stiffness:
        lead, unit = "tissue_stiffness", "(N m/rad | N/m)"
        out["marginal_stiffness"] = _variable(
            (*_FRAMED, "coordinate", lead), np.rad2deg(dq[:, :, TURNS, n:]), f"deg / {unit}", "by a unit more stiffness"
        )
        out["marginal_stiffness_translation"] = _variable(
            (*_FRAMED, "translation", lead), dq[:, :, SLIDES, n:], f"m / {unit}", "by a unit more stiffness"
        )
        out["marginal_stiffness_mean"] = _variable(
            ("strategy", "coordinate", lead),
            np.rad2deg(mean(dq[:, :, TURNS, n:])),
            f"deg / {unit}",
            "mean over the frames",
        )
        out["marginal_stiffness_reach"] = _variable(
            (*_FRAMED, lead), reach[:, :, n:], unit, "change of the stiffness until something else binds"
        )
    return out


def _problem(inputs: Inputs) -> dict[str, xr.Variable]:
    """The problem: chain, bounds, stiffness, goals, cycle."""
    task, chain = inputs.task, inputs.task.chain
    own = {}
    low, high = inputs.rom.bounds(np.zeros(len(COORDINATES)))
    for end, bound in (("lower", low), ("upper", high)):
        own[f"own_{end}"] = _variable(
            ("coordinate",), np.rad2deg(bound[TURNS]), "deg", f"{end} end of the person's own range, from its zero"
        )
    bounds = {
        f"{kind}_{end}": _variable(
            ("coordinate",), np.rad2deg(bound[TURNS]), "deg", f"{end} bound of the {kind} body, model zero"
        )
        for kind, pair in inputs.bounds.items()
        for end, bound in zip(("lower", "upper"), pair, strict=True)
    }
    cycle = {}
    for side in ("r", "l"):
        cycle[f"percent_{side}"] = _variable(("frame",), task.percent[side], "%", f"part of the cycle, side {side}")
        cycle[f"loaded_{side}"] = _variable(("frame",), task.loaded[side], "1", f"forefoot loaded, side {side}")
    problem = {
        "zero_offset": _variable(
            ("coordinate",),
            np.rad2deg(inputs.offsets[TURNS]),
            "deg",
            "added to a model angle gives that of the named zero",
        ),
        "stiffness": _variable(("body_coordinate",), task.stiffness, "N m/rad", "stiffness about the reference"),
        "chain_axes": _variable(("body_coordinate", "axis"), np.array(chain.axes), "1", "axis in the frame before"),
        "chain_offsets": _variable(
            ("body_coordinate", "axis"), np.array(chain.offsets), "m", "place in the frame before"
        ),
        "segment_mass": _variable(("segment",), np.array(chain.masses), "kg", "mass"),
        "segment_mass_centre": _variable(("segment", "axis"), np.array(chain.mass_centres), "m", "mass centre"),
        **own,
        **bounds,
        **cycle,
        **_goals(task),
    }
    tissue = inputs.restricted_task.tissue
    if tissue.kind.size:
        dims = {"kind": (), "factor": ("body_coordinate",), "shift": (), "amplitude": (), "tangent": ()}
        for name, more in dims.items():
            problem[f"tissue_{name}"] = _variable(("tissue", *more), getattr(tissue, name), "1", f"tissue {name}")
        added = np.arange(tissue.kind.size) >= task.tissue.kind.size
        problem["tissue_restriction"] = _variable(
            ("tissue",), added.astype(np.int8), "1", "1 where a cause added it: of the restricted body only"
        )
    return problem


def goal_kind(goal: Goal) -> str:
    """What kind of goal it is, in one word."""
    if isinstance(goal, PointGoal):
        direction = "heading" if goal.is_heading else "direction"
        return "mass centre" if goal.of_whole_body else direction if goal.is_direction else "point"
    return "orientation" if isinstance(goal, OrientationGoal) else "combination"


def _goals(task: Task) -> dict[str, xr.Variable]:
    """Goals by name: role and room of each row and frame, and per kind what it needs."""
    n, k = len(task.q), len(task.goals)
    role, stiffness, target = np.zeros((n, k, 3), np.int8), np.zeros((n, k, 3)), np.full((n, k), np.nan)
    ends, allowed = np.zeros((n, k, 3, 2)), np.zeros((n, k, 3, 2))
    normal, orientation = np.full((n, k, 3), np.nan), np.full((n, k, 3, 3), np.nan)
    place, factor = np.full((k, 3), np.nan), np.full((k, len(COORDINATES)), np.nan)
    segment = np.full(k, -1)
    for g, goal in enumerate(task.goals):
        role[:, g, : goal.rows], stiffness[:, g, : goal.rows] = goal.roles(), goal.weights()
        ends[:, g, : goal.rows], allowed[:, g, : goal.rows] = goal.ends(), goal.ends(goal.allowed)
        if isinstance(goal, PointGoal):
            target[:, g], normal[:, g], place[g] = goal.target, goal.normal, goal.point.location
            if goal.point.segment != MASS_CENTRE.segment:
                segment[g] = SEGMENTS.index(goal.point.segment)
        elif isinstance(goal, OrientationGoal):
            orientation[:, g], segment[g] = goal.target, SEGMENTS.index(goal.segment)
        elif isinstance(goal, CombinationGoal):
            target[:, g], factor[g] = goal.target, goal.factor()
    meanings = {"flag_values": [0, 1, 2, 3], "flag_meanings": "off must prefers pulls"}
    framed, rowed = ("frame", "goal"), ("frame", "goal", "row")
    return {
        "goal_kind": xr.Variable(("goal",), [goal_kind(goal) for goal in task.goals]),
        "goal_segment": _variable(("goal",), segment, "1", "index into segment; -1 the whole body, or none"),
        "goal_role": _variable(rowed, role, "1", "role of a row in the frame", **meanings),
        "goal_low": _variable(rowed, ends[..., 0], "m | rad | 1", "low end of the room of a must, from the target"),
        "goal_high": _variable(rowed, ends[..., 1], "m | rad | 1", "high end of the room of a must, from the target"),
        "goal_target": _variable(framed, target, "m | rad | 1", "place along the normal, or sum of coordinates"),
        "goal_normal": _variable((*framed, "axis"), normal, "1", "world axis it is measured along"),
        "goal_point": _variable(("goal", "axis"), place, "m | 1", "point or direction in the segment's frame"),
        "goal_orientation": _variable((*framed, "axis", "column"), orientation, "1", "target orientation"),
        "goal_factor": _variable(("goal", "body_coordinate"), factor, "1", "factors of a combination of coordinates"),
        "goal_stiffness": _variable(rowed, stiffness, "N/m | N m/rad", "where it is only preferred"),
        "goal_stiffness_name": xr.Variable(("goal",), [goal.stiffness_name for goal in task.goals]),
        "goal_yields": _variable(
            ("goal",), [g.yields for g in task.goals], "1", "0 never, 1 falls short first, 2 next"
        ),
        "goal_allowance": xr.Variable(("goal",), [goal.allowance for goal in task.goals]),
        "goal_allowed_low": _variable(rowed, allowed[..., 0], "1", "added to the low end per unit of the allowance"),
        "goal_allowed_high": _variable(rowed, allowed[..., 1], "1", "added to the high end per unit of the allowance"),
    }


def _attributes(inputs: Inputs, found: Findings) -> dict[str, Any]:
    task, chain = inputs.task, inputs.task.chain
    lower, upper = inputs.bounds["limit"]
    limited = {
        f"{name}_{'min' if direction < 0 else 'max'}": float(
            np.rad2deg((lower if direction < 0 else upper)[INDEX[name]])
        )
        for name, direction in inputs.rom.limited_bounds
    }
    tight = [COORDINATES[i] for i in np.flatnonzero(inputs.tissue.factor.any(axis=0))]
    stiff = [*(name for name, _ in inputs.rom.limited_bounds), *tight]
    sides = sorted({name[-1] for name in stiff if name.startswith("hip")}, reverse=True)
    return {
        "title": f"hipspine: {task.name}",
        "task": task.name,
        "span": task.span,
        "raised": task.raised,
        "constructed": task.constructed,
        "source": task.source,
        "chain": chain.name,
        "chain_source": chain.source,
        "zero": inputs.zero,
        "zero_text": inputs.zero_text,
        "limits_deg": json.dumps(dict(inputs.rom.limits_deg)),
        "limits_model_deg": json.dumps(limited),
        "limited_bounds": json.dumps([list(limit) for limit in inputs.rom.limited_bounds]),
        "limited_sides": json.dumps(sides),
        "causes": json.dumps([cause.data() for cause in inputs.causes]),
        "imposed_deg": json.dumps(dict(inputs.imposed_deg)),
        "active": json.dumps(task.active),
        "allowances": json.dumps(dict(inputs.allow)),
        "notices": json.dumps(list(inputs.notices)),
        "yields": json.dumps(list(task.yields)),
        "chain_locked": json.dumps(list(chain.locked)),
        "chain_points": json.dumps({name: [p.segment, list(p.location)] for name, p in chain.points.items()}),
        "solver_ms": json.dumps({name: round(answer.solution.ms, 3) for name, answer in found.answers.items()}),
        "version": version_here(),
        **({"reliefs": "yes"} if found.relief is not None else {}),
    }


def version_here() -> str:
    """Version of this installation."""
    try:
        return version("hipspine")
    except PackageNotFoundError:
        return "not installed"


__all__ = ["SLIDES", "TURNS", "Findings", "Inputs", "build", "goal_kind", "version_here"]
