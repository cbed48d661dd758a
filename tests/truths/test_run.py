"""When a runner's feet are on the ground, and what a stiff hip costs a run."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from kinematics import Chain, HipspineError
from kinematics.conventions import INDEX, SIDES
from kinematics.pose import frames, positions
from kinematics.rom import RangeOfMotion
from simulate import compensate, read_motion, walking
from simulate.goals import MUST
from simulate.io.trials import trial
from simulate.motion import take, to_chain
from simulate.problem import misses
from simulate.tasks.flight import RUN_GIVEN, WALK_GIVEN, bounces, flight, run_events, run_of
from simulate.tasks.run import running
from tests.truths.test_body import mirrored

NORMAL = RangeOfMotion.normal()
RUNS = ("run_treadmill_hamner", "run_overground_bmc")


def recording(name):
    files = trial(name)
    return (Chain.from_osim(files.model) if files.model else Chain.generic()), read_motion(files.motion)


@pytest.fixture(scope="module", params=RUNS)
def recorded(request):
    return recording(request.param)


@pytest.fixture(scope="module")
def run(recorded):
    return running(*recorded)


@pytest.fixture(scope="module")
def gait(recorded):
    chain, motion = recorded
    return run_of(chain, motion.time, to_chain(motion, chain)[0])


def contacts(time, gait, side):
    """Contact times from each strike to the next toe-off. [s]"""
    offs = gait.toe_offs[side]
    return np.array([time[offs[offs > k][0]] - time[k] for k in gait.heel_strikes[side] if (offs > k).any()])


def test_each_foot_is_down_for_less_than_half_of_its_stride_and_both_are_off_it_between(recorded, gait):
    _, motion = recorded
    kept = gait.whole_strides
    for side in SIDES:
        assert gait.contact[side][kept].mean() < 0.5  # duty factor of a run
        times = contacts(motion.time, gait, side)
        # 0.2 to 0.35 s of published runs at these speeds (from memory, unverified), one frame of 60 Hz less
        assert times.size and (times > 0.18).all() and (times < 0.35).all()
    assert not (gait.contact["r"] & gait.contact["l"]).any()
    share = flight(gait)[kept].mean()
    assert 0.1 < share < 0.5
    edges = np.flatnonzero(np.diff(flight(gait)[kept].astype(int)) == 1)
    strides = sum(len(gait.heel_strikes[side]) - 1 for side in SIDES)
    assert edges.size >= strides


def test_left_and_right_strike_in_turn(gait):
    strikes = sorted((int(k), side) for side in SIDES for k in gait.heel_strikes[side])
    assert all(a[1] != b[1] for a, b in pairwise(strikes))
    apart = gait.percent["r"][gait.heel_strikes["l"]]
    np.testing.assert_allclose(apart, 50.0, atol=6.0)  # strides differ; a frame is 2.4 per cent at 60 Hz


def test_the_treadmill_run_holds_five_strides_of_two_thirds_of_a_second():
    chain, motion = recording("run_treadmill_hamner")
    gait = run_of(chain, motion.time, to_chain(motion, chain)[0])
    assert [len(gait.heel_strikes[side]) for side in SIDES] == [6, 5]
    for side in SIDES:
        np.testing.assert_allclose(np.diff(motion.time[gait.heel_strikes[side]]), 0.69, atol=0.02)
    assert gait.on_heel["r"].any() and gait.on_heel["l"].any()  # a rearfoot striker


def test_a_landing_foot_moves_with_the_belt(recorded, gait):
    """The contacts come from heights and knees: that the foot then stands on ground or belt was not used."""
    chain, motion = recorded
    q, _ = to_chain(motion, chain)
    for side in SIDES:
        speed = np.gradient(positions(chain, q, [f"forefoot_{side}"])[:, 0, 0], motion.time)
        on, off = speed[gait.loaded[side]], speed[flight(gait)]
        # the belt runs at 4 m/s; a forefoot of a rigid foot rolls on by less than 1.5 m/s before it leaves
        assert np.abs(on - np.median(on)).max() < 1.5
        assert np.abs(off - np.median(on)).max() > 4.0


def made_run(strike="heel", belt=0.0, heading=0.0, rate=200.0, seconds=3.0):
    """Feet that land and leave when we say so: a stride a second, on the ground for its first 0.3 s."""
    time = np.arange(0.0, seconds, 1.0 / rate)
    forward, upward = np.array([np.cos(heading), 0.0, -np.sin(heading)]), np.array([0.0, 1.0, 0.0])
    speed = 3.0
    pelvis_path = (speed - belt) * time
    height = 0.9 + 0.03 * np.cos(4.0 * np.pi * (time - 0.9))
    feet, knees = {}, {}
    for side, lag in (("r", 0.1), ("l", 0.6)):
        phase = np.mod(time - lag, 1.0)
        stance = phase < 0.3
        swing = np.clip((phase - 0.3) / 0.7, 0.0, 1.0)
        # against the pelvis: back at its speed on the ground, forward again in swing, back a little before the strike
        ahead = np.where(stance, 0.4 - speed * phase, -0.5 + 1.0 * np.sin(np.pi * 0.62 * swing) - 0.03 * swing)
        up = np.where(stance, 0.0, 0.3 * np.sin(np.pi * swing))
        bent = np.where(stance, 25.0 * np.sin(np.pi * phase / 0.3), 70.0 * np.sin(np.pi * swing))
        knees[side] = np.deg2rad(20.0 + bent)
        for part, place in (("heel", 0.0), ("forefoot", 0.18)):
            first = part == strike
            lift = np.where(stance & ~np.bool_(first), 0.04 * np.clip(1.0 - phase / 0.1, 0.0, 1.0), 0.0)
            lift += np.where(~stance & ~np.bool_(first), 0.04 * swing, 0.0)
            feet[f"{part}_{side}"] = np.outer(pelvis_path + ahead + place, forward) + np.outer(up + lift, upward)
    pelvis = np.outer(pelvis_path, forward) + np.outer(height, upward)
    return time, feet, pelvis, np.full(time.size, heading), knees


@pytest.mark.parametrize("strike", ["heel", "forefoot"])
@pytest.mark.parametrize(("belt", "heading"), [(0.0, 0.0), (3.0, 0.0), (0.0, 2.0)])
def test_strikes_and_toe_offs_are_found_whatever_lands_first_over_ground_and_on_a_belt(strike, belt, heading):
    time, feet, pelvis, turned, knees = made_run(strike, belt, heading)
    gait = run_events(time, feet=feet, pelvis=pelvis, heading=turned, knees=knees)
    for side, lag in (("r", 0.1), ("l", 0.6)):
        want = np.arange(lag + 1.0, 3.0, 1.0)
        found = time[gait.heel_strikes[side]]
        assert all(np.abs(found - t).min() < 0.03 for t in want)  # half of the smoothing
        assert all(np.abs(time[gait.toe_offs[side]] - t).min() < 0.03 for t in want[:-1] + 0.3)
    assert flight(gait)[gait.whole_strides].mean() == pytest.approx(0.4, abs=0.06)


def test_what_must_be_met_is_the_loaded_foot_and_in_flight_nothing_but_the_floor(run):
    roles = {goal.name: goal.roles()[:, 0] == MUST for goal in run.goals}
    air = ~(run.loaded["r"] | run.loaded["l"])
    for side in SIDES:
        np.testing.assert_array_equal(roles[f"forefoot_{side} up"], run.loaded[side])
        assert not (roles[f"forefoot_{side} forward"] & air).any()
        assert roles[f"foot progression_{side}"][run.loaded[side]].all()
        assert roles[f"toe_{side} off the floor"][air].all()
    assert not roles["trunk"].any()
    assert air.any()


def test_the_free_answer_is_the_recording(run):
    result = compensate(run, rom=NORMAL)
    np.testing.assert_allclose(result.free, np.broadcast_to(result.recorded, result.free.shape), atol=1e-6)
    assert np.abs(misses(run, run.q)).max() < 1e-9


@pytest.mark.parametrize(
    "limits",
    [
        {"hip_extension_deg": 10},
        {"hip_extension_deg": 0},
        {"hip_extension_deg": -10},
        {"hip_extension_right_deg": -10},
        {"hip_extension_left_deg": 0},
    ],
)
def test_every_frame_of_every_limit_is_solved_or_a_shortfall(run, limits):
    for name, answer in compensate(run, rom=NORMAL.limited(**limits)).answer()["answers"].items():
        solver = answer["solver"]
        assert solver["unsolved"] == 0, (limits, name)
        assert solver["kkt_max"] <= 1e-8
        assert solver["must_goal_max_mm"] <= 0.1
        assert solver["must_goal_max_deg"] <= 0.01


def test_the_mirror_image_of_a_runner_gives_way_in_the_mirror_image():
    chain, motion = recording("run_overground_bmc")
    image, _, central, other = mirrored(chain)
    columns = [motion.names.index(other(name)) for name in motion.names]
    sign = np.array([central[INDEX[name]] for name in motion.names])
    there = running(image, replace(motion, values=motion.values[:, columns] * sign))
    here = running(chain, motion)
    for side, opposite in (("r", "l"), ("l", "r")):
        np.testing.assert_array_equal(there.loaded[side], here.loaded[opposite])
    a = compensate(here, rom=NORMAL.limited(hip_extension_right_deg=0), strategies=["predicted"])
    b = compensate(there, rom=NORMAL.limited(hip_extension_left_deg=0), strategies=["predicted"])
    added = [(result.restricted - result.free).isel(strategy=0) for result in (a, b)]
    for name, back in (("hip_flexion_r", "hip_flexion_l"), ("pelvis_tilt", "pelvis_tilt")):
        one, two = added[0].sel(coordinate=name), added[1].sel(coordinate=back)
        np.testing.assert_allclose(one, two, atol=1e-6)
    assert float(np.abs(added[0]).max()) > 1.0


def test_the_runners_thigh_goes_further_back_than_the_walkers(bundled_walk):
    """Franz et al. 2009: thigh extension is larger in running. Independent of every zero; different people here."""
    chain, motion = recording("run_treadmill_hamner")
    behind = []
    for task in (running(chain, motion), bundled_walk):
        R, _, _ = frames(task.chain, task.q)
        thigh = R[:, INDEX["hip_rotation_r"], :, 1]
        behind.append(float(np.rad2deg(np.arctan2(thigh[:, 0], thigh[:, 1])).max()))
    assert behind[0] > behind[1] + 5.0


def test_a_run_given_to_walking_and_a_walk_given_to_running_are_noticed(recorded, bundled_walk, bundled_chain):
    assert RUN_GIVEN in walking(*recorded).notices
    assert WALK_GIVEN not in running(*recorded).notices
    walk = read_motion(trial("walk_overground_rajagopal").motion)
    assert RUN_GIVEN not in bundled_walk.notices
    assert WALK_GIVEN in running(bundled_chain, walk).notices


def test_a_walk_vaults_and_a_run_bounces(recorded, bundled_walk):
    chain, motion = recorded
    assert bounces(chain, to_chain(motion, chain)[0])
    assert not bounces(bundled_walk.chain, bundled_walk.q)


@pytest.mark.parametrize("sway", [0.0, 0.01])
def test_a_body_that_stands_still_does_not_run(recorded, sway):
    chain, motion = recorded
    still = take(motion, np.zeros(60, dtype=np.intp))
    still = replace(still, time=0.01 * np.arange(60))
    swaying = still.values + sway * np.sin(np.linspace(0.0, 12.0, 60))[:, None]
    with pytest.raises(HipspineError, match=r"no step of the right foot was found in 0\.59 s"):
        running(chain, replace(still, values=swaying))


def test_a_run_says_that_its_standing_posture_is_a_guess(run):
    assert any("standing trial" in notice and "runner" in notice for notice in run.notices)
