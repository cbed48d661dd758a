"""A misread file cannot be seen from our own chain: OpenSim itself says where the joints are."""

import subprocess
import sys

import numpy as np
import pytest

from kinematics import Chain, RangeOfMotion
from kinematics.pose import orientation, positions
from kinematics.rotations import rotation_angle
from simulate import compensate, read_motion, walking, write_motion
from simulate.motion import from_chain, to_chain
from simulate.result import restricted_motion

FILES = {
    "rajagopal 40500": "simulate/data/trials/walk_overground_rajagopal/{}",
    "gait2392 30000": "tests/data/opensim_core/walk_gait2392_subject01{}",
    "hamner 20302": "tests/data/opensim_core/run_hamner_subject02{}",
}
SEGMENT = {"pelvis": "pelvis", "femur_r": "thigh_r", "femur_l": "thigh_l", "torso": "thorax"}
TIBIA = {"tibia_r": "shank_r", "tibia_l": "shank_l"}


def opensim_says(folder, model, motion, every=1):
    """Joint centres and body orientations by OpenSim, for every so many frames of a motion."""
    np.savez(folder / "in.npz", names=np.array(motion.names), values=motion.values[::every])
    oracle = __file__.replace("test_opensim.py", "opensim_oracle.py")
    command = [sys.executable, oracle, str(model), str(folder / "in.npz"), str(folder / "out.npz")]
    subprocess.run(command, check=True, capture_output=True)
    return np.load(folder / "out.npz")


@pytest.fixture(scope="module", params=FILES)
def case(request, tmp_path_factory):
    pattern = str(request.config.rootpath / FILES[request.param])
    bundled = "trials" in pattern
    model, mot = (pattern.format(end) for end in (("model.osim", "motion.mot") if bundled else (".osim", ".mot")))
    chain, motion = Chain.from_osim(model), read_motion(mot)
    every = max(1, len(motion.time) // 60)
    theirs = opensim_says(tmp_path_factory.mktemp("oracle"), model, motion, every)
    return chain, motion, model, to_chain(motion, chain)[0][::every], theirs


def test_hips_and_l5s1_are_where_opensim_has_them(case):
    chain, _, _, q, theirs = case
    for name in ("hip_r", "hip_l", "l5s1"):
        assert np.linalg.norm(positions(chain, q, [name])[:, 0] - theirs[name], axis=1).max() < 1e-4


def test_knees_and_ankles_are_within_the_reported_difference_of_the_hinge(case):
    chain, _, _, q, theirs = case
    for fit in chain.knee_hinge:
        flexion = np.rad2deg(q[:, 9 if fit.side == "r" else 15])
        within = (flexion >= fit.flexion_deg[0]) & (flexion <= fit.flexion_deg[1])
        assert within.any()
        for name, allowed_mm in (("knee", fit.knee_max_mm), ("ankle", fit.ankle_max_mm)):
            off = positions(chain, q, [f"{name}_{fit.side}"])[:, 0] - theirs[f"{name}_{fit.side}"]
            assert 1e3 * np.linalg.norm(off[within], axis=1).max() <= allowed_mm + 1e-3
        # the shank's frame is parallel to the pelvis at zero, the tibia's is turned by the hinge's constant part
        at_zero = np.swapaxes(orientation(chain, q, f"shank_{fit.side}"), -1, -2) @ theirs[f"tibia_{fit.side}"]
        spread = rotation_angle(np.swapaxes(at_zero[:, None], -1, -2) @ at_zero[None])[np.ix_(within, within)]
        assert np.rad2deg(spread.max()) <= 2.0 * fit.max_deg + 1e-6


def test_walking_never_leaves_the_range_over_which_the_hinge_was_fitted(case):
    chain, motion, _, q, _ = case
    if motion.source.startswith("run"):
        assert np.rad2deg(q[:, [9, 15]]).max() > chain.knee_hinge[0].flexion_deg[1]
    else:
        low, high = chain.knee_hinge[0].flexion_deg
        assert np.rad2deg(q[:, [9, 15]]).min() > low and np.rad2deg(q[:, [9, 15]]).max() < high


def test_pelvis_thighs_and_thorax_turn_as_opensims_do(case):
    chain, _, _, q, theirs = case
    for body, segment in SEGMENT.items():
        off = np.swapaxes(orientation(chain, q, segment), -1, -2) @ theirs[body]
        assert np.rad2deg(rotation_angle(off)).max() < 1e-6


def test_a_written_motion_moves_the_users_own_model_as_it_moves_our_chain(case, tmp_path):
    chain, _, model, _, _ = case
    task_motion = case[1]
    walk = walking(chain, task_motion)
    result = compensate(walk, rom=RangeOfMotion.normal().limited(hip_extension_deg=-5), strategies=["closure"])
    write_motion(tmp_path / "stiff.mot", restricted_motion(result, walk, "closure"))
    written = read_motion(tmp_path / "stiff.mot")
    every = max(1, len(written.time) // 40)
    theirs = opensim_says(tmp_path, model, written, every)
    ours = result.restricted_landmarks.isel(strategy=0)[::every]
    for name in ("hip_r", "hip_l", "l5s1"):
        assert np.linalg.norm(ours.sel(landmark=name).values - theirs[name], axis=1).max() < 1e-4
    q, _ = to_chain(written, chain)
    for body, segment in SEGMENT.items():
        off = np.swapaxes(orientation(chain, q[::every], segment), -1, -2) @ theirs[body]
        assert np.rad2deg(rotation_angle(off)).max() < 1e-6


def test_opensim_reads_the_numbers_we_wrote(case, tmp_path):
    chain, motion, _, _, _ = case
    back = from_chain(to_chain(motion, chain)[0], chain, motion)
    write_motion(tmp_path / "back.mot", back)
    script = (
        "import sys, numpy, opensim; opensim.Logger.setLevelString('Off');"
        "t = opensim.TimeSeriesTable(sys.argv[1]);"
        "numpy.savez(sys.argv[2], labels=numpy.array(t.getColumnLabels()), values=t.getMatrix().to_numpy(),"
        "time=numpy.array(t.getIndependentColumn()))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "back.mot"), str(tmp_path / "table.npz")]
    subprocess.run(command, check=True, capture_output=True)
    table = np.load(tmp_path / "table.npz")
    np.testing.assert_allclose(table["time"], motion.time, rtol=0, atol=1e-12)
    for name in motion.names:
        theirs = table["values"][:, list(table["labels"]).index(name)]
        ours = back[name] if name.startswith("pelvis_t") and name != "pelvis_tilt" else np.rad2deg(back[name])
        np.testing.assert_allclose(theirs, ours, rtol=1e-12, atol=1e-12)
