"""Every constant has an address: the CSV tables of a package's ``data`` folder.

Each row carries `source` (a key of ``kinematics/data/sources.bib``, or the word ``assumption``) and `confidence`
(``read``, ``secondary``, ``unverified``, ``derived`` or ``assumption``).
"""

import csv
from functools import cache
from importlib.resources import files

from kinematics.errors import unknown


@cache
def rows(table: str, package: str = "kinematics") -> tuple[dict[str, str], ...]:
    """Rows of ``<package>/data/<table>.csv`` as dictionaries of text; lines that start with ``#`` are comments."""
    text = (files(package) / "data" / f"{table}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(line for line in text.splitlines() if line and not line.startswith("#")))


def value(table: str, name: str, column: str = "value", package: str = "kinematics") -> float:
    """One number of a table, by the row's `name`."""
    for row in rows(table, package):
        if row["name"] == name:
            return float(row[column])
    raise unknown(f"row of table {table}", name, (row["name"] for row in rows(table, package)))
