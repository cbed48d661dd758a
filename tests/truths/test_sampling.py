"""Samples lie where their distributions say, as evenly as their method promises, and are drawn again by their seed."""

import json

import numpy as np
import pytest
from SALib.sample import sobol
from scipy.stats import truncnorm

from kinematics import HipspineError
from simulate.sampling import METHODS, Design, Quantity, rows, sample

#: A hip that stops between a flexion contracture and its normal end, and a spine's range with a mean.
HIP = Quantity("hip_extension_right", -10.0, 20.0)
SPINE = Quantity("lumbar_extension", mean=20.0, sd=6.0, low=5.0, high=30.0)
BODY = Quantity("mass", mean=75.0, sd=10.0)
ALL = (HIP, SPINE, BODY)


@pytest.mark.parametrize("method", METHODS)
def test_every_person_of_a_sample_is_within_the_bounds_that_were_given(method):
    drawn = sample(ALL, method=method, count=64, seed=5)
    assert drawn.shape == (rows(method, 64, 3), 3)
    for one, column in zip(ALL, drawn.T, strict=True):
        assert (column >= one.bounds[0]).all() and (column <= one.bounds[1]).all()
        assert np.ptp(column) > 0.7 * (one.bounds[1] - one.bounds[0])  # 64 draws reach out to either side


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_draws_the_same_people_and_another_seed_others(method):
    first, again, other = (sample(ALL, method=method, count=16, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.isclose(first, other).any()


@pytest.mark.parametrize("method", METHODS)
def test_a_sample_draws_nothing_from_the_generator_that_everybody_shares(method):
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    sample(ALL, method=method, count=8, seed=2)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_a_latin_hypercube_has_one_person_in_every_slice_of_every_quantity():
    drawn = sample(ALL, method="latin_hypercube", count=50, seed=1)
    spread = truncnorm((5.0 - 20.0) / 6.0, (30.0 - 20.0) / 6.0, loc=20.0, scale=6.0)
    for shares in ((drawn[:, 0] + 10.0) / 30.0, spread.cdf(drawn[:, 1])):
        np.testing.assert_array_equal(np.sort(np.floor(50.0 * shares)), np.arange(50))


def test_sobols_sequence_has_as_many_people_in_every_box_of_a_halved_square():
    drawn = sample((HIP, Quantity("angle", 0.0, 1.0)), method="sobol", count=64, seed=9)
    x, y = np.floor(8 * (drawn[:, 0] + 10.0) / 30.0), np.floor(8 * drawn[:, 1])
    np.testing.assert_array_equal(np.bincount((8 * x + y).astype(int)), np.ones(64))


def test_a_saltelli_sample_is_the_one_salib_draws_taken_through_the_distributions():
    cube = sobol.sample(
        {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0.0, 1.0]] * 3}, 8, seed=np.random.default_rng(4)
    )
    drawn = sample(ALL, method="saltelli", count=8, seed=4, second_order=True)
    assert len(drawn) == rows("saltelli", 8, 3, second_order=True) == 64
    np.testing.assert_array_equal(drawn, np.column_stack([one.values(cube[:, i]) for i, one in enumerate(ALL)]))


def test_in_a_block_of_saltelli_each_person_differs_in_one_thing_from_the_first_or_the_last():
    drawn = Design("saltelli", 4, 1, ALL, second_order=True).draw().reshape(4, 8, 3)
    for block in drawn:
        first, last = block[0], block[-1]
        for j in range(3):
            np.testing.assert_array_equal(block[1 + j] == last, np.arange(3) == j)
            np.testing.assert_array_equal(block[4 + j] == first, np.arange(3) == j)


def test_a_range_with_a_mean_has_the_mean_and_the_spread_of_the_normal_distribution_cut_off():
    drawn = sample((SPINE,), method="sobol", count=4096, seed=3)[:, 0]
    spread = truncnorm((5.0 - 20.0) / 6.0, (30.0 - 20.0) / 6.0, loc=20.0, scale=6.0)
    assert drawn.mean() == pytest.approx(spread.mean(), abs=0.01)  # a sequence of 4096: error of the order 1 / 4096
    assert drawn.std() == pytest.approx(spread.std(), abs=0.01)


def test_without_bounds_a_normal_distribution_ends_three_standard_deviations_from_its_mean():
    assert BODY.bounds == (45.0, 105.0)
    assert Quantity("mass", mean=75.0, sd=10.0, low=50.0).bounds == (50.0, 105.0)
    np.testing.assert_array_equal(BODY.values(np.array([0.0, 0.5, 1.0])), [45.0, 75.0, 105.0])


def test_half_of_all_people_are_below_the_middle_of_a_uniform_range():
    np.testing.assert_array_equal(HIP.values(np.array([0.0, 0.5, 1.0])), [-10.0, 5.0, 20.0])


def test_a_design_says_how_many_cases_it_comes_to():
    assert rows("latin_hypercube", 100, 7) == rows("random", 100, 7) == 100
    assert rows("saltelli", 256, 6) == 256 * 8
    assert rows("saltelli", 256, 6, second_order=True) == 256 * 14
    assert Design("saltelli", 16, 0, ALL).rows == len(Design("saltelli", 16, 0, ALL).draw()) == 80
    assert Design("saltelli", 16, 0, ALL).block == 5


def test_a_design_is_written_and_read_without_loss():
    for design in (Design("saltelli", 8, 11, ALL, second_order=True), Design("random", 5, 0, [HIP])):
        assert Design.parse(design.text) == design
        np.testing.assert_array_equal(Design.parse(design.text).draw(), design.draw())
    told = json.loads(Design("sobol", 8, 1, ALL).text)
    assert [one["name"] for one in told["quantities"]] == [one.name for one in ALL]


def test_a_quantity_that_is_there_cannot_be_changed():
    with pytest.raises(AttributeError):
        HIP.low = 3.0
    with pytest.raises(HipspineError):
        Quantity("hip_extension_right", 3.0, 3.0)
