"""What the page's controls ask for is what they say, and a tab that comes back is answered once."""

import asyncio
import json

import numpy as np
import pytest

from kinematics.conventions import INDEX
from simulate.tasks.catalogue import MOVEMENTS, build_task
from simulate.teach import Asked, shown
from simulate.teach.live import limits, words
from simulate.teach.live.session import Session

EXTENSION, RIGHT, LEFT = "hip_extension", "hip_extension_right", "hip_extension_left"


# --- limits


def test_a_limit_of_one_side_leaves_the_other_side_what_both_had():
    assert limits.changed({EXTENSION: 10.0}, RIGHT, 5.0) == {RIGHT: 5.0, LEFT: 10.0}
    assert limits.changed({EXTENSION: 10.0}, RIGHT, None) == {LEFT: 10.0}
    assert limits.changed({EXTENSION: 10.0, LEFT: 2.0}, RIGHT, 5.0) == {RIGHT: 5.0, LEFT: 2.0}
    assert limits.changed({LEFT: 3.0}, RIGHT, 5.0) == {RIGHT: 5.0, LEFT: 3.0}
    assert limits.changed({}, RIGHT, 5.0) == {RIGHT: 5.0}


def test_a_limit_of_both_sides_takes_the_place_of_those_of_each():
    assert limits.changed({RIGHT: 5.0, LEFT: 0.0}, EXTENSION, 8.0) == {EXTENSION: 8.0}
    assert limits.changed({RIGHT: 5.0, "lumbar_extension": 3.0}, EXTENSION, None) == {"lumbar_extension": 3.0}
    assert limits.changed({"lumbar_bending_left": 5.0}, "lumbar_bending", 8.0) == {"lumbar_bending": 8.0}


@pytest.mark.parametrize("name", [*words.HIP, *words.LUMBAR])
def test_a_limit_at_the_normal_range_is_a_limit(name):
    normal = {**words.HIP, **words.LUMBAR}[name].normal
    asked = Asked(limits_deg=limits.changed({}, name, normal))
    assert asked.limits_deg == {name: normal}
    assert asked.rom.limited_bounds
    assert limits.given(asked.limits_deg, name) == normal
    assert limits.given({}, name) is None


@pytest.mark.parametrize(
    "given", [{EXTENSION: 0.0}, {RIGHT: 0.0}, {RIGHT: 0.0, LEFT: 0.0}, {EXTENSION: 0.0, LEFT: 4.0}, {}]
)
def test_a_slider_of_one_side_and_one_of_both_say_what_the_body_has(given):
    rom = Asked(limits_deg=given).rom
    for side, name in (("r", RIGHT), ("l", LEFT)):
        end = f"hip_flexion_{side}", -1
        assert limits.given(given, name) == (rom.reach_deg[end] if end in rom.limited_bounds else None)
    both = {limits.given(given, name) for name in (RIGHT, LEFT)}
    assert limits.apart(given, EXTENSION) == (len(both) > 1)
    assert limits.given(given, EXTENSION) == (both.pop() if len(both) == 1 else None)


def test_every_direction_says_that_nothing_limits_it():
    assert {dial.unsaid for dial in (*words.HIP.values(), *words.LUMBAR.values())} == {"not limited"}


# --- options


def _choices(task):
    """Every choice that a movement can be asked with besides its numbers, and none."""
    options = MOVEMENTS[task].options.values()
    return [{}, *({option.name: choice} for option in options for choice in option.choices)]


@pytest.mark.parametrize(
    ("task", "name", "beside"), [(*key, beside) for key in words.OPTIONS for beside in _choices(key[0])], ids=str
)
def test_a_number_that_nobody_chose_is_what_the_slider_says(task, name, beside):
    dial = words.dial(task, name, beside)
    unasked = build_task(task, **beside)
    if "as recorded" not in dial.unsaid:
        same = build_task(task, **beside, **{name: dial.normal * dial.per})
        np.testing.assert_allclose(same.q, unasked.q, atol=1e-12)  # rounding of centimetres
    elif task == "turn":
        heading = np.rad2deg(unasked.q[:, INDEX["pelvis_rotation"]])
        assert heading[-1] - heading[0] == pytest.approx(dial.normal, abs=0.5)  # the slider goes by degrees
        assert dial.unsaid.startswith(f"{-dial.normal:g}° right")
    else:
        depth = float(np.ptp(unasked.q[:, INDEX["pelvis_ty"]]))
        assert depth == pytest.approx(dial.normal * dial.per, abs=0.02)  # of the pelvis, not of the hips


def test_a_step_turn_is_said_to_go_left():
    assert words.dial("turn", "angle", {"style": "step"}).unsaid.startswith("90° left")
    heading = build_task("turn", style="step").q[:, INDEX["pelvis_rotation"]]
    assert np.rad2deg(heading[-1] - heading[0]) == pytest.approx(90.0, abs=0.1)  # as far as feet and legs let it


def test_a_backward_bend_may_be_asked_for_as_far_as_a_forward_one_goes_by_itself():
    forward, backward = (words.dial("bend", "angle", {"direction": each}) for each in ("forward", "backward"))
    assert (forward.normal, backward.normal) == (60.0, 25.0)
    assert shown.show(Asked(task="bend", options={"direction": "backward", "angle": 60.0}))["asked"]["options"] == {
        "direction": "backward", "angle": 60.0,
    }  # fmt: skip


def test_a_movement_has_one_title():
    assert list(words.MOVEMENTS) == list(MOVEMENTS)
    assert shown.show(Asked(task="sit"))["title"] == words.MOVEMENTS["sit"]


# --- the line of a tab


@pytest.fixture
def answered(monkeypatch):
    """The questions that were answered; nothing is solved."""
    found = []

    def answer(asked, version, has):
        found.append(version)
        return json.dumps({"version": version})

    monkeypatch.setattr("simulate.teach.live.session._answer", answer)
    return found


def test_of_many_lines_of_one_tab_only_the_newest_is_answered_and_the_others_end(answered):
    async def tab():
        ready = asyncio.get_running_loop().create_future()
        session = Session(Asked(), ready)
        early = asyncio.create_task(session.next_after(0))  # the solver is not there yet
        await asyncio.sleep(0)
        waiting = [early]
        ready.set_result(None)
        for _ in range(4):
            waiting.append(asyncio.create_task(session.next_after(1)))
            await asyncio.sleep(0.01)
        assert [line.done() for line in waiting] == [True] * 4 + [False]
        assert [line.result() for line in waiting[:4]] == [None] * 4
        session.change(limits_deg={RIGHT: 0.0})
        return await asyncio.wait_for(waiting[-1], 5.0)

    assert asyncio.run(tab())[0] == 2
    assert answered == [2]


def test_a_closed_tab_is_not_waited_for(answered):
    async def tab():
        ready = asyncio.get_running_loop().create_future()
        ready.set_result(None)
        session = Session(Asked(), ready)
        waiting = asyncio.create_task(session.next_after(1))
        await asyncio.sleep(0.01)
        session.close()
        return await asyncio.wait_for(waiting, 5.0), await session.next_after(0)

    assert asyncio.run(tab()) == (None, None)
    assert answered == []
