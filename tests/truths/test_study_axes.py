"""What varies in a study becomes the right cases, in the right order, under the right names and units."""

import json

import numpy as np
import pytest

from simulate import people, sweep
from simulate.sampling import Quantity, sample
from simulate.studies.axes import GRID, ZIP, Axis, block_shape, blocks, cases
from simulate.studies.study import make_study, read_study

WALK = {"task": "walk", "held": {"speed": "free"}}


def axes_of(sizes, rng):
    """Axes of these lengths, some with several options side by side."""
    found = []
    for k, n in enumerate(sizes):
        columns = {f"a{k}": rng.permutation(n) + 100.0 * k}
        if rng.random() < 0.5:
            found.append(Axis(f"z{k}", ZIP, columns | {f"b{k}": rng.random(n)}))
        else:
            found.append(Axis(f"a{k}", GRID, columns))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_blocks_of_any_shape_hold_every_case_once(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 9, rng.integers(1, 6))
    axes, most = axes_of(sizes, rng), int(rng.choice([1, 2, 3, 7, 30, 400, 10**6]))
    shape = block_shape(axes, most)
    assert np.prod(shape) <= most and all(1 <= own <= n for own, n in zip(shape, sizes, strict=True))
    counted = np.zeros(sizes, int)
    for block in blocks(axes, shape):
        counted[block] += 1
        extent = [part.stop - part.start for part in block]
        for name, values in cases(axes, block):
            axis = next(k for k, one in enumerate(axes) if name in one.columns)
            along = [1] * len(sizes)
            along[axis] = -1
            expected = axes[axis].columns[name][block[axis]].reshape(along)
            np.testing.assert_array_equal(values.reshape(extent), np.broadcast_to(expected, extent))
    assert (counted == 1).all()


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (5, 2), (10, 10)])
def test_blocks_of_a_shape_of_ones_own_hold_every_case_once(shape):
    axes = axes_of((5, 7), np.random.default_rng(1))
    counted = np.zeros((5, 7), int)
    for block in blocks(axes, shape):
        counted[block] += 1
    assert (counted == 1).all()


def test_blocks_are_even_and_take_whole_later_axes_first():
    axes = axes_of((10, 4, 6), np.random.default_rng(2))
    assert block_shape(axes, 6) == (1, 1, 6)
    assert block_shape(axes, 13) == (1, 2, 6)
    assert block_shape(axes, 100) == (4, 4, 6)
    assert block_shape(axes, 5) == (1, 1, 3)


def test_what_varies_becomes_dimensions_in_the_order_of_the_file_with_units():
    found = sweep(
        {
            **WALK,
            "vary": {
                "hip_extension_right": {"from": "10 deg", "to": "0 deg", "step": "-5 deg"},
                "severity_tight_hip_flexors_left": [0, 0.5],
            },
            "zip": {
                "spine": {
                    "lumbar_extension": {"values": [29, 29], "unit": "deg"},
                    "lumbar_flexion": ["1 rad", "50 deg"],
                }
            },
            "samples": {"count": 2, "seed": 3, "vary": {"hip_extension_left": {"low": "-5 deg", "high": "9 deg"}}},
            "cohort": {"preset": "low_back_pain", "count": 2, "seed": 4, "columns": ["sex", "stature"]},
        },
        workers=1,
    )
    dims = ("hip_extension_right", "severity_tight_hip_flexors_left", "spine", "sample", "person", "strategy")
    assert found.lumbar.dims == dims and found.lumbar.shape == (3, 2, 2, 2, 2, 1)
    assert found.hip_extension_right.values.tolist() == [10.0, 5.0, 0.0]
    assert found.hip_extension_right.attrs["units"] == "deg" and found.hip_extension_right.attrs["long_name"]
    assert found.severity_tight_hip_flexors_left.attrs["units"] == "1"
    assert found.lumbar_flexion.dims == ("spine",) and found.spine.values.tolist() == [0, 1]
    np.testing.assert_allclose(found.lumbar_flexion, [np.rad2deg(1.0), 50.0], rtol=1e-14)
    drawn = sample((Quantity("hip_extension_left", -5.0, 9.0),), method="latin_hypercube", count=2, seed=3)
    np.testing.assert_array_equal(found.hip_extension_left, drawn[:, 0])
    who = people("low_back_pain", count=2, seed=4)
    assert found.sex.dims == ("person",) and found.sex.values.tolist() == who.sex.tolist()
    np.testing.assert_array_equal(found.stature, who.stature)
    assert found.stature.attrs["units"] == "m" and found.age.attrs["units"] == "year"
    assert found.group.values.tolist() == who.group.tolist()
    for name in found.variables:
        assert {"units", "long_name"} <= found[name].attrs.keys() or name in found.dims, name


def test_a_case_of_a_product_is_the_case_alone():
    axes = {"hip_extension_right": ["10 deg", "-2 deg"], "hip_extension_left": ["9 deg", "3 deg"]}
    found = sweep({**WALK, "vary": axes}, workers=1)
    for right in (0, 1):
        for left in (0, 1):
            alone = {name: [values[k]] for (name, values), k in zip(axes.items(), (right, left), strict=True)}
            one = sweep({**WALK, "vary": alone}, workers=1)
            np.testing.assert_allclose(found.added[right, left], one.added[0, 0], atol=1e-5)


def test_steps_are_the_decimals_they_are_written_in():
    given = {"from": "-0.3 deg", "to": "0.6 deg", "step": "0.1 deg"}
    study = make_study({**WALK, "vary": {"hip_extension": given}})
    assert study.axes[0].columns["hip_extension"].tolist() == [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    down = make_study({**WALK, "vary": {"hip_extension": {"from": "10 deg", "to": "-5 deg", "step": "-2.5 deg"}}})
    assert down.axes[0].columns["hip_extension"].tolist() == [10.0, 7.5, 5.0, 2.5, 0.0, -2.5, -5.0]
    one = make_study({**WALK, "vary": {"hip_extension": {"from": "3 deg", "to": "3 deg", "step": "1 deg"}}})
    assert one.axes[0].columns["hip_extension"].tolist() == [3.0]


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("hip_extension", "10 deg", 10.0),
        ("hip_extension", "10deg", 10.0),
        ("hip_extension", " -1e1  degrees ", -10.0),
        ("hip_extension", "0.5 rad", np.rad2deg(0.5)),
        ("hip_extension", "600 arcmin", 10.0),
        ("stature", "180 cm", 1.8),
        ("stature", "1.8 m", 1.8),
        ("mass", "70000 g", 70.0),
        ("stiffness_hip_rotation", "30 N m/rad", 30.0),
        ("stiffness_hip_rotation", "0.5 N m/deg", np.rad2deg(0.5)),
        ("stiffness_swing_foot", "3 N/cm", 300.0),
        ("allow_step_length", "4 cm", 0.04),
        ("severity_tight_adductors", 0.5, 0.5),
        ("severity_tight_adductors", "0.5", 0.5),
        ("severity_tight_adductors", np.float32(0.5), 0.5),
        ("severity_tight_adductors_left", "50 percent", 0.5),
        ("mirror", "yes", "yes"),
    ],
)
def test_a_value_is_read_in_any_unit_of_its_kind(option, value, expected):
    vary = {"knee_extension": ["0 deg"]}
    study = make_study({"task": "walk", "strategy": "least", "held": {option: value}, "vary": vary})
    assert study.held[option] == (expected if isinstance(expected, str) else pytest.approx(expected, rel=1e-12))


def test_a_unit_may_stand_beside_bare_numbers():
    given = {"hip_extension": {"values": [0.1, 0.2], "unit": "rad"}}
    study = make_study({**WALK, "vary": given})
    np.testing.assert_allclose(study.axes[0].columns["hip_extension"], np.rad2deg([0.1, 0.2]))
    drawn = {"mean": 2, "sd": 1, "low": -1, "high": 5, "unit": "deg"}
    study = make_study({**WALK, "samples": {"count": 8, "vary": {"hip_extension": drawn}}})
    assert (np.abs(study.axes[0].columns["hip_extension"] - 2) <= 3).all()


def test_a_value_may_stand_twice_side_by_side_and_strategies_may_stand_among_what_varies():
    study = make_study(
        {**WALK, "vary": {"strategy": ["least", "closure"]}, "zip": {"who": {"hip_extension": ["1 deg"] * 2}}}
    )
    assert study.strategies == ("least", "closure") and study.shape == (2,)
    assert make_study({**WALK, "vary": {"strategy": {"values": ["least"]}, "knee_extension": ["0 deg"]}}).shape == (1,)


@pytest.mark.parametrize(
    "drawn",
    [
        {"samples": {"count": 4, "vary": {"hip_extension": {"low": "0 deg", "high": "9 deg"}}}},
        {"cohort": {"preset": "older_women", "count": 4}},
    ],
    ids=["samples", "cohort"],
)
def test_a_seed_that_is_not_given_is_0_and_is_told(drawn):
    study = make_study({**WALK, **drawn})
    (kind, table), (axis,) = next(iter(drawn.items())), study.axes
    same = make_study({**WALK, kind: {**table, "seed": 0}})
    other = make_study({**WALK, kind: {**table, "seed": 1}})
    assert axis.origin["seed"] == 0 and study.statement == same.statement != other.statement
    found = sweep(study, workers=1)
    assert json.loads(found.attrs["samples" if kind == "samples" else "person"])["seed"] == 0


def test_people_are_held_at_what_somebody_else_gives():
    given = {"preset": "healthy_adults", "count": 2, "columns": ["hip_extension_right"]}
    study = make_study({"task": "walk", "held": {"speed": "free", "sex": "male"}, "cohort": given})
    assert "sex" not in study.axes[0].labels and "stature" in study.axes[0].labels


def test_people_of_a_file_beside_the_study_are_a_dimension(tmp_path):
    (tmp_path / "who.csv").write_text(
        "name,sex,stature,hip_extension_right\nAda,female,1.64,4\nBen,male,1.85,-3\n", encoding="utf-8"
    )
    (tmp_path / "study.toml").write_text(
        'task = "walk"\n[held]\nspeed = "slow"\n[cohort]\nfile = "who.csv"\n', encoding="utf-8"
    )
    study = read_study(tmp_path / "study.toml")
    assert study.axes[0].columns["sex"].tolist() == ["female", "male"]
    assert study.axes[0].labels["name"].tolist() == ["Ada", "Ben"]
    assert str(tmp_path) not in json.dumps(study.statement)
