"""A finding: one paragraph made from the numbers, and each published result beside what was found, with a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite, nan
from typing import Any

from experiments.common.published import CONSISTENCY, NOT_COMPARABLE, Published, published, verdict


@dataclass(frozen=True)
class Comparison:
    """A published result beside what was found.

    Parameters
    ----------
    row : Published
    predicted : float
        In the row's unit; NaN if it cannot be compared.
    by : str
        What it was found by: a strategy, or other words.
    role : str
        What the comparison is good for; that of the row if not told otherwise.
    why : str
        Why it cannot be compared, or what to mind.
    """

    row: Published
    predicted: float
    by: str
    role: str
    why: str = ""

    @property
    def verdict(self) -> str:
        """What the number says to the row."""
        return verdict(self.row, self.predicted)

    @property
    def number(self) -> str:
        """What was found, with its unit."""
        if not isfinite(self.predicted):
            return "\N{EN DASH}"
        signed = self.row.kind == "sign" or self.row.value < 0.0 or self.predicted < 0.0
        unit = "" if self.row.unit == "1" else f" {self.row.unit}"
        number = f"{self.predicted:{'+' if signed else ''}.{_digits(self.predicted)}f}"
        if float(number) == 0.0:
            number = number.lstrip("+-")
        return number.replace("-", "\N{MINUS SIGN}") + unit

    @property
    def told(self) -> str:
        """The verdict and, where there is something to mind, why."""
        said = self.verdict
        if self.role == CONSISTENCY and said != NOT_COMPARABLE:
            said += " (by construction)"
        return f"{said}: {self.why}" if self.why else said

    @property
    def beside(self) -> str:
        """What was found and what that says, in words."""
        return f"{self.number}, {self.told}" if isfinite(self.predicted) else self.told

    def plain(self) -> dict[str, Any]:
        """The comparison as plain data."""
        number = self.predicted if isfinite(self.predicted) else None
        row = {
            key: None if isinstance(value, float) and not isfinite(value) else value
            for key, value in asdict(self.row).items()
        }
        return {
            "published": row,
            "predicted": number,
            "by": self.by,
            "role": self.role,
            "verdict": self.verdict,
            "why": self.why,
        }


def compare(name: str, predicted: float | None, by: str, *, role: str = "", why: str = "") -> Comparison:
    """Hold a number against a published row.

    Parameters
    ----------
    name : str
        Id of the row.
    predicted : float or None
        In the row's unit; None if it cannot be compared, and then `why` says so.
    by : str
        What it was found by.
    role : str
        In place of the row's, where what is right for one strategy is passed by construction by another.
    why : str

    Raises
    ------
    ValueError
        If there is neither a number nor a reason.
    """
    row = published(name)
    number = nan if predicted is None else float(predicted)
    if not isfinite(number) and not why:
        raise ValueError(f"{name}: neither a number nor why there is none")
    return Comparison(row, number, by, role or row.role, why)


@dataclass(frozen=True)
class Finding:
    """What an experiment found: its `question`, one `paragraph` made from the numbers, and the `comparisons`."""

    question: str
    paragraph: str
    comparisons: Sequence[Comparison]

    @property
    def text(self) -> str:
        """The paragraph with every published result beside what was found and the verdict."""
        parts = [self.paragraph]
        told = [each for each in self.comparisons if each.role != CONSISTENCY]
        for row in dict.fromkeys(each.row for each in told):
            found = "; ".join(f"{each.by} {each.beside}" for each in told if each.row == row)
            tolerated = f", tolerated {row.tolerance}" if row.kind == "value" else ""
            parts.append(f"Published, {row.what}: {row.said} ({row.cited}{tolerated}). Here: {found}.")
        given = [
            f"{each.row.what} {each.number} by {each.by}, beside {each.row.said} ({each.row.cited}; {each.verdict})"
            if isfinite(each.predicted)
            else f"{each.row.what}, {each.row.said} ({each.row.cited}), is {each.told}"
            for each in self.comparisons
            if each.role == CONSISTENCY
        ]
        return " ".join(
            [*parts, *([f"By construction, and no test of the model: {'; '.join(given)}."] if given else [])]
        )


def _digits(number: float) -> int:
    """How many digits behind the point are worth printing."""
    return 2 if abs(number) < 1.95 else 1


__all__ = ["Comparison", "Finding", "compare"]
