"""What was published and is held against: rows of ``experiments/data/published.csv``, and the verdict on a number."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import isfinite, isnan, nan

from kinematics.errors import unknown

WITHIN, OUTSIDE = "within", "outside"
SIGN_RIGHT, SIGN_WRONG = "sign right", "sign wrong"
REPRODUCED, NOT_REPRODUCED = "reproduced", "not reproduced"
NOT_COMPARABLE = "not comparable"
#: Every verdict there is; the first of each pair is a hit.
VERDICTS = (WITHIN, OUTSIDE, SIGN_RIGHT, SIGN_WRONG, REPRODUCED, NOT_REPRODUCED, NOT_COMPARABLE)
HITS = (WITHIN, SIGN_RIGHT, REPRODUCED)

#: What a comparison is good for: it can fail; it must not compensate; the stiffness table was set by it, or by what
#: goes with it; or the model passes it by construction.
VALIDATION, CONTROL, CALIBRATION, CONSISTENCY = "validation", "negative control", "calibration", "consistency check"
ROLES = (VALIDATION, CONTROL, CALIBRATION, CONSISTENCY)
#: A published sign stands for something that moved: a change below this is none, whatever its sign. In the row's unit.
NOTHING = 0.05


@dataclass(frozen=True)
class Published:
    """One published result.

    Parameters
    ----------
    id : str
        Target, and after a point what of it: ``V3.tilt``.
    what : str
        In words.
    kind : {"value", "sign", "fact", "none"}
        Value: a number between `low` and `high`. Sign: the sign of `value`. Fact: something that holds if the number is
        between `low` and `high`. None: nothing that a number of the model could be held against.
    value : float
        NaN if there is none.
    unit : str
    low, high : float
        What is tolerated; NaN where there is no such end.
    said : str
        The published result as it is told in texts.
    role : str
        Of `ROLES`.
    cited : str
        Author and year.
    source : str
        Key of ``kinematics/data/sources.bib``, or ``assumption``.
    confidence : str
        ``read``, ``secondary``, ``unverified``, ``derived`` or ``assumption``.
    note : str
        Where the tolerance comes from, and what to mind.
    """

    id: str
    what: str
    kind: str
    value: float
    unit: str
    low: float
    high: float
    said: str
    role: str
    cited: str
    source: str
    confidence: str
    note: str

    @property
    def target(self) -> str:
        """The target it belongs to: ``V3``."""
        return self.id.partition(".")[0]

    @property
    def tolerance(self) -> str:
        """What is tolerated, in words."""
        if self.kind == "sign":
            return "its sign"
        if self.kind == "none":
            return ""
        unit = "" if self.unit == "1" else f" {self.unit}"
        ends = isfinite(self.low), isfinite(self.high)
        if all(ends):
            return f"{self.low:g} to {self.high:g}{unit}"
        return f"at least {self.low:g}{unit}" if ends[0] else f"at most {self.high:g}{unit}"


def verdict(row: Published, predicted: float) -> str:
    """What a number says to a published row.

    Parameters
    ----------
    row : Published
    predicted : float
        In the row's unit; NaN if there is no number to hold against it.

    Returns
    -------
    str
        Of `VERDICTS`. A sign of a change that is none (`NOTHING`) is neither right nor wrong, but not reproduced.
    """
    if row.kind == "none" or isnan(predicted):
        return NOT_COMPARABLE
    low, high = (-float("inf") if isnan(row.low) else row.low), (float("inf") if isnan(row.high) else row.high)
    if row.kind == "sign":
        if abs(predicted) <= NOTHING:
            return NOT_REPRODUCED
        return SIGN_RIGHT if predicted * row.value > 0.0 else SIGN_WRONG
    inside = low <= predicted <= high
    if row.kind == "fact":
        return REPRODUCED if inside else NOT_REPRODUCED
    return WITHIN if inside else OUTSIDE


@cache
def every_row() -> dict[str, Published]:
    """Every published row by its id, in the order of the table."""
    text = (files("experiments") / "data" / "published.csv").read_text(encoding="utf-8")
    table = csv.DictReader(line for line in text.splitlines() if line and not line.startswith("#"))
    return {row["id"]: _row(row) for row in table}


def _row(row: dict[str, str]) -> Published:
    numbers = {name: float(row[name]) if row[name] else nan for name in ("value", "low", "high")}
    return Published(**{**row, **numbers})  # type: ignore[arg-type]


def published(name: str) -> Published:
    """A published row by its id.

    Raises
    ------
    HipspineError
        If there is none; the message suggests the nearest.
    """
    if name not in every_row():
        raise unknown("published row", name, every_row())
    return every_row()[name]


__all__ = [
    "CALIBRATION",
    "CONSISTENCY",
    "CONTROL",
    "HITS",
    "NOTHING",
    "NOT_COMPARABLE",
    "NOT_REPRODUCED",
    "OUTSIDE",
    "REPRODUCED",
    "ROLES",
    "SIGN_RIGHT",
    "SIGN_WRONG",
    "VALIDATION",
    "VERDICTS",
    "WITHIN",
    "Published",
    "every_row",
    "published",
    "verdict",
]
