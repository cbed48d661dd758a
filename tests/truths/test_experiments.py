"""What every experiment is held by: its text, its verdicts, its sources, and how it is asked for."""

import ast
import json
import re
import subprocess
import sys
from dataclasses import replace
from math import nan

import pytest
from click.testing import CliRunner

from experiments import age_and_tilt
from experiments.catalogue import SECTIONS, experiment, experiments, folder, read
from experiments.command import run_experiment
from experiments.common import compare, published
from experiments.common.cases import cohort_value
from experiments.common.finding import Finding
from experiments.common.published import (
    CONSISTENCY,
    NOT_COMPARABLE,
    NOT_REPRODUCED,
    OUTSIDE,
    REPRODUCED,
    ROLES,
    SIGN_RIGHT,
    SIGN_WRONG,
    VERDICTS,
    WITHIN,
    every_row,
    verdict,
)
from kinematics.errors import HipspineError
from kinematics.tables import rows

CONFIDENCE = {"read", "secondary", "unverified", "derived", "assumption"}


def made_up(kind, value, low=nan, high=nan):
    """A published row about nothing."""
    return replace(published("V3.tilt"), kind=kind, value=value, low=low, high=high)


@pytest.mark.parametrize(
    ("row", "predicted", "said"),
    [
        (made_up("value", 4.0, 1.0, 7.0), 4.0, WITHIN),
        (made_up("value", 4.0, 1.0, 7.0), 1.0, WITHIN),  # an end is inside
        (made_up("value", 4.0, 1.0, 7.0), 0.99, OUTSIDE),
        (made_up("value", 4.0, 1.0, 7.0), 7.01, OUTSIDE),
        (made_up("value", 4.0, 1.0), 1e9, WITHIN),
        (made_up("sign", 1.0), 3.0, SIGN_RIGHT),
        (made_up("sign", 1.0), -3.0, SIGN_WRONG),
        (made_up("sign", -9.5), -0.1, SIGN_RIGHT),
        (made_up("sign", -9.5), 0.1, SIGN_WRONG),
        (made_up("sign", 1.0), 0.01, NOT_REPRODUCED),  # next to no change has no sign
        (made_up("sign", 1.0), 0.0, NOT_REPRODUCED),
        (made_up("fact", 0.0, -0.5, 0.5), 0.2, REPRODUCED),
        (made_up("fact", 0.0, -0.5, 0.5), -0.7, NOT_REPRODUCED),
        (made_up("fact", nan, high=0.4), -5.0, REPRODUCED),
        (made_up("none", nan), 1.0, NOT_COMPARABLE),
        *((made_up(kind, 1.0, 0.0, 2.0), nan, NOT_COMPARABLE) for kind in ("value", "sign", "fact", "none")),
    ],
)
def test_a_number_says_to_a_published_row_what_it_has_to(row, predicted, said):
    assert verdict(row, predicted) == said


def test_what_cannot_be_compared_says_why():
    with pytest.raises(ValueError, match="neither a number nor why"):
        compare("V3.tilt", None, "predicted")
    told = compare("V3.tilt", None, "predicted", why="nobody walks")
    assert told.verdict == NOT_COMPARABLE
    assert "nobody walks" in told.told


def test_a_finding_tells_the_published_value_and_the_verdict_of_all_it_compares():
    found = Finding(
        "?",
        "The pelvis tilts.",
        [
            compare("V3.tilt", 2.0, "predicted"),
            compare("V3.tilt", 9.0, "least"),
            compare("V3.hip", -4.0, "predicted"),
            compare("V8.asymmetry", None, "predicted", why="no pain here"),
        ],
    )
    assert "\n" not in found.text
    for each in found.comparisons:
        assert each.row.said in found.text
        assert each.verdict in found.text
    # what is passed by construction stands apart
    assert found.text.index("By construction") > found.text.index("no pain here")


def test_what_is_right_by_construction_is_no_validation():
    assert compare("V3.tilt", 4.0, "closure", role=CONSISTENCY).told.startswith("within (by construction)")
    assert compare("V3.tilt", 4.0, "predicted").told == "within"


@pytest.mark.parametrize(("number", "text"), [(-0.001, "0.00 deg"), (0.5, "+0.50 deg"), (-12.34, "\u221212.3 deg")])
def test_a_sign_is_printed_where_there_is_one(number, text):
    assert compare("walk.tilt", number, "predicted").number == text


def test_every_published_row_names_a_known_source_its_role_and_how_sure_we_are(request):
    bib = (request.config.rootpath / "kinematics" / "data" / "sources.bib").read_text(encoding="utf-8")
    known = set(re.findall(r"@\w+\{([^,]+),", bib))
    for row in every_row().values():
        assert row.source == "assumption" or row.source in known, row.id
        assert row.confidence in CONFIDENCE, row.id
        assert (row.source == "assumption") == (row.confidence == "assumption"), row.id
        assert row.role in ROLES, row.id
        assert row.said, row.id
        if row.kind in ("value", "fact"):
            assert not row.low > row.high, row.id
            assert row.note, f"{row.id}: where is its tolerance from?"
        else:
            assert row.kind in ("sign", "none"), row.id
            assert row.kind == "none" or row.value, row.id


def test_every_figure_that_is_imposed_names_a_known_source_and_how_sure_we_are(request):
    bib = (request.config.rootpath / "kinematics" / "data" / "sources.bib").read_text(encoding="utf-8")
    known = set(re.findall(r"@\w+\{([^,]+),", bib))
    for row in rows("imposed", "experiments"):
        assert None not in row, f"{row['name']}: more cells than columns"
        assert row["source"] == "assumption" or row["source"] in known, row["name"]
        assert row["confidence"] in CONFIDENCE, row["name"]
        assert (row["source"] == "assumption") == (row["confidence"] == "assumption"), row["name"]


def test_the_walk_of_the_young_is_that_of_the_published_rows():
    assert published("V3.hip").value == age_and_tilt.OLD - age_and_tilt.YOUNG
    assert published("V3.thigh").value == age_and_tilt.YOUNG + age_and_tilt.YOUNG_TILT


def test_a_number_of_a_population_is_the_one_of_its_own_row():
    back_pain = {"group": "low back pain"}
    assert cohort_value("low_back_pain", "hip_extension", "mean", **back_pain) == -4.2
    assert cohort_value("low_back_pain", "hip_extension", "mean", group="control") == 6.8
    with pytest.raises(HipspineError, match="Did you mean 'low_back_pain low back pain hip_extension mean'"):
        cohort_value("low_back_pain", "hip_extensoin", "mean", **back_pain)


@pytest.mark.parametrize("name", experiments())
def test_an_experiment_reads_like_a_method_section(name):
    told = experiment(name)
    assert told.question.endswith("?")
    assert list(told.sections) == list(SECTIONS)
    assert all(len(words) > 5 for words in told.sections.values())
    assert told.sections["Run"] == f"python experiments/{name}.py [--small] [--out FOLDER]"
    code = ast.parse((folder() / f"{name}.py").read_text(encoding="utf-8"))
    doors = {node.name: node for node in code.body if isinstance(node, ast.FunctionDef)}
    assert [each.arg for each in doors["run"].args.kwonlyargs] == ["small"]


def test_sections_are_read_with_their_later_lines_and_without_what_follows():
    question, found = read("Who?\n\nSubject  A man\n         and a dog.\nTask     Walk.\n\nNothing else.\n")
    assert question == "Who?"
    assert found == {"Subject": "A man and a dog.", "Task": "Walk."}


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(HipspineError, match="Did you mean 'age_and_tilt'"):
        experiment("age_and_tlit")
    with pytest.raises(HipspineError, match=r"Did you mean 'V3\.tilt'"):
        published("V3.tlit")


def test_without_a_name_all_are_listed_with_question_time_and_last_finding(tmp_path):
    first = next(iter(experiments()))
    (tmp_path / f"{first}.txt").write_text("Question?\n\nIt was found. And more.\n", encoding="utf-8")
    told = CliRunner().invoke(run_experiment, ["--out", str(tmp_path)], catch_exceptions=False).output
    for name, each in experiments().items():
        assert name in told
        assert each.question in told
    assert told.count("last found") == 1
    assert "It was found." in told
    listed = CliRunner().invoke(run_experiment, ["--json", "--out", str(tmp_path)], catch_exceptions=False).output
    rows = json.loads(listed)["experiments"]
    assert [row["experiment"] for row in rows] == list(experiments())
    assert sum(row["finding"] is not None for row in rows) == 1


def test_one_experiment_and_all_of_them_are_not_asked_for_at_once():
    with pytest.raises(HipspineError, match="either"):
        CliRunner().invoke(run_experiment, ["age_and_tilt", "--all"], catch_exceptions=False)


def test_the_command_line_knows_experiments_before_it_loads_them():
    seen = "import sys; import experiments.command; print(sorted({'numba', 'xarray', 'matplotlib'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"


def test_nothing_below_knows_of_experiments(request):
    for package in ("simulate", "kinematics"):
        for path in (request.config.rootpath / package).rglob("*.py"):
            assert not re.search(r"^\s*(from|import) experiments", path.read_text(encoding="utf-8"), re.M), path


def test_there_are_as_many_verdicts_as_are_told_of():
    assert set(VERDICTS) == {WITHIN, OUTSIDE, SIGN_RIGHT, SIGN_WRONG, REPRODUCED, NOT_REPRODUCED, NOT_COMPARABLE}


def test_the_documentation_asks_every_question(request):
    told = (request.config.rootpath / "docs" / "experiments.md").read_text(encoding="utf-8")
    for name, each in experiments().items():
        assert f"| `{name}` | {each.question} |" in told


def test_the_experiment_that_the_documentation_shows_runs(request):
    told = (request.config.rootpath / "docs" / "experiments.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", told, re.S)
    assert len(code.splitlines()) < 50
    question, sections = read(ast.get_docstring(ast.parse(code)))
    assert question.endswith("?")
    assert list(sections) == list(SECTIONS)
    names = {"__name__": "stiff_adduction"}
    exec(code, names)
    outcome = names["run"](small=True)
    assert outcome.data.bending.max() > 0.0
    assert NOT_COMPARABLE in outcome.finding.text
