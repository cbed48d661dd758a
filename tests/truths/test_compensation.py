"""What must be true of any body that walks with a stiff hip."""

from dataclasses import replace

import numpy as np
import pytest

from kinematics import Chain, HipspineError
from kinematics.conventions import ROTATIONS, SPINE
from kinematics.rom import RangeOfMotion
from kinematics.rotations import rotation_about, yxz_angles, yxz_matrix, zxy_angles, zxy_matrix
from simulate import compensate, read_motion, walking
from simulate.io.trials import trial
from simulate.result import NEGLIGIBLE_DEG

NORMAL = RangeOfMotion.normal()


def limits_to_20_below_the_peak(walk):
    """Hip-extension limits from what the recorded stride uses down to 20 deg less, one side and both."""
    free = compensate(walk, rom=NORMAL)
    for sides in ("", "_right", "_left"):
        names = ["hip_flexion_r", "hip_flexion_l"] if not sides else [f"hip_flexion_{sides[1]}"]
        peak = max(-float((free.recorded + free.zero_offset).sel(coordinate=name).min()) for name in names)
        for less in (0.0, 2.0, 5.0, 10.0, 15.0, 20.0):
            yield {f"hip_extension{sides}_deg": peak - less}


RECORDINGS = {
    "rajagopal": "bundled",
    "gait2392": "tests/data/opensim_core/walk_gait2392_subject01",
    "generic": "generic",
}


@pytest.fixture(scope="module", params=RECORDINGS)
def walk(request, bundled_walk):
    if request.param == "rajagopal":
        return bundled_walk
    if request.param == "generic":
        return walking(Chain.generic(), read_motion(trial("walk_overground_rajagopal").motion))
    path = request.config.rootpath / RECORDINGS[request.param]
    return walking(Chain.from_osim(path.with_suffix(".osim")), read_motion(path.with_suffix(".mot")))


def test_every_frame_of_every_limit_is_solved_to_its_tolerances_or_is_a_shortfall(walk):
    for limits in limits_to_20_below_the_peak(walk):
        result = compensate(walk, rom=NORMAL.limited(**limits))
        for name, answer in result.answer()["answers"].items():
            solver = answer["solver"]
            assert solver["unsolved"] == 0, (limits, name)
            assert solver["solved"] + solver["shortfall"] == solver["frames"]
            assert solver["kkt_max"] <= 1e-8
            assert solver["must_goal_max_mm"] <= 0.1
            assert solver["must_goal_max_deg"] <= 0.01
            assert solver["bound_violation_max_deg"] <= np.rad2deg(1e-9)


def test_the_free_answer_is_the_recording(walk):
    result = compensate(walk, rom=NORMAL)
    np.testing.assert_allclose(result.free, np.broadcast_to(result.recorded, result.free.shape), atol=1e-6)


def test_a_limit_the_stride_does_not_reach_costs_nothing(walk):
    result = compensate(walk, rom=NORMAL.limited(hip_extension_deg=60))
    assert np.abs(result.restricted - result.free).max() <= 1e-6
    assert (result.summary().added_deg.abs() <= NEGLIGIBLE_DEG).all()


@pytest.mark.parametrize("less", [3.0, 8.0, 15.0])
def test_in_closure_the_pelvis_tilts_and_the_spine_extends_by_the_loss_of_the_hip(walk, less):
    free = compensate(walk, rom=NORMAL)
    peak = -float((free.recorded + free.zero_offset).sel(coordinate="hip_flexion_r").min())
    result = compensate(walk, rom=NORMAL.limited(hip_extension_right_deg=peak - less), strategies=["closure"])
    added = (result.restricted - result.free).isel(strategy=0)
    frame = int(np.abs(added.sel(coordinate="hip_flexion_r").values).argmax())
    loss = float(added.sel(coordinate="hip_flexion_r")[frame])
    assert loss == pytest.approx(less, abs=1e-6)
    spine = added.sel(coordinate=["lumbar_extension", "thoracic_extension"])[frame].sum()
    # the least rotation runs about the adducted thigh's own flexion axis: within 2 per cent of one to one
    assert -float(added.sel(coordinate="pelvis_tilt")[frame]) == pytest.approx(loss, rel=0.02)
    assert float(spine) == pytest.approx(loss, rel=0.02)


def test_in_closure_the_limited_leg_keeps_its_path_and_the_thorax_its_orientation(walk):
    from kinematics.pose import orientation, positions

    result = compensate(walk, rom=NORMAL.limited(hip_extension_right_deg=-10), strategies=["closure"])
    q = np.zeros((result.sizes["frame"], 24))
    q[:, 3:] = np.deg2rad(result.restricted.isel(strategy=0).sel(coordinate=list(ROTATIONS)))
    q[:, :3] = result.restricted_translation.isel(strategy=0)
    leg = ["hip_r", "knee_r", "ankle_r", "heel_r", "forefoot_r"]
    np.testing.assert_allclose(positions(walk.chain, q, leg), positions(walk.chain, walk.q, leg), atol=1e-7)
    thorax = orientation(walk.chain, q, "thorax")
    np.testing.assert_allclose(thorax, orientation(walk.chain, walk.q, "thorax"), atol=1e-9)


def test_a_rotation_limit_that_binds_turns_the_spine(bundled_walk):
    for strategy in ("closure", "predicted"):
        result = compensate(bundled_walk, rom=NORMAL.limited(hip_external_rotation_right_deg=0), strategies=[strategy])
        turned = np.abs((result.restricted - result.free).sel(coordinate=["lumbar_rotation", "thoracic_rotation"]))
        assert float(turned.max()) > 1.0


@pytest.mark.parametrize("angle_deg", [37.0, 90.0, 179.0, -120.0])
def test_turning_the_laboratory_changes_no_answer(bundled_walk, angle_deg):
    limited = NORMAL.limited(hip_extension_deg=-8, hip_internal_rotation_left_deg=0)
    turned = compensate(_turned(bundled_walk, np.deg2rad(angle_deg)), rom=limited)
    there = compensate(bundled_walk, rom=limited)
    angles = [name for name in ROTATIONS if name != "pelvis_rotation"]
    difference = (turned.restricted - there.restricted).sel(coordinate=angles)
    assert np.abs(np.deg2rad(difference)).max() <= 1e-8
    heading = np.deg2rad((turned.restricted - there.restricted).sel(coordinate="pelvis_rotation")) - np.deg2rad(
        angle_deg
    )
    assert np.abs(np.angle(np.exp(1j * heading))).max() <= 1e-8


def _turned(walk, angle):
    """The same walk in a laboratory turned about the vertical, from its file on."""
    motion, tilt_first = (
        read_motion(trial("walk_overground_rajagopal").motion),
        ("pelvis_tilt", "pelvis_list", "pelvis_rotation"),
    )
    values = motion.values.copy()
    columns = {name: k for k, name in enumerate(motion.names)}
    R = rotation_about([0, 1, 0], angle)
    pelvis = zxy_matrix(values[:, [columns[name] for name in tilt_first]])
    values[:, [columns[name] for name in tilt_first]] = zxy_angles(R @ pelvis)
    places = [columns[f"pelvis_t{axis}"] for axis in "xyz"]
    values[:, places] = values[:, places] @ R.T
    return walking(walk.chain, replace(motion, values=values))


def test_a_tighter_limit_never_costs_less_energy(bundled_walk):
    from simulate.compensation import bounds_of
    from simulate.solution import energy
    from simulate.strategies import predicted

    last = np.zeros(len(bundled_walk.q))
    for extension in (5, 0, -5, -10, -15):
        rom = NORMAL.limited(hip_extension_deg=extension)
        result = compensate(bundled_walk, rom=rom, strategies=["predicted"])
        offsets = np.zeros(24)
        offsets[3:] = np.deg2rad(result.zero_offset)
        _, bounds, _ = bounds_of(bundled_walk, rom, offsets)
        cost = energy(bundled_walk, predicted(bundled_walk, *bounds).solution.q)
        assert (cost >= last - 1e-9).all()
        last = cost


@pytest.mark.kernel
def test_a_few_frames_are_solved_also_without_compilation(bundled_walk):
    from simulate.compensation import bounds_of
    from simulate.solution import SOLVED
    from simulate.strategies import predicted

    few = bundled_walk.frames(slice(60, 66))
    _, bounds, _ = bounds_of(few, NORMAL.limited(hip_extension_deg=-5), np.zeros(24))
    solution = predicted(few, *bounds).solution
    assert (solution.status == SOLVED).all()
    assert solution.active.any()
    assert solution.kkt.max() <= 1e-8


def test_a_need_beyond_the_own_range_shows_as_more_than_all_of_it(bundled_walk):
    limits = {"hip_extension_deg": -20, "lumbar_extension_deg": 5, "lumbar_rotation_deg": 0}
    result = compensate(bundled_walk, rom=NORMAL.limited(**limits))
    closure, predicted = result.changes()["closure"], result.changes()["predicted"]
    assert closure["lumbar_extension"].share_of_range == pytest.approx(closure["lumbar_extension"].peak_deg / 5.0)
    assert closure["lumbar_extension"].share_of_range > 1.0
    assert predicted["lumbar_extension"].share_of_range == pytest.approx(1.0)
    assert closure["lumbar_rotation"].share_of_range == np.inf  # a range of nothing, used
    assert predicted["lumbar_rotation"].share_of_range == 0.0
    answer = result.answer()["answers"]["closure"]["compensation"]
    assert answer["lumbar_rotation"]["share_of_range"] is None


def test_heading_first_means_that_tilt_is_tilt_at_any_heading():
    tilt_only = yxz_matrix([np.deg2rad(90.0), 0.0, np.deg2rad(-10.0)])
    np.testing.assert_allclose(np.rad2deg(yxz_angles(tilt_only)), [90.0, 0.0, -10.0], atol=1e-12)


def test_an_unknown_strategy_or_zero_lists_the_known_ones(bundled_walk):
    with pytest.raises(HipspineError, match="closure, least, predicted"):
        compensate(bundled_walk, strategies=["predict"])
    with pytest.raises(HipspineError, match="clinical, model, standing"):
        compensate(bundled_walk, zero="clinic")


def test_the_result_holds_the_problem_and_survives_its_file(bundled_walk, tmp_path):
    from simulate.io.netcdf import read_result, write_result

    result = compensate(bundled_walk, rom=NORMAL.limited(hip_extension_deg=0))
    write_result(tmp_path / "result.nc", result)
    back = read_result(tmp_path / "result.nc")
    assert back.answer() == result.answer()
    for name in ("chain_axes", "chain_offsets", "stiffness", "goal_target", "limit_lower", "zero_offset"):
        np.testing.assert_array_equal(back[name], result[name])
    assert all(
        variable.attrs.get("units") for name, variable in back.data_vars.items() if variable.dtype.kind in "fiub"
    )


def test_every_spinal_angle_has_a_share_of_the_persons_own_range(bundled_walk):
    summary = compensate(bundled_walk, rom=NORMAL.limited(hip_extension_deg=-15)).summary()
    shares = summary.share_of_range.unstack("strategy")
    assert shares.loc[list(SPINE)].notna().all().all()
