"""What must be true of a chain that is fitted to markers and follows them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinematics import HipspineError
from kinematics.conventions import INDEX, SEGMENT_COORDINATE, SIDES, SPINE
from kinematics.pose import frames, positions
from kinematics.rotations import rotation_about
from kinematics.spine import recombine, split, total_rotation
from kinematics.zero import marker_tilt, zero_offsets
from simulate.io.markers import Markers, read_markers, to_our_axes
from simulate.io.trials import trial
from simulate.motion import to_chain
from simulate.tasks.walk import walking
from simulate.tracking import fit_chain, marker_set, recording_from_markers, track

TURN = trial("walk_overground_rajagopal").motion.parents[1] / "turn_spin_HC002D"
#: The solver stops at 1e-11 of its own scale; the weak spring to the first guess adds 1e-9 where a foot is hardly seen.
SOLVER = 1e-7


@pytest.fixture(scope="module")
def standing():
    return read_markers(TURN / "standing.c3d")


@pytest.fixture(scope="module")
def fitted(standing):
    return fit_chain(standing)


@pytest.fixture(scope="module")
def turn():
    return read_markers(TURN / "motion.c3d")


@pytest.fixture(scope="module")
def tracked(fitted, turn):
    return track(fitted, turn.frames(slice(40, 160, 4)))


def synthetic(fitted, q, rate=100.0):
    """Markers of the fitted chain in the postures `q`, by its forward kinematics."""
    R, o, _ = frames(fitted.chain, q)
    places = [
        o[:, s] + R[:, s] @ np.asarray(p.location)
        for p in fitted.markers.values()
        for s in [SEGMENT_COORDINATE[p.segment]]
    ]
    names = tuple(fitted.markers)
    return Markers(np.arange(len(q)) / rate, names, np.stack(places, axis=1), "synthetic", (), dict(fitted_subject))


#: What the standing trial says of the person; synthetic markers are this person's.
fitted_subject: dict[str, float] = {}


@pytest.fixture(scope="module", autouse=True)
def _person(standing):
    fitted_subject.update(standing.subject)


def test_markers_of_a_known_motion_are_followed_exactly(fitted, tracked):
    markers = synthetic(fitted, tracked.q)
    again = track(fitted, markers)
    assert again.unsolved == 0
    np.testing.assert_allclose(again.q, tracked.q, atol=SOLVER)
    assert max(again.rms.values()) < SOLVER


def test_the_motion_is_the_posture_in_a_files_words(fitted, tracked):
    q, _ = to_chain(tracked.motion, fitted.chain)
    np.testing.assert_allclose(q, tracked.q, atol=1e-12)  # rounding of the rotations in between


def test_the_spine_is_split_by_its_shares_and_the_total_kept(fitted, tracked):
    spine = tracked.q[:, INDEX[SPINE[0]] :]
    total = total_rotation(fitted.chain, recombine(fitted.chain, spine))
    np.testing.assert_allclose(split(fitted.chain, total), spine, atol=1e-12)  # rounding


def test_lengths_of_a_known_body_are_found_in_whatever_way_it_stands(standing):
    one = fit_chain(standing.frames(slice(0, 1)))
    bent = np.repeat(one.q, 3, axis=0)
    for side in SIDES:  # knees bend, feet stay as flat as they were
        for name, by in (("hip_flexion", 1.0), ("knee_angle", 2.0), ("ankle_angle", 1.0)):
            bent[:, INDEX[f"{name}_{side}"]] += np.deg2rad([0.0, 5.0, 10.0]) * by
    for k in range(3):
        again = fit_chain(synthetic(one, bent[k : k + 1]))
        for name in ("hip_flexion", "knee_angle", "ankle_angle"):
            for side in SIDES:
                i = INDEX[f"{name}_{side}"]
                np.testing.assert_allclose(again.chain.offsets[i], one.chain.offsets[i], atol=1e-9)  # rounding, metres
        np.testing.assert_allclose(again.q[:, INDEX["knee_angle_r"]], bent[k, INDEX["knee_angle_r"]], atol=1e-9)
        np.testing.assert_allclose(again.chain.masses, one.chain.masses)


def test_the_fitted_chain_stands_where_its_markers_are(fitted, standing):
    tracked = track(fitted, standing)
    assert np.median(list(tracked.rms.values())) < 0.001  # the person sways by a millimetre
    np.testing.assert_allclose(tracked.q.mean(axis=0), fitted.q.mean(axis=0), atol=np.deg2rad(0.2))


def test_an_unturned_pelvis_has_a_level_asis_psis_line_so_the_models_zero_is_the_clinical_one(fitted):
    assert marker_tilt(fitted.chain) == pytest.approx(0.0, abs=1e-3)  # left and right ASIS sway apart in the trial
    offsets = zero_offsets("clinical", fitted.standing, standing_tilt_deg=fitted.standing_tilt_deg)
    assert offsets[INDEX["hip_flexion_r"]] == pytest.approx(0.0, abs=1e-12)


def test_heels_and_toes_stand_on_the_floor_and_the_head_is_as_high_as_the_person(fitted, standing):
    names = [f"{part}_{side}" for part in ("heel", "forefoot", "toe") for side in SIDES]
    soles = positions(fitted.chain, fitted.q, names)[..., 1]
    assert np.abs(soles).max() < 0.005  # flat feet, to what a heel marker sways
    top = positions(fitted.chain, fitted.q, ["head_top"])[:, 0, 1]
    np.testing.assert_allclose(top, standing.subject["stature"], atol=0.005)
    assert fitted.chain.mass == pytest.approx(standing.subject["mass"])


@pytest.mark.parametrize("turned_deg", [37.0, 180.0])
def test_turning_the_laboratory_changes_no_answer(standing, fitted, turn, tracked, turned_deg):
    R = rotation_about((0.0, 1.0, 0.0), np.deg2rad(turned_deg))
    there = fit_chain(replace(standing, places=standing.places @ R.T))
    np.testing.assert_allclose(there.chain.offsets, fitted.chain.offsets, atol=1e-9)  # rounding, metres
    moved = turn.frames(slice(40, 160, 4))
    again = track(there, replace(moved, places=moved.places @ R.T))
    rest = [k for k in range(24) if k not in (0, 1, 2, INDEX["pelvis_rotation"])]
    np.testing.assert_allclose(again.q[:, rest], tracked.q[:, rest], atol=SOLVER)
    heading = again.q[:, INDEX["pelvis_rotation"]] - tracked.q[:, INDEX["pelvis_rotation"]] - np.deg2rad(turned_deg)
    np.testing.assert_allclose(np.angle(np.exp(1j * heading)), 0.0, atol=SOLVER)


@pytest.mark.parametrize("up", ["+X", "-X", "+Y", "-Y", "+Z", "-Z"])
def test_every_laboratory_is_turned_never_mirrored(up):
    R = to_our_axes(up)
    assert np.linalg.det(R) == pytest.approx(1.0)
    axis = np.eye(3)["XYZ".index(up[1])] * (1.0 if up[0] == "+" else -1.0)
    np.testing.assert_allclose(R @ axis, [0.0, 1.0, 0.0])


def test_a_short_gap_is_filled_and_said(fitted, turn):
    few = turn.frames(slice(40, 100))
    places = few.places.copy()
    k = few.names.index("RKNE")
    places[20:35, k] = np.nan
    whole = track(fitted, few)
    found = track(fitted, replace(few, places=places))
    assert any("RKNE (15)" in notice for notice in found.notices)
    assert np.abs(found.q - whole.q).max() < np.deg2rad(1.0)  # a spline over 0.15 s of swing misses by millimetres


def test_a_long_gap_of_a_needed_marker_is_refused_with_marker_and_frames(fitted, turn):
    places = turn.places.copy()
    places[20:60, turn.names.index("RKNE")] = np.nan
    with pytest.raises(HipspineError, match=r"RKNE is not seen in frames 21-60"):
        track(fitted, replace(turn, places=places))


def test_a_long_gap_of_another_marker_leaves_it_out(fitted, turn):
    few = turn.frames(slice(40, 100))
    places = few.places.copy()
    places[10:50, few.names.index("RTUB")] = np.nan
    found = track(fitted, replace(few, places=places))
    assert "RTUB" not in found.names
    assert any("RTUB (frames 11-50)" in notice for notice in found.notices)


def test_ends_where_a_needed_marker_is_not_seen_are_cropped_and_said(fitted, turn):
    few = turn.frames(slice(40, 100))
    places = few.places.copy()
    places[:5, few.names.index("C7")] = np.nan
    places[-3:, few.names.index("LHEE")] = np.nan
    found = track(fitted, replace(few, places=places))
    np.testing.assert_array_equal(found.motion.time, few.time[5:-3])
    assert any("cropped to frames 6 to 57 of 60" in notice for notice in found.notices)


def test_a_recording_with_its_standing_trial_is_ready_for_a_task():
    walk = Path(__file__).parents[1] / "data" / "biomechzoo" / "HC002D_straight.c3d"
    chain, motion, standing = recording_from_markers(walk, TURN / "standing.c3d")
    assert standing.tilt_deg == pytest.approx(19.0, abs=0.5)  # the csv of the data set has a mean pelvis tilt of -18.9
    assert standing.how == "standing trial standing.c3d"
    assert any("RMS distance" in notice for notice in motion.notices)
    task = walking(chain, motion, standing=standing)
    assert len(task.q) > 200


def test_without_a_standing_trial_the_option_is_named():
    with pytest.raises(HipspineError, match="--standing"):
        recording_from_markers(TURN / "motion.c3d", None)


def test_a_movement_is_no_standing_trial(turn):
    assert fit_chain(turn).standing is None
    with pytest.raises(HipspineError, match="is no standing trial"):
        recording_from_markers(TURN / "motion.c3d", TURN / "motion.c3d")


def test_a_marker_set_of_ones_own_gives_other_labels_their_meaning(tmp_path, standing, fitted):
    path = tmp_path / "ours.toml"
    own = marker_set("plug_in_gait")
    tables = {"points": own.points, "technical": own.technical}
    path.write_text(
        "\n".join(
            f"[{name}]\n" + "\n".join(f"{key} = {[f'my_{label}' for label in labels]}" for key, labels in table.items())
            for name, table in tables.items()
        )
    )
    renamed = replace(standing, names=tuple(f"my_{name}" for name in standing.names))
    again = fit_chain(renamed, path)
    np.testing.assert_allclose(again.chain.offsets, fitted.chain.offsets)
    with pytest.raises(HipspineError, match="RASI"):
        fit_chain(renamed)


def test_a_thigh_of_which_only_the_knee_is_seen_turns_with_the_shank(fitted, tracked):
    """The thigh's own turn is seen through the knee's hinge, from the shank and the foot."""
    markers = synthetic(fitted, tracked.q)
    few = fit_chain_without(fitted, ("RTHI", "LTHI"))
    again = track(few, markers)
    np.testing.assert_allclose(again.q, tracked.q, atol=1e-4)  # a straight knee hardly shows it: the weak spring pulls


def fit_chain_without(fitted, names):
    """The same fit, some markers not followed."""
    return replace(fitted, markers={name: p for name, p in fitted.markers.items() if name not in names})
