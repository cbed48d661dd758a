"""Whatever is wrong in a lesson: one message that names the file, the line, and what is allowed."""

import pytest

from kinematics.errors import HipspineError
from simulate.teach.lesson import lesson_named, parse_lesson, read_lesson

GOOD = """+++
title = "A"
minutes = 5
level = "advanced"
about = "B."
sources = ["lee2005"]
+++

## One

```toml
task = "walk"
limits = { hip_extension_right = 0 }
camera = "side"
highlight = ["hip"]
at = 50

[question]
ask = "How much?"
quantity = "added lumbar extension"
from = 0
to = 10
step = 0.5

[[expect]]
quantity = "added lumbar extension"
at_least = 1
```

Text.

### Answer

More.

## Two

```toml
limits = { hip_extension_right = -5 }
```

Text.
"""


def test_the_lesson_that_is_spoilt_below_is_good():
    assert [step.title for step in parse_lesson(GOOD, "x.md", "x").steps] == ["One", "Two"]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("minutes = 5", "minuts = 5", 3, ["minuts", "Did you mean 'minutes'"]),
        ("minutes = 5", "minutes = 0", 3, ["minutes", "1 to 240", "0"]),
        ("minutes = 5", "minutes = '5'", 3, ["minutes", "number", "'5'"]),
        ("minutes = 5", "minutes = true", 3, ["minutes", "True"]),
        ("minutes = 5\n", "", 2, ["minutes is missing"]),
        ('title = "A"', "title = A", 2, ["words in quotes"]),
        ('title = "A"', 'title = ""', 2, ["title"]),
        ('"advanced"', '"advancd"', 4, ["advancd", "Did you mean 'advanced'", "first steps"]),
        ('["lee2005"]', '["lee2006"]', 6, ["lee2006", "Did you mean 'lee2005'"]),
        ('["lee2005"]', '"lee2005"', 6, ["sources must be a list"]),
        ("limits = { hip_extension_right = 0 }", "limit = { hip_extension_right = 0 }", 13, ["Did you mean 'limits'"]),
        ("hip_extension_right = 0 }", "hip_extnsion_right = 0 }", 13, ["Did you mean 'hip_extension_right'"]),
        ("hip_extension_right = 0 }", "hip_extension_right = 'x' }", 13, ["hip_extension_right", "'x'"]),
        ("hip_extension_right = 0 }", "hip_extension_right = 400 }", 13, ["hip_extension_right", "180"]),
        ("hip_extension_right = 0 }", "hip_extension_right = 0, hip_flexion = -90 }", 13, ["cross"]),
        (
            "limits = { hip_extension_right = 0 }",
            'limits = { hip_flexion = 5 }\ncauses = ["fused_hip"]',
            13,
            ["cross", "fused_hip:both:1"],
        ),
        ("hip_extension_right = -5 }", 'hip_flexion = 5 }\ncauses = ["fused_hip:left"]', 39, ["fused_hip:left:1"]),
        ("limits = { hip_extension_right = 0 }", "limits = 3", 13, ["limits", "by name"]),
        ('task = "walk"', 'task = "wlak"', 12, ["wlak", "Did you mean 'walk'"]),
        ('task = "walk"', 'task = "walk"\noptions = { sped = "fast" }', 13, ["sped", "Did you mean 'speed'"]),
        ('task = "walk"', 'task = "walk"\ncauses = ["tight_hip_flexor"]', 13, ["tight_hip_flexor"]),
        ('task = "walk"', 'task = "walk"\nstrategy = "clsure"', 13, ["Did you mean 'closure'"]),
        ('task = "walk"', 'task = "walk"\nstature = 17.5', 13, ["stature"]),
        ('camera = "side"', 'camera = "sid"', 14, ["Did you mean 'side'"]),
        ('highlight = ["hip"]', 'highlight = ["hips"]', 15, ["Did you mean 'hip'"]),
        ("at = 50", "at = 101", 16, ["0 to 100", "101"]),
        ("at = 50", "at = nan", 16, ["nan"]),
        ("at = 50", 'at = 50\nsliders = ["hip"]', 17, ["unknown sliders", "hip"]),
        (
            "at = 50",
            'at = 50\nsliders = ["hip_extension", "hip_flexion", "lumbar_extension"]',
            17,
            ["at most 2"],
        ),
        ("from = 0", "form = 0", 21, ["Did you mean 'from'"]),
        ("from = 0", "from = 20", 21, ["must be less than"]),
        ("step = 0.5", "step = 50", 23, ["at most 10", "50"]),
        ('ask = "How much?"', "ask = 3", 19, ["ask must be words"]),
        ("from = 0", "change_from = 1\nfrom = 0", 21, ["no step before it"]),
        ("[question]\n", "[questions]\n", 18, ["questions", "Did you mean 'question'"]),
        ('quantity = "added lumbar extension"\nfrom', 'quantity = "addd lumbar extension"\nfrom', 20, ["Did you mean"]),
        ("at_least = 1", "at_last = 1", 27, ["Did you mean 'at_least'"]),
        ("at_least = 1", "at_least = 3\nat_most = 1", 27, ["must not be more"]),
        ("at_least = 1", "", 26, ["at_least, at_most or both"]),
        ("### Answer\n", "### The answer is\n", 18, ["### Answer"]),
        (
            "limits = { hip_extension_right = -5 }\n```\n",
            "limits = { hip_extension_right = -5 }\n",
            38,
            ["never closed"],
        ),
        ("limits = { hip_extension_right = -5 }", "limits = { hip_extension_right = -5", 39, ["cannot be understood"]),
        ("limits = { hip_extension_right = -5 }", "limits = {}\nlimits = {}", 40, ["cannot be understood"]),
        ("## One\n", "lost text\n\n## One\n", 9, ["before the first step"]),
        ("limits = { hip_extension_right = -5 }\n```\n\nText.\n", "```\n", 36, ["no text"]),
        ("+++\ntitle", "++\ntitle", 1, ["begins with a line of +++"]),
        ('sources = ["lee2005"]\n+++\n', 'sources = ["lee2005"]\n', 1, ["never closed"]),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_is_allowed(old, new, line, says):
    assert GOOD.count(old) >= 1
    with pytest.raises(HipspineError) as told:
        parse_lesson(GOOD.replace(old, new, 1), "x.md", "x")
    words = str(told.value)
    assert words.startswith(f"x.md, line {line}:"), words
    for each in says:
        assert each in words
    assert "\n" not in words


def test_a_lesson_without_steps_or_without_end_is_refused():
    with pytest.raises(HipspineError, match="at least one step"):
        parse_lesson(GOOD.partition("## One")[0], "x.md", "x")
    with pytest.raises(HipspineError, match="at most 200000 characters"):
        parse_lesson(GOOD + "x" * 200_000, "x.md", "x")
    with pytest.raises(HipspineError, match="at most 40 steps"):
        parse_lesson(GOOD + "\n## S\n\nx\n" * 40, "x.md", "x")
    with pytest.raises(HipspineError, match=r"x\.md, line 1"):
        parse_lesson("", "x.md", "x")


def test_a_file_that_is_not_there_no_text_or_a_folder_is_refused_by_name(tmp_path):
    with pytest.raises(HipspineError, match=r"none\.md: cannot be read"):
        read_lesson(tmp_path / "none.md")
    binary = tmp_path / "binary.md"
    binary.write_bytes(b"+++\n\xff\xfe\n")
    with pytest.raises(HipspineError, match=r"binary\.md: is no text in UTF-8 \(byte 4\)"):
        read_lesson(binary)
    with pytest.raises(HipspineError, match="cannot be read"):
        read_lesson(tmp_path)


def test_an_unknown_lesson_is_told_with_the_nearest():
    with pytest.raises(HipspineError, match="Did you mean 'the_stiff_hip_walks'"):
        lesson_named("the_stiff_hip_walk")
