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
from simulate.studies.tables import MOST_PLACES, file_of, text_of, texts, whole

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
        raise HipspineError(f"must have one of {', '.join(_WAYS)}, has {', '.join(ways) or 'none'}")
    frame = _real(table, folder) if ways == ["file"] else _drawn(table, folder)
    known = options(task)
    mine = [str(name) for name in frame.columns if name in known]
    wanted = texts(table["columns"], "columns") if "columns" in table else mine
    for name in wanted:
        if name not in mine:
            raise unknown("column that is an option of the task", name, mine)
    if not wanted:
        raise HipspineError(f"nothing of these people is an option of {task}: {', '.join(map(str, frame.columns))}")
    used = [name for name in mine if name in wanted]
    rest = [str(name) for name in frame.columns if name not in used]
    kept = ("population", "count", "seed", "groups", "sources", "notices")
    origin = {key: frame.attrs[key] for key in kept if key in frame.attrs}
    return Axis("person", PERSON, _columns(frame, used), _columns(frame, rest), origin)


def _drawn(table: Mapping[str, Any], folder: Path) -> pd.DataFrame:
    if "count" not in table:
        raise HipspineError("count is missing: how many people")
    count = whole(table["count"], "count", most=MOST_PLACES)
    drawn = text_of(table, "preset")
    groups = texts(table["groups"], "groups") if "groups" in table else None
    return people(
        read_population(file_of(table, "population", folder)) if drawn is None else drawn,
        count=count,
        seed=table.get("seed", 0),
        groups=groups,
    )


def _real(table: Mapping[str, Any], folder: Path) -> pd.DataFrame:
    for key in ("count", "seed", "groups"):
        if key in table:
            raise HipspineError(f"{key} belongs to people who are drawn; those of a file are who they are")
    return people_from_csv(file_of(table, "file", folder))


def _columns(frame: pd.DataFrame, names: list[str]) -> dict[str, Any]:
    """Columns as arrays; words as words."""
    return {
        name: frame[name].to_numpy(dtype=np.float64)
        if pd.api.types.is_numeric_dtype(frame[name])
        else np.array(frame[name].astype(str).tolist())
        for name in names
    }


__all__ = ["KEYS", "people_axis"]
