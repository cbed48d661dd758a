"""A case of a parameter study is what `compensate` says of that body and that task, by every strategy."""

import numpy as np
import pytest

from kinematics.conventions import ROTATIONS, TRANSLATIONS
from kinematics.rom import RangeOfMotion
from simulate import Recording, build_task, compensate, sweep
from simulate.result import STATUS
from simulate.studies.bodies import with_stiffness
from simulate.studies.options import ALLOWANCE, LIMIT, SEVERITY, TASK
from simulate.studies.study import make_study

#: Where the solver starts elsewhere, or shares its lanes with another case: 1e-7 rad.
ATOL_DEG = np.rad2deg(1e-7)
EVERY = ["closure", "predicted", "least"]
RIGHT, LEFT = "hip_extension_right", "hip_extension_left"


def limits(name, *degrees):
    return {name: {"values": list(degrees), "unit": "deg"}}


#: Studies of few cases each: every kind of task, limit, cause, zero, body and way to fall short.
STUDIES = {
    "walk at a speed, limits on either side and on both": {
        "task": "walk",
        "strategy": EVERY,
        "held": {"speed": "slow"},
        "vary": {**limits(RIGHT, 15, 2), **limits(LEFT, 9.9, -4)},
    },
    "walk of people of their own size, spines stiff too": {
        "task": "walk",
        "strategy": EVERY,
        "held": {"speed": "fast", "hip_extension": "3 deg"},
        "zip": {
            "who": {
                "stature": ["1.6 m", "1.92 m"],
                "sex": ["female", "male"],
                "lumbar_extension": ["3 deg", "0 deg"],
                "lumbar_rotation": ["2 deg", "9 deg"],
                "stiffness_lumbar_extension": ["10 N m/rad", "60 N m/rad"],
            }
        },
    },
    "recorded walk": {
        "task": "walk",
        "strategy": ["closure", "predicted"],
        "vary": {**limits(RIGHT, 20, 0, -9), "zero": ["clinical", "model", "standing"]},
    },
    "recorded walk, mirrored, as little as can be": {
        "task": "walk",
        "strategy": ["least"],
        "held": {"mirror": "yes", RIGHT: "0 deg"},
        "vary": {"allow_knee": {"values": [0, 10], "unit": "deg"}},
    },
    "causes with limits": {
        "task": "walk",
        "strategy": EVERY,
        "held": {"speed": "free", "hip_extension_right": "4 deg"},
        "vary": {"severity_hip_osteoarthritis_left": [0, 0.4, 1], "severity_age": [0, 0.5]},
    },
    "causes with tissue, and with both": {
        "task": "walk",
        "strategy": ["predicted", "closure"],
        "held": {"speed": "free"},
        "vary": {
            "severity_tight_hip_flexors_left": [0, 1],
            "severity_capsular_pattern_right": [0, 0.5],
            "severity_tight_piriformis": [0, 0.7],
        },
    },
    "step turn": {
        "task": "turn",
        "strategy": ["closure", "predicted"],
        "held": {"style": "step"},
        "vary": {"angle": ["-40 deg", "30 deg"], **limits("hip_internal_rotation_left", 20, 1)},
    },
    "spin turn": {
        "task": "turn",
        "strategy": ["predicted"],
        "held": {"hip_external_rotation": "5 deg", "stiffness_pelvis_path": "100 N/m"},
        "vary": limits("hip_internal_rotation", 30, -3),
    },
    "prone, a weak hip": {
        "task": "prone",
        "strategy": EVERY,
        "vary": {"side": ["left", "right"], "severity_weak_gluteals_right": [0, 1], **limits(LEFT, 9, -2)},
    },
    "prone rotation": {
        "task": "prone-rotation",
        "strategy": EVERY,
        "held": {"turn": "external"},
        "vary": limits("hip_external_rotation_right", 20, 5),
    },
    "bend, also further than it goes": {
        "task": "bend",
        "strategy": EVERY,
        "held": {"lumbar_flexion": "20 deg"},
        "zip": {"how": {"angle": ["40 deg", "100 deg"], **limits("hip_flexion", 60, 10)}},
    },
    "bend backward": {
        "task": "bend",
        "strategy": EVERY,
        "held": {"direction": "backward"},
        "zip": {
            "hips": {RIGHT: ["0 deg", "-6 deg"], LEFT: ["9 deg", "-6 deg"], "lumbar_extension": ["29 deg", "0 deg"]}
        },
    },
    "squat and fall short": {
        "task": "squat",
        "strategy": ["predicted", "least"],
        "zip": {"who": {"hip_flexion": ["95 deg", "40 deg"], "standing_tilt": ["4 deg", "16 deg"]}},
    },
    "sit on a low chair": {
        "task": "sit",
        "strategy": EVERY,
        "held": {"seat": "40 cm", "allow_trunk_lean": "8 deg"},
        "vary": limits("hip_flexion_left", 100, 60),
    },
    "pivot": {
        "task": "pivot",
        "strategy": EVERY,
        "zip": {"how": {"angle": ["-30 deg", "50 deg"], **limits("hip_internal_rotation_left", 35, 5)}},
    },
    "prone with a bent knee, beyond what can be solved": {
        "task": "prone",
        "strategy": ["closure", "predicted"],
        "held": {"knee_extension": "-60 deg"},
        "vary": limits("hip_extension", 5, -90),
    },
    "bend with bent knees, where all frames fall short": {
        "task": "bend",
        "strategy": EVERY,
        "held": {"knee_extension": "-60 deg", "lumbar_extension": "-60 deg"},
        "vary": limits("hip_flexion", 5),
    },
    "people of a cohort": {
        "task": "walk",
        "strategy": EVERY,
        "held": {"speed": "very_fast"},
        "cohort": {"preset": "hip_osteoarthritis", "count": 3, "seed": 5},
    },
    "a fused hip stands": {
        "task": "stand",
        "strategy": EVERY,
        "vary": {"severity_fused_hip_right": [0.2, 1]},
    },
}  # fmt: skip


def asked(study, place):
    """What `compensate` is asked for one case of a study."""
    given = dict(study.held)
    for axis, k in zip(study.axes, place, strict=True):
        given |= {name: values[k].item() for name, values in axis.columns.items()}
    options = {name: study.option(name) for name in given}
    task = {name: value for name, value in given.items() if options[name].about == TASK}
    body = {name: task.pop(name) for name in ("stature", "mass", "sex") if name in task}
    stiff = {name: task.pop(name) for name in list(task) if name.startswith("stiffness_")}
    mirror = task.pop("mirror", "no") == "yes"
    made = build_task(study.task, Recording(**body), mirror=mirror, **task)
    for name, value in stiff.items():
        made = with_stiffness(made, options[name], value)
    rom = {f"{name}_deg": value for name, value in given.items() if options[name].about == LIMIT}
    causes = []
    for name, value in given.items():
        if options[name].about == SEVERITY:
            cause = name.removeprefix("severity_")
            side = next((word for word in ("right", "left") if cause.endswith(f"_{word}")), "both")
            causes.append(f"{cause.removesuffix(f'_{side}')}:{side}:{value}")
    return made, {
        "rom": RangeOfMotion.normal().limited(**rom),
        "causes": causes,
        "zero": given.get("zero", "clinical"),
        "standing_tilt_deg": given.get("standing_tilt"),
        "allow": {options[name].row: value for name, value in given.items() if options[name].about == ALLOWANCE},
    }


def agree(case, alone, what):
    """One case by one strategy, as the study and as `compensate` have it."""
    strategy = str(case.strategy.values)
    one = alone.sel(strategy=strategy)
    for name, code in STATUS.items():
        assert int(case.frames.sel(status=name)) == int((one.status == code).sum()), f"{what}: frames {name}"
    there = one.status.values != STATUS["unsolved"]
    for coordinate, change in alone.changes()[strategy].items():
        here = case.sel(coordinate=coordinate)
        where = f"{what}: {coordinate}"
        for name, value in (("added", change.added_deg), ("peak", change.peak_deg), ("range", change.range_deg)):
            np.testing.assert_allclose(here[name], value, rtol=0, atol=2 * ATOL_DEG, err_msg=f"{where}: {name}")
        np.testing.assert_allclose(here.share_of_range, change.share_of_range, rtol=1e-6, atol=1e-6, err_msg=where)
        np.testing.assert_array_equal(here.at_percent, change.at_percent, err_msg=f"{where}: at_percent")
    if there.any():
        norm = np.linalg.norm(
            (one.restricted - one.free).sel(coordinate=[f"lumbar_{turn}" for turn in TURNS]).values[there], axis=1
        )
        np.testing.assert_allclose(case.lumbar, norm.max(), rtol=0, atol=2 * ATOL_DEG, err_msg=what)
        alike = alone.percent()[there][norm > norm.max() - 3 * ATOL_DEG]
        assert norm.max() < 3 * ATOL_DEG or np.abs(alike - float(case.lumbar_at_percent)).min() < 1e-9, what
        assert case.kkt < 1e-6, what
    else:
        assert np.isnan(case.lumbar) and np.isnan(case.added).all() and np.isnan(case.kkt), what
    for unit in ("mm", "deg"):
        short = one[f"short_{unit}"].max("frame")
        for goal in case.yielding.values:
            found = float(short.sel(yielding=goal)) if goal in short.yielding.values else 0.0
            np.testing.assert_allclose(
                case[f"short_{unit}"].sel(yielding=goal), found, rtol=1e-6, atol=1e-6, err_msg=f"{what}: {goal}"
            )


TURNS = ("extension", "bending", "rotation")


@pytest.mark.parametrize("name", STUDIES)
def test_a_case_of_a_study_is_what_compensate_says_of_that_body(name):
    given = STUDIES[name]
    study, found = make_study(given), sweep(given, workers=1)
    axes = [axis.name for axis in study.axes]
    statuses = found.frames.sum([*axes, "strategy"])
    for place in np.ndindex(study.shape):
        task, how = asked(study, place)
        alone = compensate(task, strategies=study.strategies, reliefs=False, **how)
        for strategy in study.strategies:
            case = found.isel(dict(zip(axes, place, strict=True))).sel(strategy=strategy)
            agree(case, alone, f"{name}, case {place} by {strategy}")
    if "short" in name or "further" in name:
        assert statuses.sel(status="shortfall") > 0
    if "beyond" in name:
        assert statuses.sel(status="unsolved") > 0


@pytest.mark.parametrize(
    "given",
    [
        {"task": "walk", "strategy": EVERY, "held": {"speed": "free"}, "vary": limits("hip_extension_left", 9, -3)},
        {"task": "prone", "held": {"knee_extension": "-60 deg"}, "vary": limits("hip_extension", 5, -90)},
        {"task": "turn", "strategy": "predicted", "vary": {"style": ["step", "spin"], **limits(RIGHT, 0)}},
    ],
    ids=lambda given: given["task"],
)
def test_motions_kept_by_a_study_are_those_of_compensate(given):
    given = {**given, "trajectories": True}
    study, found = make_study(given), sweep(given, workers=1)
    assert list(found.joint_angle.values) == list(ROTATIONS) and list(found.translation.values) == list(TRANSLATIONS)
    for place in np.ndindex(study.shape):
        task, how = asked(study, place)
        alone = compensate(task, strategies=study.strategies, reliefs=False, **how)
        case = found.isel(dict(zip([axis.name for axis in study.axes], place, strict=True)))
        n = alone.sizes["frame"]
        there = slice(n)

        def close(name, value, case=case, there=there, n=n):
            # single precision of up to 180 deg and 2 m
            np.testing.assert_allclose(case[name][..., there, :], value, rtol=1e-6, atol=2e-5, err_msg=name)
            assert np.isnan(case[name][..., n:, :]).all()

        lost = (alone.status == STATUS["unsolved"]).values
        close("restricted", np.where(lost[..., None], np.nan, alone.restricted))
        close("restricted_translation", np.where(lost[..., None], np.nan, alone.restricted_translation))
        close("free", alone.free[0])
        close("free_translation", alone.free_translation[0])
        np.testing.assert_allclose(case.percent[there], alone.percent(), rtol=1e-6)
        assert np.isnan(case.percent[n:]).all()


def test_other_blocks_give_the_same_cases_and_the_same_blocks_the_same_bits():
    given = {
        "task": "walk",
        "strategy": EVERY,
        "held": {"speed": "free", "severity_tight_hip_flexors_right": 0.5},
        "vary": {
            "hip_extension": {"from": "10 deg", "to": "-6 deg", "count": 5},
            **limits("hip_adduction_left", 20, 2),
        },
    }
    one = sweep({**given, "block": 10}, workers=1)
    again = sweep({**given, "block": 10}, workers=2)
    for name in one.data_vars:
        np.testing.assert_array_equal(one[name], again[name], err_msg=name)
    for block in (1, 2, 4):
        other = sweep({**given, "block": block}, workers=1)
        for name in one.data_vars:
            # both hips are restricted alike here, so rounding could choose between right and left if it were let
            atol = 1e-6 if name == "kkt" else 0 if name in ("frames", "at_percent") else 2 * ATOL_DEG
            np.testing.assert_allclose(other[name], one[name], rtol=0, atol=atol, err_msg=f"{name}, blocks of {block}")


def test_right_and_left_restricted_alike_are_told_alike_in_blocks_of_any_size():
    given = {
        "task": "walk",
        "held": {"speed": "free"},
        "vary": {"hip_extension": {"from": "10 deg", "to": "-10 deg", "count": 21}},
    }
    whole, alone = (sweep({**given, "block": block}, workers=1) for block in (21, 1))
    for name in ("added", "peak"):
        np.testing.assert_allclose(whole[name], alone[name], rtol=0, atol=2 * ATOL_DEG, err_msg=name)
    np.testing.assert_array_equal(whole.at_percent, alone.at_percent)
    np.testing.assert_array_equal(whole.lumbar_at_percent, alone.lumbar_at_percent)
