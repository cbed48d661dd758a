"""The load at L5/S1 on the command line: printed, in the JSON and in files where there is one, and nowhere else."""

import json

import jsonschema
import pytest
import xarray as xr

from simulate.io.trials import trial
from tests.robustness.test_command_line import hipspine

__all__ = ["hipspine"]

FILES = {"load.nc", "load.png", "load.svg"}


@pytest.fixture
def schema(request):
    return json.loads((request.config.rootpath / "simulate/data/answer.schema.json").read_text(encoding="utf-8"))


def written(tmp_path, name):
    return {path.name for path in (tmp_path / "results" / name).iterdir()}


@pytest.mark.parametrize("name", ["walk", "run", "turn"])
def test_a_recorded_movement_tells_its_load(hipspine, tmp_path, schema, name):
    code, out, _ = hipspine(name, "--hip-extension", 0, "--json")
    assert code == 0
    answer = json.loads(out)
    jsonschema.validate(answer, schema)
    assert answer["load"]["held_postures"] is False
    free = answer["load"]["free"]["compression_peak_n"]
    assert 0.5 < free / answer["load"]["body_weight_n"] < 5.0  # neither a trunk's weight alone nor a fall
    for found in answer["answers"].values():
        assert found["load"]["share_of_cycle"] > 0.9
        assert "compression_change_if_held_n" in found["load"]
    assert written(tmp_path, name) >= FILES
    assert answer["files"]["load"].endswith("load.nc")
    assert answer["files"]["load_figure"].endswith("load.png")
    with xr.open_dataset(answer["files"]["load"], engine="h5netcdf") as load:
        change = load.load_largest_change.sel(strategy="predicted", quantity="compression").item()
    assert change == answer["answers"]["predicted"]["load"]["compression_change_n"]


def test_a_stiff_walk_prints_its_load_with_what_it_is_worth(hipspine):
    code, out, _ = hipspine("walk", "--hip-extension", 0)
    assert code == 0
    assert "Load at L5/S1" in out
    assert "the change, not the absolute value, is the answer" in out


def test_the_whole_cycle_of_a_mirrored_walk_counts(hipspine):
    code, out, _ = hipspine("walk", "--mirror", "--hip-extension-left", 0, "--strategy", "predicted", "--json")
    assert code == 0
    assert json.loads(out)["answers"]["predicted"]["load"]["share_of_cycle"] == 1.0


def test_a_slow_constructed_movement_says_that_its_postures_are_held(hipspine, tmp_path, schema):
    words = ("stand", "--cause", "tight_hip_flexors", "--strategy", "predicted")
    code, out, err = hipspine(*words)
    assert code == 0
    assert "Load at L5/S1, held postures" in out
    assert "every posture as if held" in err
    _, out, _ = hipspine(*words, "--json")
    answer = json.loads(out)
    jsonschema.validate(answer, schema)
    assert answer["load"]["held_postures"] is True
    assert written(tmp_path, "stand") >= FILES


@pytest.mark.parametrize(
    "words",
    [["prone"], ["swing"], ["walk", "--speed", "free"], ["turn", "--style", "step"]],
    ids=" ".join,
)
def test_where_there_is_no_load_nothing_is_said_of_one(hipspine, tmp_path, schema, words):
    code, out, err = hipspine(*words, "--strategy", "predicted")
    assert code in (0, 3)
    assert "L5/S1" not in out + err
    _, out, _ = hipspine(*words, "--strategy", "predicted", "--json")
    answer = json.loads(out)
    jsonschema.validate(answer, schema)
    assert "load" not in answer
    assert "load" not in answer["answers"]["predicted"]
    assert not FILES & written(tmp_path, words[0])


def test_the_load_of_an_earlier_run_is_not_left_behind(hipspine, tmp_path):
    hipspine("walk", "--strategy", "predicted")
    assert written(tmp_path, "walk") >= FILES
    hipspine("walk", "--speed", "free", "--strategy", "predicted")
    assert not FILES & written(tmp_path, "walk")


def test_a_recording_too_slow_for_accelerations_is_answered_without_a_load_and_says_why(hipspine, tmp_path, schema):
    code, out, _ = hipspine("walk", "--resample", 14, "--hip-extension", 0, "--strategy", "predicted", "--json")
    assert code == 0
    answer = json.loads(out)
    jsonschema.validate(answer, schema)
    assert "load" not in answer
    assert any(
        "no load at L5/S1" in notice and "14 frames a second are too few" in notice for notice in answer["notices"]
    )
    assert not FILES & written(tmp_path, "walk")


def test_a_frame_that_is_not_solved_takes_its_neighbours_out_of_the_load(hipspine, monkeypatch, schema):
    from simulate.strategies import least_lumbar

    judged = least_lumbar.judged

    def one_lost(asked, solution):
        found = judged(asked, solution)
        found.status[60] = 0
        return found

    monkeypatch.setattr(least_lumbar, "judged", one_lost)
    words = ("walk", "--hip-extension", 0, "--strategy", "predicted", "--strategy", "least")
    code, out, _ = hipspine(*words, "--json")
    assert code == 3
    answer = json.loads(out)
    jsonschema.validate(answer, schema)
    shares = {name: found["load"]["share_of_cycle"] for name, found in answer["answers"].items()}
    assert shares["predicted"] == 1.0
    assert 0.7 < shares["least"] < 1.0
    code, out, _ = hipspine(*words)
    assert f"100 % (predicted), {100 * shares['least']:.0f} % (least)" in out


def test_a_recording_without_a_model_has_the_load_of_the_generic_body(hipspine):
    motion = trial("walk_overground_rajagopal").motion
    code, out, _ = hipspine("walk", motion, "--hip-extension", 0, "--strategy", "predicted", "--json")
    assert code == 0
    assert json.loads(out)["answers"]["predicted"]["load"]["share_of_cycle"] == 1.0
