"""An exported page holds the solver's answers, says how far it is from them between, and loads nothing."""

import json
import re
import weakref
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest

from kinematics.errors import HipspineError
from simulate.solution import MUST_DEG, MUST_MM
from simulate.teach import Asked, said, show
from simulate.teach.handout.bundle import bundle
from simulate.teach.handout.export import _OWNERS, _owned, check_export, export
from simulate.teach.handout.grid import ANGLE, NOTHING, PLACE, WORKERS, corners, floats, grid, interpolated
from simulate.teach.lesson import lesson_named, parse_lesson

pytest.importorskip("nicegui", reason="the exported page takes its libraries from nicegui, extra teach")
ASKED = Asked(options={"speed": "free"}, limits_deg={"hip_extension_right": -5.0})
LESSON = """+++
title = "A <b>title</b>"
minutes = 5
level = "advanced"
about = "B & C."
sources = ["lee2005"]
+++
## One
```toml
task = "walk"
options = { speed = "free" }
limits = { hip_extension_right = 0 }

[question]
ask = "How much?</script><script>alert(1)</script>"
quantity = "added lumbar extension"
from = 0
to = 10
```
Text <img src=x onerror=alert(1)>
### Answer
More.
"""


@cache
def shown(asked):
    return show(asked)


@cache
def walked(*sliders):
    return grid(ASKED, sliders, shown)


def lumbar(values, found):
    """Lumbar extension (F,) as the page has it."""
    answer = shown(ASKED)
    keys = [curve["key"] for curve in answer["curves"]]
    bodies = len(answer["bodies"])
    channels = found.motion.shape[0] // answer["frames"]
    k = keys.index("lumbar_extension")
    free = np.array(answer["curves"][k]["free"])
    return free + ANGLE * interpolated(found.axes, found.motion, values, channels)[:, 7 * bodies + k]


def solved(value):
    answer = shown(Asked(options={"speed": "free"}, limits_deg={"hip_extension_right": value}))
    return np.array(next(curve["restricted"] for curve in answer["curves"] if curve["key"] == "lumbar_extension"))


def test_at_computed_values_the_page_has_the_solvers_answer():
    found = walked("hip_extension_right")
    for value in found.axes[0].values:
        # stored to a hundredth of a degree
        np.testing.assert_allclose(lumbar([value], found), solved(value), atol=0.51 * ANGLE)


def test_between_computed_values_the_page_is_as_close_as_it_says():
    found = walked("hip_extension_right")
    values = found.axes[0].values
    worst = max(np.abs(lumbar([0.5 * (a + b)], found) - solved(0.5 * (a + b))).max() for a, b in pairwise(values))
    assert worst <= found.exactness.lumbar_deg + 0.5 * ANGLE  # frames that hardly move are not counted
    assert found.exactness.lumbar_deg < 0.5
    assert found.exactness.lumbar_deg_95 <= found.exactness.lumbar_deg
    assert 0.0 < found.exactness.joints_mm_95 <= found.exactness.joints_mm < 30.0
    assert found.exactness.places == len(values) - 1


def test_a_finer_grid_is_closer():
    assert grid(ASKED, ["hip_extension_right"], shown, finer=2.0).exactness.lumbar_deg < (
        walked("hip_extension_right").exactness.lumbar_deg
    )


def test_what_was_asked_is_one_of_the_computed_values_and_kept_besides():
    found = walked("hip_extension_right")
    assert -5.0 in found.axes[0].values
    at = found.axes[0].values.index(-5.0)
    np.testing.assert_array_equal(found.motion[:, at], found.motion[:, -1])
    assert found.motion.shape[1] == len(found.axes[0].values) + 1


def test_weights_of_neighbours_add_up_and_lean_to_the_nearer():
    axes = walked("hip_extension_right", "hip_extension_left").axes
    for values in ([-5.0, 0.0], [-4.0, 1.3], [-20.0, 15.0], [3.3, -19.9]):
        found = list(corners(axes, values))
        assert sum(weight for _, weight in found) == pytest.approx(1.0, abs=1e-12)
        assert all(0.0 < weight <= 1.0 + 1e-12 for _, weight in found)
    sizes = [len(axis.values) for axis in axes]
    (node, weight), *others = sorted(corners(axes, [-5.0, 0.0]), key=lambda each: -each[1])
    assert weight == pytest.approx(1.0) and all(rest < 1e-9 for _, rest in others)
    assert node == axes[0].values.index(-5.0) * sizes[1] + axes[1].values.index(0.0)


def test_frames_without_an_answer_are_kept_as_such():
    def unsolved(asked):
        answer = json.loads(json.dumps(shown(asked)))
        if asked.limits_deg["hip_extension_right"] < -10.0:
            for curve in answer["curves"]:
                curve["restricted"][3] = None
        return answer

    found = grid(ASKED, ["hip_extension_right"], unsolved)
    lost = [value < -10.0 for value in found.axes[0].values]
    rows = found.motion.reshape(shown(ASKED)["frames"], -1, found.motion.shape[1])
    for k, there in enumerate(lost):
        assert (rows[3, :, k] == NOTHING).all() == there
        assert not (rows[4, :, k] == NOTHING).any()


def test_the_status_of_every_frame_is_kept_as_the_solver_has_it():
    asked = Asked(task="sit", limits_deg={"hip_flexion": 60.0, "lumbar_flexion": 30.0, "lumbar_bending": 5.0})
    found = grid(asked, ["hip_flexion"], shown)
    kept = found.motion.reshape(shown(asked)["frames"], -1, found.motion.shape[1])[:, -1]
    np.testing.assert_array_equal(kept[:, -1], shown(asked)["frame_status"])
    assert set(kept[:, -1]) == {1, 2}
    for k, value in enumerate(found.axes[0].values):
        answer = shown(replace(asked, limits_deg={**asked.limits_deg, "hip_flexion": value}))
        # a frame without an answer has no status either
        expected = [code or NOTHING for code in answer["frame_status"]]
        np.testing.assert_array_equal(kept[:, k], expected)


def test_only_what_the_page_reads_is_told_of_an_answer():
    script = (files("simulate.teach") / "stage" / "export.js").read_text(encoding="utf-8")
    read = re.findall(r"told\(`(.*?)`\)", script)
    patterns = [re.compile(re.sub(r"\\\$\\\{.*?\\\}", ".+", re.escape(each))) for each in read]
    for name in walked("hip_extension_right").names:
        assert any(pattern.fullmatch(name) for pattern in patterns), name
    assert not any(name.endswith("|at") for name in walked("hip_extension_right").names)


@pytest.mark.parametrize(
    ("limits", "begins"),
    [
        ({"hip_extension": 0.0}, 0.0),
        ({"hip_extension": 0.0, "hip_extension_right": -7.0}, -7.0),
        ({"hip_extension": 0.0, "hip_extension_left": -7.0}, 0.0),
        ({"hip_extension_left": -7.0}, 10.0),
    ],
)
def test_a_slider_of_one_hip_begins_where_that_hip_ends(limits, begins):
    asked = Asked(options={"speed": "free"}, limits_deg=limits)
    axis = grid(asked, ["hip_extension_right"], shown).axes[0]
    assert axis.begins == begins and begins in axis.values


def test_one_script_holds_every_module_and_imports_none():
    script = bundle("// the page")
    assert "createStage" in script and "echarts" in script and "@license" in script
    assert "Apache License 2.0" in script
    assert not re.search(r"^\s*(import|export)\b[^:=(.]", script, re.MULTILINE)
    assert "</script" not in script


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "lesson.html"
    return export(parse_lesson(LESSON, "x.md", "x"), path), path.read_text(encoding="utf-8")


def test_the_file_is_one_of_under_ten_megabytes_that_names_no_other(page):
    made, text = page
    assert made.bytes == len(text.encode()) < 10_000_000
    head = text[: text.index("<style>")]
    assert "default-src 'none'" in head and "connect-src 'none'" in head and "unsafe-inline'; img" in head
    assert "'unsafe-eval'" not in head and "http:" not in head.replace("http-equiv", "")
    tags = re.sub(r"<script.*?</script>|<style>.*?</style>", "", text, flags=re.DOTALL)
    assert not re.search(r"\b(src|href)=", tags)


def test_text_of_a_lesson_cannot_leave_its_place(page):
    _, text = page
    assert text.count("<script") == 2 and text.count("</script>") == 2
    assert "<title>A &lt;b&gt;title&lt;/b&gt; - hipspine</title>" in text
    data = json.loads(re.search(r'id="hx-data">(.*?)</script>', text, re.DOTALL)[1])
    assert data["title"] == "A <b>title</b>"
    assert "<img" not in data["steps"][0]["html"]


def test_the_page_says_how_exact_it_is_and_whose_movement_it_shows(page):
    made, text = page
    data = json.loads(re.search(r'id="hx-data">(.*?)</script>', text, re.DOTALL)[1])
    step = data["steps"][0]
    assert f"{made.lumbar_deg:.2f}°" in step["exactness"] and f"{made.joints_mm:.1f} mm" in step["exactness"]
    assert any("Schwartz" in line and "ShareAlike 4.0" in line for line in data["made"])
    answer = show(Asked(options={"speed": "free"}, limits_deg={"hip_extension_right": 0.0}))
    assert step["question"]["answer"] == pytest.approx(answer["summary"]["lumbar_extension"]["added_deg"], abs=0.001)
    assert floats(answer["free"]).size == answer["frames"] * len(answer["bodies"]) * 7
    assert data["units"]["place"] == PLACE


def test_the_page_takes_from_python_what_is_worth_a_word(page):
    data = json.loads(re.search(r'id="hx-data">(.*?)</script>', page[1], re.DOTALL)[1])
    assert data["said"] == {
        "negligible": said.NOTHING, "second": said.SECOND, "of_first": said.OF_FIRST,
        "must_mm": MUST_MM, "must_deg": MUST_DEG,
    }  # fmt: skip
    assert not {"status", "frame_status", "shortfalls", "budget"} & data["steps"][0]["base"].keys()


@pytest.mark.parametrize(
    ("asked", "whose"),
    [
        (Asked(task="turn"), "biomechzoo"),
        (Asked(task="turn", options={"angle": 90.0, "style": "spin"}), "biomechzoo"),
        (Asked(task="turn", options={"angle": 90.0, "style": "step"}), "The recorded walk: opensim-org/opensim-core"),
        (Asked(task="turn", options={"style": "step"}), "The recorded walk: opensim-org/opensim-core"),
        (Asked(task="walk"), "The recorded walk: opensim-org/opensim-core"),
        (Asked(task="walk", options={"speed": "fast"}), "Schwartz"),
    ],
)
def test_the_owner_named_is_the_owner_of_the_recording_that_was_read(asked, whose):
    assert whose in _OWNERS[_owned(asked)]


def test_a_page_is_made_without_keeping_every_answer_and_what_is_asked_again_is_solved_once(monkeypatch, tmp_path):
    class Answer(dict):
        pass

    every = []
    most = 0

    def solved_once(asked):
        nonlocal most
        answer = Answer(show(asked))
        every.append(weakref.ref(answer))
        most = max(most, sum(each() is not None for each in every))
        return answer

    monkeypatch.setattr("simulate.teach.shown.show", solved_once)
    export(parse_lesson(LESSON, "x.md", "x"), tmp_path / "once.html")
    once = len(every)
    export(parse_lesson(LESSON + "## Two\nThe same again.\n", "x.md", "x"), tmp_path / "twice.html")
    assert len(every) == 2 * once
    every.clear()
    most = 0
    monkeypatch.setattr("simulate.teach.handout.export.KEPT", 8)
    export(parse_lesson(LESSON, "x.md", "x"), tmp_path / "few.html")
    assert most <= 8 + WORKERS + 3 < once  # kept, being computed, of the step, of the grid, and what is compared
    assert (tmp_path / "few.html").read_text() == (tmp_path / "once.html").read_text()


def test_the_same_lesson_makes_the_same_file(page, tmp_path):
    path = tmp_path / "again.html"
    export(parse_lesson(LESSON, "x.md", "x"), path)
    assert path.read_text(encoding="utf-8") == page[1]
    assert [each.name for each in tmp_path.iterdir()] == ["again.html"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("page.pdf", r"an exported page ends in \.html, not '\.pdf'"),
        ("none/page.html", "there is no folder"),
        ("folder.html", "is a folder"),
    ],
)
def test_a_place_where_no_page_can_be_is_told_at_once(tmp_path, name, says):
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(HipspineError, match=says):
        check_export(tmp_path / name)


def test_sliders_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(HipspineError, match="Did you mean 'hip_extension'"):
        export(ASKED, tmp_path / "x.html", sliders=["hip_extensio"])
    with pytest.raises(HipspineError, match="one or two limits can be moved in an exported page, not 3"):
        export(ASKED, tmp_path / "x.html", sliders=["hip_extension", "hip_flexion", "lumbar_extension"])
    assert list(tmp_path.iterdir()) == []


def test_every_lesson_has_sliders_that_a_page_can_have():
    from simulate.teach.handout.grid import dial_of

    for name in ("the_stiff_hip_walks", "turning_with_stiff_hips"):
        for step in lesson_named(name).steps:
            for slider in step.sliders:
                dial = dial_of(slider)
                assert dial.low < dial.high
