"""What must be true of people drawn from a population, whatever the numbers in its table."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from kinematics.conventions import SIDE_WORDS
from kinematics.generic import check_person
from kinematics.rom import DIRECTIONS, RangeOfMotion
from kinematics.tables import rows
from simulate.cohort import describe, people, people_from_csv, population, presets, read_population
from simulate.cohort.told import options

PRESETS = sorted(presets())
#: Standard errors that a mean of one seed may be off; with some 200 means tested, beyond it once in 10,000 test runs.
FAR = 5.0


def standing(**quantities):
    """A small population of women without groups."""
    return population({"women": 1.0, "quantities": quantities})


def hip(other_side=0.65, *, correlation=None, **more):
    return {"mean": 10.0, "sd": 5.0, "correlation": {"other_side": other_side, **(correlation or {})}, **more}


def spearman(rho):
    """Rank correlation of two normal variables whose correlation is rho; no marginal changes it."""
    return 6.0 / np.pi * np.arcsin(rho / 2.0)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_same_seed_draws_the_same_people_and_another_seed_others(preset):
    assert people(preset, count=50, seed=3).equals(people(preset, count=50, seed=3))
    assert not people(preset, count=50, seed=3).equals(people(preset, count=50, seed=4))


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("fewer", [1, 2, 7, 100])
def test_a_person_is_the_same_however_many_are_drawn(preset, fewer):
    assert people(preset, count=fewer, seed=5).equals(people(preset, count=1000, seed=5).head(fewer))


@pytest.mark.parametrize("preset", PRESETS)
def test_nobody_leaves_the_bounds(preset):
    drawn, population_ = people(preset, count=5000, seed=0), presets()[preset]
    assert drawn.notna().all().all()
    for (group, sex), stratum in population_.strata.items():
        here = drawn[(drawn["sex"] == sex) & (drawn.get("group", group) == group)]
        for column, marginal in {"age": stratum.age, **stratum.marginals}.items():
            assert here[column].between(marginal.low, marginal.high).all(), column


@pytest.mark.parametrize("preset", PRESETS)
def test_the_body_can_be_built_and_every_joint_has_a_range(preset):
    drawn = people(preset, count=400, seed=1)
    limits = [column for column in drawn if column in DIRECTIONS]
    for person in drawn.to_dict("records"):
        check_person(stature=person["stature"], mass=person["mass"], sex=person["sex"])
        RangeOfMotion.normal().limited(**{f"{name}_deg": person[name] for name in limits})  # raises if limits cross


@pytest.mark.parametrize("preset", PRESETS)
def test_each_hip_flexes_further_than_it_lacks_extension(preset):
    drawn = people(preset, count=20000, seed=2)
    for side in SIDE_WORDS.values():
        assert (drawn[f"hip_flexion_{side}"] + drawn[f"hip_extension_{side}"] >= 0.0).all()


@pytest.mark.parametrize("preset", PRESETS)
def test_means_and_spreads_are_those_that_the_bounds_leave(preset):
    table = describe(people(preset, count=20000, seed=11))
    number = 20000 / len(presets()[preset].groups)
    assert (abs(table["mean"] - table["bounded_mean"]) < FAR * table["bounded_sd"] / np.sqrt(number)).all()
    # an sd has standard error sd / sqrt(2 n) if normal; the skewed mass a little more
    assert (abs(table["sd"] / table["bounded_sd"] - 1.0) < 1.3 * FAR / np.sqrt(2.0 * number)).all()


@pytest.mark.parametrize("preset", PRESETS)
def test_where_bounds_cut_next_to_nobody_they_change_next_to_nothing(preset):
    table = describe(people(preset, count=200, seed=11))
    whole = table[table["cut"] < 1e-4]
    assert len(whole) > 0.4 * len(table)
    assert (abs(whole["bounded_mean"] - whole["asked_mean"]) < 0.002 * whole["asked_sd"]).all()
    # the grid on which bounded moments are counted misses the outermost thousandth
    assert (abs(whole["bounded_sd"] / whole["asked_sd"] - 1.0) < 0.01).all()


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.65, 0.95, 1.0])
def test_right_and_left_are_as_alike_as_asked(rho):
    drawn = people(standing(hip_extension=hip(rho)), count=20000, seed=6)
    realised = spearmanr(drawn["hip_extension_right"], drawn["hip_extension_left"]).statistic
    assert realised == pytest.approx(spearman(rho), abs=FAR / np.sqrt(20000))
    if rho == 1.0:
        assert (drawn["hip_extension_right"] == drawn["hip_extension_left"]).all()


def test_a_correlation_survives_bounds_and_skew():
    drawn = people(
        standing(
            hip_extension=hip(0.5, low=8.0, high=12.0, correlation={"mass": -0.4}),
            mass={"kind": "lognormal", "mean": 60.0, "sd": 30.0},
        ),
        count=20000,
        seed=7,
    )
    assert spearmanr(drawn["hip_extension_right"], drawn["mass"]).statistic == pytest.approx(
        spearman(-0.4), abs=FAR / np.sqrt(20000)
    )


def test_across_the_sides_two_directions_are_less_alike_than_on_one_side():
    drawn = people(
        standing(hip_extension=hip(0.5, correlation={"hip_abduction": -0.6}), hip_abduction=hip(0.5)),
        count=20000,
        seed=8,
    )
    ranks = spearmanr(drawn[["hip_extension_right", "hip_abduction_right", "hip_abduction_left"]]).statistic
    assert ranks[0, 1] == pytest.approx(spearman(-0.6), abs=FAR / np.sqrt(20000))
    assert ranks[0, 2] == pytest.approx(spearman(-0.3), abs=FAR / np.sqrt(20000))


def test_the_mean_goes_with_age_as_told_and_a_proportional_spread_with_it():
    lumbar = {"mean": 30.0, "sd": 6.0, "at_age": 20.0, "per_year": -0.3, "spread": "proportional"}
    age = {"kind": "uniform", "low": 20.0, "high": 80.0}
    drawn = people(standing(age=age, lumbar_extension=lumbar), count=40000, seed=9)
    slope, at_zero = np.polyfit(drawn["age"], drawn["lumbar_extension"], 1)
    assert slope == pytest.approx(-0.3, abs=FAR * 5.0 / (17.3 * np.sqrt(40000)))  # sd of the residual over that of age
    assert at_zero + 20.0 * slope == pytest.approx(30.0, abs=0.3)
    old, young = (drawn.query(cut)["lumbar_extension"].std() for cut in ("age > 75", "age < 25"))
    assert old / young == pytest.approx(13.0 / 29.0, rel=0.1)


def test_older_people_extend_the_lumbar_spine_less():
    drawn = people("healthy_adults", count=20000, seed=10)
    decade = drawn.groupby((drawn["age"] // 10).clip(upper=6))[["lumbar_extension", "lumbar_flexion", "lumbar_bending"]]
    assert (decade.mean().diff().dropna() < 0.0).all().all()


def test_rotation_of_the_lumbar_spine_does_not_go_with_age():
    drawn = people("healthy_adults", count=20000, seed=10)
    assert abs(spearmanr(drawn["age"], drawn["lumbar_rotation"]).statistic) < FAR / np.sqrt(20000)


def test_women_have_more_by_what_is_told_and_both_together_have_the_mean_and_spread():
    told = {"mean": 10.0, "sd": 5.0, "women_more": 6.0, "correlation": {"other_side": 0.0}}
    drawn = people(population({"women": 0.3, "quantities": {"hip_extension": told}}), count=40000, seed=12)
    both = drawn["hip_extension_left"]
    by_sex = both.groupby(drawn["sex"]).mean()
    assert by_sex["female"] - by_sex["male"] == pytest.approx(6.0, abs=0.25)
    assert both.mean() == pytest.approx(10.0, abs=0.15) and both.std() == pytest.approx(5.0, abs=0.1)
    assert (drawn["sex"] == "female").mean() == pytest.approx(0.3, abs=FAR * np.sqrt(0.21 / 40000))


def test_groups_take_turns_by_their_shares():
    told = population(
        {
            "women": 0.5,
            "groups": {"few": {"share": 1}, "many": {"share": 3}},
            "quantities": {"stature": {"mean": 1.7, "sd": 0.1}},
        }
    )
    drawn = people(told, count=400, seed=0)
    assert drawn["group"].value_counts().to_dict() == {"many": 300, "few": 100}
    for count in (4, 40, 200):
        assert (drawn["group"].head(count) == "few").sum() == count // 4


def test_one_group_can_be_drawn_alone():
    drawn = people("low_back_pain", count=30, seed=0, groups=["low back pain"])
    assert set(drawn["group"]) == {"low back pain"} and drawn.attrs["groups"] == ["low back pain"]
    assert set(describe(drawn).index.get_level_values("group")) == {"low back pain"}


@pytest.mark.parametrize("preset", PRESETS)
def test_columns_are_options_or_describe_the_person_and_units_are_told(preset):
    drawn = people(preset, count=10, seed=0)
    assert set(drawn) <= {"group", "sex", "age", *options()}
    assert set(drawn.attrs["units"]) == set(drawn) - {"group", "sex"}
    assert drawn.attrs["units"]["stature"] == "m" and drawn.attrs["units"]["hip_extension_left"] == "deg"
    assert drawn.index.name == "person" and list(drawn.index) == list(range(10))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_number_that_rests_on_nothing_or_on_memory_is_told(preset):
    notices = "\n".join(people(preset, count=10, seed=0).attrs["notices"])
    for row in presets()[preset].rows:
        if row.confidence in ("assumption", "unverified"):
            value = f"{row.value:g}" if isinstance(row.value, float) else row.value
            assert value in notices and row.confidence in notices, row


def test_a_population_like_another_takes_over_what_it_does_not_tell():
    own = population({"like": "healthy_adults", "quantities": {"hip_extension": hip()}})
    drawn, other = people(own, count=5000, seed=0), people("healthy_adults", count=5000, seed=0)
    assert list(drawn) == list(other)
    same = [column for column in drawn if not column.startswith("hip_extension")]
    assert drawn[same].equals(other[same])  # only the one quantity is told anew, wholly: no age, no sex in it
    assert abs(spearmanr(drawn["age"], drawn["hip_extension_left"]).statistic) < FAR / np.sqrt(5000)


def test_a_file_tells_the_same_population_as_a_dictionary(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        """
        title = "Mine"
        women = 0.4
        [groups.stiff]
        share = 2
        [groups.stiff.quantities.hip_extension]
        mean = -5
        source = "my clinic"
        [groups.supple]
        [quantities.hip_extension]
        mean = 15
        sd = 4
        correlation = { other_side = 0.8 }
        [sexes.female.quantities.hip_extension]
        sd = 6
        """,
        encoding="utf-8",
    )
    told = population(
        {
            "women": 0.4,
            "groups": {"stiff": {"share": 2, "quantities": {"hip_extension": {"mean": -5}}}, "supple": {}},
            "quantities": {"hip_extension": {"mean": 15, "sd": 4, "correlation": {"other_side": 0.8}}},
            "sexes": {"female": {"quantities": {"hip_extension": {"sd": 6}}}},
        }
    )
    drawn = people(read_population(path), count=6000, seed=1)
    assert drawn.equals(people(told, count=6000, seed=1))
    assert drawn.attrs["title"] == "Mine" and drawn.attrs["sources"] == ["my clinic"]
    assert drawn.attrs["population"] == "mine.toml" and not any(
        str(tmp_path) in line for line in drawn.attrs["notices"]
    )
    by = drawn.groupby(["group", "sex"])["hip_extension_right"]
    assert by.mean().round().to_dict() == {
        ("stiff", "female"): -5.0, ("stiff", "male"): -5.0, ("supple", "female"): 15.0, ("supple", "male"): 15.0,
    }  # fmt: skip
    assert (by.std().unstack()["female"] > 1.3 * by.std().unstack()["male"]).all()


def test_what_the_page_shows_of_a_population_and_of_a_file_can_be_read(request, tmp_path):
    page = (request.config.rootpath / "docs" / "cohorts.md").read_text(encoding="utf-8")
    for language, name in (("toml", "mine.toml"), ("text", "patients.csv")):
        (tmp_path / name).write_text(page.split(f"```{language}\n")[1].split("```")[0], encoding="utf-8")
    drawn = people(read_population(tmp_path / "mine.toml"), count=4000, seed=0)
    means = drawn.groupby("group")["hip_extension_right"].mean().to_dict()
    assert means == pytest.approx({"before": -2.0, "after": 6.0}, abs=0.8)
    assert (drawn[drawn["sex"] == "male"][["hip_flexion_left", "hip_flexion_right"]].std().diff() < -1.0).iloc[1]
    assert list(people_from_csv(tmp_path / "patients.csv")["name"]) == ["P01", "P02"]
    assert all(f"`{name}`" in page for name in PRESETS)


@pytest.mark.parametrize("preset", PRESETS)
def test_people_written_to_a_file_are_read_back(preset, tmp_path):
    drawn = people(preset, count=40, seed=0)
    drawn.to_csv(tmp_path / "people.csv")
    read = people_from_csv(tmp_path / "people.csv")
    pd.testing.assert_frame_equal(read, drawn)
    assert read.attrs["units"] == drawn.attrs["units"]


def test_real_people_keep_their_names_and_notes(tmp_path):
    (tmp_path / "people.csv").write_text(
        "# measured in spring\nname,note,group,age,sex,hip_extension_right,severity_tight_hip_flexors_left\n"
        "Ann,,a,51,female,-5,0.5\n\n# a break\nBen,\"stiff, he says\",b,49.5,male,3,0\n",
        encoding="utf-8",
    )  # fmt: skip
    read = people_from_csv(tmp_path / "people.csv")
    assert list(read["name"]) == ["Ann", "Ben"] and list(read["note"]) == ["", "stiff, he says"]
    assert read["hip_extension_right"].to_list() == [-5.0, 3.0] and read.attrs["groups"] == ["a", "b"]


def test_every_bound_is_of_an_option_or_age_and_in_its_unit():
    for row in rows("cohort_bounds", "simulate"):
        assert row["unit"] == ("year" if row["name"] == "age" else options()[row["name"]]), row["name"]
        assert float(row["low"]) < float(row["high"])


def test_every_unit_of_the_table_is_that_of_its_option():
    for row in rows("cohorts", "simulate"):
        unit = {"share": "1", "at_age": "year", "kind": "", "spread": "", "like": ""}.get(row["what"])
        if row["what"].startswith("correlation"):
            unit = "1"
        if unit is None:
            unit = options().get(row["of"], "year") + ("/year" if row["what"] == "per_year" else "")
        assert row["unit"] == unit, row
