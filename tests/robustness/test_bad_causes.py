"""A cause that cannot be meant says what is allowed."""

import pytest

from kinematics import HipspineError
from simulate import compensate
from simulate.restrictions import CAUSES, Cause, parse_cause


@pytest.mark.parametrize("text", ["tight_hip_flexor", "", ":right", "Age", "tight hip flexors", "fused_hip.right"])
def test_an_unknown_cause_lists_the_known_ones(text):
    with pytest.raises(HipspineError, match="unknown cause") as refused:
        parse_cause(text)
    assert all(name in str(refused.value) for name in CAUSES)


def test_a_near_miss_is_guessed():
    with pytest.raises(HipspineError, match="Did you mean 'tight_hip_flexors'"):
        parse_cause("tight_hip_flexor:right")


@pytest.mark.parametrize("text", ["fused_hip:rechts", "fused_hip::0.5", "fused_hip:0.5:right", "fused_hip:r", "age:"])
def test_an_unknown_side_lists_the_known_ones(text):
    with pytest.raises(HipspineError, match="Known: both, left, right"):
        parse_cause(text)


@pytest.mark.parametrize("severity", ["1.01", "-0.1", "nan", "inf", "half", "", "50%", "0,5", "1e300"])
def test_a_severity_that_is_none_says_what_is_allowed(severity):
    with pytest.raises(HipspineError, match=r"severity .* from 0 \(healthy\) to 1 \(as in the table\)"):
        parse_cause(f"tight_adductors:left:{severity}")


def test_an_age_in_years_is_no_severity():
    with pytest.raises(HipspineError, match="severity of age must be a number from 0"):
        parse_cause("age:70")


def test_too_many_parts_are_refused():
    with pytest.raises(HipspineError, match="NAME:SIDE:SEVERITY"):
        parse_cause("fused_hip:right:1:2")


def test_what_is_about_the_spine_too_has_no_side():
    with pytest.raises(HipspineError, match="age is also about the lumbar spine and has no side: both, is left"):
        parse_cause("age:left:0.5")


def test_a_cause_made_by_hand_is_checked_as_well():
    with pytest.raises(HipspineError, match="unknown cause"):
        Cause("stiffness")
    with pytest.raises(HipspineError, match="unknown side"):
        Cause("fused_hip", ("right",))
    with pytest.raises(HipspineError, match="severity of fused_hip"):
        Cause("fused_hip", ("r",), 2.0)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("fused_hip", Cause("fused_hip")),
        ("fused_hip:both", Cause("fused_hip", ("r", "l"))),
        ("fused_hip:left", Cause("fused_hip", ("l",))),
        ("fused_hip:0.25", Cause("fused_hip", ("r", "l"), 0.25)),
        (" tight_hip_flexors : right : 0.5 ", Cause("tight_hip_flexors", ("r",), 0.5)),
        ("age:both:1e-3", Cause("age", ("r", "l"), 1e-3)),
    ],
)
def test_name_side_and_severity_are_told_apart(text, cause):
    assert parse_cause(text) == cause


def test_compensate_refuses_an_unknown_cause(bundled_walk):
    with pytest.raises(HipspineError, match="unknown cause"):
        compensate(bundled_walk, causes=["sitting"])
