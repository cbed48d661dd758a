"""What cannot be answered says so in one message: which value, and what is allowed."""

from dataclasses import replace

import numpy as np
import pytest

from kinematics import Chain, HipspineError
from kinematics.chain import Point
from simulate import bending, compensate, norm_walking, prone_extension, read_motion, standing_still, walking
from simulate.io.trials import trial
from simulate.load import carrying, hold_and_lean, load_changes, lumbar_levels, spinal_load
from simulate.motion import resample


@pytest.fixture(scope="module")
def standing():
    return standing_still()


@pytest.mark.parametrize("accelerations", ["free", "own"])
@pytest.mark.parametrize("build", [standing_still, bending, lambda: norm_walking("free")])
def test_a_constructed_movement_has_no_accelerations(build, accelerations):
    task = build()
    with pytest.raises(HipspineError, match=rf"{task.name}: the movement is constructed .*times mean nothing"):
        spinal_load(task, accelerations=accelerations)
    held = spinal_load(task, accelerations="none")
    assert np.isfinite(held.compression).all()
    assert "every posture as if held" in held.notices


@pytest.mark.parametrize("accelerations", ["own", "none"])
def test_a_trunk_on_a_table_is_not_held_from_below_alone(accelerations):
    with pytest.raises(HipspineError, match="a table carries the trunk"):
        spinal_load(prone_extension(), accelerations=accelerations)


def test_the_variant_must_be_known(bundled_walk):
    with pytest.raises(HipspineError, match=r"accelerations 'dynamic'. Known: free, none, own"):
        spinal_load(bundled_walk, accelerations="dynamic")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"lever_arm": 0.0}, "lever arm must be between 0.01 and 0.5 m, is 0.0"),
        ({"lever_arm": float("nan")}, "lever arm"),
        ({"gravity": -9.8}, "gravity must be between"),
        ({"disc_inclination_deg": 120.0}, "disc inclination must be between -90 and 90 deg"),
        ({"body_mass": 0.0}, "body mass"),
        ({"cutoff_hz": 0.0}, "cut-off frequency must be more than 0 Hz"),
        ({"cutoff_hz": float("nan")}, "cut-off frequency"),
        ({"cutoff_hz": 45.0}, "100 frames a second are too few for a cut-off at 45 Hz; it must be below 40.1 Hz"),
        ({"cutoff_hz": 0.1}, "too few for accelerations"),
    ],
)
def test_numbers_must_make_sense(bundled_walk, what, message):
    with pytest.raises(HipspineError, match=message):
        spinal_load(bundled_walk, **what)


@pytest.mark.parametrize("answer", [np.zeros((3, 24)), np.zeros(24), {"one": np.zeros((172, 23))}])
def test_postures_must_be_as_many_as_the_task_has(bundled_walk, answer):
    for function in (spinal_load, lumbar_levels):
        with pytest.raises(HipspineError, match=r"finite postures of shape \(172, 24\)"):
            function(bundled_walk, answer)


def test_postures_must_be_numbers_and_some(bundled_walk):
    q = bundled_walk.q.copy()
    q[5, 20] = np.nan
    with pytest.raises(HipspineError, match="here: finite postures"):
        spinal_load(bundled_walk, {"here": q})
    with pytest.raises(HipspineError, match="no motion"):
        spinal_load(bundled_walk, {})


def test_an_answer_belongs_to_its_task(bundled_walk, standing):
    answer = compensate(bundled_walk, strategies=["predicted"], reliefs=False)
    with pytest.raises(HipspineError, match="do not belong together"):
        spinal_load(standing, answer, accelerations="none")


def test_the_whole_recording_must_hold_the_task(bundled_walk):
    motion = read_motion(trial("walk_overground_rajagopal").motion)
    other = replace(motion, values=motion.values + 0.01)
    late = replace(motion, time=motion.time + 0.003)
    for recorded in (other, late):
        with pytest.raises(HipspineError, match="no part of this recording"):
            spinal_load(bundled_walk, recorded=recorded)


def test_times_must_be_even(bundled_walk):
    time = bundled_walk.time.copy()
    time[50:] += 0.004
    with pytest.raises(HipspineError, match="equal times"):
        spinal_load(replace(bundled_walk, time=time))
    assert spinal_load(replace(bundled_walk, time=time), accelerations="none").usable.all()


def test_a_few_frames_are_no_motion(bundled_walk):
    with pytest.raises(HipspineError, match="10 frames are too few"):
        spinal_load(bundled_walk.frames(slice(0, 10)))
    with pytest.raises(HipspineError, match="of 34 frames none is 17 frames away from both ends"):
        spinal_load(bundled_walk.frames(slice(0, 34)))
    assert spinal_load(bundled_walk.frames(slice(0, 36))).usable.sum() == 2


def test_a_slow_camera_needs_a_lower_cut_off(bundled_chain):
    motion = resample(read_motion(trial("walk_overground_rajagopal").motion), rate=14.0)
    task = walking(bundled_chain, motion)
    with pytest.raises(HipspineError, match="14 frames a second are too few"):
        spinal_load(task)
    assert np.isfinite(spinal_load(task, cutoff_hz=3.0, recorded=motion).compression).any()


def test_a_change_needs_two_motions_and_a_side(bundled_walk):
    with pytest.raises(HipspineError, match="needs the motion 'free' and another; there is recorded"):
        load_changes(spinal_load(bundled_walk))
    pair = spinal_load(bundled_walk, {"free": bundled_walk.q, "other": bundled_walk.q})
    with pytest.raises(HipspineError, match=r"side.*'right'"):
        load_changes(pair, side="right")


@pytest.mark.parametrize("mass", [-1.0, float("nan"), 1e4])
def test_what_is_carried_has_a_mass(mass):
    with pytest.raises(HipspineError, match="what is carried must have between 0 and 500 kg"):
        carrying(Chain.generic(), mass)


def test_what_is_carried_hangs_on_a_segment():
    with pytest.raises(HipspineError, match=r"segment.*'arm'"):
        carrying(Chain.generic(), 1.0, at=Point("arm", (0.0, 0.0, 0.0)))


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"lean_deg": float("nan")}, "lean_deg"),
        ({"lean_deg": [[1.0]]}, "lean_deg"),
        ({"lean_deg": []}, "lean_deg"),
        ({"lean_deg": 150.0}, "within 120 deg"),
        ({"held_kg": -2.0}, "held_kg"),
        ({"lumbar_share": 1.5}, "lumbar_share must be between 0 and 1, is 1.5"),
    ],
)
def test_holding_and_leaning_stay_within_what_people_do(what, message):
    with pytest.raises(HipspineError, match=message):
        hold_and_lean(**what)


@pytest.mark.parametrize(
    ("inertia", "message"),
    [
        (np.diag([1.0, -0.5, 1.0]), "the inertia of thorax must be symmetric and no moment below 0"),
        (np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), "the inertia of thorax must be symmetric"),
        (np.full((3, 3), np.nan), "inertias must be finite and of shape"),
    ],
)
def test_a_body_cannot_have_any_inertia(inertia, message):
    chain = Chain.generic()
    inertias = np.array(chain.inertias)
    inertias[-1] = inertia
    with pytest.raises(HipspineError, match=message):
        replace(chain, inertias=inertias)


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        ("<inertia_xx>", "<inertia_xx> heavy", r"<inertia_xx>: 'heavy.* is not numbers"),
        ("<inertia_yy>", "<inertia_ww>", "<inertia_yy> is missing"),
    ],
)
def test_a_model_whose_inertia_cannot_be_read_names_the_tag(request, tmp_path, was, now, message):
    path = request.config.rootpath / "tests/data/opensim_core/walk_gait2392_subject01.osim"
    text = path.read_text(encoding="utf-8")
    start = text.index('<Body name="torso">')
    broken = tmp_path / "broken.osim"
    rest = text[start:].replace(was, now, 1)
    if "ww" in now:
        rest = rest.replace("</inertia_yy>", "</inertia_ww>", 1)
    broken.write_text(text[:start] + rest, encoding="utf-8")
    with pytest.raises(HipspineError, match=message):
        Chain.from_osim(broken)
