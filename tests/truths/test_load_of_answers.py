"""The load that belongs to an answer: all of its parts in one data set, told alike in words, numbers and picture."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from kinematics import HipspineError, RangeOfMotion
from kinematics.conventions import SEGMENTS
from simulate import build_task, compensate, norm_walking, read_motion
from simulate.figures import load_figure
from simulate.figures.style import GREY, STRATEGIES, VERMILION
from simulate.io.netcdf import write_load
from simulate.io.trials import trial
from simulate.load import load_changes, load_of, load_summary, lumbar_levels, spinal_load
from simulate.load.dynamics import ABOVE
from simulate.load.whole import SLOW, accelerations_of
from simulate.mirror import mirrored, mirrored_motion
from simulate.report.load import CAVEAT, load_text

NORMAL = RangeOfMotion.normal()
TOLD = {"compression": "n", "shear_anterior": "n", "extension_moment": "nm"}


def stiff_walk(task, **limits):
    return compensate(task, rom=NORMAL.limited(**limits or {"hip_extension_deg": 0}), reliefs=False)


@pytest.fixture(scope="module")
def whole_walk():
    return read_motion(trial("walk_overground_rajagopal").motion)


@pytest.fixture(scope="module")
def result(bundled_walk):
    return stiff_walk(bundled_walk)


@pytest.fixture(scope="module")
def load(bundled_walk, result, whole_walk):
    return load_of(bundled_walk, result, recorded=whole_walk)


@pytest.fixture(scope="module")
def standing():
    """Standing with tight hip flexors: a single frame."""
    task = build_task("stand")
    result = compensate(task, causes=["tight_hip_flexors"], reliefs=False)
    return result, load_of(task, result)


# --- one data set


def test_the_load_of_an_answer_is_all_of_its_parts(bundled_walk, result, whole_walk, load):
    parts = spinal_load(bundled_walk, result, recorded=whole_walk)
    for name in parts.data_vars:
        np.testing.assert_array_equal(load[name], parts[name], err_msg=name)
    levels = lumbar_levels(bundled_walk, result)
    for name in levels.data_vars:
        np.testing.assert_array_equal(load[f"level_{name}"], levels[name])
    for suffix, changes in (
        ("", load_changes(parts)),
        ("_if_held", load_changes(spinal_load(bundled_walk, result, accelerations="none"))),
    ):
        for strategy in load.strategy.values:
            for kind, dim, name in (("load", "quantity", "compression"), ("moment", "component", "extension")):
                found = load[f"{kind}_largest_change{suffix}"].sel({"strategy": strategy, dim: name})
                assert found.item() == changes.loc[(strategy, name), "largest_change"]
    assert all(load[name].attrs["units"] for name in load.data_vars)


def test_the_load_of_an_answer_is_read_back_as_it_was_written(load, tmp_path):
    write_load(tmp_path / "load.nc", load)
    with xr.open_dataset(tmp_path / "load.nc", engine="h5netcdf") as found:
        xr.testing.assert_identical(found.load(), load)


def test_what_is_told_is_what_changes(load):
    told = load_summary(load)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["held_postures"] is False
    for strategy, one in told["answers"].items():
        for name, unit in TOLD.items():
            kind, where = ("load", {"quantity": name}) if unit == "n" else ("moment", {"component": "extension"})
            here = {"strategy": strategy, **where}
            assert one[f"{name}_change_{unit}"] == load[f"{kind}_largest_change"].sel(here).item()
            assert one[f"{name}_peak_{unit}"] == load[f"{kind}_peak"].sel(here).item()
            assert told["free"][f"{name}_peak_{unit}"] == load[f"{kind}_free_peak"].sel(here).item()
            assert one[f"{name}_change_at_percent"] == load[f"{kind}_largest_percent"].sel(here).item()
        assert one["compression_change_bw"] == one["compression_change_n"] / told["body_weight_n"]
        assert one["share_of_cycle"] == 1.0


def test_the_mirror_image_of_a_walk_has_the_same_load_on_the_other_side(bundled_walk, whole_walk, load):
    image = mirrored(bundled_walk)
    other = load_of(image, stiff_walk(image), recorded=mirrored_motion(whole_walk))
    here, there = load_summary(load), load_summary(other)
    assert there["free"]["compression_peak_n"] == pytest.approx(here["free"]["compression_peak_n"], abs=1e-6)
    # the same frames, at percentages of the other side's cycle
    for name in ("compression", "shear_anterior"):
        np.testing.assert_allclose(other[name].sel(motion="free"), load[name].sel(motion="free"), atol=1e-5)
    np.testing.assert_array_equal(other.percent_l, load.percent_r)


# --- which movements have a load


@pytest.mark.parametrize("name", SLOW)
def test_a_slow_constructed_movement_has_the_load_of_held_postures(name):
    task = build_task(name)
    assert task.constructed and accelerations_of(task) == "none"
    result = compensate(task, strategies=["predicted"], reliefs=False)
    load = load_of(task, result)
    told = load_summary(load)
    assert told["held_postures"] is True
    assert load.attrs["accelerations"] == "none"
    assert not any("if_held" in key for key in [*told["answers"]["predicted"], *load.data_vars])
    assert "held postures" in load_text(result, load)


@pytest.mark.parametrize(
    ("build", "why"),
    [
        (lambda: build_task("prone"), "a table carries the trunk"),
        (lambda: build_task("swing"), "constructed and fast"),
        (lambda: build_task("turn", angle=60.0), "constructed and fast"),
        (lambda: norm_walking("free"), "constructed and fast"),
    ],
)
def test_what_is_carried_or_made_up_has_no_load(build, why):
    task = build()
    assert accelerations_of(task) is None
    with pytest.raises(HipspineError, match=f"{task.name}: there is no load at L5/S1: .*{why}"):
        load_of(task, compensate(task, strategies=["predicted"], reliefs=False))


def test_a_body_without_a_trunk_to_carry_has_no_load(bundled_walk, result):
    masses = np.array(bundled_walk.chain.masses)
    masses[[SEGMENTS.index(name) for name in ABOVE]] = 0.0
    legs = replace(bundled_walk.chain, masses=masses, inertias=np.zeros((11, 3, 3)))
    with pytest.raises(HipspineError, match="no mass above L5/S1"):
        load_of(replace(bundled_walk, chain=legs), result)


# --- words


def test_the_text_says_what_it_is_and_stays_within_the_page(result, load, standing):
    for one, its_load in ((result, load), standing):
        text = load_text(one, its_load)
        assert CAVEAT in text
        assert max(len(line) for line in text.splitlines()) <= 100
    text = load_text(result, load)
    told = load_summary(load)
    row = next(line for line in text.splitlines() if line.startswith(" predicted"))
    assert f"{told['answers']['predicted']['compression_change_n']:+.0f} at " in row
    assert f"({told['answers']['predicted']['compression_peak_bw']:.2f})" in row
    assert f"{told['answers']['predicted']['shear_anterior_change_if_held_n']:+.0f}" in row
    assert "of the right gait cycle" in text


def test_a_single_posture_has_no_place_in_a_cycle(standing):
    result, load = standing
    told = load_summary(load)
    assert told["free"]["compression_peak_at_percent"] is None
    assert told["answers"]["predicted"]["compression_change_at_percent"] is None
    assert "%" not in load_text(result, load)


def test_frames_that_do_not_count_are_told(bundled_walk, result):
    load = load_of(bundled_walk, result)  # without the frames around the strides
    share = load_summary(load)["answers"]["predicted"]["share_of_cycle"]
    assert 0.5 < share < 1.0
    assert f"Told of {100 * share:.0f} % of the frames" in load_text(result, load)


# --- picture


def _texts(figure):
    found = list(figure.texts)  # the title among them
    for axis in figure.axes:
        low, high = sorted(axis.get_ylim())
        ticks = zip(axis.get_yticks(), axis.get_yticklabels(), strict=True)
        found += [label for at, label in ticks if low <= at <= high]
        found += [axis.title, axis._left_title, axis.xaxis.label, axis.yaxis.label, *axis.texts]
    found += [text for legend in figure.legends for text in legend.get_texts()]
    return [text for text in found if text.get_text() and text.get_visible()]


@pytest.mark.parametrize("which", ["walk", "stand", "far", "none"])
def test_nothing_in_the_figure_leaves_it_or_overlaps_another(bundled_walk, whole_walk, result, load, standing, which):
    if which in ("far", "none"):
        limits = {"hip_extension_deg": -25, "hip_internal_rotation_left_deg": -10, "hip_abduction_deg": 0}
        rom = NORMAL.limited(**limits) if which == "far" else NORMAL
        result = compensate(bundled_walk, rom=rom, reliefs=False)
        load = load_of(bundled_walk, result, recorded=whole_walk)
    figure = load_figure(*(standing if which == "stand" else (result, load)))
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in _texts(figure)]
    width, height = figure.get_size_inches() * figure.dpi
    for k, box in enumerate(boxes):
        assert box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height
        assert not any(box.overlaps(other) for other in boxes[k + 1 :])


def test_the_figure_shows_the_load_and_its_change(result, load):
    figure = load_figure(result, load)
    upper, lower = figure.axes[0], figure.axes[3]
    free, *answers = upper.get_lines()
    assert free.get_color() == GREY
    drawn = free.get_ydata()
    np.testing.assert_array_equal(drawn[np.isfinite(drawn)], load.compression_bw.sel(motion="free"))
    for line, strategy in zip(answers, load.strategy.values, strict=True):
        assert (line.get_label(), line.get_color()) == (strategy, STRATEGIES[str(strategy)]["color"])
    change = next(line for line in lower.get_lines() if line.get_color() == STRATEGIES["predicted"]["color"])
    most = load.load_largest_change.sel(strategy="predicted", quantity="compression").item()
    assert np.nanmax(np.abs(change.get_ydata())) == pytest.approx(abs(most))
    title = figure._suptitle.get_text().replace("\u2212", "-")
    assert f"compression at L5/S1 changes by {most:+.0f} N at most" in title
    assert CAVEAT in figure.texts[-1].get_text()


def test_a_level_beyond_its_range_is_marked(bundled_walk, whole_walk, result, load):
    def marks(result, load):
        levels = load_figure(result, load).axes[6]
        return [line for line in levels.get_lines() if line.get_color() == VERMILION and len(line.get_xdata())]

    far = stiff_walk(bundled_walk, hip_extension_deg=-25)
    beyond = load_of(bundled_walk, far, recorded=whole_walk)
    assert bool(beyond.level_exceeds.sel(component="extension").any())
    assert marks(far, beyond)
    assert bool(load.level_exceeds.sel(component="extension").any()) == bool(marks(result, load))


def test_without_a_limit_the_figure_tells_the_free_load(bundled_walk, whole_walk):
    result = compensate(bundled_walk, strategies=["predicted"], reliefs=False)
    title = load_figure(result, load_of(bundled_walk, result, recorded=whole_walk))._suptitle.get_text()
    assert title.startswith("No limit beyond the normal range")
    assert "compression at L5/S1 peaks at" in title
