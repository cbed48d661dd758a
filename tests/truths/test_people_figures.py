"""The pictures of a cohort say who needs what, and how many people cannot do what was asked."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import spearmanr

from kinematics.errors import HipspineError
from simulate.figures import people_figure, people_scatter
from simulate.figures.people import _spearman
from simulate.figures.study_words import SHORT, states
from tests.truths.study_datasets import cohort, gaits, said, svg, texts, two_limits, unfinished

RIGHT = "hip_extension_right"


@pytest.mark.parametrize("kind", ["ridge", "violin"])
@pytest.mark.parametrize("by", ["group", "sex", None])
def test_people_of_every_grouping_can_be_drawn(kind, by):
    ds = cohort(60)
    words = said(people_figure(ds, by=by, kind=kind))
    assert "Added lumbar extension (+) / flexion (\u2212) (deg)" in words
    assert "Added anterior (+) / posterior (\u2212) pelvic tilt (deg)" in words
    for name in {"group": ["controls", "hip osteoarthritis"], "sex": ["female", "male"], None: ["all"]}[by]:
        assert f"{name}, n = " in words


def test_the_people_who_cannot_complete_the_task_are_counted():
    ds = cohort(300)
    state = states(ds).sel(strategy="predicted")
    words = said(people_figure(ds))
    for group in ("controls", "hip osteoarthritis"):
        count = int((state.where(ds.group == group) == SHORT).sum())
        told = f"{count} cannot complete the task" if count else "nobody falls short of the task"
        assert f"{group}, n = 300: {told}" in words
    assert (state == SHORT).any()


def test_medians_are_those_of_the_group():
    ds = cohort(40)
    values = ds.added.sel(strategy="predicted", coordinate="lumbar_extension").values
    low, middle, high = np.percentile(values[ds.group.values == "hip osteoarthritis"], [5, 50, 95])
    assert f"{middle:.1f} [{low:.1f} to {high:.1f}]" in texts(people_figure(ds))


@pytest.mark.parametrize("kind", ["ridge", "violin"])
@pytest.mark.parametrize("value", [0.0, 3.7])
def test_people_who_are_all_alike_are_a_spike(kind, value):
    ds = cohort(30)
    ds["added"] = xr.full_like(ds.added, value)
    ds["added"].loc[{"coordinate": "lumbar_rotation", "person": 5}] += 1e-13
    assert f"{value:.1f} [{value:.1f} to {value:.1f}]" in texts(people_figure(ds, kind=kind))
    assert "not defined" in said(people_scatter(ds))


@pytest.mark.parametrize("kind", ["ridge", "violin"])
@pytest.mark.parametrize("people", [1, 2, 4])
def test_a_handful_of_people_can_be_drawn(kind, people):
    ds = cohort(20).isel(person=slice(18, 18 + people))
    assert f"n = {min(people, 2)}" in said(people_figure(ds, kind=kind))
    people_scatter(ds).draw_without_rendering()


def test_people_not_computed_yet_are_left_out_and_counted():
    ds = unfinished(cohort(50), {"person": slice(40, 69)})
    words = said(people_figure(ds))
    assert "controls, n = 40: nobody falls short of the task (10 not computed yet)" in words
    assert "nobody has a value" in said(people_figure(unfinished(cohort(5), {}), kind="violin"))
    people_scatter(ds).draw_without_rendering()


def test_thousands_of_people_stay_a_small_file():
    ds = cohort(4000)
    for figure in (people_figure(ds), people_figure(ds, kind="violin"), people_scatter(ds)):
        assert len(svg(figure)) < 2_000_000


def test_a_scatter_prints_the_rank_correlation_with_its_interval():
    ds = cohort(80)
    ds["added"].loc[{"coordinate": "lumbar_extension"}] = -ds[RIGHT]
    words = said(people_scatter(ds))
    assert "all, n = 160: \u03c1 = \u22121.00 [\u22121.00 to \u22121.00]" in words
    assert "available right hip extension (deg)" in words
    assert "Added lumbar extension (+) / flexion (\u2212) (deg)" in words
    noise = cohort(80)
    noise["added"].loc[{"coordinate": "lumbar_extension"}] = np.random.default_rng(1).normal(size=(160, 1))
    low, high = said(people_scatter(noise, by=None)).split("[")[-1].split("]")[0].replace("\u2212", "-").split(" to ")
    assert -0.35 < float(low) < 0.0 < float(high) < 0.35  # about 1.96 / sqrt(160) either way


def test_ranks_and_their_correlation_are_those_of_everybody_repeated():
    rng = np.random.default_rng(8)
    x = rng.integers(0, 9, 40).astype(float)  # ties
    y = x + rng.normal(0.0, 3.0, 40).round()
    times = rng.integers(0, 4, (3, 40))
    for row, rho in zip(times, _spearman(x, y, times.astype(float)), strict=True):
        assert rho == pytest.approx(spearmanr(np.repeat(x, row), np.repeat(y, row)).statistic, abs=1e-12)  # rounding


def test_a_sample_can_be_scattered_too():
    assert "n = 30" in said(people_scatter(gaits(30)))


@pytest.mark.parametrize(
    ("draw", "asked", "words"),
    [
        (people_figure, {"by": "grup"}, "unknown column of the cohort 'grup'"),
        (people_figure, {"by": "age"}, "age has 40 different values"),
        (people_figure, {"kind": "pie"}, "unknown kind of picture 'pie'"),
        (people_figure, {"variables": ["lumbarextension"]}, "unknown coordinate or outcome"),
        (people_figure, {"variables": []}, "nothing to show"),
        (people_scatter, {"x": "sex"}, "sex holds no numbers but"),
        (people_scatter, {"x": "bmi"}, "unknown column of the cohort 'bmi'"),
    ],
)
def test_people_who_cannot_be_drawn_are_an_error_that_says_why(draw, asked, words):
    with pytest.raises(HipspineError, match=words):
        draw(cohort(20), **asked)


@pytest.mark.parametrize("draw", [people_figure, people_scatter])
def test_a_study_without_people_has_no_picture_of_them(draw):
    with pytest.raises(HipspineError, match="has no persons: it varies hip_extension_right, hip_extension_left"):
        draw(two_limits(3, 3))
