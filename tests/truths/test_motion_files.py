"""What is read is what was written, whatever the header's generation."""

from dataclasses import replace

import numpy as np
import pytest

from kinematics import Chain, HipspineError
from kinematics.pose import orientation
from kinematics.rotations import zxy_matrix
from kinematics.spine import lumbar_shares, recombine, split
from simulate import read_motion, write_motion
from simulate.io.trials import trial
from simulate.motion import from_chain, resample, to_chain
from tests.robustness.test_bad_motions import LABELS, file_text, write


@pytest.fixture(scope="module")
def motion():
    return read_motion(trial("walk_overground_rajagopal").motion)


def test_a_written_motion_reads_back(motion, tmp_path):
    write_motion(tmp_path / "again.mot", motion)
    again = read_motion(tmp_path / "again.mot")
    assert again.names == motion.names
    np.testing.assert_allclose(again.values, motion.values, rtol=1e-15, atol=1e-16)  # one rounding each way
    np.testing.assert_array_equal(again.time, motion.time)
    assert set(again.extras) == set(motion.extras)


def test_through_the_chain_and_back_nothing_changes(motion, bundled_chain):
    q, _ = to_chain(motion, bundled_chain)
    back = from_chain(q, bundled_chain, motion)
    np.testing.assert_allclose(back.values, motion.values, atol=1e-12)
    np.testing.assert_allclose(to_chain(back, bundled_chain)[0], q, atol=1e-12)


HEADS = {
    "simm": lambda t: (
        t.replace("nRows=", "datarows ").replace("nColumns=", "datacolumns ").replace("inDegrees=yes\n", "")
    ),
    "version 3": lambda t: t.replace("version=1", "DataRate=100\nDataType=double\nversion=3\nOpenSimVersion=4.5"),
    "windows": lambda t: t.replace("\n", "\r\n"),
    "byte order mark": lambda t: "\ufeff" + t,
    "trailing tabs": lambda t: t.replace("\n", "\t\n"),
    "words": lambda t: t.replace("inDegrees=yes", "Angles are in degrees."),
    "prefix": lambda t: t.replace("hip_flexion_r", "Derrick:hip_flexion_r"),
    "state paths": lambda t: t.replace("hip_flexion_r", "/jointset/hip_r/hip_flexion_r/value"),
}


@pytest.mark.parametrize("head", HEADS)
def test_every_generation_of_header_is_read_alike(tmp_path, head):
    plain = read_motion(write(tmp_path, file_text()))
    other = read_motion(write(tmp_path, HEADS[head](file_text()), name="other.mot"))
    assert other.names == plain.names
    np.testing.assert_array_equal(other.values, plain.values)


def test_speeds_in_a_states_file_are_no_coordinates(tmp_path):
    labels = [f"/jointset/any/{label}/value" for label in LABELS[1:]]
    path = write(tmp_path, file_text(labels=["time", *labels, "/jointset/any/knee_angle_r/speed"]), name="states.sto")
    assert read_motion(path).names == tuple(LABELS[1:])


def test_the_spine_is_split_by_its_shares_and_the_total_kept(bundled_chain):
    totals = np.random.default_rng(4).uniform(-0.6, 0.6, (200, 3))
    spine = split(bundled_chain, zxy_matrix(totals))
    np.testing.assert_allclose(recombine(bundled_chain, spine), totals, atol=1e-12)
    np.testing.assert_allclose(spine[:, :3], lumbar_shares() * totals, atol=1e-12)


def test_the_thorax_of_the_chain_is_the_thorax_of_the_recording(motion, bundled_chain):
    q, _ = to_chain(motion, bundled_chain)
    pelvis = zxy_matrix(np.stack([motion[f"pelvis_{w}"] for w in ("tilt", "list", "rotation")], -1))
    trunk = zxy_matrix(np.stack([motion[f"lumbar_{w}"] for w in ("extension", "bending", "rotation")], -1))
    np.testing.assert_allclose(orientation(bundled_chain, q, "thorax"), pelvis @ trunk, atol=1e-12)


@pytest.mark.parametrize("turn_deg", [180.0, 720.0, -540.0])
def test_headings_are_unwrapped_through_any_turn(motion, bundled_chain, turn_deg):
    values = motion.values.copy()
    heading = np.deg2rad(np.linspace(0.0, turn_deg, len(motion.time)))
    values[:, motion.names.index("pelvis_rotation")] = np.angle(np.exp(1j * heading))
    for name in ("pelvis_tilt", "pelvis_list"):
        values[:, motion.names.index(name)] = 0.0
    q, _ = to_chain(replace(motion, values=values), bundled_chain)
    np.testing.assert_allclose(np.rad2deg(q[:, 3]), np.rad2deg(heading), atol=1e-9)


def test_resampling_is_on_request_said_and_exact_at_the_samples(motion):
    again = resample(motion, rate=200.0)
    np.testing.assert_allclose(again.values[::2], motion.values, atol=1e-12)
    assert any("200 Hz" in notice for notice in again.notices)
    with pytest.raises(HipspineError, match="0 Hz"):
        resample(motion, rate=0.0)


def test_a_motion_on_a_model_of_the_other_knee_sign_warns(motion, request):
    other = Chain.from_osim(request.config.rootpath / "tests/data/opensim_core/walk_gait2392_subject01.osim")
    assert any("bends backwards" in notice for notice in to_chain(motion, other)[1])


def test_the_knees_of_its_own_model_bend_forwards_and_need_no_word(motion, bundled_chain):
    assert not any("warning" in notice for notice in to_chain(motion, bundled_chain)[1])
