"""The catalogue of movements: what it builds is what is built by hand, on the body that was asked for."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from kinematics import Chain, RangeOfMotion
from kinematics.conventions import INDEX, ROTATIONS, SPINE
from simulate import (
    bending,
    compensate,
    mirrored,
    norm_walking,
    pivoting,
    prone_extension,
    prone_rotation,
    read_motion,
    running,
    sitting,
    squatting,
    standing_still,
    swinging,
    turned,
    walking,
)
from simulate.cli.movements import MOVEMENTS as COMMANDS
from simulate.io.mot import write_motion
from simulate.io.trials import trial
from simulate.recording import Recording
from simulate.tasks.catalogue import MOVEMENTS, build_task
from simulate.tasks.planted import stand

WALK, RUN = trial("walk_overground_rajagopal"), trial("run_treadmill_hamner")
TURNS = [INDEX[name] for name in ROTATIONS]
PERSON = {"stature": 1.62, "mass": 58.0, "sex": "female"}


def same(ours, theirs):
    np.testing.assert_array_equal(ours.q, theirs.q)
    np.testing.assert_array_equal(ours.chain.offsets, theirs.chain.offsets)
    np.testing.assert_array_equal(ours.chain.masses, theirs.chain.masses)
    np.testing.assert_array_equal(ours.standing.spine, theirs.standing.spine)
    assert [goal.name for goal in ours.goals] == [goal.name for goal in theirs.goals]
    assert (ours.name, ours.constructed, ours.raised, ours.yields) == (
        theirs.name, theirs.constructed, theirs.raised, theirs.yields
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "own", "make"),
    [
        ("walk", {"speed": "slow"}, lambda body, stance: norm_walking("slow", body)),
        ("pivot", {"angle": -30}, lambda body, stance: pivoting(stance, angle_deg=-30.0)),
        ("pivot", {}, lambda body, stance: pivoting(stance)),
        (
            "prone",
            {"raise": 20, "side": "left"},
            lambda body, stance: prone_extension(body, raise_deg=20.0, side="left"),
        ),
        ("prone", {"raise_": 5}, lambda body, stance: prone_extension(body, raise_deg=5.0)),
        (
            "prone-rotation",
            {"angle": 20, "turn": "external"},
            lambda body, stance: prone_rotation(body, angle_deg=20.0, turn="external"),
        ),
        ("bend", {"direction": "backward"}, lambda body, stance: bending(stance, direction="backward")),
        ("squat", {"depth": 0.2}, lambda body, stance: squatting(stance, depth=0.2)),
        ("squat", {"depth": None}, lambda body, stance: squatting(stance)),
        ("sit", {"seat": 0.5}, lambda body, stance: sitting(stance, seat=0.5)),
        ("swing", {}, lambda body, stance: swinging(body)),
        ("stand", {}, lambda body, stance: standing_still(stance)),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
@pytest.mark.parametrize("person", [{}, PERSON], ids=["nobody", "somebody"])
def test_a_movement_by_name_is_the_movement_built_by_hand_on_the_same_body(name, own, make, person):
    body = Chain.generic(**person)
    same(build_task(name, Recording(**person), **own), make(body, stand(body)))


def test_a_recorded_movement_by_name_is_the_recorded_one(bundled_walk):
    same(build_task("walk"), bundled_walk)
    same(build_task("walk", Recording(motion=WALK.motion, model=WALK.model)), bundled_walk)
    same(build_task("run"), running(Chain.from_osim(RUN.model), read_motion(RUN.motion)))
    chain = Chain.from_osim(WALK.model)
    step = turned(chain, read_motion(WALK.motion), angle_deg=60.0, style="step")
    np.testing.assert_array_equal(build_task("turn", angle=60, style="step").q, step.q)


def test_a_movement_in_the_mirror_is_the_mirror_image(bundled_walk):
    same(build_task("walk", mirror=True), mirrored(bundled_walk))


@pytest.mark.parametrize(
    ("name", "option"),
    [
        (name, option)
        for name, movement in MOVEMENTS.items()
        for option in movement.options.values()
        if option.default is not None
    ],
    ids=lambda given: given if isinstance(given, str) else given.name,
)
def test_what_is_said_to_be_the_default_is_what_is_done(name, option):
    same(build_task(name, **{option.name: option.default}), build_task(name))


def test_a_step_turn_nobody_gave_an_angle_is_as_far_as_its_help_says():
    turn = MOVEMENTS["turn"].options["angle"]
    said = float(re.search(r"([\d.]+) of a step turn", turn.about)[1])
    same(build_task("turn", style="step"), build_task("turn", style="step", angle=said))
    assert "as recorded" in turn.about and not build_task("turn").constructed


def test_every_movement_of_the_catalogue_is_a_command_and_a_task_of_the_schema(request):
    schema = json.loads((request.config.rootpath / "simulate/data/answer.schema.json").read_text(encoding="utf-8"))
    assert [command.name for command in COMMANDS] == list(MOVEMENTS) == schema["properties"]["task"]["enum"]
    for command, movement in zip(COMMANDS, MOVEMENTS.values(), strict=True):
        assert command.help == movement.about
        assert {name for param in command.params if (name := param.name) in movement.options} == set(movement.options)


def test_help_and_catalogue_load_no_solver():
    code = "import sys, simulate.cli; print(*{'numba', 'xarray', 'scipy', 'pandas'} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


# --- a body


@pytest.fixture(scope="module")
def small_and_tall():
    return [build_task("walk", Recording(stature=stature), speed="free") for stature in (1.5, 1.95)]


def test_a_taller_body_of_the_same_proportions_walks_the_same_angles_and_goes_as_much_further(small_and_tall):
    small, tall = small_and_tall
    np.testing.assert_allclose(tall.q[:, TURNS], small.q[:, TURNS], atol=1e-12)  # rounding
    # who carries, heel or forefoot, is blended over a height that does not grow with the body
    np.testing.assert_allclose(tall.q[-1, 0], small.q[-1, 0] * 1.95 / 1.5, rtol=0.01)


def test_a_taller_body_of_the_same_proportions_needs_as_much_of_the_lumbar_spine_where_nothing_else_gives(
    small_and_tall,
):
    rom = RangeOfMotion.normal().limited(hip_extension_deg=0)
    small, tall = (
        compensate(task, rom=rom, strategies=["closure"], reliefs=False).restricted.sel(coordinate=list(SPINE)).values
        for task in small_and_tall
    )
    # goals on places are met to within 0.1 mm, which is 0.01 deg of a leg
    np.testing.assert_allclose(tall, small, atol=0.01)


def test_a_heavier_body_stands_and_walks_as_a_lighter_one():
    for name, own in (("stand", {}), ("walk", {"speed": "free"})):
        light, heavy = (build_task(name, Recording(mass=mass), **own) for mass in (50, 110))
        np.testing.assert_allclose(heavy.q, light.q, atol=1e-9)  # convergence of the posture
        assert heavy.chain.mass == pytest.approx(110.0)


def test_recorded_angles_move_the_body_that_was_asked_for_and_it_says_so(bundled_walk, tmp_path):
    given = build_task("walk", Recording(motion=WALK.motion, **PERSON))
    bundled = build_task("walk", Recording(**PERSON))
    np.testing.assert_array_equal(given.q, bundled.q)
    own = build_task("walk", Recording(motion=WALK.motion))
    legs = [INDEX[name] for name in ROTATIONS if name.startswith(("hip", "knee", "ankle"))]
    # a body may strike the floor a frame sooner: compare by the clock
    common, ours, theirs = np.intersect1d(given.time, own.time, return_indices=True)
    assert common.size > 0.9 * own.time.size
    np.testing.assert_array_equal(given.q[ours][:, legs], own.q[theirs][:, legs])
    assert given.chain.name == Chain.generic(**PERSON).name
    for task in (given, bundled):
        assert any("move another body" in notice and "female, 1.62 m, 58 kg" in notice for notice in task.notices)
    assert not any("another body" in notice for task in (own, bundled_walk) for notice in task.notices)


def test_a_recording_on_two_feet_takes_a_body_and_its_standing_posture(tmp_path):
    task = squatting(stand(Chain.generic(**PERSON)))
    motion, standing = tmp_path / "squat.mot", tmp_path / "standing.mot"
    write_motion(motion, task.motion)
    write_motion(standing, task.frames(slice(0, 1)).motion)
    again = build_task("squat", Recording(motion=motion, standing=standing, **PERSON))
    np.testing.assert_allclose(again.q, task.q, atol=1e-4)  # the file's spine is one joint, split again
    assert again.chain.name == task.chain.name


def test_paths_may_be_text():
    task = build_task("walk", Recording(motion=str(WALK.motion), model=str(WALK.model)))
    np.testing.assert_array_equal(task.q, walking(Chain.from_osim(WALK.model), read_motion(WALK.motion)).q)
