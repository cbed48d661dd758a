"""What must be true of any body, its range of motion and its zeros."""

import numpy as np
import pytest

from kinematics import Chain, HipspineError, RangeOfMotion
from kinematics.conventions import INDEX
from kinematics.mirror import ORDER, SENSE, mirrored_chain, mirrored_posture, other_side
from kinematics.pose import centre_of_mass, frames, orientation, positions
from kinematics.rotations import rotation_about, yxz_angles, yxz_matrix
from kinematics.zero import (
    implausible_pelvis_markers,
    marker_tilt,
    standing_from_posture,
    standing_from_stride,
    standing_tilt,
    zero_offsets,
)

RNG = np.random.default_rng(8)
GAIT2392 = "tests/data/opensim_core/walk_gait2392_subject01"


@pytest.fixture(params=["male", "female", "osim"])
def chain(request, bundled_chain):
    return bundled_chain if request.param == "osim" else Chain.generic(stature=1.6, mass=60.0, sex=request.param)


def mirrored(chain):
    return mirrored_chain(chain), ORDER, SENSE, other_side


def test_the_mirrored_body_in_the_mirrored_posture_is_the_mirror_image(chain):
    mirror = mirrored_chain(chain)
    q = RNG.uniform(-1.0, 1.0, (20, 24))
    names = list(chain.points)
    image = positions(mirror, mirrored_posture(q), [other_side(name) for name in names])
    np.testing.assert_allclose(image, positions(chain, q, names) * [1.0, 1.0, -1.0], atol=1e-12)


def test_segments_keep_their_lengths_in_every_posture(chain):
    q = RNG.uniform(-1.5, 1.5, (50, 24))
    for a, b in (
        ("hip_r", "knee_r"),
        ("knee_l", "ankle_l"),
        ("hip_r", "hip_l"),
        ("l5s1", "t12l1"),
        ("heel_r", "toe_r"),
    ):
        lengths = np.linalg.norm(np.subtract(*np.moveaxis(positions(chain, q, [a, b]), 1, 0)), axis=-1)
        np.testing.assert_allclose(lengths, lengths[0], atol=1e-12)


def test_turning_the_laboratory_turns_everything(chain):
    q = RNG.uniform(-1.0, 1.0, 24)
    R = rotation_about([0, 1, 0], 1.1)
    turned = q.copy()
    turned[:3] = R @ q[:3]
    turned[3] += 1.1
    names = list(chain.points)
    np.testing.assert_allclose(positions(chain, turned, names), positions(chain, q, names) @ R.T, atol=1e-12)
    np.testing.assert_allclose(centre_of_mass(chain, turned), R @ centre_of_mass(chain, q), atol=1e-12)
    heading, *rest = yxz_angles(R @ yxz_matrix(q[3:6]))
    np.testing.assert_allclose(rest, q[4:6], atol=1e-12)
    assert np.angle(np.exp(1j * (heading - turned[3]))) == pytest.approx(0.0, abs=1e-12)


def test_flexion_bends_the_body_the_clinical_way(chain):
    def moved(name, point):
        q = np.zeros((2, 24))
        q[1, INDEX[name]] = 0.3
        return np.diff(positions(chain, q, [point])[:, 0], axis=0)[0]

    assert moved("hip_flexion_r", "knee_r")[0] > 0
    assert moved("knee_angle_l", "ankle_l")[0] < 0
    assert moved("ankle_angle_r", "toe_r")[1] > 0
    assert moved("hip_adduction_r", "knee_r")[2] < 0 < moved("hip_adduction_l", "knee_l")[2]
    assert moved("hip_rotation_r", "toe_r")[2] < 0 < moved("hip_rotation_l", "toe_l")[2]
    assert moved("lumbar_extension", "c7")[0] < 0
    assert moved("lumbar_bending", "c7")[2] > 0
    assert moved("pelvis_list", "hip_r")[1] < moved("pelvis_list", "hip_l")[1]
    assert moved("pelvis_tilt", "c7")[0] < 0  # posterior tilt leans back


def test_the_generic_body_stands_as_tall_and_weighs_as_much_as_asked():
    for sex, stature, mass in (("male", 1.9, 95.0), ("female", 1.55, 48.0)):
        chain = Chain.generic(stature=stature, mass=mass, sex=sex)
        height = np.subtract(*positions(chain, np.zeros(24), ["head_top", "heel_r"])[:, 1])
        assert height == pytest.approx(stature, abs=1e-12)
        assert chain.mass == pytest.approx(mass, abs=1e-9)
        centre = centre_of_mass(chain, np.zeros(24))[1] - positions(chain, np.zeros(24), ["heel_r"])[0, 1]
        assert 0.52 < centre / stature < 0.60  # standing bodies have it a little above half their height
        x = positions(chain, np.zeros(24), ["heel_r", "toe_r"])[:, 0]
        assert x[0] < centre_of_mass(chain, np.zeros(24))[0] < x[1]


@pytest.mark.parametrize("bad", [{"stature": 3.0}, {"mass": 0.0}, {"sex": "other"}, {"stature": float("nan")}])
def test_a_body_that_cannot_be_says_what_is_allowed(bad):
    with pytest.raises(HipspineError, match=next(iter(bad))):
        Chain.generic(**bad)


def test_unknown_names_list_the_known_and_suggest_the_nearest(chain):
    with pytest.raises(HipspineError, match=r"Did you mean 'heel_r'.*forefoot_l"):
        positions(chain, np.zeros(24), ["heel_rr"])
    with pytest.raises(HipspineError, match="thorax"):
        orientation(chain, np.zeros(24), "torax")
    with pytest.raises(HipspineError, match=r"hip_extension.*hip_flexion"):
        RangeOfMotion.normal().limited(hip_extention_deg=3)
    with pytest.raises(HipspineError, match="24 coordinates"):
        frames(chain, np.zeros(23))


def test_clinical_degrees_are_the_range_available_in_that_direction():
    normal = RangeOfMotion.normal()
    lower, upper = normal.limited(hip_extension_deg=-5, hip_extension_left_deg=3).bounds(np.zeros(24))
    assert np.rad2deg(lower[INDEX["hip_flexion_r"]]) == pytest.approx(5.0)
    assert np.rad2deg(lower[INDEX["hip_flexion_l"]]) == pytest.approx(-3.0)
    lower, upper = normal.limited(hip_internal_rotation_right_deg=7, hip_abduction_deg=4).bounds(np.zeros(24))
    assert np.rad2deg(upper[INDEX["hip_rotation_r"]]) == pytest.approx(7.0)
    assert np.rad2deg(lower[INDEX["hip_adduction_l"]]) == pytest.approx(-4.0)
    lower, upper = normal.limited(lumbar_rotation_deg=3).bounds(np.zeros(24))
    assert np.rad2deg([lower[INDEX["lumbar_rotation"]], upper[INDEX["lumbar_rotation"]]]) == pytest.approx([-3.0, 3.0])
    assert np.isinf(upper[: INDEX["hip_flexion_r"]]).all()


def test_limits_may_meet_but_not_cross():
    RangeOfMotion.normal().limited(hip_extension_deg=-20, hip_flexion_deg=20)
    with pytest.raises(HipspineError, match=r"hip flexion right 20 deg and hip extension right -21 deg"):
        RangeOfMotion.normal().limited(hip_extension_deg=-21, hip_flexion_deg=20)


@pytest.mark.parametrize("zero", ["clinical", "standing", "model"])
def test_the_thigh_in_the_laboratory_depends_on_no_zero(zero, bundled_chain, request):
    """Pelvis against the level one, plus hip flexion in the zero's own pelvis, is the thigh in the laboratory."""
    for chain in (bundled_chain, Chain.from_osim(request.config.rootpath / f"{GAIT2392}.osim"), Chain.generic()):
        standing = standing_from_posture(_planar(tilt=4.0, flexion=-4.0))
        offsets = np.rad2deg(zero_offsets(zero, standing, standing_tilt_deg=11.0))
        # anterior tilt of the zero's pelvis in the laboratory when the model's pelvis is at `tilt`
        pelvis_zero = {"model": 0.0, "standing": 4.0, "clinical": 4.0 + 11.0}[zero]
        for tilt, flexion in ((0.0, 0.0), (-9.0, 25.0), (6.0, -22.0)):
            q = _planar(tilt=tilt, flexion=flexion)
            thigh = orientation(chain, q, "thigh_r")
            in_laboratory = np.rad2deg(np.arctan2(thigh[1, 0], thigh[0, 0]))
            named = flexion + offsets[INDEX["hip_flexion_r"]]
            assert (tilt - pelvis_zero) + named == pytest.approx(in_laboratory, abs=1e-9)


def _planar(tilt, flexion):
    q = np.zeros(24)
    q[INDEX["pelvis_tilt"]] = np.deg2rad(tilt)
    q[[INDEX["hip_flexion_r"], INDEX["hip_flexion_l"]]] = np.deg2rad(flexion)
    return q


def test_one_recorded_stride_reads_22_17_and_6_degrees_in_the_three_zeros(request):
    from simulate import read_motion
    from simulate.motion import to_chain

    chain = Chain.from_osim(request.config.rootpath / f"{GAIT2392}.osim")
    q, _ = to_chain(read_motion(request.config.rootpath / f"{GAIT2392}.mot"), chain)
    standing = standing_from_stride(q)
    peak = {}
    for zero in ("model", "standing", "clinical"):
        offset = zero_offsets(zero, standing, standing_tilt_deg=11.0)[INDEX["hip_flexion_r"]]
        peak[zero] = -np.rad2deg((q[:, INDEX["hip_flexion_r"]] + offset).min())
    assert peak["model"] == pytest.approx(22.0, abs=0.5)
    assert peak["standing"] == pytest.approx(17.0, abs=0.5)
    assert peak["clinical"] == pytest.approx(6.0, abs=0.5)


def test_implausible_pelvis_markers_warn_and_plausible_ones_do_not(bundled_chain):
    line_deg = np.rad2deg(marker_tilt(bundled_chain))
    fits = standing_from_posture(_planar(tilt=line_deg - 11.0, flexion=0.0))
    assert implausible_pelvis_markers(bundled_chain, fits, 11.0) is None
    off = standing_from_posture(_planar(tilt=line_deg + 4.0, flexion=0.0))
    assert "markers" in implausible_pelvis_markers(bundled_chain, off, 11.0)


def test_the_standing_tilt_is_measured_or_published_and_says_which():
    assert standing_tilt(7.0) == (7.0, "standing pelvic tilt 7 deg anterior, measured")
    degrees, text = standing_tilt(None)
    assert degrees == 11.0
    assert "published" in text
    with pytest.raises(HipspineError, match="-45 and 45"):
        standing_tilt(float("nan"))
