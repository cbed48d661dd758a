"""A movement by name, asked for badly: one message that names the movement, what was given, and the known."""

from dataclasses import replace

import numpy as np
import pytest

from kinematics import HipspineError
from simulate.io.trials import trial
from simulate.recording import Recording
from simulate.tasks.catalogue import MOVEMENTS, build_task

WALK, TURN = trial("walk_overground_rajagopal"), trial("turn_spin_HC002D")


def refused(name, recording=None, /, *, says, **own):
    with pytest.raises(HipspineError) as error:
        build_task(name, recording, **own)
    for word in says:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("name", "own", "says"),
    [
        ("jump", {}, ("movement", "'jump'", *MOVEMENTS)),
        ("prone_rotation", {}, ("Did you mean 'prone-rotation'?",)),
        ("squat", {"deep": 0.4}, ("option of squat", "'deep'", "Did you mean 'depth'?")),
        ("walk", {"sped": "slow"}, ("option of walk", "Did you mean 'speed'?")),
        ("turn", {"angle_deg": 40}, ("option of turn", "Did you mean 'angle'?", "style")),
        ("prone", {"depth_": 1}, ("option of prone", "depth_", "raise, side")),
        ("run", {"speed": "fast"}, ("'speed' of run", "none of its own")),
        ("walk", {"speed": "brisk"}, ("speed of walk", "'brisk'", "very_slow", "very_fast")),
        ("walk", {"speed": 3}, ("speed of walk", "'3'")),
        ("turn", {"style": "spinn"}, ("style of turn", "Did you mean 'spin'?")),
        ("prone-rotation", {"turn": "inward"}, ("turn of prone-rotation", "external, internal")),
        ("bend", {"direction": ["forward"]}, ("direction of bend", "forward")),
        ("pivot", {"angle": np.nan}, ("angle of pivot", "finite", "deg", "nan")),
        ("squat", {"depth": -np.inf}, ("depth of squat", "finite", "-inf")),
        ("sit", {"seat": "low"}, ("seat of sit", "number of m", "'low'")),
        ("prone", {"raise": True}, ("raise of prone", "number of deg", "True")),
        ("prone", {"raise": 90}, ("raise", "less than 90")),
        ("pivot", {"angle": 270}, ("angle", "180", "270")),
        ("squat", {"depth": 5}, ("depth", "below 0.9")),
    ],
)
def test_what_is_unknown_or_out_of_range_is_named(name, own, says):
    refused(name, says=says, **own)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"stature": 5.0}, ("stature", "0.8 and 2.3 m", "5")),
        ({"stature": 180}, ("stature", "0.8 and 2.3 m", "180")),
        ({"stature": np.nan}, ("stature", "nan")),
        ({"mass": 0.0}, ("mass", "10 and 250 kg", "0")),
        ({"mass": np.inf}, ("mass", "inf")),
        ({"sex": "mael"}, ("sex", "Did you mean 'male'?", "female")),
    ],
)
@pytest.mark.parametrize(("name", "own"), [("walk", {}), ("walk", {"speed": "slow"}), ("squat", {}), ("prone", {})])
def test_a_body_that_the_tables_cannot_carry_is_refused_in_every_movement(given, says, name, own):
    refused(name, Recording(**given), says=says, **own)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"stature": "tall"}, ("stature", "number of m", "'tall'")),
        ({"mass": True}, ("mass", "number of kg", "True")),
        ({"standing_tilt": "11"}, ("standing_tilt", "number of deg", "'11'")),
        ({"resample": [50]}, ("resample", "number of Hz", "[50]")),
    ],
)
def test_what_should_be_a_number_is_refused_at_once(given, says):
    with pytest.raises(HipspineError) as error:
        Recording(**given)
    for word in says:
        assert word in str(error.value)


def test_a_model_and_a_generic_body_do_not_go_together():
    recording = Recording(motion=WALK.motion, model=WALK.model, stature=1.8, sex="female")
    refused("walk", recording, says=("model.osim", "--stature 1.8 and --sex female"))
    refused("bend", replace(recording, motion=None), says=("model.osim", "--stature 1.8 and --sex female"))


def test_markers_have_a_body_of_their_own():
    says = ("markers", "body of their own", "--mass 80")
    refused("turn", Recording(motion=TURN.motion, standing=TURN.standing, mass=80.0), says=("motion.c3d", *says))
    refused("turn", Recording(mass=80.0), says=("turn_spin_HC002D", *says))


def test_the_generic_body_stands_as_published():
    refused("stand", Recording(stature=1.8, standing_tilt=5.0), says=("--standing-tilt 5",))
    refused("stand", Recording(stature=1.8, standing=WALK.motion), says=("--standing", "model"))
