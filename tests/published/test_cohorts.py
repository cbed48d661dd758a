"""Cohorts as published; consistency checks, for the tables put these numbers in.

Numbers: tables and abstracts of the sources, see ``simulate/data/cohorts.csv``. A tolerance is five standard errors of
the mean or sd of as many people as are drawn, unless said.
"""

import numpy as np
import pytest
from scipy.stats import norm

from simulate.cohort import describe, people, presets

COUNT = 20000
FAR = 5.0


def groups(preset):
    drawn = people(preset, count=COUNT, seed=20)
    return {name: drawn[drawn["group"] == name] for name in drawn.attrs["groups"]}


@pytest.fixture(scope="module")
def osteoarthritis():
    return groups("hip_osteoarthritis")


@pytest.fixture(scope="module")
def back_pain():
    return groups("low_back_pain")


def check(values, mean, sd, cut=0.0):
    """`cut`: by how much the bounds move mean and sd, in sd."""
    number = len(values)
    assert values.mean() == pytest.approx(mean, abs=sd * (FAR / np.sqrt(number) + cut))
    assert values.std() == pytest.approx(sd, abs=sd * (1.3 * FAR / np.sqrt(2 * number) + cut))


@pytest.mark.parametrize(
    ("direction", "healthy", "affected"),
    [
        ("flexion", (138.3, 7.77), (121.2, 17.49)),
        ("extension", (9.9, 5.15), (0.8, 8.56)),
        ("abduction", (31.4, 6.19), (23.0, 10.08)),
        ("adduction", (25.4, 5.39), (23.5, 7.48)),
    ],
)
def test_hips_with_osteoarthritis_and_without_are_as_measured(osteoarthritis, direction, healthy, affected):
    """Eitzen 2012: 48 people with osteoarthritis, 22 controls. The bounds cut up to 0.7 % of the widest spread."""
    check(osteoarthritis["osteoarthritis"][f"hip_{direction}_right"], *affected, cut=0.03)
    check(osteoarthritis["osteoarthritis"][f"hip_{direction}_left"], *healthy)
    check(osteoarthritis["control"][f"hip_{direction}_right"], *healthy)


@pytest.mark.parametrize(
    ("group", "age", "stature", "mass"),
    [
        ("osteoarthritis", (59.1, 9.48), (1.723, 0.0836), (73.2, 12.21)),
        ("control", (58.5, 8.79), (1.717, 0.1081), (70.8, 15.13)),
    ],
)
def test_people_with_osteoarthritis_and_without_are_as_old_tall_and_heavy_as_measured(
    osteoarthritis, group, age, stature, mass
):
    """Eitzen 2012. Aged 40 to 80, as included: that cuts 4 % of the ages and 0.1 of the sd."""
    check(osteoarthritis[group]["age"], *age, cut=0.12)
    check(osteoarthritis[group]["stature"], *stature)
    check(osteoarthritis[group]["mass"], *mass)


def test_a_hip_with_osteoarthritis_lacks_what_the_restriction_of_that_name_takes(osteoarthritis):
    """Table `restrictions`: 9.1 deg of extension, 17.1 of flexion."""
    hips = osteoarthritis["osteoarthritis"]
    lost = {name: (hips[f"hip_{name}_left"] - hips[f"hip_{name}_right"]).mean() for name in ("extension", "flexion")}
    assert lost == pytest.approx({"extension": 9.1, "flexion": 17.1}, abs=0.9)


def test_people_with_back_pain_lack_eleven_degrees_of_hip_extension(back_pain):
    """Roach 2015: 6.8 against -4.2 on both sides."""
    for side in ("right", "left"):
        means = {name: part[f"hip_extension_{side}"].mean() for name, part in back_pain.items()}
        assert means == pytest.approx({"control": 6.8, "low back pain": -4.2}, abs=FAR * 8.0 / np.sqrt(COUNT / 2))


def test_thirty_and_thirty_with_the_assumed_spread_would_be_as_significant_as_published(back_pain):
    """Roach 2015: p < 0.001. The standard error of the difference of 30 and 30 is 2.07 deg."""
    sd = np.sqrt(np.mean([part["hip_extension_right"].var() for part in back_pain.values()]))
    assert 11.0 / (sd * np.sqrt(2.0 / 30.0)) > norm.isf(0.0005)


def test_rotation_does_not_tell_people_with_back_pain_from_those_without(back_pain):
    """Roach 2015."""
    for way in ("internal", "external"):
        one, other = (part[f"hip_{way}_rotation_left"].mean() for part in back_pain.values())
        assert one == pytest.approx(other, abs=FAR * 8.1 * np.sqrt(2.0 / (COUNT / 2)))


def test_the_lead_hip_of_golfers_with_back_pain_turns_in_ten_degrees_less():
    """Murray 2009: 21.14 +- 10.17 of 28 against 31.06 +- 8.06 of 36; the other hip and outward rotation alike."""
    golfers = groups("golfers_low_back_pain")
    check(golfers["low back pain"]["hip_internal_rotation_left"], 21.14, 10.17, cut=0.02)
    check(golfers["control"]["hip_internal_rotation_left"], 31.06, 8.06)
    for column in ("hip_internal_rotation_right", "hip_external_rotation_left"):
        one, other = (part[column].mean() for part in golfers.values())
        assert one == pytest.approx(other, abs=FAR * 8.1 * np.sqrt(2.0 / (COUNT / 2)))


def test_older_women_are_as_measured_and_as_far_apart():
    """Jung & Yamasaki 2016, 95 women: mean, sd, smallest and largest."""
    drawn = people("older_women", count=COUNT, seed=20)
    measured = {
        "hip_flexion": (122.6, 10.8, 53.0, 144.0),
        "hip_extension": (16.8, 4.5, 8.0, 27.0),
        "hip_internal_rotation": (27.9, 6.1, 14.0, 47.0),
        "hip_external_rotation": (28.5, 4.9, 17.0, 42.0),
        "knee_flexion": (127.6, 8.3, 104.0, 144.0),
    }
    for name, (mean, sd, smallest, largest) in measured.items():
        check(drawn[f"{name}_right"], mean, sd)
        # the outermost of 95 people are some 2.5 sd off; 1 in 20 here may be further
        assert drawn[f"{name}_left"].between(smallest, largest).mean() > 0.95
    assert set(drawn["sex"]) == {"female"} and drawn["age"].between(65.0, 83.0).all()
    assert drawn["age"].mean() == pytest.approx(70.7, abs=1.0)  # nobody is younger than 65; 11 % would be


def test_adults_are_as_tall_and_heavy_as_measured():
    """Heinz 2003: 247 men, 260 women."""
    by = people("healthy_adults", count=COUNT, seed=21).groupby("sex")
    for sex, stature, mass, rho in (
        ("male", (1.777, 0.0718), (78.1, 10.51), 0.535),
        ("female", (1.649, 0.0654), (60.6, 9.62), 0.431),
    ):
        part = by.get_group(sex)
        check(part["stature"], *stature)
        check(part["mass"], *mass)
        # that of the scores; the skew of the mass takes at most 0.01 of it
        assert part["stature"].corr(part["mass"]) == pytest.approx(rho, abs=FAR * (1 - rho**2) / 100.0 + 0.01)


def test_the_lumbar_spine_of_sixteen_and_of_ninety_is_the_published_one():
    """Troke 2005: medians 29 to 6, 73 to 40, 28 to 14, 7."""
    stratum = presets()["healthy_adults"].strata["", "male"]
    ages = np.array([16.0, 90.0])
    for name, medians in (
        ("lumbar_extension", (29.0, 6.0)),
        ("lumbar_flexion", (73.0, 40.0)),
        ("lumbar_bending", (28.0, 14.0)),
        ("lumbar_rotation", (7.0, 7.0)),
    ):
        assert stratum.marginals[name].mean_at(ages) == pytest.approx(medians, abs=0.01)


def test_both_hips_are_of_one_kind_as_often_as_published():
    """Kouyoumdjian 2012: outward, neutral, inward balance in 47.5, 39.5 and 13 %; the same of both hips in 61 %."""
    drawn = people("healthy_adults", count=COUNT, seed=22)
    kinds = []
    for side in ("right", "left"):
        balance = drawn[f"hip_internal_rotation_{side}"] - drawn[f"hip_external_rotation_{side}"]
        kinds.append(np.digitize(balance, np.quantile(balance, [0.475, 0.87])))
    standard_error = np.sqrt(0.61 * 0.39 / COUNT)
    # 0.65 is 0.652 or 0.656, as 61 % is 73 of 120 or 0.610
    assert (kinds[0] == kinds[1]).mean() == pytest.approx(0.61, abs=FAR * standard_error + 0.004)


def test_the_age_a_population_has_is_what_its_lumbar_range_is_for():
    """58.5 years are 42.5 after the youngest of Troke 2005: 23 of 74 parts of the way from 29 to 6, and so on."""
    table = describe(people("hip_osteoarthritis", count=2000, seed=1)).loc["control"]
    assert table.loc["lumbar_extension", "asked_mean"] == pytest.approx(29.0 - 23.0 * 42.5 / 74.0, abs=0.3)
