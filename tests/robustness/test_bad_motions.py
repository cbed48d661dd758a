"""A motion that cannot be read says where and what is allowed."""

import numpy as np
import pytest

from kinematics import Chain, HipspineError
from simulate import read_motion
from simulate.motion import to_chain

LABELS = [
    "time",
    "pelvis_tilt",
    "pelvis_list",
    "pelvis_rotation",
    "pelvis_tx",
    "pelvis_ty",
    "pelvis_tz",
    "hip_flexion_r",
    "hip_adduction_r",
    "hip_rotation_r",
    "knee_angle_r",
    "ankle_angle_r",
    "hip_flexion_l",
    "hip_adduction_l",
    "hip_rotation_l",
    "knee_angle_l",
    "ankle_angle_l",
    "lumbar_extension",
    "lumbar_bending",
    "lumbar_rotation",
]


def file_text(rows=5, labels=LABELS, head="inDegrees=yes", n_rows=None, n_columns=None, bend=30.0):
    table = np.zeros((rows, len(labels)))
    table[:, 0] = 0.01 * np.arange(rows)
    for k, label in enumerate(labels):
        if label.startswith(("hip_flexion", "knee")):
            table[:, k] = np.linspace(0, bend, rows)
    counts = f"nRows={rows if n_rows is None else n_rows}\nnColumns={len(labels) if n_columns is None else n_columns}"
    body = "\n".join("\t".join(f"{v:.6f}" for v in row) for row in table)
    return f"Coordinates\nversion=1\n{counts}\n{head}\nendheader\n" + "\t".join(labels) + "\n" + body + "\n"


def write(tmp_path, text, name="walk.mot"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(path, *words):
    with pytest.raises(HipspineError) as error:
        read_motion(path).require()
    for word in (str(path.name), *words):
        assert word in str(error.value)


def test_the_file_that_the_others_are_made_from_is_good(tmp_path):
    motion = read_motion(write(tmp_path, file_text()))
    motion.require()
    assert motion.notices == ()
    assert motion["hip_flexion_r"][-1] == pytest.approx(np.deg2rad(30.0))


def test_missing_empty_folder_and_rubbish(tmp_path):
    refused(tmp_path / "walk.mot", "no such file")
    refused(write(tmp_path, ""), "empty")
    refused(tmp_path, "folder")
    refused(write(tmp_path, bytes(range(256)) * 4), "text")
    refused(write(tmp_path, "just some words\n"), "endheader")
    refused(write(tmp_path, "nRows=2\nendheader\n"), "columns")
    refused(write(tmp_path, "nRows=2\nendheader\ntime a\n"), "rows of numbers")


def test_wrong_counts_say_both_numbers(tmp_path):
    refused(write(tmp_path, file_text(n_rows=7)), "7", "5 rows")
    refused(write(tmp_path, file_text(n_columns=3)), "3", "20 columns")


def test_a_short_row_is_named_by_its_line(tmp_path):
    lines = file_text().splitlines()
    lines[8] = lines[8].rsplit("\t", 1)[0]
    refused(write(tmp_path, "\n".join(lines)), "line 9", "19 values for 20 columns")


@pytest.mark.parametrize("bad", ["nan", "inf", "twelve", "1,5"])
def test_what_is_not_a_finite_number_is_named_by_line_and_column(tmp_path, bad):
    lines = file_text().splitlines()
    cells = lines[9].split("\t")
    cells[7] = bad
    lines[9] = "\t".join(cells)
    refused(write(tmp_path, "\n".join(lines)), "line 10", "hip_flexion_r", bad)


def test_missing_coordinates_are_listed_with_those_found(tmp_path):
    labels = [label for label in LABELS if label not in ("knee_angle_l", "lumbar_bending")]
    refused(write(tmp_path, file_text(labels=labels)), "missing: knee_angle_l, lumbar_bending", "Found: pelvis_tilt")


def test_duplicate_columns_are_named(tmp_path):
    refused(write(tmp_path, file_text(labels=[*LABELS, "knee_angle_r"])), "duplicate", "knee_angle_r")


def test_time_must_go_forward(tmp_path):
    lines = file_text().splitlines()
    lines[9] = lines[8]
    refused(write(tmp_path, "\n".join(lines)), "time", "forward")
    labels = [*LABELS[1:], "time"]
    refused(write(tmp_path, file_text(labels=labels)), "first column")


def test_a_unit_that_is_neither_is_refused(tmp_path):
    refused(write(tmp_path, file_text(head="inDegrees=maybe")), "maybe", "yes, no")
    with pytest.raises(HipspineError, match="degrees, radians"):
        read_motion(write(tmp_path, file_text()), angles="grad")


def test_degrees_that_look_like_radians_run_with_a_warning_and_can_be_overruled(tmp_path):
    path = write(tmp_path, file_text(bend=0.3))
    motion = read_motion(path)
    assert any("looks like radians" in notice and "--angles radians" in notice for notice in motion.notices)
    assert read_motion(path, angles="radians")["hip_flexion_r"][-1] == pytest.approx(0.3)
    assert read_motion(path, angles="radians").notices == ()


def test_a_file_in_radians_says_so_and_is_read_so(tmp_path):
    motion = read_motion(write(tmp_path, file_text(head="inDegrees=no", bend=0.5)))
    assert motion["knee_angle_l"][-1] == pytest.approx(0.5)
    assert not motion.in_degrees


def test_a_file_cut_off_anywhere_is_refused_or_read_but_never_breaks(tmp_path, request):
    whole = (request.config.rootpath / "simulate/data/trials/walk_overground_rajagopal/motion.mot").read_bytes()
    for cut in np.random.default_rng(3).integers(0, len(whole), 100):
        path = write(tmp_path, whole[:cut])
        with pytest.raises(HipspineError):
            read_motion(path)


def test_a_motion_without_steps_is_refused_as_a_walk(tmp_path):
    from simulate import walking

    with pytest.raises(HipspineError, match="step"):
        walking(Chain.generic(), read_motion(write(tmp_path, file_text(bend=0.0, rows=50), name="still.mot")))


def test_absent_subtalar_angles_are_held_at_zero_with_a_notice(tmp_path):
    q, notices = to_chain(read_motion(write(tmp_path, file_text())), Chain.generic())
    assert not q[:, [11, 17]].any()
    assert any("subtalar_angle_r" in notice for notice in notices)
