"""A model that cannot be read says why, in one message that names the file."""

import re

import pytest

from kinematics import Chain, HipspineError

GOOD = "simulate/data/trials/walk_overground_rajagopal/model.osim"
OLD = "tests/data/opensim_core/walk_gait2392_subject01.osim"


@pytest.fixture
def good(request):
    return (request.config.rootpath / GOOD).read_text(encoding="utf-8")


@pytest.fixture
def old(request):
    return (request.config.rootpath / OLD).read_text(encoding="utf-8")


def refused(tmp_path, text, *words):
    path = tmp_path / "bad.osim"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(HipspineError) as error:
        Chain.from_osim(path)
    assert "bad.osim" in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_missing_empty_and_folder(tmp_path):
    refused(tmp_path, None, "no such file")
    refused(tmp_path, "", "empty")
    with pytest.raises(HipspineError, match="folder"):
        Chain.from_osim(tmp_path)


@pytest.mark.parametrize("text", ["hello", "<a><b></a>", "\x00\x01\x02", "<?xml version='1.0' encoding='x'?><a/>"])
def test_what_is_not_xml(tmp_path, text):
    refused(tmp_path, text)


def test_xml_that_is_no_model(tmp_path):
    refused(tmp_path, "<html/>", "no OpenSim model")
    refused(tmp_path, "<OpenSimDocument Version='40000'/>", "no OpenSim model")


def test_versions_that_are_too_old(tmp_path, good):
    refused(tmp_path, good.replace('Version="40500"', 'Version="10000"'), "10000", "20302")


def test_an_external_entity_is_refused(tmp_path):
    text = (
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><OpenSimDocument Version="40000">&x;</OpenSimDocument>'
    )
    refused(tmp_path, text, "entities")


def test_an_entity_bomb_is_refused(tmp_path):
    entities = '<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {b} "{10 * f"&{a};"}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    refused(tmp_path, f'<!DOCTYPE x [{entities}]><OpenSimDocument Version="40000">&i;</OpenSimDocument>', "entities")


@pytest.mark.parametrize(
    ("body", "what"),
    [("pelvis", "pelvis"), ("femur_r", "hip"), ("tibia_l", "knee"), ("talus_r", "ankle"), ("torso", "back joint")],
)
def test_a_joint_that_is_missing_is_named(tmp_path, good, old, body, what):
    without = re.sub(
        rf"<socket_parent>/bodyset/{body}</socket_parent>", "<socket_parent>/bodyset/x</socket_parent>", good
    )
    refused(tmp_path, without, "lacks", "Its joints")
    refused(tmp_path, old.replace(f'<Body name="{body}">', '<Body name="x">'), "lacks", what)


def test_text_and_nan_in_numbers_are_named(tmp_path, good):
    refused(tmp_path, good.replace("<mass>13.3383808106</mass>", "<mass>heavy</mass>"), "mass", "heavy")
    refused(tmp_path, good.replace("<mass>13.3383808106</mass>", "<mass>nan</mass>"), "mass", "nan")
    refused(tmp_path, good.replace("<mass>13.3383808106</mass>", "<mass></mass>"), "mass")


def test_functions_we_do_not_know_are_named_with_those_we_do(tmp_path, good):
    refused(tmp_path, good.replace("PolynomialFunction", "SineFunction"), "SineFunction", "SimmSpline")


def test_a_knee_under_another_name_is_named(tmp_path, good):
    refused(tmp_path, good.replace("knee_angle_r", "rknee"), "rknee", "knee_angle_r")


def test_a_coupling_that_is_no_number_is_named(tmp_path, good):
    head, tail = good.split("<CoordinateCouplerConstraint", 1)
    before, after = tail.split("<coefficients>", 1)
    text = (
        head
        + "<CoordinateCouplerConstraint"
        + before
        + "<coefficients>one zero"
        + after[after.index("</coefficients>") :]
    )
    refused(tmp_path, text, "coefficients", "one zero")


def test_a_constant_turn_of_an_ankle_is_refused_and_not_lost(tmp_path, old):
    joint = old[old.index('<CustomJoint name="ankle_r">') :]
    third = joint[joint.index('<TransformAxis name="rotation3">') :]
    turned = third.replace("<value>0</value>", "<value>0.3</value>", 1)
    refused(tmp_path, old.replace(third, turned), "ankle_r", "plain rotations")


def test_a_document_type_is_refused(tmp_path, good):
    refused(tmp_path, good.replace("<OpenSimDocument", "<!DOCTYPE x><OpenSimDocument", 1), "document type")
