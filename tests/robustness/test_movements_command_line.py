"""The movements' commands: unknown words list the known, what does not go together is said, JSON keeps its schema."""

import json

import jsonschema
import pytest

from simulate.io.mot import write_motion
from simulate.io.trials import trial
from simulate.tasks.squat import squatting
from tests.robustness.test_command_line import hipspine, refused

__all__ = ["hipspine"]

WALK = trial("walk_overground_rajagopal")
CONSTRUCTED = ("pivot", "prone", "prone-rotation", "bend", "squat", "sit", "swing", "stand")


@pytest.fixture
def squat(tmp_path):
    """A recording of a squat and its standing trial; it runs on the generic body."""
    task = squatting()
    paths = tmp_path / "squat.mot", tmp_path / "standing.mot"
    write_motion(paths[0], task.motion)
    write_motion(paths[1], task.frames(slice(0, 1)).motion)
    return paths


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["jump"], ("jump", "walk", "turn", *CONSTRUCTED)),
        (["turn", "--style", "pirouette"], ("pirouette", "spin", "step")),
        (["bend", "--direction", "sideways"], ("sideways", "forward", "backward")),
        (["prone", "--side", "both"], ("both", "right", "left")),
        (["prone-rotation", "--side", "middle"], ("middle", "right", "left")),
        (["prone-rotation", "--turn", "inward"], ("inward", "internal", "external")),
        (["walk", "--speed", "brisk"], ("brisk", "very_slow", "free", "very_fast")),
        (["squat", "--deep", "40"], ("--deep", "--depth")),
        (["pivot", "--style", "spin"], ("--style",)),
    ],
)
def test_an_unknown_word_lists_the_known(hipspine, tmp_path, words, says):
    before = set(tmp_path.rglob("*"))
    code, out, err = hipspine(*words)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    for word in says:
        assert word in err
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["turn", "--angle", "2000"], ("angle", "1440", "2000")),
        (["turn", "--angle", "nan"], ("angle", "nan")),
        (["pivot", "--angle", "270"], ("angle", "180", "270")),
        (["pivot", "--angle", "nan"], ("angle", "nan")),
        (["bend", "--angle", "-20"], ("angle", "0 to 180", "-20")),
        (["squat", "--depth", "-3"], ("depth", "more than 0", "-0.03")),
        (["squat", "--depth", "500"], ("depth", "below 0.9", "5 m")),
        (["sit", "--seat", "0"], ("seat", "more than 0")),
        (["sit", "--seat", "120"], ("seat", "below 0.8", "1.2")),
        (["prone", "--raise", "90"], ("raise", "less than 90", "90")),
        (["prone-rotation", "--angle", "-1"], ("angle", "0 to less than 90", "-1")),
        (["pivot", "--angle", "far"], ("--angle", "far")),
    ],
)
def test_a_value_out_of_range_is_named_with_what_is_allowed(hipspine, tmp_path, words, says):
    refused(hipspine, tmp_path, *words, says=says)


@pytest.mark.parametrize("name", CONSTRUCTED)
def test_a_model_without_a_standing_posture_is_refused_where_the_movement_is_constructed(hipspine, tmp_path, name):
    refused(hipspine, tmp_path, name, "--model", WALK.model, says=("--standing",))


@pytest.mark.parametrize("name", ["run", "turn"])
def test_a_model_without_its_recording_is_refused(hipspine, tmp_path, name):
    refused(hipspine, tmp_path, name, "--model", WALK.model, says=("--model", "MOTION"))


@pytest.mark.parametrize("name", CONSTRUCTED)
def test_a_standing_posture_without_a_body_is_refused(hipspine, tmp_path, name):
    refused(hipspine, tmp_path, name, "--standing", WALK.motion, says=("--standing", "model"))


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [("pivot", "--angle", 30), ("bend", "--angle", 30), ("squat", "--depth", 30), ("sit", "--seat", 40)],
)
def test_a_recording_is_as_large_as_it_was(hipspine, tmp_path, squat, name, option, value):
    says = ("squat.mot", f"a recorded {name} is as large as it was", option)
    refused(hipspine, tmp_path, name, squat[0], "--standing", squat[1], option, value, says=says)


def test_a_recorded_walk_has_its_own_speed(hipspine, tmp_path):
    words = (WALK.motion, "--model", WALK.model, "--speed", "slow")
    refused(hipspine, tmp_path, "walk", *words, says=("motion.mot", "--speed"))


@pytest.mark.parametrize("name", ["prone", "prone-rotation"])
def test_no_recording_of_a_prone_test_is_read(hipspine, tmp_path, squat, name):
    refused(hipspine, tmp_path, name, squat[0], says=("squat.mot", "constructed"))


def test_a_recording_on_two_feet_needs_its_standing_posture(hipspine, tmp_path, squat):
    refused(hipspine, tmp_path, "squat", squat[0], says=("squat.mot", "--standing"))


@pytest.mark.parametrize(
    "words",
    [
        ["pivot", "--hip-internal-rotation-left", 10],
        ["bend", "--direction", "backward", "--hip-extension", -3],
        ["prone", "--hip-extension-right", 0, "--strategy", "predicted"],
        ["turn", "--hip-internal-rotation-left", 10, "--strategy", "closure", "--strategy", "predicted"],
        ["squat", "--hip-flexion", 90, "--strategy", "predicted"],
    ],
    ids=lambda words: words[0],
)
def test_the_json_of_a_movement_keeps_the_published_schema(hipspine, request, words):
    schema = json.loads((request.config.rootpath / "simulate/data/answer.schema.json").read_text(encoding="utf-8"))
    code, out, _ = hipspine(*words, "--json")
    assert code == 0
    assert out.count("\n") == 1
    answer = json.loads(out)
    jsonschema.validate(answer, schema)
    assert answer["task"] == words[0]
    for found in answer["answers"].values():
        assert found["solver"]["unsolved"] == 0


def test_a_recorded_squat_runs_and_says_it_was_recorded(hipspine, squat):
    words = (squat[0], "--standing", squat[1], "--hip-flexion", 90, "--strategy", "predicted", "--json")
    code, out, _ = hipspine("squat", *words)
    assert code == 0
    answer = json.loads(out)
    assert (answer["task"], answer["constructed"]) == ("squat", "")
    assert answer["answers"]["predicted"]["completed"] is True


def test_an_angle_out_of_reach_is_an_answer(hipspine):
    code, out, _ = hipspine("pivot", "--angle", 130, "--strategy", "predicted", "--json")
    assert code == 0
    found = json.loads(out)["answers"]["predicted"]
    assert found["completed"] is False
    assert found["shortfall"]["goal"] == "turn of the trunk"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["walk", "--stature", 180], ("stature", "0.8 and 2.3 m", "180")),
        (["bend", "--mass", "nan"], ("mass", "10 and 250 kg", "nan")),
        (["stand", "--sex", "other"], ("--sex", "male", "female")),
        (["walk", WALK.motion, "--model", WALK.model, "--mass", 80], ("model.osim", "--mass 80")),
        (["turn", "--stature", 1.6], ("turn_spin_HC002D", "markers", "--stature 1.6")),
    ],
)
def test_a_body_that_cannot_be_or_does_not_belong_is_refused(hipspine, tmp_path, words, says):
    refused(hipspine, tmp_path, *words, says=says)


@pytest.mark.parametrize("words", [["walk"], ["walk", "--speed", "free"], ["walk", WALK.motion], ["bend"]], ids=str)
def test_a_movement_runs_on_the_body_that_was_asked_for(hipspine, tmp_path, words):
    import xarray as xr

    body = ("--stature", 1.6, "--mass", 55, "--sex", "female", "--hip-extension", 0, "--strategy", "closure")
    code, out, _ = hipspine(*words, *body, "--json")
    assert code == 0
    answer = json.loads(out)
    recorded = "--speed" not in words and words[0] == "walk"
    assert any("move another body" in notice for notice in answer["notices"]) == recorded
    with xr.open_dataset(tmp_path / "results" / words[0] / "result.nc") as result:
        assert result.attrs["chain"] == "generic female, 1.6 m, 55 kg"
