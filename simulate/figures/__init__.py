"""Pictures of an answer: the motion free against restricted, the movement itself, and where the lost degrees went."""

from simulate.figures.answer import compensation_figure
from simulate.figures.budget import budget_figure
from simulate.figures.movement import movement_figure

__all__ = ["budget_figure", "compensation_figure", "movement_figure"]
