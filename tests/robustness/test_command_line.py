"""The command: one message and status 2 for bad input, nothing written; files and status 0 for good."""

import json
import re

import jsonschema
import pytest

from simulate import cli
from simulate.io.trials import trial
from tests.robustness.test_bad_motions import LABELS, file_text, write

BUNDLED = trial("walk_overground_rajagopal")


@pytest.fixture
def hipspine(monkeypatch, capsys, tmp_path):
    """Run the command in an empty folder; returns (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr("sys.argv", ["hipspine", *[str(word) for word in words]])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        streams = capsys.readouterr()
        return stop.value.code, streams.out, streams.err

    return run


def refused(run, tmp_path, *words, says=()):
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    code, out, err = run(*words, "--out", tmp_path / "results")
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    assert len([line for line in err.splitlines() if line.startswith(("hipspine:", "Error:"))]) == 1
    for word in says:
        assert word in err
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_stiff_walk_writes_everything_and_prints_a_table(hipspine, tmp_path):
    code, out, err = hipspine("walk", "--hip-extension", 0)
    assert code == 0
    written = {path.name for path in (tmp_path / "results" / "walk").iterdir()}
    assert written == {
        "result.nc", "figure.png", "figure.svg", "movement.png", "movement.svg", "budget.png", "budget.svg",
        "table.txt", "load.nc", "load.png", "load.svg", "walk_closure.mot", "walk_predicted.mot", "walk_least.mot",
    }  # fmt: skip
    assert "lumbar extension" in out
    assert "clinical" in out
    assert max(len(line) for line in out.splitlines() if not line.startswith("Written")) <= 100
    assert "estimated from the stride" in err


def test_json_is_one_object_of_the_published_schema_and_nothing_else(hipspine, request):
    schema = json.loads((request.config.rootpath / "simulate/data/answer.schema.json").read_text(encoding="utf-8"))
    for words in (["--hip-extension", 0], ["--hip-internal-rotation", -5, "--strategy", "closure"], []):
        code, out, _ = hipspine("walk", "--json", *words)
        assert code == 0
        answer = json.loads(out)
        jsonschema.validate(answer, schema)
        assert out.count("\n") == 1
    assert answer["limits_deg"] == {}


def test_the_sides_are_told_apart(hipspine):
    _, out, _ = hipspine("walk", "--json", "--hip-extension-left", -8, "--strategy", "closure")
    assert list(json.loads(out)["limits_model_deg"]) == ["hip_flexion_l_min"]


def test_the_zeros_differ_by_the_standing_posture_and_are_named(hipspine):
    limits = {}
    for zero in ("clinical", "standing", "model"):
        _, out, _ = hipspine("walk", "--json", "--hip-extension-right", 5, "--zero", zero, "--strategy", "closure")
        answer = json.loads(out)
        assert answer["zero"] == zero
        limits[zero] = answer["limits_model_deg"]["hip_flexion_r_min"]
    assert limits["model"] == pytest.approx(-5.0)
    assert limits["standing"] - limits["clinical"] == pytest.approx(11.0)  # the published standing tilt
    _, out, _ = hipspine("walk", "--json", "--hip-extension-right", 5, "--standing-tilt", 4, "--strategy", "closure")
    answer = json.loads(out)
    assert limits["standing"] - answer["limits_model_deg"]["hip_flexion_r_min"] == pytest.approx(4.0)
    assert "measured" in answer["zero_text"]


def test_a_standing_trial_is_used_and_named(hipspine, tmp_path):
    standing = write(tmp_path, file_text(bend=0.0, rows=10), name="standing.mot")
    arguments = ["--model", BUNDLED.model, "--standing", standing, "--zero", "standing", "--hip-extension", 3]
    code, out, _ = hipspine("walk", BUNDLED.motion, *arguments, "--json")
    assert code == 0
    answer = json.loads(out)
    assert "standing.mot" in answer["zero_text"]
    assert answer["limits_model_deg"]["hip_flexion_r_min"] == pytest.approx(-3.0)


def test_a_recording_without_a_model_walks_on_a_generic_body_and_says_so(hipspine):
    code, out, _ = hipspine("walk", BUNDLED.motion, "--hip-extension", 0, "--json")
    assert code == 0
    assert any("generic" in notice for notice in json.loads(out)["notices"])


def test_degrees_that_look_like_radians_warn_and_run(hipspine, tmp_path):
    text = BUNDLED.motion.read_text(encoding="utf-8")
    head, body = re.split(r"(?<=endheader\n)", text)
    labels, *rows = body.splitlines()
    scaled = [
        "\t".join(
            cell if label == "time" or label in ("pelvis_tx", "pelvis_ty", "pelvis_tz") else str(float(cell) / 57.29578)
            for label, cell in zip(labels.split(), row.split(), strict=True)
        )
        for row in rows
    ]
    path = write(tmp_path, head + labels + "\n" + "\n".join(scaled) + "\n", name="radians.mot")
    code, out, _ = hipspine(
        "walk", path, "--model", BUNDLED.model, "--angles", "radians", "--hip-extension", 0, "--json"
    )
    assert code == 0
    _, plain, _ = hipspine("walk", BUNDLED.motion, "--model", BUNDLED.model, "--hip-extension", 0, "--json")
    ours, theirs = (
        json.loads(text)["answers"]["closure"]["compensation"]["lumbar_extension"]["added_deg"] for text in (out, plain)
    )
    assert ours == pytest.approx(theirs, abs=1e-3)  # eight digits of a degree in the file
    code, out, _ = hipspine("walk", path, "--model", BUNDLED.model, "--json")
    assert code in (0, 3)
    assert any("looks like radians" in notice for notice in json.loads(out)["notices"])


def test_a_recording_is_resampled_on_request_and_it_says_so(hipspine):
    code, out, _ = hipspine("walk", "--resample", 50, "--hip-extension", 0, "--json", "--strategy", "closure")
    assert code == 0
    answer = json.loads(out)
    assert any("resampled to 50 Hz" in notice for notice in answer["notices"])
    assert answer["answers"]["closure"]["solver"]["frames"] in (86, 87)  # half of the 172 recorded frames


def test_bad_recordings(hipspine, tmp_path):
    def bad(text, *says):
        refused(hipspine, tmp_path, "walk", write(tmp_path, text, name="bad.mot"), says=("bad.mot", *says))

    refused(hipspine, tmp_path, "walk", tmp_path / "none.mot", says=("none.mot", "no such file"))
    bad("", "empty")
    bad(file_text(n_rows=9), "9", "5 rows")
    bad(file_text().replace("7.500000", "nan", 1), "nan", "line")
    bad(file_text().replace("7.500000", "seven", 1), "seven", "line", "hip_flexion_r")
    bad(file_text(labels=LABELS[:-2]), "lumbar_bending, lumbar_rotation", "Found")
    bad(file_text(labels=[*LABELS, "pelvis_tx"]), "duplicate", "pelvis_tx")
    bad(file_text().replace("0.020000", "0.000000"), "time", "forward")


def test_bad_models(hipspine, tmp_path):
    def bad(text, *says):
        model = write(tmp_path, text, name="bad.osim")
        refused(hipspine, tmp_path, "walk", BUNDLED.motion, "--model", model, says=("bad.osim", *says))

    bad("not XML", "XML")
    bad('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>', "entities")
    bad('<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><a>&z;</a>', "entities")
    good = BUNDLED.model.read_text(encoding="utf-8")
    bad(good.replace("/bodyset/talus_l</socket_parent>", "/bodyset/elsewhere</socket_parent>"), "ankle")
    refused(hipspine, tmp_path, "walk", "--model", BUNDLED.model, says=("MOTION",))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--hip-extension", -60, "--hip-flexion", 20], ("hip flexion right 20", "hip extension right -60", "cross")),
        (["--hip-extension", "nan"], ("hip_extension", "nan")),
        (["--hip-extension", "much"], ("--hip-extension", "much")),
        (["--hip-extention", 0], ("--hip-extention", "--hip-extension")),
        (["--strategy", "predict"], ("predict", "closure")),
        (["--zero", "clinic"], ("clinic", "clinical")),
        (["--standing-tilt", 90], ("standing tilt", "90")),
        (["--standing", "none.mot"], ("none.mot", "no such file")),
        (["--angles", "grad"], ("grad", "degrees")),
        (["--resample", 0], ("resample", "0 Hz")),
        (["--resample", 1e12], ("resample", "1000000")),
        (["--hip-flexion", -10], ("hip flexion right -10", "(normal)")),
        (["--hip-flexion", 1e9], ("hip_flexion", "180")),
        (["--allow", "knee"], ("--allow knee", "knee=10")),
        (["--allow", "kneee=3"], ("kneee", "trunk_lean")),
        (["--allow", "knee=10", "ankle=-1"], ("ankle", "0 or more")),
        (["--standing", "a" * 300 + ".mot"], ("aaa", "too long")),
    ],
)
def test_bad_options(hipspine, tmp_path, words, says):
    refused(hipspine, tmp_path, "walk", *words, says=says)


def test_a_folder_that_cannot_be_is_named(hipspine, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    code, out, err = hipspine("walk", "--out", tmp_path / "file" / "results")
    assert (code, out) == (2, "")
    assert "results" in err
    code, _, err = hipspine("walk", "--out", tmp_path / "file")
    assert code == 2
    assert "file" in err


def test_unsolved_frames_end_in_status_3(hipspine, monkeypatch):
    import numpy as np

    from simulate.strategies import least_lumbar

    judged = least_lumbar.judged

    def one_lost(asked, solution):
        found = judged(asked, solution)
        found.status[np.argmax(found.status)] = 0
        return found

    monkeypatch.setattr(least_lumbar, "judged", one_lost)
    code, out, _ = hipspine("walk", "--json")
    assert code == 3
    assert json.loads(out)["answers"]["least"]["solver"]["unsolved"] == 1
    assert json.loads(out)["answers"]["least"]["completed"] is False


def test_a_fault_of_ours_says_so_in_one_line_and_status_1(hipspine, monkeypatch):
    from simulate.strategies import least_lumbar

    def broken(*_):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(least_lumbar, "judged", broken)
    code, out, err = hipspine("walk")
    assert (code, out) == (1, "")
    assert "a fault of ours" in err
    assert "Traceback" not in err


def test_allowances_may_stand_in_a_row(hipspine):
    code, out, _ = hipspine(
        "walk", "--strategy", "least", "--allow", "knee=3", "ankle=2", "--hip-extension", 0, "--json"
    )
    assert code == 0
    answer = json.loads(out)
    assert (answer["allowances"]["knee"], answer["allowances"]["ankle"]) == (3.0, 2.0)
    assert list(answer["answers"]) == ["least"]
    _, mixed, _ = hipspine(
        "walk", "--allow", "knee=3", BUNDLED.motion, "--strategy", "least", "--hip-extension", 0, "--json"
    )
    assert json.loads(mixed)["allowances"]["knee"] == 3.0


def test_a_result_is_verified_and_a_changed_one_ends_in_status_2(hipspine, tmp_path):
    import h5py

    hipspine("walk", "--hip-extension-right", -5, "--json")
    path = tmp_path / "results" / "walk" / "result.nc"
    code, out, _ = hipspine("verify", path, "--frames", 2)
    assert code == 0
    assert "consistent" in out
    code, out, _ = hipspine("verify", path, "--frames", 1, "--json")
    assert code == 0
    assert json.loads(out)["holds"] is True
    with h5py.File(path, "r+") as inside:
        inside["restricted"][1, 60, 6] += 1.0
    code, out, err = hipspine("verify", path, "--frames", 1)
    assert code == 2
    assert "NOT consistent" in out
    assert "restricted" in err


def test_what_is_no_result_is_refused_by_verify(hipspine, tmp_path):
    (tmp_path / "text.nc").write_text("no netCDF", encoding="utf-8")
    for name in ("nothing.nc", "text.nc", "a" * 300):
        code, out, err = hipspine("verify", tmp_path / name)
        assert (code, out) == (2, "")
        assert "Traceback" not in err
        assert name[:50] in err


def test_help_and_version(hipspine):
    code, out, _ = hipspine("walk", "--help")
    assert code == 0
    assert "--hip-internal-rotation" in out
    assert "--help" in out[out.index("Answer:") :]
    code, out, _ = hipspine("--version")
    assert code == 0


def test_a_terminal_that_cannot_show_an_arrow_still_gets_its_table(tmp_path):
    import os
    import subprocess
    import sys

    command = [sys.executable, "-c", "from simulate.cli import main; main()", "walk", "--strategy", "closure"]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, check=False)
    assert ran.returncode == 0
    assert b"lumbar extension" in ran.stdout
