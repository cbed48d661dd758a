"""Virtual populations: people drawn from published ranges of motion, ages and sizes, or read from a file of real ones.

Every number of a population is a row of ``simulate/data/cohorts.csv`` with its source; the bounds at which marginals
are cut are in ``simulate/data/cohort_bounds.csv``. A person is a row of a data frame whose columns are options of a
study, in its units, beside what describes the person: ``group``, ``age``.
"""

from simulate.cohort.drawing import describe, people
from simulate.cohort.population import Population, population, presets, read_population
from simulate.cohort.real import people_from_csv

__all__ = ["Population", "describe", "people", "people_from_csv", "population", "presets", "read_population"]
