"""An exported lesson, opened from disk by a real browser without a network: it moves, asks, and loads nothing."""

import json
import time
from dataclasses import replace

import pytest

from simulate.solution import MUST_DEG, MUST_MM
from simulate.teach import Asked, show
from simulate.teach.handout.export import export
from simulate.teach.lesson import lesson_named
from simulate.teach.said import shortfall_words
from tests.browser.driving import PICTURES, browsing, resize

#: No name is found, no address reached.
OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND", "--disable-sync")
#: Somebody who cannot sit down all the way.
SHORT = lesson_named("when_the_task_gives_way").steps[3]


class Page:
    """The exported page, in words."""

    def __init__(self, driver):
        self.driver = driver

    def js(self, script, *args):
        return self.driver.execute_script(script, *args)

    def wait(self, condition, seconds=30.0):
        end = time.perf_counter() + seconds
        while not self.js(f"return !!({condition})"):
            assert time.perf_counter() < end, condition
            time.sleep(0.02)

    def open(self, path):
        self.driver.get(path.as_uri())
        self.wait("window.hipspine && hipspine.shown && hipspine.stage.state().drawn > 1")

    def state(self):
        return self.js("return hipspine.state()")

    def go(self, step):
        self.js("hipspine.go(arguments[0])", step)
        self.wait(
            f"hipspine.at === {step} && hipspine.shown && hipspine.shown.headline === hipspine.stage.state().headline"
        )

    def slide(self, value, which=0):
        before = self.state()["stage"]["shown"]
        self.js(
            "const i = document.querySelectorAll('.hx-sliders input')[arguments[1]]; i.value = arguments[0];"
            "i.dispatchEvent(new Event('input', { bubbles: true }))",
            value,
            which,
        )
        self.wait(f"hipspine.stage.state().shown > {before}")

    def pixels(self):
        """What the figure looks like."""
        time.sleep(0.3)
        return self.driver.find_element("css selector", ".hs-view").screenshot_as_png

    def picture(self, name):
        PICTURES.mkdir(parents=True, exist_ok=True)
        time.sleep(0.5)
        self.driver.save_screenshot(str(PICTURES / f"export_{name}.png"))


@pytest.fixture(scope="module")
def browser_offline():
    with browsing(1280, 720, *OFFLINE) as driver:
        yield driver


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("exported")


@pytest.fixture(scope="module")
def lesson(folder):
    path = folder / "lesson.html"
    export(lesson_named("the_stiff_hip_walks"), path)
    return path


@pytest.fixture(scope="module")
def answer(folder):
    path = folder / "answer.html"
    export(Asked(limits_deg={"hip_extension_right": -5.0, "hip_extension_left": 5.0}), path)
    return path


@pytest.fixture(scope="module")
def short(folder):
    """A question whose answer is that the task is not completed."""
    path = folder / "short.html"
    whole = lesson_named("when_the_task_gives_way")
    export(replace(whole, steps=(SHORT,)), path)
    return path


@pytest.fixture
def page(browser_offline):
    """A page at whose end nothing was complained about, and nothing was asked of anybody."""
    browser_offline.get_log("browser")
    resize(browser_offline, 1280, 720)
    found = Page(browser_offline)
    yield found
    asked = found.js("return performance.getEntriesByType('resource').map((each) => each.name)")
    assert asked == []
    assert browser_offline.get_log("browser") == []


def test_a_slider_moves_the_figure_the_curves_and_the_words(page, answer):
    page.open(answer)
    page.js("hipspine.stage.pause(); hipspine.stage.seek(56)")
    page.picture("answer_before")
    before, words = page.pixels(), page.state()["headline"]
    added = page.state()["summary"]["lumbar_extension"]["added_deg"]
    page.slide(-15.0)
    page.picture("answer_after")
    after = page.state()
    assert after["summary"]["lumbar_extension"]["added_deg"] > added + 1.0
    assert after["headline"] != words and after["headline"] == after["stage"]["headline"]
    assert page.pixels() != before
    assert after["stage"]["cursor"] == pytest.approx(56.0, abs=0.01)


@pytest.mark.parametrize(("right", "left"), [(-5.0, 5.0), (0.0, 0.0), (-15.0, 2.5), (10.0, -7.5)])
def test_at_computed_values_the_page_says_what_the_solver_says(page, answer, right, left):
    page.open(answer)
    page.slide(right, 0)
    page.slide(left, 1)
    asked = show(Asked(limits_deg={"hip_extension_right": right, "hip_extension_left": left}))
    found = page.state()
    for name in ("lumbar_extension", "lumbar_rotation", "pelvis_tilt"):
        expected = asked["summary"][name]["added_deg"]
        assert found["summary"][name]["added_deg"] == pytest.approx(expected, abs=0.02)  # stored to 0.01
    if asked["budget"] and max(row["lost_deg"] for row in asked["budget"]) > 0.1:
        assert found["headline"] == asked["headline"]


def test_between_computed_values_the_page_is_as_close_as_it_says(page, answer):
    page.open(answer)
    page.slide(-6.5, 0)
    page.slide(3.5, 1)
    asked = show(Asked(limits_deg={"hip_extension_right": -6.5, "hip_extension_left": 3.5}))
    told = page.js("return hipspine.step.exactness")
    most = float(told.partition("at most ")[2].partition("°")[0])
    expected = asked["summary"]["lumbar_extension"]["added_deg"]
    assert page.state()["summary"]["lumbar_extension"]["added_deg"] == pytest.approx(expected, abs=most + 0.02)


def test_a_question_shows_nothing_before_the_class_has_answered(page, lesson):
    page.open(lesson)
    page.go(1)
    state = page.state()
    assert state["open"] and state["summary"] == {}
    assert "Predict" in state["headline"]
    assert page.js("return document.querySelectorAll('.hx-sliders').length") == 0
    page.picture("question")
    page.js("document.querySelector('.hx-reveal').click()")
    page.wait("!hipspine.open && hipspine.shown.headline === hipspine.stage.state().headline")
    text = page.js("return document.querySelector('.hx-text').innerText")
    assert "The model says 4" in text and "Your prediction: 7.5°" in text
    assert "lumbar extension" in page.state()["headline"]
    page.picture("revealed")
    page.go(0)
    page.go(1)
    assert not page.state()["open"]  # what was answered stays answered


def test_where_the_task_falls_short_shows_after_the_class_has_answered_and_not_before(page, short):
    page.open(short)
    frames = show(SHORT.asked)["frame_status"]
    assert frames.count(2) > 0
    shown = page.js("return hipspine.shown")
    assert shown["frame_status"] == [1] * len(frames)
    assert shown["status"] == {"solved": len(frames), "shortfall": 0, "unsolved": 0}
    assert "gradient" not in page.js("return document.querySelector('.hs-proof').style.background")
    page.js("document.querySelector('.hx-question input').value = 0; document.querySelector('.hx-reveal').click()")
    page.wait("!hipspine.open && hipspine.shown.shortfall")
    for value in (None, 70.0, 62.5, 80.0):
        if value is not None:
            page.slide(value)
        limits = SHORT.asked.limits_deg if value is None else {**SHORT.asked.limits_deg, "hip_flexion": value}
        answer = show(replace(SHORT.asked, limits_deg=limits))
        shown = page.js("return hipspine.shown")
        for name in ("frame_status", "status", "shortfall", "headline"):
            assert shown[name] == answer[name], (value, name)
        drawn = page.js("return document.querySelector('.hs-proof').style.background")
        assert ("rgb(230, 159, 0)" in drawn) == (2 in answer["frame_status"])
    assert "too little" in page.js("return document.querySelector('.hx-guess').textContent")


def test_between_computed_values_a_frame_falls_short_if_it_does_beside_them(page, short):
    page.open(short)
    page.js("document.querySelector('.hx-reveal').click()")
    page.wait("!hipspine.open && hipspine.shown.shortfall")
    beside = []
    for value in (60.0, 61.0, 62.5):
        page.slide(value)
        shown = page.js("return hipspine.shown")
        beside.append({k for k, code in enumerate(shown["frame_status"]) if code == 2})
        assert shown["status"]["shortfall"] == len(beside[-1])
        assert shown["status"]["solved"] == shown["frames"] - shown["status"]["unsolved"] - len(beside[-1])
    assert beside[1] == beside[0] | beside[2]


@pytest.mark.parametrize(
    ("mm", "deg"),
    [(0.0, 0.0), (0.09, 0.009), (0.11, 0.0), (0.3, 0.0), (4.4, 0.02), (26.0, 0.0), (0.0, 9.94), (123.4, 56.7)],
)
def test_what_falls_short_is_said_in_the_words_of_python(page, short, mm, deg):
    page.open(short)
    names = page.js("return (await hipspine.answers(0)).step.grid.names")
    goal = next(name for name in names if name.startswith("short ")).removeprefix("short ").partition("|")[0]
    told = page.js(
        "const [mm, deg] = arguments; const answers = await hipspine.answers(0);"
        "return answers.short((name) => (name.endsWith('|mm') ? mm : deg))",
        mm,
        deg,
    )
    missed = mm > MUST_MM or deg > MUST_DEG  # what `simulate.teach.said.shortfalls` lists
    assert told == shortfall_words([{"goal": goal, "mm": mm, "deg": deg}] if missed else [])


def test_every_step_of_the_lesson_can_be_walked_through_with_the_keyboard(page, lesson):
    from selenium.webdriver.common.keys import Keys

    page.open(lesson)
    steps = page.js("return document.querySelectorAll('.hx-steps span').length")
    titles = []
    for step in range(steps):
        page.wait(f"hipspine.at === {step}")
        titles.append(page.js("return document.querySelector('.hx-title').textContent"))
        if step + 1 < steps:
            button = page.js("return [...document.querySelectorAll('.hx-foot button')].at(-1)")
            button.send_keys(Keys.ENTER)
    assert titles == [step.title for step in lesson_named("the_stiff_hip_walks").steps]
    page.go(2)
    slider = page.js("return document.querySelector('.hx-sliders input')")
    before = page.state()["summary"]["lumbar_extension"]["added_deg"]
    slider.send_keys(Keys.ARROW_LEFT * 8)
    page.wait("hipspine.values && hipspine.values[0] < -8.9")
    page.wait(f"hipspine.state().summary.lumbar_extension.added_deg > {before} + 0.5")
    assert slider.get_attribute("aria-valuetext") == "\N{MINUS SIGN}9°"
    assert slider.get_attribute("aria-label") == "Right hip extension"


def test_reset_gives_back_what_was_asked(page, answer):
    page.open(answer)
    first = page.state()
    page.slide(-15.0)
    page.js("[...document.querySelectorAll('.hx-sliders button')].at(-1).click()")
    page.wait("hipspine.values === null && hipspine.shown.headline === hipspine.stage.state().headline")
    assert page.state()["headline"] == first["headline"]
    assert page.js("return document.querySelector('.hx-sliders input').value") == "-5"


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (1024, 768), (800, 1180)])
def test_nothing_is_wider_than_the_screen(page, lesson, width, height):
    page.open(lesson)
    resize(page.driver, width, height)
    page.go(1)
    page.picture(f"{width}x{height}")
    assert page.js("return document.documentElement.scrollWidth") <= width
    figure = page.js("return document.querySelector('.hs-view').getBoundingClientRect().toJSON()")
    assert figure["width"] > 0.35 * min(width, 1000) and figure["height"] > 0.35 * min(height, 800)
    assert figure["left"] >= 0 and figure["right"] <= width
    page.js("[...document.querySelectorAll('.hs-bar button')].at(-1).click()")
    page.wait("document.body.classList.contains('hx-projector')")
    page.picture(f"{width}x{height}_projector")
    assert page.js("return document.documentElement.scrollWidth") <= width
    figure = page.js("return document.querySelector('.hs-view').getBoundingClientRect().toJSON()")
    assert figure["width"] > 0.33 * min(width, 1000) and figure["height"] > 0.2 * height


def test_nothing_from_outside_can_be_loaded_or_run(page, answer, browser_offline):
    page.open(answer)
    refused = page.driver.execute_async_script(
        """
        const done = arguments[0];
        const refused = [];
        document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
        const tag = (name, fields) => document.body.append(Object.assign(document.createElement(name), fields));
        tag("script", { textContent: "window.inline = 1" });
        tag("script", { src: "https://example.org/x.js" });
        tag("img", { src: "https://example.org/x.png" });
        tag("iframe", { src: "https://example.org/" });
        fetch("https://example.org/").catch(() => refused.push("fetch"));
        setTimeout(() => done([refused, window.inline ?? null]), 800);
        """
    )
    directives, inline = refused
    assert inline is None
    assert "fetch" in directives and "connect-src" in directives
    assert sum(each.startswith("script-src") for each in directives) >= 2
    assert "img-src" in directives and any(each.startswith("frame-src") for each in directives)
    browser_offline.get_log("browser")  # the refusals above
    page.open(answer)


def test_the_page_says_where_it_comes_from_and_how_exact_it_is(page, lesson):
    page.open(lesson)
    page.js("document.querySelector('[data-part=exactness]').open = true")
    text = page.js("return document.querySelector('[data-part=exactness]').innerText")
    assert "lumbar angles differ by at most" in text and "mm" in text
    assert "Schwartz" in text and "loads nothing" in text
    assert json.dumps(page.state())  # plain data
