"""A study that cannot be meant is one error that names file, place, value and what is allowed; never a traceback."""

import copy
import datetime
import json
import math

import numpy as np
import pytest

from kinematics.errors import HipspineError
from simulate import Recording, Study
from simulate.studies.axes import GRID, PERSON, ZIP, Axis
from simulate.studies.bodies import Builder
from simulate.studies.checks import check
from simulate.studies.compute import Computer
from simulate.studies.options import TASK
from simulate.studies.plan import plan
from simulate.studies.study import make_study, read_study

WALK = {"task": "walk", "held": {"speed": "free"}}
HIP = {"hip_extension_right": ["10 deg", "0 deg"]}
#: A study with everything in it.
FULL = {
    "title": "everything",
    "task": "walk",
    "strategy": ["predicted", "least"],
    "coordinates": ["pelvis_tilt", "lumbar_extension"],
    "trajectories": True,
    "block": 5,
    "recording": {"resample": "50 Hz"},
    "held": {"hip_flexion": "100 deg", "allow_knee": "5 deg", "severity_age": 0.2, "zero": "clinical"},
    "vary": {
        "hip_extension_right": {"from": "10 deg", "to": "0 deg", "step": "-5 deg"},
        "standing_tilt": {"from": 5, "to": 10, "count": 2, "unit": "deg"},
        "mirror": {"values": ["no", "yes"]},
        "hip_adduction": ["10 deg", "20 deg"],
    },
    "zip": {"spine": {"lumbar_extension": ["9 deg", "5 deg"], "lumbar_flexion": {"values": [9, 5], "unit": "deg"}}},
    "samples": {
        "method": "sobol",
        "count": 4,
        "seed": 3,
        "vary": {
            "hip_extension_left": {"mean": "5 deg", "sd": "2 deg", "low": "0 deg", "high": "9 deg"},
            "severity_tight_adductors": {"low": 0.1, "high": 0.5},
        },
    },
    "cohort": {"preset": "low_back_pain", "count": 2, "seed": 1, "groups": ["control"], "columns": ["sex", "stature"]},
}


def refused(data, *words):
    with pytest.raises(HipspineError) as error:
        make_study(data)
    for word in words:
        assert word in str(error.value), str(error.value)


def some_task(study):
    """The task of a study's first case."""
    builder = Builder(study)
    first = dict(study.held) | {name: axis.columns[name][0].item() for axis in study.axes for name in axis.columns}
    names = [name for name, option in builder.options.items() if option.about == TASK]
    return builder.task(tuple((name, first[name]) for name in names))


def refused_plan(data, *words):
    study = make_study(data)
    with pytest.raises(HipspineError) as error:
        check(study, [some_task(study)])
    for word in words:
        assert word in str(error.value), str(error.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"vary": HIP}, ["task", "missing"]),
        ({"task": "wlak", "vary": HIP}, ["unknown task 'wlak'", "Did you mean 'walk'?"]),
        ({"task": 3, "vary": HIP}, ["task", "must be a text", "3"]),
        (WALK, ["nothing varies"]),
        ({**WALK, "vray": HIP}, ["unknown key 'vray'", "Did you mean 'vary'?"]),
        ({**WALK, "vary": {"hip_extention_right": ["1 deg"]}}, ["vary.hip_extention_right", "'hip_extension_right'"]),
        ({**WALK, "vary": {"depth": ["1 m"]}}, ["unknown option of task walk 'depth'"]),
        ({**WALK, "held": {"spede": "free"}, "vary": HIP}, ["held", "'speed'"]),
        ({**WALK, "held": {"speed": "fre"}, "vary": HIP}, ["held.speed", "Did you mean 'free'?", "very_slow"]),
        ({**WALK, "held": {"speed": 1}, "vary": HIP}, ["held.speed", "'1'"]),
        ({**WALK, "zip": {"who": {"hip_extensoin": ["1 deg"]}}}, ["zip.who", "'hip_extension'"]),
        ({**WALK, "samples": {"count": 2, "vary": {"hip_x": {"low": "1 deg"}}}}, ["samples.vary.hip_x"]),
        ({**WALK, "vary": {"hip_extension": {"vales": [1]}}}, ["vary.hip_extension", "'values'"]),
        ({**WALK, "vary": HIP, "strategy": "leest"}, ["'leest'", "'least'"]),
        ({**WALK, "vary": HIP, "strategy": ["least", "least"]}, ["strategy", "'least' stands there twice"]),
        ({**WALK, "vary": {**HIP, "strategy": ["least"]}, "strategy": "least"}, ["strategy is given twice"]),
        ({**WALK, "vary": HIP, "coordinates": ["pelvis_tilt", "pelvis_lits"]}, ["'pelvis_list'"]),
        ({**WALK, "vary": HIP, "recording": {"motoin": "x.mot"}}, ["recording", "'motion'"]),
        ({**WALK, "vary": HIP, "recording": {"motion": "no.mot"}}, ["recording.motion", "no.mot", "no such file"]),
        ({**WALK, "vary": HIP, "recording": {"motion": "x" * 5000}}, ["recording.motion", "no such file"]),
        ({**WALK, "vary": HIP, "recording": {"stature": "2 m"}}, ["recording", "unknown key 'stature'"]),
        ({**WALK, "vary": HIP, "recording": {"resample": 100}}, ["recording.resample", '"100 Hz"']),
        ({**WALK, "vary": HIP, "recording": {"marker_set": "no.toml"}}, ["recording.marker_set", "no such file"]),
        ({**WALK, "samples": {"count": 2, "metod": "sobol", "vary": {}}}, ["samples", "'method'"]),
        ({**WALK, "samples": {"vary": {"hip_extension": {"low": "1 deg", "high": "2 deg"}}}}, ["samples", "count"]),
        ({**WALK, "cohort": {"preset": "low_back_pian", "count": 2}}, ["cohort", "'low_back_pain'"]),
        ({**WALK, "cohort": {"preset": "low_back_pain"}}, ["cohort", "count is missing"]),
        ({**WALK, "cohort": {"preset": "low_back_pain", "count": 2, "groups": ["contorl"]}}, ["cohort", "'control'"]),
        ({**WALK, "cohort": {"preset": "low_back_pain", "count": 2, "columns": ["sexx"]}}, ["cohort", "'sex'"]),
        ({**WALK, "cohort": {"preset": "low_back_pain", "count": 2, "columns": []}}, ["cohort", "columns"]),
        ({**WALK, "cohort": {"count": 2}}, ["cohort", "preset, population, file"]),
        ({**WALK, "cohort": {"file": "who.csv", "count": 2}}, ["cohort", "count belongs to people who are drawn"]),
        ({**WALK, "cohort": {"file": "who.csv"}}, ["cohort", "who.csv", "no such file"]),
        ({**WALK, "cohort": {"population": "who.toml", "count": 3}}, ["cohort", "who.toml", "no such file"]),
    ],
)  # fmt: skip
def test_an_unknown_or_missing_name_is_an_error_with_its_place_and_the_nearest(data, words):
    refused(data, *words)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("hip_extension", 10, ['held.hip_extension: 10 has no unit; write for example "10 deg"']),
        ("hip_extension", "10", ['"10 deg"']),
        ("hip_extension", "10 m", ["is in deg", "'m'"]),
        ("hip_extension", "10 degC", ["is in deg"]),
        ("hip_extension", "10 dge", ["is in deg", "'dge'"]),
        ("hip_extension", "ten deg", ["must be a number and a unit"]),
        ("hip_extension", "nan deg", ["must be a number and a unit"]),
        ("hip_extension", "1e999 deg", ["finite"]),
        ("hip_extension", 10**400, ["finite"]),
        ("hip_extension", math.nan, ['write for example "nan deg"']),
        ("hip_extension", "181 deg", ["from -180 to 180 deg", "is 181 deg"]),
        ("hip_extension", True, ["must be a number", "True"]),
        ("hip_extension", ["10 deg"], ["must be a number", "10 deg"]),
        ("hip_extension", datetime.date(2020, 1, 1), ["must be a number"]),
        ("stature", "180 deg", ["is in m"]),
        ("stature", "18 cm", ["from 0.8 to 2.3 m", "0.18 m"]),
        ("stiffness_hip_rotation", "30 N m", ["is in N m/rad"]),
        ("stiffness_hip_rotation", "-3 N m/rad", ["from 0"]),
        ("severity_tight_adductors", "10 deg", ["number without a unit"]),
        ("severity_tight_adductors", 1.5, ["from 0 to 1", "1.5"]),
        ("severity_tight_adductors", "0.5 rad", ["number without a unit"]),
        ("severity_age_left", 0.5, ["unknown option of task walk", "Did you mean 'severity_age'"]),
        ("standing_tilt", "45 deg", ["-45", "45"]),
        ("speed", "free deg", ["'free deg'", "'free'"]),
        ("speed", ["free"], ["unknown value"]),
        ("mirror", True, ["'True'", "no, yes"]),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_an_error_with_what_to_write(option, value, words):
    refused({"task": "walk", "held": {option: value}, "vary": {"knee_flexion": ["90 deg"]}}, "held", option, *words)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ([10, 0], ["vary.hip_extension.values[0]", '"10 deg"']),
        (["10 deg", "x"], ["vary.hip_extension.values[1]", "'x'"]),
        ([], ["list of one value or more"]),
        ("10 deg", ["must be a table"]),
        ({"values": "10 deg"}, ["list of one value or more"]),
        ({"values": [["10 deg"]]}, ["values[0]", "must be a number"]),
        ({"values": ["10 deg", "0.17453292519943295 rad"]}, ["10.0 stands there twice"]),
        ({"values": [10], "unit": 3}, ["unit", "must be a text"]),
        ({"values": ["10 deg"], "unit": "deg"}, ["its own unit"]),
        ({"values": ["10 deg"], "from": "1 deg"}, ["from beside them"]),
        ({"from": "10 deg", "to": "0 deg"}, ["step or count"]),
        ({"from": "10 deg", "to": "0 deg", "step": "-1 deg", "count": 3}, ["step or count"]),
        ({"from": "10 deg", "to": "0 deg", "step": "-3 deg"}, ["step -3", "must divide"]),
        ({"from": "10 deg", "to": "0 deg", "step": "1 deg"}, ["have its sign"]),
        ({"from": "10 deg", "to": "0 deg", "step": "0 deg"}, ["step 0"]),
        ({"from": "10 deg", "to": "0 deg", "step": "-1e-300 deg"}, ["step -1e-300"]),
        ({"from": "10 deg", "to": "0 deg", "count": 1}, ["count", "2 or more"]),
        ({"from": "10 deg", "to": "10 deg", "count": 2}, ["stands there twice"]),
        ({"from": "10 deg", "to": "0 deg", "count": 10**18}, ["at most"]),
        ({"from": "10 deg", "to": "0 deg", "count": 2.0}, ["whole number", "2.0"]),
        ({"from": 10, "to": 0, "count": 3}, ["vary.hip_extension.from", '"10 deg"']),
    ],
)
def test_values_that_do_not_make_an_axis_are_refused(table, words):
    refused({**WALK, "vary": {"hip_extension": table}}, "vary.hip_extension", *words)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"held": {"hip_extension_right": "1 deg"}, "vary": HIP}, ["hip_extension_right is given twice: by held and"]),
        ({"vary": HIP, "zip": {"w": HIP}}, ["given twice: by hip_extension_right and by w"]),
        ({"zip": {"strategy": HIP}}, ["cannot be called strategy"]),
        ({"zip": {"lumbar_at_percent": HIP}}, ["cannot be called lumbar_at_percent"]),
        ({"zip": {"speed": HIP}}, ["cannot be called speed"]),
        ({"zip": {"a b": HIP}}, ["cannot be called 'a b'"]),
        ({"zip": {"../up": HIP}}, ["cannot be called '../up'"]),
        ({"zip": {"person": HIP}, "cohort": {"preset": "older_women", "count": 2, "columns": ["sex"]}}, ["person"]),
        ({"zip": {"age": HIP}, "cohort": {"preset": "older_women", "count": 2, "columns": ["sex"]}}, ["age"]),
        ({"zip": {"w": {"hip_extension": ["1 deg"], "hip_flexion": ["90 deg", "80 deg"]}}}, ["as many values each"]),
        ({"zip": {"w": {"hip_extension": []}}}, ["zip.w.hip_extension", "one value or more"]),
        ({"zip": {"w": {}}}, ["zip.w", "tables of options"]),
        ({"zip": {"w": {"speed": {"from": 1, "to": 2, "count": 2}}}}, ["needs values"]),
        ({"vary": {**HIP, "allow_knee": ["5 deg"]}}, ["allow_knee", "least"]),
        ({"vary": HIP, "block": 0}, ["block", "1 or more"]),
        ({"vary": HIP, "trajectories": "yes"}, ["trajectories", "true or false"]),
        ({"vary": HIP, "title": 5}, ["title", "must be a text"]),
        ({"samples": {"count": 3, "vary": {"speed": {"low": 1, "high": 2}}}}, ["speed is a word"]),
        ({"samples": {"count": 3, "vary": {"hip_flexion": {"low": "3 deg"}}}}, ["samples.vary.hip_flexion", "high"]),
        ({"samples": {"count": 3, "vary": {"severity_tight_adductors": {"mean": 0.5, "sd": 0.4}}}}, ["from 0 to 1"]),
        ({"samples": {"count": 3, "method": "sobol", "vary": {"hip_flexion": {"low": "3 deg", "high": "9 deg"}}}},
         ["samples", "power of two"]),
        ({"samples": {"count": 10**9, "vary": {"hip_flexion": {"low": "3 deg", "high": "9 deg"}}}}, ["at most"]),
        ({"samples": {"count": 3, "seed": -1, "vary": {"hip_flexion": {"low": "3 deg", "high": "9 deg"}}}}, ["seed"]),
        ({"cohort": {"preset": "older_women", "count": 10**9}}, ["cohort", "at most"]),
        *(({"vary": {"hip_flexion": [f"20 {unit}"]}}, ["hip_flexion", unit, f"'{sign}' stands in no unit"])
          for unit, sign in (("deg???", "?"), ("degs!", "!"), ("deg # x", "#"))),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused(data, words):
    refused({"task": "walk", **data}, *words)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"task": "walk", "held": {"severity_weak_gluteals": 1}, "vary": HIP}, ["weak_gluteals", "active reach"]),
        ({"task": "walk", "held": {"severity_tight_adductors": 1}, "vary": HIP, "strategy": "closure"}, ["closure"]),
        ({"task": "walk", "vary": {"subtalar_inversion": ["3 deg"]}}, ["subtalar_inversion", "locked"]),
        ({"task": "walk", "vary": {**HIP, "zero": ["model", "standing"], "standing_tilt": ["9 deg"]}}, ["clinical"]),
        ({"task": "walk", "vary": {"mass": ["60 kg", "70 kg"]}}, ["mass"]),
        ({"task": "walk", "vary": {f"hip_flexion{side}": ["5 deg"] for side in ("", "_left", "_right")}},
         ["hip_flexion would do nothing"]),
        ({"task": "pivot", "vary": HIP, "held": {"allow_foot_roll": "1 deg"}, "strategy": "least"}, ["foot_roll"]),
        ({"task": "pivot", "vary": HIP, "recording": {"resample": "50 Hz"}}, ["recording.resample", "constructed"]),
    ],
)  # fmt: skip
def test_an_option_that_no_case_uses_is_refused_before_anything_is_solved(data, words):
    refused_plan(data, *words)


@pytest.mark.parametrize("stiffness", ["stiffness_pelvis_path = '9 N/m'", "stiffness_subtalar_angle = '9 N m/rad'"])
def test_a_stiffness_of_nothing_in_the_task_is_refused_as_it_is_planned(tmp_path, stiffness):
    (tmp_path / "a.toml").write_text(f"task = 'walk'\n[held]\n{stiffness}\n[vary]\nhip_extension = ['1 deg']\n")
    with pytest.raises(HipspineError, match="nothing in task walk has this stiffness"):
        plan(read_study(tmp_path / "a.toml"))


def test_a_recording_has_its_own_style_speed_and_size(tmp_path):
    from simulate.io.trials import trial

    motion = str(trial("walk_overground_rajagopal").motion)
    for task, option, value in (("turn", "style", "step"), ("bend", "direction", "backward")):
        data = {"task": task, "held": {option: value}, "vary": HIP, "recording": {"motion": motion}}
        study = make_study(data)
        with pytest.raises(HipspineError, match=f"{option} would do nothing"):
            check(study, [some_task(make_study({"task": "walk", "vary": HIP}))])
    for task, option, value in (("walk", "speed", "free"), ("squat", "depth", "20 cm"), ("bend", "angle", "9 deg")):
        with pytest.raises(HipspineError, match=option):
            plan(make_study({"task": task, "held": {option: value}, "vary": HIP, "recording": {"motion": motion}}))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"vary": {"hip_extension_right": ["9 deg", "-50 deg"], "hip_flexion_right": ["90 deg", "40 deg"]}},
         ["hip_extension_right -50", "hip_flexion_right 40", "leave hip_flexion_r no range"]),
        ({"held": {"hip_flexion": "-12 deg"}, "vary": {"knee_flexion": ["90 deg"]}}, ["hip_flexion -12", "(normal)"]),
        ({"held": {"severity_fused_hip_left": 1}, "vary": {"hip_flexion_left": ["40 deg", "20 deg"]}},
         ["severity_fused_hip_left 1", "hip_flexion_left 20"]),
        ({"samples": {"count": 500, "vary": {"lumbar_bending_right": {"low": "-30 deg", "high": "20 deg"}}}},
         ["lumbar_bending_right -2", "(normal)"]),
    ],
)  # fmt: skip
def test_limits_that_cross_in_one_case_are_refused_before_anything_is_solved(data, words):
    refused_plan({**data, "task": "walk", "held": {"speed": "free", **data.get("held", {})}}, *words)


def test_limits_that_cross_name_their_case_also_where_it_is_computed():
    study = make_study(
        {**WALK, "vary": {"hip_extension": ["0 deg", "-90 deg"]}, "zip": {"w": {"hip_flexion": ["40 deg"]}}}
    )
    layout = plan(make_study({**WALK, "vary": HIP})).layout
    with pytest.raises(HipspineError, match=r"hip_extension -90, hip_flexion 40"):
        Computer(study, layout).block((slice(0, 2), slice(0, 1)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"\xff\xfe", ["no text"]),
        (b"task = ", ["no TOML"]),
        (b"task = 'walk'\ntask = 'walk'", ["no TOML"]),
        (b"x = " + b"[" * 5000, ["no TOML"]),
        (b"x = " + b"9" * 5000, ["no TOML"]),
        (b"task = 'walk'\nvary = 5", ["vary: must be a table", "5"]),
        (b"task = 'walk'\n[[vary]]\nx = 1", ["vary: must be a table"]),
    ],
)
def test_a_file_that_cannot_be_read_is_one_error_with_its_name(tmp_path, text, words):
    (tmp_path / "bad.toml").write_bytes(text)
    with pytest.raises(HipspineError) as error:
        read_study(tmp_path / "bad.toml")
    assert "bad.toml" in str(error.value)
    for word in words:
        assert word in str(error.value)
    for path in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(HipspineError, match="cannot be read"):
            read_study(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"axes": ()}, "nothing varies"),
        ({"strategies": ()}, "strategy"),
        ({"strategies": ("leest",)}, "leest"),
        ({"coordinates": ("pelvis",)}, "pelvis"),
        ({"task": "wlak"}, "wlak"),
        ({"held": {"hip": 3.0}}, "hip"),
        ({"held": {"hip_flexion": 300.0}}, "180"),
        ({"axes": (Axis("hip_extension", GRID, {"hip_extension": [np.nan]}),)}, "finite"),
        ({"axes": (Axis("w", ZIP, {"sex": ["man"]}),)}, "'man'"),
        ({"axes": (Axis("w", ZIP, {"speed": [1, 2]}),)}, "speed"),
    ],
)
def test_a_study_made_in_python_is_checked_as_well(changes, words):
    whole = {"task": "walk", "axes": (Axis("hip_extension", GRID, {"hip_extension": [3, 4]}),)}
    assert Study(**whole).axes[0].columns["hip_extension"].dtype == float
    with pytest.raises(HipspineError, match=words):
        Study(**{**whole, **changes})


@pytest.mark.parametrize(
    "columns", [{}, {"sex": []}, {"sex": ["male"], "stature": [1.7, 1.8]}, {"stature": [[1.7]]}, {"stature": 1.7}]
)
def test_an_axis_needs_a_value_of_each_option_at_every_place(columns):
    with pytest.raises(HipspineError, match="every place"):
        Axis("who", PERSON, columns)


#: What may stand where something else is meant.
ODD = (
    None, True, 0, -1, 3, 1.5, math.nan, math.inf, 10**400, "", "x", "10 deg", "3 m", "no", "\0", "[", "a/b", [], [1],
    ["x"], [[]], [{}], {}, {"x": 1}, {"values": []}, {"values": [1, "10 deg"]}, {"values": {"a": 1}}, {"low": 1},
    datetime.time(1), datetime.datetime(2020, 1, 1, 1), (1, 2), np.arange(3), np.array([[1.0]]), b"x", object(),
)  # fmt: skip


def places(data, at=()):
    """Every place in nested tables and lists."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*at, key)
        yield from places(value, (*at, key))


def mutated(rng):
    """The full study with one or two things dropped, renamed, doubled or of another kind."""
    data = copy.deepcopy(FULL)
    for _ in range(rng.integers(1, 3)):
        every = list(places(data))
        *way, key = every[rng.integers(len(every))]
        table = data
        for step in way:
            table = table[step]
        odd = ODD[rng.integers(len(ODD))]
        what = rng.integers(4)
        if what == 0:
            del table[key]
        elif what == 1 and isinstance(table, dict):
            table[f"{key}x" if rng.random() < 0.5 else str(odd)[:20]] = table.pop(key)
        elif what == 2 and isinstance(table, list):
            table.append(odd if rng.random() < 0.5 else table[key])
        else:
            table[key] = odd
    return data


def test_the_full_study_is_sound():
    study = make_study(FULL)
    assert study.shape == (3, 2, 2, 2, 2, 4, 2)
    check(study, [some_task(study)])


@pytest.mark.parametrize("seed", range(12))
def test_a_study_changed_at_random_is_one_clear_error_or_another_study(seed):
    rng, refused = np.random.default_rng(seed), []
    for _ in range(120):
        data = mutated(rng)
        try:
            made = make_study(data)
            json.dumps(made.statement)
        except HipspineError as error:
            refused.append(str(error).strip())
    assert len(refused) > 30 and all(refused)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:12])
def test_anything_in_place_of_anything_is_one_clear_error_or_another_study(odd):
    said = []
    for way in places(FULL):
        data = copy.deepcopy(FULL)
        table = data
        for step in way[:-1]:
            table = table[step]
        table[way[-1]] = odd
        try:
            json.dumps(make_study(data).statement)
        except HipspineError as error:
            said.append(str(error).strip())
    assert said and all(said)
    with pytest.raises(HipspineError):
        make_study(odd)


def test_a_statement_tells_all_that_decides_values_and_no_place_of_this_machine(tmp_path):
    from simulate.io.trials import trial

    own = trial("walk_overground_rajagopal")
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "walk.mot").write_bytes(own.motion.read_bytes())
    base = {"task": "walk", "recording": {"motion": "walk.mot"}, "vary": HIP, "held": {"hip_flexion": "99 deg"}}
    one, two = (make_study(base, folder=tmp_path / folder) for folder in ("one", "two"))
    text = json.dumps(one.statement)
    assert text == json.dumps(two.statement) == json.dumps(json.loads(text))
    assert str(tmp_path) not in text and "walk.mot, sha256" in text
    again = {key: base[key] for key in reversed(base)}
    assert json.dumps(make_study({**again, "title": "Another"}, folder=tmp_path / "one").statement) == text
    others = [
        {"vary": {"hip_extension_right": ["10 deg", "1 deg"]}},
        {"vary": {"hip_extension_right": ["0 deg", "10 deg"]}},
        {"vary": {"hip_extension_left": ["10 deg", "0 deg"]}},
        {"zip": {"hips": {"hip_extension_left": ["10 deg"]}}},
        {"held": {"hip_flexion": "98 deg"}},
        {"held": {}},
        {"strategy": "closure"},
        {"coordinates": ["pelvis_tilt"]},
        {"trajectories": True},
        {"block": 1},
        {"recording": {"motion": "walk.mot", "resample": "50 Hz"}},
        {"recording": {}},
    ]
    (tmp_path / "two" / "walk.mot").write_bytes(own.motion.read_bytes() + b"\n")
    texts = [json.dumps(make_study(base | other, folder=tmp_path / "one").statement) for other in others]
    texts.append(json.dumps(make_study(base, folder=tmp_path / "two").statement))
    assert len({text, *texts}) == 1 + len(texts)
    many = {"from": "10 deg", "to": "0 deg", "count": 1000}
    long = [make_study({**WALK, "vary": {"hip_flexion": {**many, "to": to}}}).statement for to in ("0 deg", "1 deg")]
    assert long[0] != long[1] and len(json.dumps(long[0])) < 1000


def test_a_recording_made_in_python_is_told_without_its_folder(tmp_path):
    (tmp_path / "a.mot").write_text("x")
    axes = (Axis("hip_extension", GRID, {"hip_extension": [3]}),)
    for path in (tmp_path / "a.mot", tmp_path / "gone.mot"):
        assert str(tmp_path) not in json.dumps(Study("walk", axes, recording=Recording(motion=path)).statement)
