"""What the teaching page shows is the solver's answer, on the chain's own places, in words that say the same."""

from __future__ import annotations

import base64
import json
import re
from importlib.resources import files

import numpy as np
import pytest

from kinematics.conventions import INDEX, SEGMENT_COORDINATE, SIDES
from kinematics.errors import HipspineError
from kinematics.pose import frames, positions
from kinematics.rom import RangeOfMotion
from simulate.compensation import compensate
from simulate.problem import Task
from simulate.tasks.catalogue import MOVEMENTS
from simulate.teach import Asked, show
from simulate.teach.person.figure import BODIES, SEGMENT_OF, VERTEBRAE, quaternions, vertebrae
from simulate.teach.prepared import prepare
from simulate.teach.said import Lost, headline
from simulate.teach.shown import shares_used

#: Poses are sent as float32: a metre is kept to 1e-7 of it, places here are below 3 m.
FLOAT32 = 1e-5
STIFF = Asked(limits_deg={"hip_extension_right": -5.0})


def _poses(shown, kind):
    values = np.frombuffer(base64.b64decode(shown[kind]), dtype="<f4")
    return values.reshape(shown["frames"], len(shown["bodies"]), 7).astype(float)


def _matrices(quaternion):
    x, y, z, w = np.moveaxis(quaternion, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def _curve(shown, key):
    return next(curve for curve in shown["curves"] if curve["key"] == key)


# ---- what is asked


def test_what_is_asked_survives_the_way_through_json():
    asked = Asked(
        task="bend",
        options={"direction": "backward", "angle": 20},
        limits_deg={"hip_extension_left": -5, "lumbar_extension": 12},
        causes=["tight_hip_flexors:right:0.5", "capsular_pattern"],
        strategy="least",
        allow={"knee": 5},
        stature=1.8,
        mass=70,
        sex="female",
    )
    again = Asked.from_dict(json.loads(json.dumps(asked.to_dict())))
    assert again == asked
    assert hash(again) == hash(asked)
    assert again.causes == ("tight_hip_flexors:right:0.5", "capsular_pattern:both:1")


def test_nothing_asked_is_free_walking():
    assert Asked.from_dict({}) == Asked() == Asked(options={"speed": None}, limits_deg={"hip_flexion": None})
    assert Asked().to_dict() == {"task": "walk", "strategy": "predicted"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"task": "wlak"}, "unknown task 'wlak'. Did you mean 'walk'? Known: bend"),
        ({"tasks": "walk"}, "unknown field of what is asked 'tasks'. Did you mean 'task'?"),
        ({"strategy": "best"}, "unknown strategy 'best'. Did you mean 'least'? Known: closure"),
        ({"options": {"angle": 3}}, "unknown option of walk 'angle'. Known: speed"),
        ({"task": "run", "options": {"speed": "fast"}}, "unknown option 'speed' of run, which has none of its own"),
        ({"options": {"speed": "quick"}}, "unknown speed of walk 'quick'"),
        ({"limits_deg": {"hip_extention": 3}}, "unknown limit 'hip_extention'. Did you mean 'hip_extension'?"),
        ({"limits_deg": {"knee_flexion": 3}}, "unknown limit 'knee_flexion'"),
        ({"limits_deg": {"hip_flexion": "3"}}, "limits_deg: hip_flexion must be a finite number of degrees, is '3'"),
        ({"limits_deg": {"hip_flexion": float("nan")}}, "must be a finite number of degrees, is nan"),
        ({"limits_deg": {"hip_flexion": 200}}, "-180 to 180, is 200"),
        ({"limits_deg": {"hip_flexion": -20}}, "limits cross"),
        ({"limits_deg": [3]}, "limits_deg must be values by name, is [3]"),
        ({"causes": "age"}, "causes must be a list of NAME"),
        ({"causes": ["age:right:2"]}, "severity of age must be a number from 0"),
        ({"causes": ["old"]}, "unknown cause 'old'"),
        ({"allow": {"knees": 3}}, "unknown allowance 'knees'"),
        ({"allow": {"knee": True}}, "allow: knee must be a finite number, is True"),
        ({"stature": 17.5}, "stature"),
        ({"mass": "75"}, "mass must be a finite number of kg, is '75'"),
        ({"sex": "other"}, "sex"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_is_allowed(given, told):
    with pytest.raises(HipspineError, match=re.escape(told)):
        Asked.from_dict(given)


# ---- where the figure is


@pytest.mark.parametrize("kind", ["free", "restricted"])
def test_bodies_are_where_the_chain_has_its_segments(kind):
    shown, prepared = show(STIFF), prepare(STIFF)
    task = prepared.task
    q = prepared.free.q if kind == "free" else _restricted(STIFF, task)
    poses = _poses(shown, kind)
    R, _, _ = frames(task.chain, q)
    centres = {"femur": "hip", "tibia": "knee"}
    for body, segment in SEGMENT_OF.items():
        at, i = poses[:, BODIES.index(body)], SEGMENT_COORDINATE[segment]
        np.testing.assert_allclose(_matrices(at[:, 3:]), R[:, i], atol=FLOAT32)
        part, _, side = body.rpartition("_")
        if part in centres:
            expected = positions(task.chain, q, [f"{centres[part]}_{side}"])[:, 0]
            np.testing.assert_allclose(at[:, :3], expected, atol=FLOAT32)
    for side in SIDES:
        ball = positions(task.chain, q, [f"forefoot_{side}"])[:, 0]
        np.testing.assert_allclose(poses[:, BODIES.index(f"toes_{side}"), :3], ball, atol=FLOAT32)


def _restricted(asked: Asked, task: Task):
    result = compensate(task, rom=asked.rom, strategies=[asked.strategy], reliefs=False)
    one = result.sel(strategy=asked.strategy)
    q = np.zeros((result.sizes["frame"], 24))
    q[:, [INDEX[str(name)] for name in one.coordinate.values]] = np.deg2rad(one.restricted.values)
    q[:, :3] = one.restricted_translation.values
    return q


def test_the_lumbar_column_reaches_without_a_gap_from_the_pelvis_to_the_thorax():
    asked = Asked(task="bend", options={"angle": 100.0})
    shown, prepared = show(asked), prepare(asked)
    chain, q = prepared.task.chain, prepared.free.q
    poses = _poses(shown, "free")
    ends = positions(chain, q, ["l5s1", "t12l1"])
    np.testing.assert_allclose(poses[:, BODIES.index(VERTEBRAE[0]), :3], ends[:, 0], atol=FLOAT32)
    np.testing.assert_allclose(poses[:, BODIES.index("thorax"), :3], ends[:, 1], atol=FLOAT32)
    R, o, _ = frames(chain, q)
    joints, turns = vertebrae(chain, prepared.task.standing, q, R, o)
    np.testing.assert_allclose(joints[:, 0], ends[:, 0], atol=1e-12)
    np.testing.assert_allclose(joints[:, -1], ends[:, 1], atol=1e-12)
    # each vertebra is about as long as it stood, however far the column is bent
    lengths = np.linalg.norm(np.diff(joints, axis=1), axis=-1)
    assert (np.abs(lengths / lengths[0] - 1.0) < 0.25).all()
    # the uppermost turns as the chain's lumbar segment does
    np.testing.assert_allclose(turns[:, -1], R[:, INDEX["lumbar_rotation"]], atol=1e-12)


def test_the_free_person_does_what_was_recorded():
    prepared = prepare(Asked())
    np.testing.assert_allclose(prepared.free.q, prepared.task.q, atol=1e-9)
    for curve in show(Asked())["curves"]:
        assert curve["restricted"] == pytest.approx(curve["free"], abs=1e-3)  # digits that are sent


def test_toes_stay_on_the_ground_and_bend_only_up():
    prepared = prepare(Asked())
    poses = prepared.free_poses
    for side in SIDES:
        at = poses[:, BODIES.index(f"toes_{side}")]
        tip = prepared.build.toe[side] - prepared.build.ball[side]
        ends = at[:, :3] + _matrices(at[:, 3:]) @ tip
        assert ends[:, 1].min() > prepared.scenery.ground - 1e-6


def test_quaternions_are_those_of_their_rotations_near_every_half_turn():
    rng = np.random.default_rng(5)
    axis = rng.normal(size=(200, 3))
    axis /= np.linalg.norm(axis, axis=1)[:, None]
    angle = np.concatenate([rng.uniform(-np.pi, np.pi, 100), np.pi + rng.uniform(-1e-9, 1e-9, 100)])
    unit = np.concatenate([axis * np.sin(angle / 2)[:, None], np.cos(angle / 2)[:, None]], axis=1)
    found = quaternions(_matrices(unit))
    np.testing.assert_allclose(np.abs(np.sum(found * unit, axis=1)), 1.0, atol=1e-12)


# ---- what is said of it


def test_the_headline_says_the_numbers_of_the_curves():
    shown = show(STIFF)
    for key, found in shown["summary"].items():
        curve = _curve(shown, key)
        added = np.array(curve["restricted"]) - np.array(curve["free"])
        assert found["added_deg"] == pytest.approx(added[np.abs(added).argmax()], abs=1e-3)  # digits that are sent
    hip = _curve(shown, "hip_extension_r")
    lost = np.max(np.array(hip["free"]) - hip["limit"])
    assert shown["budget"][0]["lost_deg"] == pytest.approx(lost, abs=1e-3)
    said = [float(number) for number in re.findall(r"([\d.]+)°", shown["headline"])]
    expected = [lost, *(abs(shown["summary"][key]["added_deg"]) for key in ("lumbar_extension", "pelvis_tilt"))]
    # one digit below ten, none above
    assert said == pytest.approx(expected, abs=0.51)
    assert shown["headline"].startswith("With 10° less right hip extension, this stride needs ")
    assert "more lumbar extension. The pelvis tips " in shown["headline"]


def test_the_restricted_curve_stays_within_its_limit():
    hip = _curve(show(STIFF), "hip_extension_r")
    assert hip["limit"] == -5.0
    assert max(hip["restricted"]) == pytest.approx(-5.0, abs=1e-3)
    assert max(hip["free"]) > 0.0


@pytest.mark.parametrize("strategy", ["predicted", "closure", "least"])
def test_the_parts_of_the_budget_sum_to_the_loss(strategy):
    shown = show(Asked(limits_deg={"hip_extension": 0.0}, strategy=strategy))
    assert len(shown["budget"]) == 2
    for each in shown["budget"]:
        assert sum(part["deg"] for part in each["parts"]) == pytest.approx(each["lost_deg"], abs=1e-6)


def test_a_limit_that_is_not_reached_changes_nothing_and_is_said_to_be_enough():
    shown = show(Asked(limits_deg={"hip_extension_right": 25.0}))
    assert "has enough" in shown["headline"]
    assert shown["budget"] == []
    assert _curve(shown, "hip_extension_r")["restricted"] == _curve(shown, "hip_extension_r")["free"]


def test_no_limit_is_said_to_be_none():
    assert show(Asked())["headline"].startswith("No limit: this stride")


def test_a_task_that_cannot_be_done_says_how_far_it_falls_short():
    shown = show(Asked(task="sit", limits_deg={"hip_flexion": 20.0, "lumbar_flexion": 10.0}))
    assert shown["status"]["shortfall"] > 0
    assert shown["shortfall"] in shown["headline"]
    assert "is not completed" in shown["headline"]
    assert shown["frame_status"].count(2) == shown["status"]["shortfall"]


def test_frames_without_an_answer_are_counted_in_the_headline_and_never_hidden():
    said = headline("walk", [Lost("right hip extension", 4.0)], ["x"], [], {}, {}, None, 114)
    assert said.startswith("No answer was found")
    added = dict.fromkeys(("lumbar_extension", "lumbar_bending", "lumbar_rotation"), 2.0)
    added |= {"pelvis_tilt": -1.0, "pelvis_list": 0.0, "pelvis_rotation": 0.0}
    free = dict.fromkeys(added, 0.0)
    said = headline("walk", [Lost("right hip extension", 4.0)], ["x"], [], added, free, None, 3)
    assert "3 frames have no answer." in said


@pytest.mark.parametrize(
    ("added", "free", "told"),
    [
        ({"pelvis_tilt": 5.0}, 0.0, "tips 5.0° further forward"),
        ({"pelvis_tilt": -5.0}, 20.0, "tips 5.0° less forward"),
        ({"pelvis_rotation": -27.0}, 32.0, "turns 27° less to the left"),
        ({"pelvis_rotation": -27.0}, -8.0, "turns 27° to the right"),
        ({"pelvis_list": 3.0}, 0.2, "drops 3.0° to the right"),
    ],
)
def test_what_the_pelvis_does_is_told_against_what_it_does_anyhow(added, free, told):
    names = ("lumbar_extension", "lumbar_bending", "lumbar_rotation", "pelvis_tilt", "pelvis_list", "pelvis_rotation")
    changes = dict.fromkeys(names, 0.0) | added
    said = headline("walk", [Lost("right hip extension", 4.0)], ["x"], [], changes, dict.fromkeys(names, free), None, 0)
    assert said.endswith(f"needs no more of the lumbar spine. The pelvis {told}.")


def test_share_of_range_is_one_at_the_limit_and_the_part_used_where_nothing_is_limited():
    lower, upper, zero = np.array([-1.0]), np.array([2.0]), np.zeros(1)
    q = np.array([[-1.0], [-0.5], [0.0], [1.0], [2.0], [3.0]])
    used = shares_used(q, lower, upper, (lower, upper), zero)[:, 0]
    np.testing.assert_allclose(used, [1.0, 0.5, 0.0, 0.5, 1.0, 1.5])
    stiff = shares_used(q, lower, np.array([0.0]), (lower, upper), zero)[:, 0]
    np.testing.assert_allclose(stiff, [1.0, 0.75, 1.0, 1.5, 2.0, 2.5])


def test_the_hip_has_used_up_its_range_where_it_is_at_its_limit():
    shown = show(STIFF)
    at_limit = np.isclose(_curve(shown, "hip_extension_r")["restricted"], -5.0, atol=1e-3)
    assert at_limit.any()
    np.testing.assert_allclose(np.array(shown["share"]["hip_r"]["restricted"])[at_limit], 1.0, atol=1e-3)


def test_what_is_shown_is_what_compensate_answers():
    asked = Asked(limits_deg={"hip_extension_right": 0.0}, causes=["tight_hip_flexors:right:0.7"])
    shown, task = show(asked), prepare(asked).task
    rom = RangeOfMotion.normal().limited(hip_extension_right_deg=0.0)
    result = compensate(task, rom=rom, causes=asked.causes, strategies=["predicted"], reliefs=False)
    change = result.changes()["predicted"]
    for key in ("lumbar_extension", "lumbar_rotation"):
        assert shown["summary"][key]["added_deg"] == pytest.approx(change[key].added_deg, abs=2e-3)
    assert shown["summary"]["pelvis_tilt"]["added_deg"] == pytest.approx(-change["pelvis_tilt"].added_deg, abs=2e-3)


# ---- all movements, and what goes to the browser


@pytest.mark.parametrize("task", list(MOVEMENTS))
def test_every_movement_can_be_shown(task):
    limits = {"hip_extension_right": 0.0, "hip_internal_rotation_left": 10.0, "hip_flexion": 80.0}
    shown = show(Asked(task=task, limits_deg=limits))
    n = shown["frames"]
    assert 2 <= n <= 121
    assert len(json.dumps(shown, allow_nan=False)) < 400_000
    assert shown["percent"][0] == 0.0
    assert shown["percent"][-1] == pytest.approx(100.0)
    assert (np.diff(shown["percent"]) > 0.0).all()
    assert np.isfinite(_poses(shown, "free")).all()
    np.testing.assert_allclose(np.linalg.norm(_poses(shown, "free")[..., 3:], axis=-1), 1.0, atol=FLOAT32)
    assert {shape["body"] for shape in shown["shapes"]} <= set(shown["bodies"])
    keys = {curve["key"] for curve in shown["curves"]}
    assert len(shown["panels"]) == 4
    assert {key for panel in shown["panels"] for key in panel} <= keys
    assert sum(shown["status"].values()) == n
    assert (shown["scenery"]["table"] is not None) == task.startswith("prone")


def test_another_body_is_another_figure():
    small, tall = (show(Asked(task="stand", stature=stature)) for stature in (1.5, 1.9))
    assert small["shapes_id"] != tall["shapes_id"]
    height = [_poses(shown, "free")[0, BODIES.index("thorax"), 1] for shown in (small, tall)]
    assert height[1] / height[0] == pytest.approx(1.9 / 1.5, rel=0.05)


def test_the_stage_fetches_nothing():
    stage = files("simulate.teach") / "stage"
    texts = {
        each.name: each.read_text(encoding="utf-8") for each in stage.iterdir() if each.name.endswith((".js", ".css"))
    }
    assert {"stage.js", "stage.css"} <= set(texts)
    for name, text in texts.items():
        spoken = re.sub(r"^\s*(//|/?\*).*$", "", text, flags=re.MULTILINE)
        for word in ("fetch(", "XMLHttpRequest", "http://", "https://", "eval(", "import(", "url(", "@import"):
            assert word not in spoken, (name, word)
        # what is imported is one of the modules beside it
        assert set(re.findall(r'^import .* from "\./(.*)";$', spoken, re.MULTILINE)) <= set(texts)
        assert not re.search(r'^import .* from "[^.]', spoken, re.MULTILINE)
