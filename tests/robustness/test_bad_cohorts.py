"""A population that cannot be meant, and a file of people that cannot be theirs, say what is allowed."""

import numpy as np
import pytest

from kinematics import HipspineError
from simulate.cohort import describe, people, people_from_csv, population, presets, read_population


def told(**more):
    content = {"women": 0.5, "quantities": {"stature": {"mean": 1.7, "sd": 0.1}}}
    return population({**content, **more})


def of(name="hip_extension", **more):
    quantity = {"mean": 10, "sd": 5, "correlation": {"other_side": 0.5}, **more}
    return told(quantities={name: {key: value for key, value in quantity.items() if value is not None}})


def test_an_unknown_population_lists_the_known_ones():
    with pytest.raises(HipspineError, match="Did you mean 'healthy_adults'") as refused:
        people("healthy_adult", count=1, seed=0)
    assert all(name in str(refused.value) for name in presets())


@pytest.mark.parametrize("count", [0, -1, 1.5, "10", None, True, float("nan")])
def test_a_count_is_a_whole_number_of_one_or_more(count):
    with pytest.raises(HipspineError, match="count must be a whole number, 1 or more"):
        people("healthy_adults", count=count, seed=0)


@pytest.mark.parametrize("seed", [-1, 0.5, None, "x"])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(HipspineError, match="seed must be a whole number, 0 or more"):
        people("healthy_adults", count=1, seed=seed)


def test_numpy_whole_numbers_are_whole_numbers():
    assert len(people("healthy_adults", count=np.int64(3), seed=np.uint8(1))) == 3


def test_an_unknown_group_lists_the_known_ones():
    with pytest.raises(HipspineError, match=r"unknown group 'pain'.*control, low back pain"):
        people("low_back_pain", count=1, seed=0, groups=["pain"])
    with pytest.raises(HipspineError, match="healthy_adults has no groups"):
        people("healthy_adults", count=1, seed=0, groups=["control"])
    with pytest.raises(HipspineError, match="no group is asked for"):
        people("low_back_pain", count=1, seed=0, groups=[])


@pytest.mark.parametrize("sd", [0, -3])
def test_an_sd_is_more_than_nothing(sd):
    with pytest.raises(HipspineError, match=rf"hip_extension_right \(male\): sd must be more than 0, is {sd}"):
        of(sd=sd)


@pytest.mark.parametrize("value", ["5", None, True, float("nan"), float("inf"), [5]])
def test_a_number_is_a_finite_number(value):
    with pytest.raises(HipspineError, match=r"\[quantities.stature\]: mean must be a finite number"):
        told(quantities={"stature": {"mean": value, "sd": 0.1}})


@pytest.mark.parametrize("value", [1.01, -0.01, 2, -1])
def test_sides_are_alike_from_nought_to_one(value):
    with pytest.raises(HipspineError, match="correlation with other_side must be 0 to 1"):
        of(correlation={"other_side": value})


def test_a_correlation_is_at_most_one():
    quantities = {"stature": {"mean": 1.7, "sd": 0.1}, "mass": {"mean": 70, "sd": 10, "correlation": {"stature": 1.2}}}
    with pytest.raises(HipspineError, match=r"correlation with stature must be -1 to 1, is 1\.2"):
        told(quantities=quantities)


def test_correlations_that_cannot_hold_together_say_which_are_nearest():
    quantities = {
        "stature": {"mean": 1.7, "sd": 0.1, "correlation": {"mass": 0.9, "lumbar_flexion": 0.9}},
        "mass": {"mean": 70, "sd": 10, "correlation": {"lumbar_flexion": -0.9}},
        "lumbar_flexion": {"mean": 70, "sd": 10},
    }
    with pytest.raises(HipspineError, match=r"smallest eigenvalue -0\.8; in the nearest that can"):
        told(quantities=quantities)


def test_two_quantities_have_one_correlation():
    quantities = {
        "stature": {"mean": 1.7, "sd": 0.1, "correlation": {"mass": 0.9}},
        "mass": {"mean": 70, "sd": 10, "correlation": {"stature": 0.8}},
    }
    with pytest.raises(HipspineError, match="mass and stature have two correlations"):
        told(quantities=quantities)


def test_how_alike_the_sides_are_must_be_told():
    with pytest.raises(HipspineError, match="hip_extension: how alike are the sides"):
        of(correlation=None)


@pytest.mark.parametrize(
    ("correlation", "message"),
    [
        ({"other_side": 0.5, "hip_flexion": 0.1}, "which is not drawn beside it"),
        ({"other_side": 0.5, "hip_extention": 0.1}, "unknown correlation with 'hip_extention'.*other_side"),
        ({"other_side": 0.5, "hip_extension": 0.1}, "which is not drawn beside it"),
        ({"other_side": 0.5, "hip_flexion_left": 0.1}, "correlations are told of both sides"),
    ],
)
def test_a_correlation_is_with_something_drawn(correlation, message):
    with pytest.raises(HipspineError, match=message):
        of(correlation=correlation)


def test_what_has_no_sides_has_no_other_side():
    with pytest.raises(HipspineError, match="lumbar_flexion has no other side"):
        of("lumbar_flexion")


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"low": 20, "high": 10}, "bounds 20 to 10 exclude everybody"),
        ({"low": 10, "high": 10}, "bounds 10 to 10 exclude everybody"),
        ({"low": 40, "high": 45}, "bounds 40 to 45 exclude everybody at mean 10 and sd 5"),
    ],
)
def test_bounds_leave_somebody(bounds, message):
    with pytest.raises(HipspineError, match=message):
        of(**bounds)


def test_bounds_leave_somebody_at_every_age():
    with pytest.raises(HipspineError, match="exclude everybody at mean 60 to -20"):
        population(
            {
                "women": 1,
                "quantities": {
                    "age": {"kind": "uniform", "low": 20, "high": 60},
                    "lumbar_flexion": {"mean": 60, "sd": 3, "at_age": 20, "per_year": -2},
                },
            }
        )


def test_bounds_that_leave_a_joint_no_range_are_refused():
    with pytest.raises(HipspineError, match=r"joint without range: hip_extension_right -150 deg and hip_flexion_right"):
        of(low=-150)


def test_an_option_without_bounds_at_hand_needs_some():
    with pytest.raises(HipspineError, match="standing_tilt: no bounds at hand; tell low and high"):
        told(quantities={"standing_tilt": {"mean": 10, "sd": 5}})
    assert people(told(quantities={"standing_tilt": {"mean": 10, "sd": 5, "low": -10, "high": 30}}), count=3, seed=0).notna().all().all()  # noqa: E501  # fmt: skip


@pytest.mark.parametrize("name", ["hip_extention", "speed", "hip", ""])
def test_a_quantity_is_an_option_of_a_person(name):
    with pytest.raises(HipspineError, match="unknown option"):
        told(quantities={name: {"mean": 10, "sd": 5}})


def test_one_direction_is_told_once():
    flat = {"mean": 20, "sd": 3}
    with pytest.raises(HipspineError, match="are about the same; tell one"):
        told(quantities={"lumbar_bending": flat, "lumbar_bending_right": flat})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"sd": None}, "sd of hip_extension_right .male. is not told"),
        ({"mean": None}, "no quantity is told"),
        ({"per_year": -0.1}, "per_year needs at_age"),
        ({"per_year": -0.1, "at_age": 40}, "per_year needs people with an age"),
        ({"kind": "normall"}, "unknown kind 'normall'. Did you mean 'normal'"),
        ({"kind": 3}, "kind must be text"),
        ({"kind": "uniform"}, "uniform has low and high alone, not mean"),
        ({"kind": "lognormal", "mean": -1}, "mean must be more than 0"),
        ({"spread": "wide"}, "unknown spread"),
        ({"mode": 3}, "unknown key 'mode'"),
        ({"women_more": 12}, "women_more 12 is too much for an sd of 5"),
        ({"correlation": 0.5}, "correlation must be a table"),
    ],
)
def test_what_is_told_of_a_quantity_is_whole_and_can_be_meant(more, message):
    with pytest.raises(HipspineError, match=message):
        of(**more)


def test_a_difference_of_the_sexes_is_told_once():
    with pytest.raises(HipspineError, match="women_more is told, and a mean of the female sex"):
        told(
            quantities={"stature": {"mean": 1.7, "sd": 0.1, "women_more": -0.1}},
            sexes={"female": {"quantities": {"stature": {"mean": 1.6}}}},
        )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"women": 1.2}, "share of women must be 0 to 1"),
        ({"women": "half"}, "women must be a finite number"),
        ({"groups": {"a": {"share": 0}}}, "share of group 'a' must be more than 0"),
        ({"groups": {"a": 1}}, r"\[groups.a\] must be a table"),
        ({"groups": {"a": {"size": 1}}}, "unknown key 'size'"),
        ({"sexes": {"woman": {}}}, "unknown sex 'woman'"),
        ({"like": "healthy"}, "unknown population 'healthy'"),
        ({"quantity": {}}, "unknown key 'quantity'. Did you mean 'quantities'"),
        ({"quantities": {}}, "no quantity is told"),
        ({"quantities": []}, "must be a table"),
    ],
)
def test_a_population_is_of_its_form(more, message):
    with pytest.raises(HipspineError, match=message):
        told(**more)


def test_the_share_of_women_must_be_told():
    with pytest.raises(HipspineError, match="share of women is not told"):
        population({"quantities": {"stature": {"mean": 1.7, "sd": 0.1}}})


def test_a_file_that_is_not_there_or_is_none_says_so(tmp_path):
    with pytest.raises(HipspineError, match="no such file; populations that come with the package: golfers"):
        read_population(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("women = \n")
    with pytest.raises(HipspineError, match="is no TOML"):
        read_population(tmp_path / "bad.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(HipspineError, match="is no TOML"):
        read_population(tmp_path / "bad.toml")


def test_people_from_elsewhere_are_not_described_by_a_preset(tmp_path):
    (tmp_path / "people.csv").write_text("stature\n1.7\n")
    with pytest.raises(HipspineError, match="unknown population 'people'"):
        describe(people_from_csv(tmp_path / "people.csv"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "nobody is in it"),
        ("stature,mass\n", "nobody is in it"),
        ("hip_extention_right\n3\n", "unknown column 'hip_extention_right'. Did you mean 'hip_extension_right'"),
        ("name,age\nAnn,30\n", "no column is an option of a person: name, age"),
        ("stature,stature\n1.7,1.7\n", "column stature is there 2 times"),
        ("stature,mass\n1.7\n", "line 2: 1 values for 2 columns"),
        ("stature,mass\n1.7,70,3\n", "line 2: 3 values for 2 columns"),
        ("# who\nstature,mass\n1.7,70\n1.7,\n", "line 4, column mass: is empty"),
        ("stature,mass\n1.7,nan\n", "line 2, column mass: must be a finite number, is 'nan'"),
        ("stature,mass\n1.7,inf\n", "line 2, column mass: must be a finite number"),
        ("stature,mass\n1.7,heavy\n", "line 2, column mass: must be a number of kg, is 'heavy'"),
        ("stature,mass\n170,70\n", "line 2, column stature: must be between 0.8 and 2.3 m, is 170"),
        ("stature,mass\n1.7,700\n", "line 2, column mass: must be between 10 and 250 kg"),
        ("sex\nwoman\n", "line 2, column sex: unknown sex 'woman'"),
        ("age,sex\n-1,female\n", "line 2, column age: must be between 0 and 130 year"),
        ("hip_extension_left\n200\n", "line 2, column hip_extension_left: must be between -180 and 180 deg"),
        ("severity_age\n1.5\n", "line 2, column severity_age: must be between 0 and 1"),
        ("severity_age_left\n0.5\n", "unknown column 'severity_age_left'"),
        ("hip_extension_left,hip_flexion_left\n5,90\n-50,40\n", "line 3: limits cross: hip flexion left 40 deg"),
        ('stature,note\n1.7,"open\n', "line 2: unexpected end of data"),
    ],
)  # fmt: skip
def test_a_file_of_people_names_line_and_column(text, message, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(HipspineError, match=message) as refused:
        people_from_csv(path)
    assert str(path) in str(refused.value)


def test_a_file_of_people_that_is_not_there_or_no_text_says_so(tmp_path):
    with pytest.raises(HipspineError, match="no such file"):
        people_from_csv(tmp_path / "none.csv")
    (tmp_path / "people.csv").write_bytes(b"stature\n\xff\xff\n")
    with pytest.raises(HipspineError, match="is no text"):
        people_from_csv(tmp_path / "people.csv")


def test_a_spreadsheet_with_a_mark_of_its_encoding_is_read(tmp_path):
    (tmp_path / "people.csv").write_text("stature\r\n1.7\r\n", encoding="utf-8-sig")
    assert people_from_csv(tmp_path / "people.csv")["stature"].to_list() == [1.7]
