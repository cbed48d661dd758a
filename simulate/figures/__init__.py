"""Pictures of an answer: the motion free against restricted, the movement itself, and where the lost degrees went.

Of a study: maps over limits, people of a cohort, the motion of all cases over the cycle, and sensitivity indices.
"""

from simulate.figures.answer import compensation_figure
from simulate.figures.budget import budget_figure
from simulate.figures.cycle import cycle_figure
from simulate.figures.indices import indices_figure, indices_over_cycle_figure
from simulate.figures.limits_map import limits_map
from simulate.figures.load import load_figure
from simulate.figures.movement import movement_figure
from simulate.figures.people import people_figure, people_scatter
from simulate.figures.study import study_figures

__all__ = [
    "budget_figure",
    "compensation_figure",
    "cycle_figure",
    "indices_figure",
    "indices_over_cycle_figure",
    "limits_map",
    "load_figure",
    "movement_figure",
    "people_figure",
    "people_scatter",
    "study_figures",
]
