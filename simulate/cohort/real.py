"""Real people, one a line of a CSV file."""

from __future__ import annotations

import csv
from math import isfinite
from pathlib import Path

import pandas as pd

from kinematics.errors import HipspineError, unknown
from kinematics.generic import MASS, SEXES, STATURE
from kinematics.rom import DIRECTIONS, RangeOfMotion
from simulate.cohort.told import options

#: Columns that describe a person and are no options; `note` may be empty.
WORDS = ("person", "name", "group", "note")
_AGE = (0.0, 130.0)


def people_from_csv(path: str | Path) -> pd.DataFrame:
    """Read real people.

    Parameters
    ----------
    path : str or Path
        A CSV file, comma-separated, whose first line names the columns: options of a person in their units
        (``sex``, ``stature`` [m], ``mass`` [kg], ``hip_extension_right`` [deg], ...) and, if you like, ``person``,
        ``name``, ``group``, ``age`` [years] and ``note``. Lines that start with ``#`` are comments.

    Returns
    -------
    pandas.DataFrame
        One row a person, as from `people`.

    Raises
    ------
    HipspineError
        If the file cannot be read, a column is unknown or twice there, or a value is absent, not finite or cannot be
        a person's; names line and column.
    """
    path = Path(path)
    if not path.is_file():
        raise HipspineError(f"{path}: no such file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise HipspineError(f"{path}: is no text: {error}") from None
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip() and line[0] != "#"]
    if len(lines) < 2:
        raise HipspineError(f"{path}: nobody is in it; the first line names the columns, each further one is a person")
    header = [name.strip() for name in _cells(path, *lines[0])]
    _check_header(path, header)
    found = [_person(path, number, header, _cells(path, number, line)) for number, line in lines[1:]]
    frame = pd.DataFrame(found, columns=header)
    if "person" in header:
        frame = frame.drop(columns="person")
    frame.index.name = "person"
    frame.attrs = {
        "population": path.stem,
        "title": path.stem,
        "count": len(frame),
        "groups": list(dict.fromkeys(frame["group"])) if "group" in frame else [],
        "units": {name: _unit(name) for name in frame.columns if name not in (*WORDS, "sex")},
        "sources": [path.name],
        "notices": [],
    }
    return frame


def _unit(name: str) -> str:
    return "year" if name == "age" else options()[name]


def _cells(path: Path, number: int, line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise HipspineError(f"{path}, line {number}: {error}") from None


def _check_header(path: Path, header: list[str]) -> None:
    known = (*WORDS, "age", "sex", *options())
    for name in header:
        if name not in known:
            raise HipspineError(f"{path}: {unknown('column', name, known)}")
        if header.count(name) > 1:
            raise HipspineError(f"{path}: column {name} is there {header.count(name)} times")
    if not set(header) - {*WORDS, "age"}:
        raise HipspineError(f"{path}: no column is an option of a person: {', '.join(header)}")


def _person(path: Path, number: int, header: list[str], cells: list[str]) -> dict[str, str | float]:
    where = f"{path}, line {number}"
    if len(cells) != len(header):
        raise HipspineError(f"{where}: {len(cells)} values for {len(header)} columns")
    found = {
        name: _value(f"{where}, column {name}", name, cell.strip()) for name, cell in zip(header, cells, strict=True)
    }
    limits = {f"{name}_deg": float(value) for name, value in found.items() if name in DIRECTIONS}
    try:
        RangeOfMotion.normal().limited(**limits)
    except HipspineError as error:
        raise HipspineError(f"{where}: {error}") from None
    return found


def _value(where: str, name: str, cell: str) -> str | float:
    if not cell and name != "note":
        raise HipspineError(f"{where}: is empty")
    if name in WORDS:
        return cell
    if name == "sex":
        if cell not in SEXES:
            raise HipspineError(f"{where}: {unknown('sex', cell, SEXES)}")
        return cell
    try:
        value = float(cell)
    except ValueError:
        raise HipspineError(f"{where}: must be a number of {_unit(name)}, is {cell!r}") from None
    if not isfinite(value):
        raise HipspineError(f"{where}: must be a finite number, is {cell!r}")
    ends = {"stature": STATURE, "mass": MASS, "age": _AGE}
    low, high = ends.get(name, (0.0, 1.0) if name.startswith("severity_") else (-180.0, 180.0))
    if not low <= value <= high and not name.startswith(("stiffness_", "allow_")):
        raise HipspineError(f"{where}: must be between {low:g} and {high:g} {_unit(name)}, is {value:g}")
    return value
