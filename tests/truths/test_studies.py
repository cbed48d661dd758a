"""What must be true of any parameter study, whatever it varies."""

import numpy as np
import pytest

from kinematics.conventions import ROTATIONS
from kinematics.rom import DIRECTIONS, RangeOfMotion
from simulate import sweep
from simulate.restrictions import CAUSES, restrict
from simulate.studies.bodies import alike
from simulate.studies.options import SEVERITY, options
from simulate.studies.reach import ends_of, reach_of
from simulate.tasks.catalogue import MOVEMENTS

WALK = {"task": "walk", "held": {"speed": "free"}, "strategy": ["closure", "predicted", "least"]}
#: Signs of what a mirror makes of pelvis and spine: sagittal angles stay.
MIRRORED = {name: 1.0 if name.endswith(("tilt", "extension")) else -1.0 for name in ROTATIONS}


def degrees(name, *values):
    return {name: {"values": list(values), "unit": "deg"}}


def test_a_limit_on_the_right_is_the_mirror_of_one_on_the_left():
    right = sweep({**WALK, "vary": degrees("hip_extension_right", 5, 0, -5)}, workers=1)
    left = sweep({**WALK, "vary": degrees("hip_extension_left", 5, 0, -5)}, workers=1)
    # a search may end elsewhere in the room that is left to least lumbar motion: 0.01 deg
    for strategy, atol in (("closure", 1e-5), ("predicted", 1e-5), ("least", 0.05)):
        one, other = right.sel(strategy=strategy), left.sel(strategy=strategy)
        np.testing.assert_allclose(one.lumbar, other.lumbar, atol=atol)
        if strategy != "least":
            sign = np.array([MIRRORED[name] for name in one.coordinate.values])
            np.testing.assert_allclose(one.added, other.added * sign, atol=atol)
            np.testing.assert_allclose(one.range, other.range, atol=atol)
            np.testing.assert_array_equal(one.frames, other.frames)
            # both cycles count from the limited side's own contact
            np.testing.assert_array_equal(one.lumbar_at_percent, other.lumbar_at_percent)


def test_a_grid_of_both_hips_is_symmetric_about_its_diagonal():
    values = [9, 4, -1]
    both = sweep(
        {
            **WALK,
            "strategy": "predicted",
            "vary": degrees("hip_extension_right", *values) | degrees("hip_extension_left", *values),
        },
        workers=1,
    )
    lumbar = both.lumbar.values[..., 0]
    np.testing.assert_allclose(lumbar, lumbar.T, atol=1e-5)
    assert (np.diff(lumbar, axis=0) > -1e-6).all()


def test_less_range_never_needs_less_lumbar_motion_where_nothing_else_gives():
    given = {"from": "12 deg", "to": "-12 deg", "count": 25}
    for hips in ("hip_extension", "hip_extension_right", "hip_internal_rotation_left"):
        found = sweep({**WALK, "strategy": "closure", "vary": {hips: given}}, workers=1)
        assert (np.diff(found.lumbar[:, 0]) > -1e-6).all(), hips


def test_a_limit_that_the_motion_never_reaches_changes_nothing():
    found = sweep({**WALK, "vary": degrees("hip_extension", 60, 40) | degrees("hip_flexion_left", 120, 90)}, workers=1)
    assert float(np.abs(found.added).max()) < 1e-5
    assert float(found.lumbar.max()) < 1e-5
    assert (found.frames.sel(status="solved") == 51).all()


@pytest.mark.parametrize("cause", [name for name in CAUSES if name != "weak_gluteals"])
def test_no_severity_is_no_cause(cause):
    none = sweep({**WALK, "strategy": "predicted", "vary": degrees("hip_extension", 5)}, workers=1)
    some = sweep(
        {**WALK, "strategy": "predicted", "vary": degrees("hip_extension", 5) | {f"severity_{cause}": [0, 1]}},
        workers=1,
    )
    for name in ("added", "peak", "share_of_range", "lumbar", "frames", "at_percent"):
        np.testing.assert_array_equal(some[name][:, 0], none[name], err_msg=name)
    assert not np.array_equal(some.peak[:, 1], none.peak)


def test_a_limit_of_the_spine_itself_is_used_up_at_most():
    found = sweep(
        {
            **WALK,
            "strategy": "predicted",
            "held": {"speed": "free", "hip_extension": "-5 deg"},
            "vary": degrees("lumbar_extension", 29, 3),
        },
        workers=1,
    )
    share = found.share_of_range.sel(coordinate="lumbar_extension", strategy="predicted")
    assert share[0] < share[1] <= 1 + 1e-9
    assert np.isnan(found.share_of_range.sel(coordinate="pelvis_tilt")).all()


def test_whose_cycle_counts_changes_with_the_case_and_not_with_the_block():
    """A cause of no severity restricts no side."""
    given = {"severity_hip_osteoarthritis_right": [0, 1], "severity_hip_osteoarthritis_left": [0, 1]}
    found = sweep({**WALK, "strategy": "predicted", "vary": given}, workers=1)
    at = found.lumbar_at_percent[..., 0].values
    assert np.isnan(at[0, 0]) and at[1, 0] == at[0, 1]


def test_every_limit_and_severity_leaves_what_compensate_says():
    rng, known = np.random.default_rng(0), options("prone")
    causes = [option for option in known.values() if option.about == SEVERITY]
    for _ in range(60):
        some = [causes[k] for k in rng.choice(len(causes), 3, replace=False)]
        limits = [str(name) for name in rng.choice(list(DIRECTIONS), 4, replace=False)]
        # a wider word is overruled by a narrower one, in whichever order they are given
        limits = [one for one in limits if not any(one != other and one.startswith(other) for other in limits)]
        given = {option.name: float(rng.choice([0, 0.3, 1])) for option in some}
        given |= {name: float(rng.uniform(20, 60)) for name in limits}
        active = bool(rng.random() < 0.5)
        own = reach_of({name: known[name] for name in given}, given.__getitem__, 1, active=active)
        from simulate.restrictions import Cause
        from simulate.tissue import passive

        rom = RangeOfMotion.normal().limited(**{f"{name}_deg": given[name] for name in limits})
        named = [Cause(option.row, option.sides, given[option.name]) for option in some]
        if own.crossing.size:
            continue
        expected = restrict(rom, named, active=active, offsets=np.zeros(24), tissue=passive(np.zeros(24))).rom
        for (coordinate, sign), left in expected.reach_deg.items():
            name = next(n for n, d in DIRECTIONS.items() if d.coordinates == (coordinate,) and d.sign == sign)
            ((i, end),) = ends_of(name)
            assert own.own[0, i, end] == pytest.approx(left, abs=1e-9), (given, name)
            assert own.imposed[0, i, end] == ((coordinate, sign) in expected.limited_bounds), (given, name)


@pytest.mark.parametrize("seed", range(5))
def test_cases_that_are_alike_are_found_in_the_order_in_which_they_come(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    columns = {
        "a": rng.integers(0, 4, n).astype(float),
        "b": rng.choice(["x", "y"], n),
        "c": rng.integers(0, 2, n) * 1.0,
    }
    expected = {}
    for k, key in enumerate(zip(*(values.tolist() for values in columns.values()), strict=True)):
        expected.setdefault(key, []).append(k)
    found = {tuple(values.values()): places.tolist() for values, places in alike(columns)}
    assert list(found.items()) == list(expected.items())


def test_every_task_can_be_studied_and_every_option_has_words_and_a_unit():
    for task in MOVEMENTS:
        for name, option in options(task).items():
            assert option.name == name and option.words
            assert bool(option.choices) != bool(option.unit), name
    for task in ("pivot", "bend", "squat", "sit", "swing", "stand", "prone", "prone-rotation"):
        found = sweep({"task": task, "vary": degrees("hip_flexion_right", 100, 90)}, workers=1)
        assert (found.frames.sum("status") == found.frames[0].sum()).all()
