"""People as an axis of a study: a virtual cohort, or a table of real ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kinematics.errors import HipspineError, unknown
from simulate.cohort import people, people_from_csv, read_population
from simulate.studies.axes import PERSON, Axis
from simulate.studies.options import options

KEYS = ("preset", "population", "file", "count", "seed", "groups", "columns")
_WAYS = ("preset", "population", "file")


def people_axis(task: str, table: Mapping[str, Any], folder: Path) -> Axis:
    """The people of a study's table ``cohort``.

    Parameters
    ----------
    task : str
        Its options are what a person may have.
    table : mapping
        One of ``preset`` (name of a population), ``population`` (file of one) and ``file`` (table of real people); of
        the first two also ``count``, ``seed`` and ``groups``; of all ``columns``, the options to use: all if not given,
        the others then only describe.
    folder : Path
        Where files are looked for.

    Raises
    ------
    HipspineError
        If not one of the three is given, or something in it is not allowed.
    """
    ways = [way for way in _WAYS if way in table]
    if len(ways) != 1:
        raise HipspineError(f"cohort: must have one of {', '.join(_WAYS)}, has {', '.join(ways) or 'none'}")
    frame = _drawn(table, folder) if ways != ["file"] else _real(table, folder)
    known = options(task)
    mine = [str(name) for name in frame.columns if name in known]
    for name in table.get("columns", mine):
        if name not in mine:
            raise unknown("column of the cohort that is an option of the task", name, mine)
    used = [name for name in mine if name in table.get("columns", mine)]
    rest = [str(name) for name in frame.columns if name not in used]
    kept = ("population", "count", "seed", "groups", "sources", "notices")
    origin = {key: frame.attrs[key] for key in kept if frame.attrs.get(key)}
    return Axis("person", PERSON, _columns(frame, used), _columns(frame, rest), origin)


def _drawn(table: Mapping[str, Any], folder: Path) -> pd.DataFrame:
    if "count" not in table:
        raise HipspineError("cohort: count is missing: how many people")
    drawn = str(table["preset"]) if "preset" in table else read_population(folder / str(table["population"]))
    return people(drawn, count=table["count"], seed=table.get("seed", 0), groups=table.get("groups"))


def _real(table: Mapping[str, Any], folder: Path) -> pd.DataFrame:
    for key in ("count", "seed", "groups"):
        if key in table:
            raise HipspineError(f"cohort: {key} belongs to people who are drawn; those of a file are who they are")
    return people_from_csv(folder / str(table["file"]))


def _columns(frame: pd.DataFrame, names: list[str]) -> dict[str, Any]:
    """Columns as arrays; words as words."""
    return {
        name: frame[name].to_numpy(dtype=np.float64)
        if pd.api.types.is_numeric_dtype(frame[name])
        else np.array(frame[name].astype(str).tolist())
        for name in names
    }


__all__ = ["KEYS", "people_axis"]
