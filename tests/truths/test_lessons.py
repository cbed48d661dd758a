"""Lessons are read as they are written, run nothing, and what they say about the model is so."""

import re
from functools import cache
from pathlib import Path

import pytest

from simulate.teach import Asked, show
from simulate.teach.lesson import CAMERAS, lesson_named, lessons, parse_lesson, read_lesson, render
from simulate.teach.measures import check_quantity, known_quantities, measure, unit_of

DOCS = Path(__file__).parents[2] / "docs" / "lessons.md"
HEAD = '+++\ntitle = "A"\nminutes = 5\nlevel = "advanced"\nabout = "B."\n+++\n'
ASKED = '[question]\nask = "How much?"\nquantity = "added lumbar extension"\nfrom = 0\nto = 10\n'


@cache
def shown(asked):
    return show(asked)


def written(*steps):
    """A lesson of steps, each (block, text)."""
    return parse_lesson(
        HEAD + "".join(f"\n## S\n```toml\n{block}\n```\n{text}\n" for block, text in steps), "x.md", "x"
    )


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
def test_what_a_lesson_says_about_the_model_is_so(lesson):
    said = 0
    for number, step in enumerate(lesson.steps):
        for expect in step.expects:
            value = lesson.value(expect.quantity, number, shown)
            assert expect.at_least <= value <= expect.at_most, (number + 1, expect.quantity, value)
            said += 1
    assert said >= 3


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
def test_the_answer_to_every_question_lies_on_its_slider(lesson):
    questions = 0
    for number, step in enumerate(lesson.steps):
        if step.question is None:
            continue
        questions += 1
        answer = lesson.answer(number, shown)
        assert step.question.low <= answer <= step.question.high
        assert step.closing
    assert questions >= 1


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
def test_every_state_of_a_lesson_is_solved_in_every_frame(lesson):
    for step in lesson.steps:
        assert shown(step.asked)["status"]["unsolved"] == 0
        assert step.camera in CAMERAS


def test_there_are_eight_to_ten_lessons_with_sources_in_an_order_that_builds_up():
    assert 8 <= len(lessons()) <= 10
    assert [lesson.order for lesson in lessons()] == sorted(lesson.order for lesson in lessons())
    for lesson in lessons():
        assert len(lesson.sources) >= 3 and all(source.text for source in lesson.sources)
        assert lesson_named(lesson.name) is lesson


def test_the_page_about_lessons_lists_them_all():
    text = DOCS.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE))
    assert rows == {lesson.name: str(lesson.minutes) for lesson in lessons()}


def test_the_example_on_the_page_about_lessons_is_a_lesson(tmp_path):
    example = re.search(r"````markdown\n(.*?)````", DOCS.read_text(encoding="utf-8"), re.DOTALL)[1]
    path = tmp_path / "mine.md"
    path.write_text(example, encoding="utf-8")
    lesson = read_lesson(path)
    assert (lesson.name, lesson.title, lesson.minutes) == ("mine", "A hip that does not extend", 10)
    assert [source.url for source in lesson.sources] == [
        "https://doi.org/10.1016/j.apmr.2005.03.008",
        "https://example.org/notes",
    ]
    first, second = lesson.steps
    assert first.asked == Asked(limits_deg={"hip_extension_right": 0.0})
    assert second.asked == Asked(limits_deg={"hip_extension_right": -10.0})
    assert (second.camera, second.sliders) == ("side", ("hip_extension_right",))
    assert second.question.unit == "°"
    assert "The number itself is computed" in second.closing and "The number" not in second.text


def test_what_a_step_does_not_say_stays_as_it_was():
    steps = written(
        ('task = "walk"\nlimits = { hip_extension = 0 }\ncamera = "back"', "a"),
        ('strategy = "closure"', "b"),
        ("limits = {}", "c"),
        ('task = "sit"', "d"),
    ).steps
    assert steps[1].asked == Asked(limits_deg={"hip_extension": 0.0}, strategy="closure")
    assert steps[2].asked == Asked(strategy="closure")
    assert steps[3].asked == Asked(task="sit")
    assert [step.camera for step in steps] == ["back"] * 4


def test_a_heading_in_a_block_of_code_is_no_step():
    lesson = parse_lesson(f"{HEAD}\n## One\ntext\n\n~~~\n## not a step\n~~~\n\n## Two\nmore\n", "x.md", "x")
    assert [step.title for step in lesson.steps] == ["One", "Two"]
    assert "## not a step" in lesson.steps[0].text


def test_lines_of_windows_and_a_mark_of_byte_order_are_no_matter(tmp_path):
    path = tmp_path / "windows.md"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEAD}\n## One\n\ntext\n".replace("\n", "\r\n").encode())
    assert read_lesson(path).steps[0].text == "text"


def test_a_change_is_the_difference_between_two_steps():
    block = ASKED + "change_from = 1"
    lesson = written(
        ('task = "walk"\nlimits = { hip_extension_right = 0 }', "a"),
        (f"limits = {{ hip_extension_right = -5 }}\n{block}", "b\n### Answer\nc"),
    )
    both = [measure("added lumbar extension", shown(step.asked)) for step in lesson.steps]
    assert both[1] > both[0] > 0.0
    assert lesson.answer(1, shown) == pytest.approx(both[1] - both[0], abs=1e-12)
    assert lesson.answer(0, shown) is None


def test_every_quantity_can_be_measured_and_has_a_unit():
    answer = shown(Asked(limits_deg={"hip_extension_right": -5.0}))
    for quantity in known_quantities():
        check_quantity(quantity)
        assert measure(quantity, answer) == measure(f"  {quantity} ", answer)
        assert unit_of(quantity) in "°%" or unit_of(quantity) == "cm"


def test_what_the_parts_took_is_what_the_hip_lost():
    answer = shown(Asked(limits_deg={"hip_extension_right": -5.0}))
    lost = measure("lost right hip extension", answer)
    parts = [
        name for name in known_quantities() if name.startswith("taken by") and name.endswith("of right hip extension")
    ]
    assert lost > 5.0
    assert sum(measure(name, answer) for name in parts) == pytest.approx(lost, abs=1e-9)  # sums of rounded numbers


def test_opposite_names_of_an_angle_have_opposite_values():
    answer = shown(Asked(limits_deg={"hip_extension_right": -5.0}))
    for name, other in (
        ("lumbar extension", "lumbar flexion"),
        ("anterior tilt", "posterior tilt"),
        ("right hip extension", "right hip flexion"),
        ("lumbar rotation to the left", "lumbar rotation to the right"),
    ):
        assert measure(f"added {name}", answer) == -measure(f"added {other}", answer)
        assert measure(f"largest {name}", answer) == -measure(f"smallest {other}", answer)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick='alert(1)'>b</b>",
        "<iframe src='https://example.org'></iframe>",
        "<style>body{display:none}</style>",
        "<!-- --><svg/onload=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVa\tScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x]( javascript:alert(1))",
        "<javascript:alert(1)>",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](vbscript:x)",
        "[x](file:///etc/passwd)",
        "[x](//example.org)",
        "[x][1]\n\n[1]: javascript:alert(1)",
        "![x](https://example.org/x.png)",
        "![x](javascript:alert(1))",
        "```<script>alert(1)</script>```",
        "`<img src=x onerror=alert(1)>`",
        '[x](https://example.org/" onmouseover="alert(1))',
        '[x](https://example.org "a" onmouseover="alert(1)")',
        "|<script>|\n|-|\n|<img src=x onerror=alert(1)>|",
        '```" onload=alert(1)\n```',
    ],
)
def test_text_of_a_lesson_runs_and_loads_nothing(text):
    found = render(text)
    tags = re.findall(r"<([^>]*)>", found)
    allowed = re.compile(
        r"/?(p|a|em|strong|code|pre|table|thead|tbody|tr|th|td|ul|ol|li|blockquote|hr ?/?|br ?/?|h[1-6])"
        r'( href="(https?|mailto):[^"]*"| title="[^"]*"| target="_blank"| rel="noopener noreferrer"'
        r'| class="language-[^"]*")*'
    )
    assert all(allowed.fullmatch(tag) for tag in tags), found


def test_a_link_to_a_paper_opens_elsewhere_and_a_table_is_a_table():
    found = render("[Lee](https://doi.org/10.1/x)\n\n|a|b|\n|-|-|\n|1|2|\n")
    assert '<a href="https://doi.org/10.1/x" target="_blank" rel="noopener noreferrer">Lee</a>' in found
    assert "<table>" in found and "<td>2</td>" in found
