"""Which experiments there are, and what each is about, read from its docstring without running it."""

from __future__ import annotations

import ast
import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from kinematics.errors import unknown

#: Sections of an experiment's docstring, in order.
SECTIONS = ("Subject", "Task", "Varied", "Held", "Outcome", "Run")
#: The order in which they are listed; what is not named here comes after, by name.
ORDER = (
    "limited_extension_walking",
    "calibration",
    "tight_flexors_standing",
    "age_and_tilt",
    "speed_saturates_the_hip",
    "running_extension",
    "backward_bend_rhythm",
    "forward_bend_orthosis",
    "turning_with_stiff_rotation",
    "golf_lead_hip",
    "squat_and_sit",
    "asymmetry",
    "kim_shin_2020",
    "age_and_infeasibility",
    "mobility_gain",
    "relative_stiffness",
    "what_matters_most",
)


@dataclass(frozen=True)
class Experiment:
    """An experiment: its `name`, its `question`, the `sections` of its docstring, and seconds it took when they were
    measured last, by grid (``small``, ``full``).
    """

    name: str
    question: str
    sections: dict[str, str]
    seconds: dict[str, float]


def folder() -> Path:
    """Where the experiments are."""
    return Path(str(files("experiments")))


@cache
def experiments() -> dict[str, Experiment]:
    """Every experiment by name: the modules of the folder whose docstring has all `SECTIONS`."""
    times = _times()
    found = dict[str, Experiment]()
    for path in sorted(folder().glob("*.py"), key=lambda path: (_place(path.stem), path.stem)):
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        question, sections = read(doc)
        if set(SECTIONS) <= set(sections):
            found[path.stem] = Experiment(path.stem, question, sections, times.get(path.stem, {}))
    return found


def experiment(name: str) -> Experiment:
    """The experiment of that name.

    Raises
    ------
    HipspineError
        If there is none; the message suggests the nearest.
    """
    if name not in experiments():
        raise unknown("experiment", name, experiments())
    return experiments()[name]


def question(file: str) -> str:
    """The question of the experiment in a file."""
    return experiment(Path(file).stem).question


def read(doc: str) -> tuple[str, dict[str, str]]:
    """The question of a docstring, and its sections by name, each on one line."""
    question, sections, at = list[str](), dict[str, list[str]](), ""
    for line in doc.splitlines():
        begin = re.match(rf"({'|'.join(SECTIONS)})\s+(.*)", line)
        if begin:
            at = begin[1]
            sections[at] = [begin[2]]
        elif at and line.startswith(" "):
            sections[at].append(line.strip())
        elif at:
            at = ""
        elif not sections and line.strip():
            question.append(line.strip())
    return " ".join(question), {name: " ".join(lines) for name, lines in sections.items()}


def _place(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)


def _times() -> dict[str, dict[str, float]]:
    """Seconds by experiment and grid, as they were measured last."""
    path = folder() / "data" / "times.csv"
    times = dict[str, dict[str, float]]()
    if path.is_file():
        lines = (line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
        for row in csv.DictReader(lines):
            times.setdefault(row["name"], {})[row["grid"]] = float(row["seconds"])
    return times


__all__ = ["ORDER", "SECTIONS", "Experiment", "experiment", "experiments", "folder", "question", "read"]
