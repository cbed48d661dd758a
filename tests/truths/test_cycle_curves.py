"""A motion put on a common percentage of its cycle is the same motion."""

import numpy as np
import pytest
import xarray as xr

from kinematics.errors import HipspineError
from simulate.curves import cycle_curves
from simulate.figures import cycle_figure
from tests.truths.study_datasets import gaits, lost, two_limits


def one_case(percent, values, name="restricted"):
    """A case of one angle, as a study has it."""
    values = np.asarray(values, float)
    return xr.Dataset(
        {name: (("case", "strategy", "frame", "joint_angle"), values[None, None, :, None]),
         "percent": (("case", "frame"), np.asarray(percent, float)[None])},
        coords={"case": [0], "strategy": ["predicted"], "joint_angle": ["hip_flexion_r"]},
    )  # fmt: skip


def wave(percent):
    return np.sin(2.0 * np.pi * np.asarray(percent) / 100.0 + 0.4)


def test_a_curve_sampled_at_odd_places_is_the_same_curve():
    percent = np.sort(np.random.default_rng(4).uniform(0.0, 100.0, 200))
    percent[0], percent[-1] = 0.0, 100.0
    curves = cycle_curves(one_case(percent, wave(percent)), points=77)
    assert curves.dims == ("case", "strategy", "percent", "joint_angle")
    gap = np.diff(percent).max() * 2.0 * np.pi / 100.0
    np.testing.assert_allclose(curves.values.ravel(), wave(curves.percent), atol=gap**2 / 8)  # linear interpolation


def test_a_frame_on_the_grid_keeps_its_value_to_the_bit():
    percent = np.arange(0.0, 101.0)
    curves = cycle_curves(one_case(percent, wave(percent)))
    np.testing.assert_array_equal(curves.values.ravel(), wave(percent))


def test_a_cycle_that_begins_in_the_middle_is_put_in_order():
    percent = np.mod(np.arange(60.3, 161.0, 0.7), 100.0)
    curves = cycle_curves(one_case(percent, wave(percent)))
    np.testing.assert_allclose(curves.values.ravel(), wave(curves.percent), atol=(0.014 * np.pi) ** 2 / 8)


def test_of_several_cycles_the_first_whole_one_is_taken():
    time = np.arange(40.0, 275.0, 0.5)
    number = time // 100.0
    curves = cycle_curves(one_case(np.mod(time, 100.0), number))
    np.testing.assert_array_equal(curves.values.ravel()[:-1], 1.0)


def test_frames_outside_the_cycle_take_no_part():
    percent = np.linspace(-10.0, 110.0, 241)
    outside = (percent < 0.0) | (percent > 100.0)
    values = np.where(outside, 1e6, wave(percent))
    curves = cycle_curves(one_case(np.where(outside, np.nan, percent), values))
    np.testing.assert_allclose(curves.values.ravel(), wave(curves.percent), atol=(0.01 * np.pi) ** 2 / 8)


def test_nothing_is_drawn_across_frames_that_were_not_solved():
    percent = np.arange(0.0, 100.5, 0.5)
    gone = (percent > 30.2) & (percent < 39.8)
    values = np.where(gone, np.nan, wave(percent))
    curves = cycle_curves(one_case(percent, values)).values.ravel()
    np.testing.assert_array_equal(np.isnan(curves), (np.arange(101) > 30) & (np.arange(101) < 40))
    holes = np.where(gone, np.nan, percent)  # nor across frames that are no part of the cycle
    np.testing.assert_array_equal(np.isnan(cycle_curves(one_case(holes, values)).values.ravel()), np.isnan(curves))


def test_the_end_of_a_cycle_is_one_frame_beyond_the_last():
    percent = np.arange(0.0, 100.0)
    curves = cycle_curves(one_case(percent, wave(percent))).values.ravel()
    assert curves[-1] == pytest.approx(wave(100.0), abs=(0.02 * np.pi) ** 2)  # a line over two steps
    short = cycle_curves(one_case(percent[:95], wave(percent[:95]))).values.ravel()
    assert np.isnan(short[96:]).all()
    assert np.isfinite(short[:96]).all()


@pytest.mark.parametrize("frames", [0, 1])
def test_a_case_of_hardly_any_frames_has_hardly_any_curve(frames):
    percent = np.full(5, np.nan)
    percent[:frames] = 50.0
    curves = cycle_curves(one_case(percent, np.ones(5))).values.ravel()
    assert np.isfinite(curves).sum() == frames


def test_every_case_has_its_own_curve():
    ds = gaits(40, strategies=("closure", "predicted"))
    curves = cycle_curves(ds)
    assert curves.dims == ("sample", "strategy", "percent", "joint_angle")
    for k in (0, 7, 39):
        alone = cycle_curves(ds.isel(sample=[k]))
        np.testing.assert_array_equal(alone.values[0], curves.values[k])
    free = cycle_curves(ds, "free")
    assert free.dims == ("sample", "percent", "joint_angle")
    added = (curves - free).sel(strategy="closure", joint_angle="hip_flexion_r").max("percent")
    np.testing.assert_allclose(
        added, lost(ds.hip_extension_right), rtol=2e-3
    )  # where the grid has no point at the peak


def test_ten_thousand_cases_are_a_matter_of_seconds():
    ds = gaits(100).sel(joint_angle=["lumbar_extension"])
    many = ds.isel(sample=np.tile(np.arange(100), 100))
    curves = cycle_curves(many)
    assert curves.shape == (10_000, 1, 101, 1)
    np.testing.assert_array_equal(curves.values[9_900:], cycle_curves(ds).values)


def test_a_study_without_trajectories_has_no_cycle():
    ds = two_limits(3, 3)
    with pytest.raises(HipspineError, match="run without trajectories"):
        cycle_figure(ds)
    for name in ("restricted", "free"):
        with pytest.raises(HipspineError, match="run without trajectories"):
            cycle_curves(ds, name)


@pytest.mark.parametrize(
    ("asked", "words"),
    [({"variable": "restrained"}, "unknown variable of this study 'restrained'"),
     ({"variable": "added"}, "added is not a trajectory; these are: restricted, free, percent"),
     ({"points": 1}, "points must be 2 or more")],
)  # fmt: skip
def test_a_curve_that_is_none_is_an_error(asked, words):
    with pytest.raises(HipspineError, match=words):
        cycle_curves(gaits(3), **asked)
