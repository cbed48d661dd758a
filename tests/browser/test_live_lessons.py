"""Lessons on the live page in a real browser: played through, moved by hand, and a teacher's own."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains

from simulate.teach.lesson import lessons
from simulate.teach.live import words
from simulate.teach.live.lesson_panel import shown_before
from tests.browser.driving import Server, Teach, asked, until_asked


@pytest.mark.parametrize("name", [lesson.name for lesson in lessons()])
def test_each_lesson_is_played_from_its_first_step_to_its_last(page, name):
    lesson = next(each for each in lessons() if each.name == name)
    page.click(".teach-top__bar button")
    page.click(f'[data-lesson="{name}"]')
    for at, step in enumerate(lesson.steps):
        page.wait("document.querySelector('.teach-lesson__count')?.textContent === arguments[0]", 20.0,
                  f"{at + 1} of {len(lesson.steps)}")  # fmt: skip
        text = page.js("return document.querySelector('.teach-lesson').innerText")
        assert lesson.title in text and step.title in text
        if step.question is not None:
            before = shown_before(lesson, at).to_dict()
            until_asked(page, before)
            assert step.question.ask in text and "Reveal" in text
            page.slide("Your prediction", step.question.low, answered=False)
            page.button("Reveal")
            page.wait("document.querySelector('.teach-verdict')", 60.0)
            assert "The model says" in page.js("return document.querySelector('.teach-verdict').innerText")
        until_asked(page, step.asked.to_dict())
        assert page.js("return teach.stage.state().camera") == step.camera
        if at == 1:
            page.picture(f"lesson_{name}")
        if at + 1 < len(lesson.steps):
            page.button("Next")
    if lesson.sources:
        page.unfold("Sources")
        assert lesson.sources[0].text[:20] in page.js("return document.querySelector('.teach-sources').innerText")
    page.button("All lessons")
    page.wait("document.querySelector('[data-lesson]')", 10.0)


def test_a_lesson_goes_on_and_back_by_keys_and_its_sliders_move_the_figure(page):
    page.click(".teach-top__bar button")
    page.click('[data-lesson="the_stiff_hip_walks"]')
    page.wait("document.querySelector('.teach-lesson__count')?.textContent.startsWith('1 of')", 20.0)
    for key, count in (("n", "2 of"), ("n", "3 of"), ("b", "2 of"), ("n", "3 of")):
        ActionChains(page.driver).send_keys(key).perform()
        page.wait("document.querySelector('.teach-lesson__count')?.textContent.startsWith(arguments[0])", 20.0, count)
    page.settle()
    before = page.answers()
    moved = page.js(
        "const s = document.querySelector('.teach-lessons .teach-slider input'); s.value = 4;"
        "s.dispatchEvent(new Event('input', { bubbles: true })); return s.ariaLabel;"
    )
    page.settle(before)
    assert moved == "Right hip extension"
    assert asked(page)["limits_deg"] == {"hip_extension_right": 4.0}


BOTH = """+++
title = "Both hips, and one"
minutes = 1
level = "first steps"
about = "Limits of both sides, and sliders of one."
+++

## Both

```toml
limits = { hip_extension = 0 }
sliders = ["hip_extension_right", "hip_extension"]
```

Move them.

## A bend that is too deep

```toml
task = "bend"
options = { angle = 500 }

[question]
ask = "How much?"
quantity = "added lumbar extension"
from = 0
to = 10
```

It cannot be answered.

### Answer

Never.
"""


@pytest.fixture
def both(browser, tmp_path):
    """The live page with a lesson about both hips."""
    (tmp_path / "both.md").write_text(BOTH, encoding="utf-8")
    server = Server("--lesson", str(tmp_path / "both.md"))
    browser.switch_to.new_window("tab")
    page = Teach(browser)
    page.open(server.address)
    until_asked(page, {"task": "walk", "strategy": "predicted", "limits_deg": {"hip_extension": 0.0}})
    yield page
    browser.close()
    browser.switch_to.window(browser.window_handles[0])
    assert server.stop() == 0
    assert not [line for line in server.errors if "Traceback" in line], "".join(server.errors)


def slide_in_lesson(page, nth, value):
    """Drag a slider of the lesson, and wait for what comes of it."""
    before = page.answers()
    page.js(
        "const s = document.querySelectorAll('.teach-lessons .teach-slider input')[arguments[0]];"
        "s.value = arguments[1]; s.dispatchEvent(new Event('input', { bubbles: true }))",
        nth, value,
    )  # fmt: skip
    page.settle(before)


def said_in_lesson(page):
    """What the sliders of the lesson say."""
    return page.js(
        "return [...document.querySelectorAll('.teach-lessons .teach-slider output')].map((e) => e.textContent)"
    )


def test_a_slider_of_one_hip_and_a_limit_of_both_agree_in_a_lesson(both):
    assert said_in_lesson(both) == ["0°", "0°"]
    slide_in_lesson(both, 0, -5)
    assert asked(both)["limits_deg"] == {"hip_extension_right": -5.0, "hip_extension_left": 0.0}
    assert said_in_lesson(both) == ["\N{MINUS SIGN}5°", words.APART]
    slide_in_lesson(both, 1, 3)
    assert asked(both)["limits_deg"] == {"hip_extension": 3.0}
    assert said_in_lesson(both) == ["3°", "3°"]
    before = both.answers()
    both.js(
        "const s = [...document.querySelectorAll('.teach-controls input')].find((e) => e.ariaLabel === arguments[0]);"
        "s.value = 6; s.dispatchEvent(new Event('input', { bubbles: true }))",
        "Left hip extension",
    )
    both.settle(before)
    assert asked(both)["limits_deg"] == {"hip_extension_right": 3.0, "hip_extension_left": 6.0}
    assert said_in_lesson(both) == ["3°", words.APART]


def test_an_answer_that_cannot_be_had_is_said_and_may_be_asked_for_again(both):
    both.button("Next")
    both.wait("document.querySelector('.teach-lesson__count')?.textContent === '2 of 2'", 20.0)
    wrong = "document.querySelector('.teach-question .teach-error')"
    for _ in range(2):
        both.button("Reveal")
        both.wait(f"{wrong}?.offsetParent && {wrong}.textContent.includes('500')", 20.0)
        both.wait("![...document.querySelectorAll('button')].find((e) => e.textContent === 'Reveal').disabled", 5.0)


FOREIGN = """+++
title = "A lesson of one's own"
minutes = 1
level = "first steps"
about = "It tries <script>window.hacked = 1</script> things."
+++

## One <img src=x onerror="window.hacked = 2">

```toml
limits = { hip_extension_right = 0 }
```

<script>window.hacked = 3</script> <img src="http://192.0.2.1/x.png" onerror="window.hacked = 4">
[click](javascript:window.hacked=5) ![see](http://192.0.2.1/y.png) [fine](https://example.org/)
<style>body { display: none }</style>
"""


def test_a_lesson_of_ones_own_opens_at_once_and_runs_and_loads_nothing(browser, tmp_path):
    (tmp_path / "own.md").write_text(FOREIGN, encoding="utf-8")
    server = Server("--lesson", str(tmp_path / "own.md"))
    try:
        browser.switch_to.new_window("tab")
        page = Teach(browser)
        page.open(server.address)
        page.wait("document.querySelector('.teach-lesson__count')?.textContent === '1 of 1'", 20.0)
        until_asked(page, {"task": "walk", "strategy": "predicted", "limits_deg": {"hip_extension_right": 0.0}})
        text = page.js("return document.querySelector('.teach-lesson').innerText")
        assert "<script>" in text  # as text
        page.js("document.querySelectorAll('.teach-lesson a').forEach((a) => a.href.startsWith('http') || a.click())")
        assert page.js("return window.hacked ?? null") is None
        assert page.js("return document.querySelectorAll('.teach-prose :is(script, img, style, iframe)').length") == 0
        links = page.js("return [...document.querySelectorAll('.teach-prose a')].map((a) => [a.protocol, a.rel])")
        assert links
        assert all(protocol in ("http:", "https:") and "noopener" in rel for protocol, rel in links)
        assert page.remote() == []
        browser.close()
        browser.switch_to.window(browser.window_handles[0])
    finally:
        assert server.stop() == 0
