"""A constant has an address: a table row with a source that the bibliography knows, or the word assumption."""

import re

import pytest

from kinematics.tables import rows

TABLES = [
    ("allowances", "simulate"), ("movements", "simulate"),
    ("generic", "kinematics"), ("osim", "kinematics"), ("ranges", "kinematics"), ("segments", "kinematics"),
    ("spine_geometry", "kinematics"), ("spine_shares", "kinematics"), ("standing", "kinematics"),
    ("stiffness", "simulate"), ("trials", "simulate"),
    ("restrictions", "simulate"), ("tissues", "simulate"),
    ("hip_regression", "kinematics"), ("tracking", "simulate"),
    ("cohorts", "simulate"), ("cohort_bounds", "simulate"), ("passive_moments", "simulate"),
    ("gyration", "kinematics"), ("load", "simulate"), ("lumbar_levels", "simulate"),
]  # fmt: skip
CONFIDENCE = {"read", "secondary", "unverified", "derived", "assumption"}


def test_no_table_is_forgotten(request):
    found = {(path.stem, folder) for folder in ("kinematics", "simulate") for path in (request.config.rootpath / folder / "data").glob("*.csv")}  # noqa: E501  # fmt: skip
    assert found == set(TABLES)


@pytest.mark.parametrize(("table", "package"), TABLES)
def test_every_row_names_a_known_source_and_how_sure_we_are(table, package, request):
    bib = (request.config.rootpath / "kinematics" / "data" / "sources.bib").read_text(encoding="utf-8")
    known = set(re.findall(r"@\w+\{([^,]+),", bib))
    for row in rows(table, package):
        assert None not in row, f"{table}, {row['name']}: more cells than columns"
        assert row["source"] == "assumption" or row["source"] in known, row["name"]
        assert row["confidence"] in CONFIDENCE, row["name"]
        assert (row["source"] == "assumption") == (row["confidence"] == "assumption"), row["name"]
