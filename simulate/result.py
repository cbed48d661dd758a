"""The answer as a labelled data set, with its summary and its JSON form."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX, ROTATIONS, SPINE, TRANSLATIONS
from simulate.budget import PARTS
from simulate.motion import Motion, from_chain
from simulate.problem import Task
from simulate.relief import LUMBAR, SUMMARIES, SUMMARISED
from simulate.solution import MUST_DEG, MUST_MM, SHORTFALL, SOLVED, UNSOLVED

Array = NDArray[np.float64]

#: Status of a frame by name, as the file's flags have it.
STATUS = {"solved": SOLVED, "shortfall": SHORTFALL, "unsolved": UNSOLVED}
_LUMBAR = list(SPINE[:3])
#: Added motion below this is rounding, and has no place in the cycle. [deg]
NEGLIGIBLE_DEG = 1e-6


class Change(NamedTuple):
    """What is added to one coordinate.

    Over the frames that are solved or fall short; all NaN if there are none. `added_deg` restricted minus free, signed,
    at its largest; `at_percent` of the limited side's cycle, NaN if nothing is added; `peak_deg` the restricted angle's
    extreme on the side to which was added (without addition the largest), counted from standing; `range_deg` of the
    restricted angle; `share_of_range` the largest use of the person's own range in either direction (1 is all of it,
    infinity more than a range of nothing; NaN for the pelvis).
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
        there = self.status.sel(strategy=strategy).values != UNSOLVED  # an unsolved posture is no answer
        if not there.any():
            return Change(*[float("nan")] * len(Change._fields))
        offset = float(self.zero_offset.sel(coordinate=coordinate))
        restricted, free = (self[kind].sel(one).values[there] for kind in ("restricted", "free"))
        added, restricted = restricted - free, restricted + offset
        # of places that are alike but for rounding the first, and of ends the upper: so right and left, if both are
        # restricted alike, are told alike wherever this is computed
        k = int((np.abs(added) >= np.abs(added).max() - NEGLIGIBLE_DEG).argmax())
        moved, most, least = abs(added[k]) > NEGLIGIBLE_DEG, restricted.max(), restricted.min()
        upper = added[k] > 0 if moved else most >= -least - NEGLIGIBLE_DEG
        return Change(
            peak_deg=float(most if upper else least),
            range_deg=float(np.ptp(restricted)),
            added_deg=float(added[k]),
            at_percent=float(self.percent()[there][k]) if moved else float("nan"),
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
            "constructed": self.attrs["constructed"],
            "span": self.attrs["span"],
            "zero": self.attrs["zero"],
            "zero_text": self.attrs["zero_text"],
            "limits_deg": json.loads(self.attrs["limits_deg"]),
            "limits_model_deg": json.loads(self.attrs["limits_model_deg"]),
            "causes": json.loads(self.attrs["causes"]),
            "allowances": json.loads(self.attrs["allowances"]),
            "notices": json.loads(self.attrs["notices"]),
            "answers": {name: self._answer(name, found) for name, found in self.changes().items()},
        }

    def _answer(self, strategy: str, changes: dict[str, Change]) -> dict[str, Any]:
        one = self.sel(strategy=strategy)
        counts = {name: int((one.status == code).sum()) for name, code in STATUS.items()}
        answer: dict[str, Any] = {
            "completed": counts["solved"] == one.sizes["frame"],
            "compensation": {
                name: {key: _or_none(number) for key, number in change._asdict().items()}
                for name, change in changes.items()
            },
        }
        shortfalls = self._shortfalls(one)
        if shortfalls:
            answer["shortfall"] = {**shortfalls[0], **({"then": shortfalls[1:]} if shortfalls[1:] else {})}
        if "budget" in self:
            answer["budget_deg"] = {
                str(limit): self._budget(one.sel(limit=limit))
                for limit in self.limit.values
                if int(one.budget_frame.sel(limit=limit)) >= 0
            }
        if "relief" in self:
            answer["relief"] = self._relief(one)
        if "starts" in self and np.isfinite(one.starts).any():
            tried = one.where(one.starts > 1, drop=True)
            answer["search"] = {
                "frames_searched": tried.sizes["frame"],
                "starts": int(one.starts.max()),
                "frames_agreeing": int((tried.starts_agreeing >= 2).sum()),
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

    def _shortfalls(self, one: xr.Dataset) -> list[dict[str, Any]]:
        """What falls short, in the order in which it yields: by how much at most, where, and in how many frames."""
        found = []
        for goal in self.yielding.values:
            mm, deg = (one[f"short_{unit}"].sel(yielding=goal).values for unit in ("mm", "deg"))
            frames = (mm > MUST_MM) | (deg > MUST_DEG)
            if frames.any():
                k = int(np.argmax(mm / MUST_MM + deg / MUST_DEG))
                found.append(
                    {
                        "goal": str(goal),
                        "mm": float(mm.max()),
                        "deg": float(deg.max()),
                        "frame": k,
                        "at_percent": _or_none(self.percent()[k]),
                        "frames": int(frames.sum()),
                    }
                )
        return found

    def _budget(self, one: xr.Dataset) -> dict[str, Any]:
        """Where one hip's lost degrees went."""
        parts = {name.replace(" ", "_"): float(one.budget.sel(budget_part=name)) for name in PARTS}
        return {
            "lost": float(one.budget_loss),
            "at_percent": _or_none(self.percent()[int(one.budget_frame)]),
            **parts,
            "pelvis": sum(parts[name.replace(" ", "_")] for name in PARTS[2:]),
            "other_leg": {str(name): float(one.budget_other_leg.sel(other_leg=name)) for name in self.other_leg.values},
        }

    def _relief(self, one: xr.Dataset) -> list[dict[str, Any]]:
        """What each limit given back saves, the most lumbar relief first."""
        added = (one.restricted - one.free).sel(coordinate=_LUMBAR).values
        norm = np.where(one.status.values == UNSOLVED, 0.0, np.linalg.norm(added, axis=1))
        k = int(norm.argmax())
        rows = []
        for limit in self.limit.values:
            here = one.sel(limit=limit)
            row: dict[str, Any] = {
                "limit": str(limit),
                "given_back_deg": float(self.relief_given_back.sel(limit=limit)),
                "saved_deg": {str(name): _or_none(float(here.relief.sel(summary=name))) for name in SUMMARIES},
            }
            if "marginal_limit" in self and norm[k] > NEGLIGIBLE_DEG:
                slope = added[k] / norm[k] @ here.marginal_limit[k].sel(coordinate=_LUMBAR).values
                row["marginal_lumbar"] = _or_none(-float(slope))
                row["marginal_reach_deg"] = _or_none(float(here.marginal_limit_reach[k]))
            rows.append(row)
        return sorted(rows, key=lambda row: -(row["saved_deg"][LUMBAR] or 0.0))


def _or_none(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


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
    q[:, [INDEX[name] for name in ROTATIONS]] = np.deg2rad(one.restricted.values)
    q[:, [INDEX[name] for name in TRANSLATIONS]] = one.restricted_translation.values
    return from_chain(q, task.chain, task.motion)


__all__ = ["NEGLIGIBLE_DEG", "STATUS", "SUMMARISED", "Change", "Compensation", "restricted_motion"]
