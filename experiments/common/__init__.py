"""What experiments share: published rows, verdicts, cases to solve, a page to draw on, how an outcome is kept."""

from experiments.common.cases import Solved, solved, with_reference
from experiments.common.finding import Comparison, Finding, compare
from experiments.common.outcome import Outcome, dataset, script
from experiments.common.published import Published, published

__all__ = [
    "Comparison",
    "Finding",
    "Outcome",
    "Published",
    "Solved",
    "compare",
    "dataset",
    "published",
    "script",
    "solved",
    "with_reference",
]
