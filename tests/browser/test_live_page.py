"""The live page in a real browser: every control changes what is shown, each tab is its own, nothing is foreign."""

import json
import random
import time
import urllib.parse

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from simulate.teach.live import words
from tests.browser.driving import Teach, asked, resize, until_asked

EXTENSION = "Right hip extension"


def restricted(shown):
    """Every angle of the restricted person."""
    return {curve["key"]: curve["restricted"] for curve in shown["curves"]}


def lumbar(page):
    """Degrees of lumbar extension that are added."""
    return page.shown()["summary"]["lumbar_extension"]["added_deg"]


def test_the_page_opens_with_a_free_walk_and_says_so(page):
    assert asked(page) == {"task": "walk", "strategy": "predicted"}
    assert lumbar(page) == pytest.approx(0.0, abs=0.05)  # the free answer is the recording
    assert page.headline() == page.shown()["headline"]
    page.picture("opens")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (1024, 768)])
def test_a_stiff_hip_changes_figure_curves_and_headline_at_any_size_without_scrolling(page, width, height):
    resize(page.driver, width, height)
    try:
        page.slide(EXTENSION, 15)
        page.picture(f"hip_extension_15_{width}x{height}")
        before = page.headline()
        page.slide(EXTENSION, -5)
        page.picture(f"hip_extension_minus_5_{width}x{height}")
        assert asked(page)["limits_deg"] == {"hip_extension_right": -5.0}
        assert lumbar(page) > 1.0
        assert page.headline() != before and "right hip extension" in page.headline()
        tall, wide, there = page.js(
            "const e = document.documentElement; const s = document.querySelector('.teach-stage__drawing');"
            "return [e.scrollHeight - innerHeight, e.scrollWidth - innerWidth, s.getBoundingClientRect().toJSON()]"
        )
        assert tall <= 0 and wide <= 0
        assert there["bottom"] <= height and there["right"] <= width
        assert there["width"] > 0.55 * width and there["height"] > 0.6 * height
    finally:
        resize(page.driver, 1280, 720)


@pytest.mark.parametrize("side", ["right", "left"])
def test_each_direction_of_a_hip_is_limited_by_its_slider(page, side):
    for name, dial in words.HIP.items():
        label = f"{side.capitalize()} hip {dial.label}"
        page.slide(label, dial.normal - 7)
        assert asked(page)["limits_deg"] == {f"{name}_{side}": dial.normal - 7}
        page.slide(label, dial.normal)  # at the mark it is a limit too
        assert asked(page)["limits_deg"] == {f"{name}_{side}": dial.normal}
        assert page.said(label) == f"{dial.normal:g}°"
        page.release(label)
        assert "limits_deg" not in asked(page)
        assert page.said(label) == "not limited" and page.sliders()[label] == dial.normal


def test_each_direction_of_the_lumbar_spine_is_limited_by_its_slider(page):
    for name, dial in words.LUMBAR.items():
        page.slide(dial.label, dial.low + 4)
        assert asked(page)["limits_deg"] == {name: dial.low + 4}
        page.release(dial.label)
        assert "limits_deg" not in asked(page)


def opened(page, server, wanted):
    """The page, by an address that asks for that."""
    page.open(f"{server.address}?state={urllib.parse.quote(json.dumps(wanted))}")
    until_asked(page, {"strategy": "predicted", **wanted})


def test_one_hip_is_moved_and_the_other_keeps_a_limit_at_its_normal_range(page, server):
    normal = words.HIP["hip_extension"].normal
    opened(page, server, {"task": "run", "limits_deg": {"hip_extension": normal}})
    assert (page.said(EXTENSION), page.said("Left hip extension")) == (f"{normal:g}°", f"{normal:g}°")
    page.slide(EXTENSION, normal - 5)
    assert asked(page)["limits_deg"] == {"hip_extension_right": normal - 5, "hip_extension_left": normal}
    page.release("Left hip extension")
    assert asked(page)["limits_deg"] == {"hip_extension_right": normal - 5}


def test_a_bend_backward_goes_as_far_as_was_chosen_wherever_the_slider_stood(page):
    page.choose("Task", words.MOVEMENTS["bend"])
    page.choose("Direction", "backward")
    label = words.OPTIONS["bend", "angle"].label
    assert page.said(label) == "25°" and page.given(label) is None
    for angle in (59, 60):
        page.slide(label, angle)
        assert asked(page)["options"] == {"direction": "backward", "angle": angle}
    page.release(label)
    assert asked(page)["options"] == {"direction": "backward"}


def test_a_turn_off_the_outside_foot_is_said_to_go_left_where_nobody_chose(page):
    page.choose("Task", words.MOVEMENTS["turn"])
    label = words.OPTIONS["turn", "angle"].label
    assert page.said(label) == "89° right, as recorded" and page.sliders()[label] == -89
    page.choose("Style", "step (outside foot)")
    assert page.said(label) == "90° left, constructed" and page.sliders()[label] == 90


def test_linked_sides_move_together_and_apart_again(page):
    page.slide(EXTENSION, 3)
    page.switch("Right and left together")
    left = "[...document.querySelectorAll('input')].find((e) => e.ariaLabel === 'Left hip extension')"
    page.wait(f"{left}.value == 3", 10.0)
    page.slide("Left hip extension", -2)
    assert asked(page)["limits_deg"] == {"hip_extension_right": -2.0, "hip_extension_left": -2.0}
    assert page.sliders()[EXTENSION] == -2
    page.switch("Right and left together")
    page.slide("Left hip extension", 4)
    assert asked(page)["limits_deg"] == {"hip_extension_right": -2.0, "hip_extension_left": 4.0}


@pytest.mark.parametrize("task", words.MOVEMENTS)
def test_each_task_is_shown_free_and_restricted(page, task):
    if task != "walk":
        page.choose("Task", words.MOVEMENTS[task])
    page.wait("teach.shown.task === arguments[0]", 60.0, task)
    free = page.shown()
    assert free["status"]["unsolved"] == 0
    page.slide("Left hip internal rotation", 5)
    page.slide(EXTENSION, -12)  # less than who stands has, or lies with a cushion below
    page.slide("Right hip flexion", 30)
    assert page.js("return teach.error") == ""
    assert page.shown()["task"] == task
    before, after = restricted(free), restricted(page.shown())
    moved = [abs(a - b) for key in before for a, b in zip(before[key], after[key], strict=True) if b is not None]
    assert max(moved) > 0.5
    page.picture(f"task_{task}")


@pytest.mark.parametrize(("task", "name"), words.OPTIONS)
def test_each_number_of_a_task_changes_what_is_shown(page, task, name):
    page.choose("Task", words.MOVEMENTS[task])
    dial = words.OPTIONS[task, name]
    free = restricted(page.shown())
    value = dial.normal - 0.3 * abs(dial.normal)
    page.slide(dial.label, value)
    page.wait("Object.keys(teach.shown.asked.options ?? {}).length || teach.error", 30.0)
    assert page.js("return teach.error") == ""
    assert page.shown()["asked"]["options"][name] == pytest.approx(round(value / dial.step) * dial.step * dial.per)
    assert restricted(page.shown()) != free


@pytest.mark.parametrize(
    ("task", "label", "choice", "options"),
    [
        ("walk", "Speed", "fast", {"speed": "fast"}),
        ("walk", "Speed", "very slow", {"speed": "very_slow"}),
        ("turn", "Style", "step (outside foot)", {"style": "step"}),
        ("bend", "Direction", "backward", {"direction": "backward"}),
        ("prone", "Side", "left", {"side": "left"}),
        ("prone-rotation", "Turn", "external", {"turn": "external"}),
    ],
)
def test_each_choice_of_a_task_changes_what_is_shown(page, task, label, choice, options):
    if task != "walk":
        page.choose("Task", words.MOVEMENTS[task])
    free = restricted(page.shown())
    page.choose(label, choice)
    page.wait("teach.shown.asked.options || teach.error", 30.0)
    assert page.js("return teach.error") == ""
    assert asked(page)["options"] == options
    assert restricted(page.shown()) != free


@pytest.mark.parametrize("name", words.CAUSES)
def test_each_cause_is_added_graded_turned_to_a_side_and_removed(page, name):
    title = words.CAUSES[name]
    page.choose("Add a cause", title)
    side = "both" if name == "age" else "right"
    assert asked(page)["causes"] == [f"{name}:{side}:1"]
    page.slide(title, 50)
    assert asked(page)["causes"] == [f"{name}:{side}:0.5"]
    if name != "age":
        page.ask_by(f'[aria-label="Side of {title}"] button:nth-of-type(2)')
        assert asked(page)["causes"] == [f"{name}:left:0.5"]
    page.ask_by(f'[aria-label="Remove {title}"]')
    assert "causes" not in asked(page)


def test_two_causes_stand_side_by_side(page):
    page.choose("Add a cause", words.CAUSES["tight_hip_flexors"])
    page.choose("Add a cause", words.CAUSES["hip_osteoarthritis"])
    page.slide(words.CAUSES["hip_osteoarthritis"], 25)
    assert asked(page)["causes"] == ["tight_hip_flexors:right:1", "hip_osteoarthritis:right:0.25"]


def test_strategies_differ_and_are_explained(page):
    page.slide(EXTENSION, -5)
    added = {}
    for name, (title, meaning) in words.STRATEGIES.items():
        if name != "predicted":
            page.ask(title)
        assert asked(page)["strategy"] == name
        assert meaning in page.js("return document.body.innerText")
        added[name] = lumbar(page)
    assert added["least"] < added["predicted"] < added["closure"]


def test_allowances_are_there_for_least_and_each_counts(page):
    seen = "[...document.querySelectorAll('.teach-allowances')].some((e) => e.offsetParent)"
    assert not page.js(f"return {seen}")
    page.ask(words.STRATEGIES["least"][0])
    page.wait(seen, 5.0)
    for name, (label, _, _, _, per) in words.ALLOWANCES.items():
        page.slide(f"Allowed: {label.lower()}", 1)
        assert asked(page)["allow"][name] == pytest.approx(per)


def test_another_body_walks_when_it_is_asked_for(page):
    page.unfold("Body")
    page.switch("A generic body")
    assert asked(page)["stature"] == pytest.approx(1.75)
    page.slide("Height", 160)
    page.slide("Mass", 60)
    page.ask("female")
    assert [asked(page)[name] for name in ("stature", "mass", "sex")] == [pytest.approx(1.6), 60.0, "female"]
    page.switch("A generic body")
    assert not {"stature", "mass", "sex"} & asked(page).keys()


def test_reset_puts_everything_back(page):
    page.choose("Task", words.MOVEMENTS["turn"])
    page.slide("Left hip internal rotation", 5)
    page.choose("Add a cause", words.CAUSES["age"])
    page.ask(words.STRATEGIES["closure"][0])
    page.ask("restart_altReset")
    page.wait("teach.shown.task === 'walk'", 20.0)
    assert asked(page) == {"task": "walk", "strategy": "predicted"}
    assert page.sliders()["Left hip internal rotation"] == words.HIP["hip_internal_rotation"].normal
    assert page.js("return document.querySelectorAll('.teach-cause').length") == 0


def test_limits_that_cross_are_said_and_the_page_goes_on(page):
    page.slide("Right hip abduction", -10)
    page.slide("Right hip adduction", -5, answered=False)
    page.wait("document.querySelector('.teach-controls .teach-error')?.offsetParent", 5.0)
    assert "cross" in page.js("return document.querySelector('.teach-controls .teach-error').textContent")
    page.slide("Right hip abduction", 0)
    assert page.js("return document.querySelector('.teach-controls .teach-error').offsetParent") is None
    assert asked(page)["limits_deg"] == {"hip_abduction_right": 0.0}
    assert page.said("Right hip adduction") == "not limited"  # what was refused does not stay on its slider
    page.slide("Right hip adduction", 20)
    assert asked(page)["limits_deg"] == {"hip_abduction_right": 0.0, "hip_adduction_right": 20.0}


def test_two_tabs_have_their_own_state(page, server):
    page.slide(EXTENSION, -5)
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    other = Teach(page.driver)
    other.open(server.address)
    assert "limits_deg" not in asked(other)
    other.slide("Left hip extension", 0)
    page.driver.close()
    page.driver.switch_to.window(first)
    page.slide("Right hip flexion", 100)
    assert asked(page)["limits_deg"] == {"hip_extension_right": -5.0, "hip_flexion_right": 100.0}


def test_the_address_keeps_what_is_shown_over_a_reload(page, server):
    page.slide(EXTENSION, -5)
    page.wait("location.search.length > 0", 10.0)
    page.driver.refresh()
    page.wait("window.teach && teach.answers > 0", 60.0)
    assert asked(page)["limits_deg"] == {"hip_extension_right": -5.0}
    assert page.sliders()[EXTENSION] == -5


def test_an_address_that_asks_for_nonsense_opens_the_free_walk_and_says_why(page, server):
    wrong = urllib.parse.quote(json.dumps({"limits_deg": {"hip_extention": 0}}))
    page.open(f"{server.address}?state={wrong}")
    assert "hip_extention" in page.js("return document.querySelector('.teach-controls .teach-error').textContent")
    assert "limits_deg" not in asked(page)


def test_sliders_go_by_keyboard_alone(page):
    page.js("document.querySelector('input[type=range]').focus()")
    name = page.js("return document.activeElement.ariaLabel")
    assert name == EXTENSION
    before = page.answers()
    ActionChains(page.driver).send_keys(Keys.ARROW_LEFT * 4).perform()
    page.settle(before)
    assert asked(page)["limits_deg"] == {"hip_extension_right": words.HIP["hip_extension"].normal - 4}
    before = page.answers()
    ActionChains(page.driver).send_keys(Keys.HOME).perform()
    page.settle(before)
    assert page.sliders()[EXTENSION] == words.HIP["hip_extension"].low


def test_tab_reaches_every_visible_control_and_each_has_a_name(page):
    page.js("document.activeElement.blur()")
    reached = []
    for _ in range(150):
        ActionChains(page.driver).send_keys(Keys.TAB).perform()
        now = page.js(
            "const e = document.activeElement; if (e === document.body || e.dataset.reached) return null;"
            "e.dataset.reached = 'yes'; const of = (x) => x?.ariaLabel || x?.innerText?.trim();"
            "const name = e.ariaLabel || e.innerText?.trim() || of(e.closest('label, [role=slider], .q-field'));"
            "return [name ?? '', e.outerHTML.slice(0, 200)]"
        )
        if now is None:
            break
        reached.append(now)
    names = [name for name, _ in reached]
    assert [html for name, html in reached if not name] == []
    for name in (EXTENSION, "Left hip internal rotation", "Lessons", "Reset", "More directions", "Predicted"):
        assert any(name in said for said in names), (name, names)


def test_keys_open_the_list_of_keys_lessons_and_reset(page):
    page.slide(EXTENSION, 0)
    ActionChains(page.driver).send_keys("l").perform()
    page.wait("document.querySelector('.teach-lessons').offsetParent", 5.0)
    ActionChains(page.driver).send_keys("l").perform()
    page.wait("!document.querySelector('.teach-lessons').offsetParent", 5.0)
    before = page.answers()
    ActionChains(page.driver).send_keys("r").perform()
    page.settle(before)
    assert "limits_deg" not in asked(page)
    ActionChains(page.driver).send_keys("?").perform()
    page.wait("document.querySelector('.teach-keys')", 5.0)


def test_nothing_is_loaded_from_elsewhere_and_nothing_foreign_may_be(page):
    assert page.remote() == []
    blocked = page.driver.execute_async_script(
        "const done = arguments[0]; let said = '';"
        "addEventListener('securitypolicyviolation', (e) => (said = e.violatedDirective));"
        "fetch('http://192.0.2.1/x').then(() => done('let through'), () => setTimeout(() => done(said), 200));"
    )
    assert blocked == "connect-src"
    page.driver.get_log("browser")  # the browser complains of it, rightly


def test_of_many_moves_the_newest_is_what_is_shown(page):
    began = page.js("return teach.answers")
    values = [random.Random(8).randrange(-20, 20) for _ in range(300)]
    page.driver.execute_async_script(
        "const [values, done] = arguments;"
        "const slider = [...document.querySelectorAll('input')].find((e) => e.ariaLabel === 'Right hip extension');"
        "let k = 0; const move = () => { if (k === values.length) return done(true); slider.value = values[k++];"
        "slider.dispatchEvent(new Event('input', { bubbles: true })); setTimeout(move, 4); }; move();",
        values,
    )
    page.settle()
    limits = asked(page).get("limits_deg", {"hip_extension_right": words.HIP["hip_extension"].normal})
    assert limits == {"hip_extension_right": float(values[-1])}
    assert page.sliders()[EXTENSION] == values[-1]
    assert began < page.js("return teach.answers") <= began + len(values)
    assert page.js("return teach.error") == ""


def test_the_figure_walks_on_after_a_slider_was_moved_and_stays_where_it_was_stopped(page):
    page.slide(EXTENSION, 0)
    page.wait("teach.stage.state().playing", 5.0)
    page.js("teach.stage.pause()")
    page.slide(EXTENSION, 5)
    time.sleep(0.5)
    assert page.js("return teach.stage.state().playing") is False


def test_a_line_that_breaks_is_taken_up_again(page):
    page.js("teach.line.close()")
    time.sleep(1.5)
    page.slide(EXTENSION, 0)
    page.wait("teach.shown.asked.limits_deg?.hip_extension_right === 0", 10.0)
