"""The answer as a labelled data set, with its summary and its JSON form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX, JOINT_CENTRES, ROTATIONS, SEGMENTS, SPINE, TRANSLATIONS
from kinematics.pose import positions
from kinematics.rom import RangeOfMotion
from simulate.motion import Motion, from_chain
from simulate.problem import PointGoal, Residuals, Task
from simulate.strategies import SHORTFALL, SOLVED, UNSOLVED, Solution

Array = NDArray[np.float64]

SUMMARISED = ("pelvis_tilt", "pelvis_list", "pelvis_rotation", *SPINE)
_TURNS = [INDEX[name] for name in ROTATIONS]
_SLIDES = [INDEX[name] for name in TRANSLATIONS]
_AXES = ("x", "y", "z")
#: Added motion below this is rounding, and has no place in the cycle. [deg]
NEGLIGIBLE_DEG = 1e-6


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a compensation was asked with.

    `offsets` (24,) rad turn model angles into those of the named zero; `bounds` holds (lower, upper) [rad, model zero]
    of the free and the restricted body.
    """

    task: Task
    rom: RangeOfMotion
    zero: str
    zero_text: str
    offsets: Array
    bounds: Mapping[str, tuple[Array, Array]]
    notices: tuple[str, ...]


class Change(NamedTuple):
    """What is added to one coordinate.

    `added_deg` restricted minus free, signed, at its largest; `at_percent` of the limited side's cycle, NaN if nothing
    is added; `peak_deg` the restricted angle's extreme on the side to which was added (without addition the largest),
    counted from standing; `range_deg` of the restricted angle; `share_of_range` the largest use of the person's own
    range in either direction (1 is all of it, infinity more than a range of nothing; NaN for the pelvis).
    """

    peak_deg: float
    range_deg: float
    added_deg: float
    at_percent: float
    share_of_range: float


class Compensation(xr.Dataset):  # type: ignore[no-untyped-call]
    """Restricted against free, per strategy and frame; an `xarray.Dataset` with the problem inside.

    Rotations are in degrees in the model's zero (add ``zero_offset`` for the named one), positions in metres.
    """

    __slots__ = ()

    @property
    def limited_side(self) -> str:
        """The side whose cycle is counted: the limited one, right if both or neither."""
        return "l" if json.loads(self.attrs["limited_sides"]) == ["l"] else "r"

    def percent(self) -> Array:
        """Percentage (F,) of the limited side's cycle."""
        return np.asarray(self[f"percent_{self.limited_side}"].values, dtype=np.float64)

    def changes(self) -> dict[str, dict[str, Change]]:
        """What each strategy adds to each coordinate of pelvis and spine: strategy -> coordinate -> `Change`."""
        return {str(name): {c: self._change(str(name), c) for c in SUMMARISED} for name in self.strategy.values}

    def summary(self) -> pd.DataFrame:
        """`changes` as a table: one row a strategy and coordinate, one column a field of `Change`."""
        rows = {(name, c): change._asdict() for name, found in self.changes().items() for c, change in found.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index=["strategy", "coordinate"])

    def _change(self, strategy: str, coordinate: str) -> Change:
        one = {"strategy": strategy, "coordinate": coordinate}
        restricted = self.restricted.sel(one).values + float(self.zero_offset.sel(coordinate=coordinate))
        added = self.restricted.sel(one).values - self.free.sel(one).values
        k = int(np.abs(added).argmax())
        moved = abs(added[k]) > NEGLIGIBLE_DEG
        peak = restricted.max() if added[k] > 0 else restricted.min()
        return Change(
            peak_deg=float(peak if moved else restricted[np.abs(restricted).argmax()]),
            range_deg=float(np.ptp(restricted)),
            added_deg=float(added[k]),
            at_percent=float(self.percent()[k]) if moved else float("nan"),
            share_of_range=self._share_of_range(coordinate, restricted),
        )

    def _share_of_range(self, coordinate: str, angle_deg: Array) -> float:
        if coordinate not in SPINE:
            return float("nan")
        lower, upper = (float(self[f"own_{end}"].sel(coordinate=coordinate)) for end in ("lower", "upper"))
        # how far it goes, and how far it can, in each direction; a range that is gone is used up by any use at all
        both = ((-float(angle_deg.min()), -lower), (float(angle_deg.max()), upper))
        return max(
            used / own if own > 0.0 else float("inf") if used > own + NEGLIGIBLE_DEG else 0.0 for used, own in both
        )

    def answer(self) -> dict[str, Any]:
        """The answer as plain data, for JSON; schema in ``simulate/data/answer.schema.json``."""
        return {
            "task": self.attrs["task"],
            "zero": self.attrs["zero"],
            "zero_text": self.attrs["zero_text"],
            "limits_deg": json.loads(self.attrs["limits_deg"]),
            "limits_model_deg": json.loads(self.attrs["limits_model_deg"]),
            "notices": json.loads(self.attrs["notices"]),
            "answers": {name: self._answer(name, found) for name, found in self.changes().items()},
        }

    def _answer(self, strategy: str, changes: dict[str, Change]) -> dict[str, Any]:
        one = self.sel(strategy=strategy)
        counts = {name: int((one.status == code).sum()) for name, code in _STATUS.items()}
        answer: dict[str, Any] = {
            "completed": counts["solved"] == one.sizes["frame"],
            "compensation": {
                name: {key: _or_none(number) for key, number in change._asdict().items()}
                for name, change in changes.items()
            },
        }
        if counts["shortfall"]:
            k = int(np.argmax(np.where(one.status == SHORTFALL, one.yielded_mm, 0.0)))
            answer["shortfall"] = {
                "goal": self.attrs["yields"],
                "mm": float(one.yielded_mm[k]),
                "deg": float(one.yielded_deg[k]),
                "at_percent": _or_none(self.percent()[k]),
                "frames": counts["shortfall"],
            }
        answer["solver"] = {
            "frames": one.sizes["frame"],
            **counts,
            "kkt_max": float(one.kkt.max()),
            "must_goal_max_mm": float(one.must_mm.max()),
            "must_goal_max_deg": float(one.must_deg.max()),
            "bound_violation_max_deg": float(one.bound_violation.max()),
            "ms": json.loads(self.attrs["solver_ms"])[strategy],
        }
        return answer


_STATUS = {"solved": SOLVED, "shortfall": SHORTFALL, "unsolved": UNSOLVED}


def _or_none(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


def build(
    inputs: Inputs,
    free: Solution,
    answers: Mapping[str, Solution],
    residuals: Mapping[str, Residuals],
) -> Compensation:
    """Put the solutions and the problem they solve into one labelled data set."""
    task, names = inputs.task, list(answers)
    restricted = np.stack([solution.q for solution in answers.values()])
    motions = {"recorded": task.q, "free": np.repeat(free.q[None], len(names), axis=0), "restricted": restricted}
    drawn = [name for name in task.chain.points if name not in JOINT_CENTRES]
    variables: dict[str, Any] = {}
    for kind, q in motions.items():
        lead = ("frame",) if kind == "recorded" else ("strategy", "frame")
        variables[kind] = _variable((*lead, "coordinate"), np.rad2deg(q[..., _TURNS]), "deg", f"{kind} joint angle")
        variables[f"{kind}_translation"] = _variable(
            (*lead, "translation"), q[..., _SLIDES], "m", f"{kind} pelvis place"
        )
        for dim, points in (("landmark", JOINT_CENTRES), ("point", drawn)):
            places = positions(task.chain, q, points)
            variables[f"{kind}_{dim}s"] = _variable(
                (*lead, dim, "axis"), places, "m", f"{kind} place in the laboratory"
            )
    variables |= _proof(inputs, answers, residuals) | _problem(inputs)
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
    }
    return Compensation(variables, coords, _attributes(inputs, free, answers))


def _variable(dims: tuple[str, ...], data: Any, units: str, long_name: str, **attrs: Any) -> xr.Variable:
    return xr.Variable(dims, data, {"units": units, "long_name": long_name, **attrs})


def _proof(
    inputs: Inputs, answers: Mapping[str, Solution], residuals: Mapping[str, Residuals]
) -> dict[str, xr.Variable]:
    """Per strategy and frame: status, residuals, what binds."""
    lower, upper = inputs.bounds["limit"]
    solutions = list(answers.values())
    dims = ("strategy", "frame")
    flags = {
        "flag_values": sorted(_STATUS.values()),
        "flag_meanings": " ".join(sorted(_STATUS, key=_STATUS.__getitem__)),
    }
    status = np.stack([s.status for s in solutions])
    mm, deg, yielded_mm, yielded_deg = (np.stack(each) for each in zip(*residuals.values(), strict=True))
    # where the yielding goals have not yielded they are musts like the others
    mm, deg = (np.where(status == SHORTFALL, a, np.maximum(a, b)) for a, b in ((mm, yielded_mm), (deg, yielded_deg)))
    over = []
    for name, solution in answers.items():
        excess = np.rad2deg(np.maximum(lower - solution.q, solution.q - upper))[:, _TURNS]
        bound = [name != "closure" or (c not in SPINE and not c.startswith("pelvis")) for c in ROTATIONS]
        over.append(np.maximum(excess[:, bound].max(axis=1), 0.0))
    return {
        "status": _variable(dims, status, "1", "status of the frame", **flags),
        "iterations": _variable(dims, np.stack([s.iterations for s in solutions]), "1", "solver iterations"),
        "kkt": _variable(dims, np.stack([s.kkt for s in solutions]), "rad | m", "scaled KKT residual"),
        "must_mm": _variable(dims, mm, "mm", "largest miss of a must goal on a place"),
        "must_deg": _variable(dims, deg, "deg", "largest miss of a must goal on a direction"),
        "yielded_mm": _variable(dims, yielded_mm, "mm", f"by how much falls short: {inputs.task.yields}"),
        "yielded_deg": _variable(dims, yielded_deg, "deg", f"turn by which falls short: {inputs.task.yields}"),
        "bound_violation": _variable(dims, np.stack(over), "deg", "largest excess over the range of motion"),
        "bound_active": _variable(
            (*dims, "coordinate"),
            np.stack([s.active[:, _TURNS] for s in solutions]),
            "1",
            "which bound binds: -1 lower, 1 upper, 0 none",
        ),
    }


def _problem(inputs: Inputs) -> dict[str, xr.Variable]:
    """The problem: chain, bounds, stiffness, goals, cycle."""
    task, chain = inputs.task, inputs.task.chain
    own = {}
    low, high = inputs.rom.bounds(np.zeros(len(COORDINATES)))
    for end, bound in (("lower", low), ("upper", high)):
        own[f"own_{end}"] = _variable(
            ("coordinate",),
            np.rad2deg(bound[_TURNS]),
            "deg",
            f"{end} end of the person's own range, counted from its zero",
        )
    bounds = {
        f"{kind}_{end}": _variable(
            ("coordinate",), np.rad2deg(bound[_TURNS]), "deg", f"{end} bound of the {kind} body, model zero"
        )
        for kind, pair in inputs.bounds.items()
        for end, bound in zip(("lower", "upper"), pair, strict=True)
    }
    cycle = {}
    for side in ("r", "l"):
        cycle[f"percent_{side}"] = _variable(("frame",), task.percent[side], "%", f"part of the cycle, side {side}")
        cycle[f"loaded_{side}"] = _variable(("frame",), task.loaded[side], "1", f"forefoot loaded, side {side}")
    return {
        "zero_offset": _variable(
            ("coordinate",),
            np.rad2deg(inputs.offsets[_TURNS]),
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


def _goals(task: Task) -> dict[str, xr.Variable]:
    """Goals by name: role per frame, and per kind what it needs."""
    n, k = len(task.q), len(task.goals)
    role, target, normal, place, stiffness = (
        np.zeros((n, k), np.int8),
        np.full((n, k), np.nan),
        np.full((n, k, 3), np.nan),
        np.full((k, 3), np.nan),
        np.zeros(k),
    )
    orientation = np.full((n, k, 3, 3), np.nan)
    for g, goal in enumerate(task.goals):
        role[:, g], stiffness[g] = goal.role, goal.stiffness
        if isinstance(goal, PointGoal):
            target[:, g], normal[:, g], place[g] = goal.target, goal.normal, goal.point.location
        else:
            orientation[:, g] = goal.target
    segment = [SEGMENTS.index(g.point.segment if isinstance(g, PointGoal) else g.segment) for g in task.goals]
    kinds = [
        ("direction" if g.is_direction else "point") if isinstance(g, PointGoal) else "orientation" for g in task.goals
    ]
    yields = [isinstance(g, PointGoal) and g.yields for g in task.goals]
    meanings = {"flag_values": [0, 1, 2, 3], "flag_meanings": "off equal above prefers"}
    return {
        "goal_kind": xr.Variable(("goal",), kinds),
        "goal_segment": _variable(("goal",), segment, "1", "index into segment"),
        "goal_role": _variable(("frame", "goal"), role, "1", "role in the frame", **meanings),
        "goal_target": _variable(("frame", "goal"), target, "m | 1", "place along the normal"),
        "goal_normal": _variable(("frame", "goal", "axis"), normal, "1", "world axis it is measured along"),
        "goal_point": _variable(("goal", "axis"), place, "m | 1", "point or direction in the segment's frame"),
        "goal_orientation": _variable(("frame", "goal", "axis", "column"), orientation, "1", "target orientation"),
        "goal_stiffness": _variable(("goal",), stiffness, "N/m | N m/rad", "where it is only preferred"),
        "goal_yields": _variable(("goal",), yields, "1", "whether it gives way when not all musts can be met"),
    }


def _attributes(inputs: Inputs, free: Solution, answers: Mapping[str, Solution]) -> dict[str, Any]:
    task, chain = inputs.task, inputs.task.chain
    lower, upper = inputs.bounds["limit"]
    limited = {
        f"{name}_{'min' if direction < 0 else 'max'}": float(
            np.rad2deg((lower if direction < 0 else upper)[INDEX[name]])
        )
        for name, direction in inputs.rom.limited_bounds
    }
    sides = sorted({name[-1] for name, _ in inputs.rom.limited_bounds if name.startswith("hip")}, reverse=True)
    return {
        "title": f"hipspine: {task.name}",
        "task": task.name,
        "source": task.source,
        "chain": chain.name,
        "chain_source": chain.source,
        "zero": inputs.zero,
        "zero_text": inputs.zero_text,
        "limits_deg": json.dumps(dict(inputs.rom.limits_deg)),
        "limits_model_deg": json.dumps(limited),
        "limited_sides": json.dumps(sides),
        "notices": json.dumps(list(inputs.notices)),
        "yields": task.yields,
        "chain_points": json.dumps({name: [p.segment, list(p.location)] for name, p in chain.points.items()}),
        "solver_ms": json.dumps({name: round(solution.ms, 3) for name, solution in answers.items()}),
        "version": _version(),
    }


def restricted_motion(result: Compensation, task: Task, strategy: str) -> Motion:
    """The restricted motion of one strategy, in the convention of the file that was recorded.

    Parameters
    ----------
    result : Compensation
    task : Task
        The one `result` answers.
    strategy : str
    """
    one = result.sel(strategy=strategy)
    q = np.zeros((result.sizes["frame"], len(COORDINATES)))
    q[:, _TURNS], q[:, _SLIDES] = np.deg2rad(one.restricted.values), one.restricted_translation.values
    return from_chain(q, task.chain, task.motion)


def _version() -> str:
    try:
        return version("hipspine")
    except PackageNotFoundError:
        return "not installed"


__all__ = ["SUMMARISED", "Compensation", "Inputs", "build", "restricted_motion"]
