"""When the feet are on the ground: events of walks whose steps are known, and of the recorded ones."""

import numpy as np
import pytest

from kinematics import Chain, HipspineError
from kinematics.pose import positions
from simulate import read_motion
from simulate.io.trials import trial
from simulate.motion import to_chain
from simulate.tasks.gait import gait_events


def made_walk(heading=0.0, belt=False, shift=0.5, seconds=4.0):
    """Feet that swing like a sine against a pelvis that goes straight on, one stride a second."""
    time = np.arange(0.0, seconds, 0.01)
    forward = np.array([np.cos(heading), 0.0, -np.sin(heading)])
    pelvis = np.array([0.0, 0.9, 0.0]) + (0.0 if belt else 1.2) * time[:, None] * forward
    feet = {}
    for side, phase in (("r", 0.0), ("l", shift)):
        swing = 0.35 * np.cos(2 * np.pi * (time - phase))
        for part, ahead in (("heel", 0.0), ("forefoot", 0.18), ("toe", 0.25)):
            lift = 0.05 * np.maximum(0.0, np.sin(2 * np.pi * (time - phase - 0.5)))
            feet[f"{part}_{side}"] = pelvis * [1, 0, 1] + (swing + ahead)[:, None] * forward + lift[:, None] * [0, 1, 0]
    return time, feet, pelvis, np.full(time.size, heading)


@pytest.mark.parametrize("belt", [False, True])
@pytest.mark.parametrize("heading", [0.0, 2.0])
def test_heels_strike_where_they_are_furthest_ahead_over_ground_and_on_a_belt_at_any_heading(heading, belt):
    time, feet, pelvis, turned = made_walk(heading, belt)
    gait = gait_events(time, feet=feet, pelvis=pelvis, heading=turned)
    np.testing.assert_array_equal(gait.heel_strikes["r"], [100, 200, 300])
    np.testing.assert_array_equal(gait.heel_strikes["l"], [50, 150, 250, 350])
    np.testing.assert_array_equal(gait.toe_offs["r"], [50, 150, 250, 350])
    assert gait.contact["r"][101:150].all() and not gait.contact["r"][150:200].any()
    np.testing.assert_allclose(gait.percent["r"][[100, 125, 199]], [0.0, 25.0, 99.0], atol=1e-9)
    assert gait.whole_strides == slice(50, 351)
    assert gait.notices == ()


def test_the_heel_carries_until_the_forefoot_is_down_and_never_both(bundled_walk):
    motion = read_motion(trial("walk_overground_rajagopal").motion)
    q, _ = to_chain(motion, bundled_walk.chain)
    names = [f"{part}_{side}" for part in ("heel", "forefoot", "toe") for side in "rl"]
    feet = dict(zip(names, np.moveaxis(positions(bundled_walk.chain, q, names), 1, 0), strict=True))
    hips = positions(bundled_walk.chain, q, ["hip_r", "hip_l"]).mean(axis=1)
    gait = gait_events(motion.time, feet=feet, pelvis=hips, heading=q[:, 3])
    for side in "rl":
        assert not (gait.on_heel[side] & gait.loaded[side]).any()
        assert (gait.contact[side] | ~(gait.on_heel[side] | gait.loaded[side])).all()
        assert 0.5 < gait.contact[side].mean() < 0.75  # stance is about 60 per cent of a walk's cycle
    # a walk always has a foot on the ground that holds the pelvis
    held = np.any([gait.on_heel[side] | gait.loaded[side] for side in "rl"], axis=0)
    assert held[gait.whole_strides].all()


def test_feet_that_move_together_are_no_walk_and_a_warning_says_so():
    time, feet, pelvis, heading = made_walk(shift=0.02)
    assert any("in turn" in notice for notice in gait_events(time, feet=feet, pelvis=pelvis, heading=heading).notices)


def test_a_body_that_stands_still_takes_no_step(request):
    chain = Chain.generic()
    q = np.zeros((50, 24))
    names = [f"{part}_{side}" for part in ("heel", "forefoot", "toe") for side in "rl"]
    feet = dict(zip(names, np.moveaxis(positions(chain, q, names), 1, 0), strict=True))
    with pytest.raises(HipspineError, match="no step of the right foot"):
        gait_events(0.01 * np.arange(50), feet=feet, pelvis=np.zeros((50, 3)), heading=np.zeros(50))


def test_a_cut_in_which_only_one_foot_strikes_still_counts_both_cycles_and_is_no_cause_for_doubt():
    time, feet, pelvis, heading = made_walk(seconds=4.0)
    cut = slice(70, 140)  # only the right heel strikes, at 1 s
    gait = gait_events(time[cut], feet={k: v[cut] for k, v in feet.items()}, pelvis=pelvis[cut], heading=heading[cut])
    assert gait.heel_strikes["r"].size == 1 and not gait.heel_strikes["l"].size
    np.testing.assert_allclose(np.mod(gait.percent["l"] - gait.percent["r"], 100.0), 50.0, atol=1e-9)
    assert not any("warning" in notice for notice in gait.notices)
