"""A sample that cannot be drawn, or is not all there, says what is allowed and what to do."""

import json

import numpy as np
import pytest
import xarray as xr

from kinematics import HipspineError
from simulate.sampling import METHODS, Design, Quantity, rows, sample
from simulate.sensitivity import curve_indices, indices, local_slopes

HIP = Quantity("hip_extension_right", -10.0, 20.0)
KNEE = Quantity("knee_flexion_right", 0.0, 1.0)


def study(count=8, method="saltelli", second_order=False):
    """A study of 8 base samples, two strategies and a grid axis."""
    design = Design(method, count, 1, [HIP, KNEE], second_order)
    x, y = design.draw().T
    each = (x + 3 * y)[:, None, None] * np.array([1.0, 2.0]) + np.array([0.0, 1.0])[:, None]
    whole = np.full((design.rows, 2, 2), 51)
    return xr.Dataset(
        {
            "lumbar": (("sample", "speed", "strategy"), each, {"units": "deg"}),
            "added": (("sample", "speed", "strategy", "coordinate"), each[..., None], {"units": "deg"}),
            "frames": (("sample", "speed", "strategy", "status"), np.stack([whole, 0 * whole], -1)),
            "restricted": (("sample", "speed", "strategy", "frame"), each[..., None]),
        },
        {
            "sample": np.arange(design.rows),
            HIP.name: ("sample", x),
            KNEE.name: ("sample", y),
            "speed": [1.0, 1.5],
            "strategy": ["closure", "predicted"],
            "coordinate": ["lumbar_extension"],
            "status": ["solved", "unsolved"],
        },
        {"samples": design.text},
    )


def lost(ds, *cases, strategy="predicted"):
    """The same study in which some cases could not be solved."""
    where = ds["sample"].isin(list(cases)) & (ds["strategy"] == strategy)
    return ds.assign({name: ds[name].where(~where) for name in ("lumbar", "added", "restricted")})


# --- quantities


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"low": 3.0}, "needs low and high"),
        ({}, "needs low and high"),
        ({"low": 3.0, "high": 3.0}, "low must be below high, they are 3 and 3; what does not vary"),
        ({"low": 3.0, "high": -3.0}, "low must be below high"),
        ({"low": float("nan"), "high": 1.0}, "low must be a finite number, is nan"),
        ({"low": 0.0, "high": float("inf")}, "high must be a finite number, is inf"),
        ({"low": "0", "high": 1.0}, "low must be a finite number, is '0'"),
        ({"low": True, "high": 3.0}, "low must be a finite number, is True"),
        ({"low": [0.0], "high": 3.0}, "low must be a finite number"),
        ({"mean": 1.0}, "one of mean and sd"),
        ({"sd": 1.0, "low": 0.0, "high": 1.0}, "one of mean and sd"),
        ({"mean": 1.0, "sd": 0.0}, "sd must be above 0, is 0"),
        ({"mean": 1.0, "sd": -2.0}, "sd must be above 0"),
        ({"mean": 5.0, "sd": 1.0, "low": 6.0, "high": 7.0}, "mean 5 must be between low and high, 6 and 7"),
        ({"mean": 5.0, "sd": 1.0, "low": 9.0}, "low must be below high"),
    ],
)
def test_a_quantity_that_cannot_vary_so_says_why(given, said):
    with pytest.raises(HipspineError, match=said) as refused:
        Quantity("hip_extension_right", **given)
    assert "hip_extension_right" in str(refused.value)


@pytest.mark.parametrize("name", ["", "  ", None, 3])
def test_a_quantity_without_a_name_is_refused(name):
    with pytest.raises(HipspineError, match="needs a name"):
        Quantity(name, 0.0, 1.0)


# --- designs


def test_an_unknown_method_lists_the_known_ones():
    with pytest.raises(HipspineError, match="Did you mean 'latin_hypercube'") as refused:
        sample([HIP], method="latin_hypercub", count=8, seed=1)
    assert all(method in str(refused.value) for method in METHODS)
    with pytest.raises(HipspineError, match="unknown sampling method"):
        rows("grid", 8, 1)


@pytest.mark.parametrize("method", ["sobol", "saltelli"])
@pytest.mark.parametrize(
    ("count", "below", "above"), [(3, 2, 4), (100, 64, 128), (1000, 512, 1024), (1025, 1024, 2048)]
)
def test_a_sequence_that_would_lose_its_balance_names_the_nearest_powers_of_two(method, count, below, above):
    with pytest.raises(HipspineError, match=f"must be a power of two, is {count}: nearest are {below} and {above}"):
        sample([HIP, KNEE], method=method, count=count, seed=1)
    assert len(sample([HIP, KNEE], method="random", count=count, seed=1)) == count


@pytest.mark.parametrize("count", [0, -8])
def test_a_sample_of_nobody_is_refused(count):
    for method in METHODS:
        with pytest.raises(HipspineError, match=f"count must be 1 or more, is {count}"):
            sample([HIP], method=method, count=count, seed=1)


@pytest.mark.parametrize("value", [8.0, "8", True, None])
def test_a_count_or_seed_that_is_no_whole_number_is_refused(value):
    with pytest.raises(HipspineError, match="count must be a whole number"):
        sample([HIP], method="random", count=value, seed=1)
    with pytest.raises(HipspineError, match="seed must be a whole number"):
        sample([HIP], method="random", count=8, seed=value)


def test_a_negative_seed_is_refused():
    with pytest.raises(HipspineError, match="seed must be 0 or more, is -1"):
        sample([HIP], method="sobol", count=8, seed=-1)


def test_a_sample_of_nothing_or_of_one_thing_twice_is_refused():
    with pytest.raises(HipspineError, match="at least one quantity"):
        sample([], method="random", count=8, seed=1)
    with pytest.raises(HipspineError, match="there twice: hip_extension_right"):
        sample([HIP, KNEE, HIP], method="random", count=8, seed=1)


def test_second_order_is_of_saltelli_alone_and_is_yes_or_no():
    with pytest.raises(HipspineError, match="of method 'saltelli' alone"):
        sample([HIP], method="sobol", count=8, seed=1, second_order=True)
    with pytest.raises(HipspineError, match="must be true or false, is 'false'"):
        sample([HIP], method="saltelli", count=8, seed=1, second_order="false")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: "{", "no JSON text"),
        (lambda told: "[1]", "must be an object"),
        (lambda told: json.dumps({k: v for k, v in told.items() if k != "seed"}), "lacks seed"),
        (lambda told: json.dumps({**told, "sead": 3}), "Did you mean 'seed'"),
        (lambda told: json.dumps({**told, "quantities": "hip"}), "must be a list"),
        (lambda told: json.dumps({**told, "quantities": [{"low": 0, "high": 1}]}), "lacks name"),
        (lambda told: json.dumps({**told, "quantities": [{"name": "a", "lo": 0}]}), "unknown entry"),
        (lambda told: json.dumps({**told, "quantities": [3]}), "must be an object"),
        (lambda told: json.dumps({**told, "method": "lhs"}), "unknown sampling method"),
        (lambda told: json.dumps({**told, "count": 7}), "power of two"),
    ],
)
def test_a_data_set_whose_sample_cannot_be_read_says_what_is_wrong_with_it(change, said):
    ds = study()
    ds.attrs["samples"] = change(json.loads(ds.attrs["samples"]))
    with pytest.raises(HipspineError, match=said):
        indices(ds)


# --- indices


def test_indices_need_a_sample_that_is_crossed():
    with pytest.raises(HipspineError, match="drawn by 'sobol'; indices need method 'saltelli'"):
        indices(study(method="sobol"))
    with pytest.raises(HipspineError, match="no attribute 'samples'"):
        indices(study().drop_attrs())
    with pytest.raises(HipspineError, match="2 base samples or more"):
        indices(study(count=1))
    with pytest.raises(HipspineError, match="no dim 'sample' in speed, strategy"):
        indices(study().isel(sample=0))


def test_a_design_with_a_case_left_out_or_there_twice_is_refused():
    ds = study()
    with pytest.raises(HipspineError, match="has 31 cases, the design 32"):
        indices(ds.isel(sample=slice(1, None)))
    with pytest.raises(HipspineError, match="missing or doubled"):
        indices(ds.isel(sample=[0, 0, *range(2, 32)]))


def test_cases_numbered_anew_in_another_order_are_noticed():
    ds = study()
    with pytest.raises(HipspineError, match="not crossed as 'saltelli' draws them"):
        indices(ds.isel(sample=np.roll(np.arange(32), 1)).assign_coords(sample=np.arange(32)))
    ds = study(second_order=True)
    with pytest.raises(HipspineError, match="not crossed"):
        indices(ds.isel(sample=np.roll(np.arange(48), 1)).assign_coords(sample=np.arange(48)))


def test_unsolved_cases_are_counted_and_not_dropped_in_silence():
    with pytest.raises(HipspineError) as refused:
        indices(lost(study(), 0, 1, 9))
    for word in ("lumbar, 1.0, predicted: 3 of 32 cases", "every case of the design", "drop blocks", "6 of 8 base"):
        assert word in str(refused.value), word


def test_dropped_blocks_are_counted_for_each_answer_on_its_own():
    whole, found = indices(study()), indices(lost(study(), 0, 1, 9), missing="drop blocks")
    assert found.attrs["base_samples_dropped"] == 2
    assert found.attrs["notices"].count("2 of 8 base samples dropped") == 2  # at two speeds
    assert (found.base_samples.sel(strategy="predicted") == 6).all()
    xr.testing.assert_equal(found.sel(strategy="closure"), whole.sel(strategy="closure"))
    assert (found.ST.sel(strategy="predicted") != whole.ST.sel(strategy="predicted")).all()


def test_what_is_left_of_a_design_is_what_a_smaller_one_would_be():
    ds = study()
    found = indices(lost(ds, 31), missing="drop blocks")
    design = json.loads(ds.attrs["samples"])
    from SALib.analyze import sobol

    problem = {"num_vars": 2, "names": ["a", "b"], "bounds": [[0.0, 1.0]] * 2}
    y = ds.lumbar.sel(speed=1.0, strategy="predicted").values[:28]
    expected = sobol.analyze(problem, y, calc_second_order=False, num_resamples=200, seed=design["seed"] + 1)
    for index in ("S1", "ST_conf"):
        one = found[index].sel(speed=1.0, strategy="predicted", output="lumbar")
        np.testing.assert_allclose(one, expected[index], atol=1e-12)  # rounding


def test_an_answer_that_was_never_solved_has_no_indices_beside_one_that_was():
    found = indices(lost(study(), *range(32)), missing="drop blocks")
    assert np.isnan(found.ST.sel(strategy="predicted")).all() and np.isfinite(found.ST.sel(strategy="closure")).all()
    assert "0 base samples left, no indices" in found.attrs["notices"]
    with pytest.raises(HipspineError, match="Too few for any indices"):
        indices(study().map(lambda one: one * np.nan), missing="drop blocks")


def test_an_infinite_share_is_no_value():
    ds = study()
    ds["lumbar"] = ds.lumbar.where(ds["sample"] != 5, np.inf)
    with pytest.raises(HipspineError, match="1 of 32 cases"):
        indices(ds)


def test_an_unfinished_study_is_told_from_one_with_unsolved_cases():
    ds = lost(study(), 3)
    ds["frames"] = ds.frames.where((ds["sample"] != 3) | (ds["strategy"] != "predicted"), 0)
    with pytest.raises(HipspineError, match="2 cases are not computed yet: finish the study first"):
        indices(ds)
    assert "2 cases are not computed yet" in indices(ds, missing="drop blocks").attrs["notices"]


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        (["lumber"], "Did you mean 'lumbar'"),
        (["added"], "ask for one: added:lumbar_extension"),
        (["added:lumbar_extention"], "Did you mean 'lumbar_extension'"),
        (["lumbar:lumbar_extension"], "has one value"),
        (["restricted"], "for curve_indices"),
        ([], "at least one name"),
        ("lumbar", "must be a list"),
    ],
)
def test_an_output_that_is_none_says_what_there_is(outputs, said):
    with pytest.raises(HipspineError, match=said):
        indices(study(), outputs)


def test_outputs_of_different_dims_are_asked_for_apart():
    ds = study()
    ds["kkt"] = ds.lumbar.isel(speed=0, drop=True)
    with pytest.raises(HipspineError, match="ask for them apart"):
        indices(ds, ["lumbar", "kkt"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"confidence": 1.0}, "between 0 and 1"),
        ({"confidence": float("nan")}, "between 0 and 1"),
        ({"resamples": 1}, "2 or more"),
        ({"seed": -1}, "0 or more"),
        ({"missing": "drop"}, "Known: drop blocks, raise"),
        ({"tolerance": -1.0}, "tolerance must be 0 or more"),
        ({"tolerance": float("nan")}, "tolerance must be 0 or more"),
    ],
)
def test_an_interval_that_cannot_be_is_refused(given, said):
    with pytest.raises(HipspineError, match=said):
        indices(study(), **given)


def test_few_rows_that_are_mostly_alike_warn_nobody():
    ds = study(count=2)
    ds["lumbar"] = ds.lumbar * 0.0
    ds["lumbar"][0] = 1.0  # one case in eight of one kind
    found = indices(ds, resamples=2)
    assert np.isfinite(found.S1).all()


# --- curves and slopes


def test_a_curve_loses_a_whole_block_for_one_frame():
    ds = study()
    values = np.stack([ds.lumbar.isel(speed=0, strategy=0).values] * 3, axis=1)
    values[4, 1] = np.nan
    curves = xr.DataArray(values, dims=("sample", "percent"), name="lumbar_extension", attrs=ds.attrs)
    with pytest.raises(HipspineError, match="lumbar_extension: 1 of 32 cases"):
        curve_indices(curves)
    found = curve_indices(curves, missing="drop blocks")
    assert int(found.base_samples) == 7 and np.isfinite(found.ST).all()
    xr.testing.assert_equal(found.ST.isel(percent=0), found.ST.isel(percent=1))


def test_curves_without_a_cycle_or_a_sample_are_refused():
    ds = study()
    with pytest.raises(HipspineError, match="no 'percent'"):
        curve_indices(ds.restricted, ds.attrs["samples"])
    with pytest.raises(HipspineError, match="no attribute 'samples'"):
        curve_indices(ds.restricted, along="frame")
    assert curve_indices(ds.restricted, ds.attrs["samples"], along="frame").ST.dims[-1] == "frame"


def test_a_slope_along_what_is_no_grid_axis_says_which_there_are():
    ds = study()
    with pytest.raises(HipspineError, match=r"no grid axis. It varies along 'sample', together with others. .*: speed"):
        local_slopes(ds, "hip_extension_right", "lumbar")
    with pytest.raises(HipspineError, match=r"'mass' is no grid axis\. Grid axes: speed"):
        local_slopes(ds, "mass", "lumbar")
    with pytest.raises(HipspineError, match="no numbers"):
        local_slopes(ds, "strategy", "lumbar")
    with pytest.raises(HipspineError, match="unknown output"):
        local_slopes(ds, "speed", "lumber")


@pytest.mark.parametrize("speeds", [[1.0, 1.0], [1.0]])
def test_a_slope_needs_two_different_values(speeds):
    ds = study().isel(speed=slice(len(speeds))).assign_coords(speed=speeds)
    with pytest.raises(HipspineError, match="two values or more that rise or fall"):
        local_slopes(ds, "speed", "lumbar")


def test_beside_a_case_that_is_missing_there_is_no_slope():
    ds = xr.Dataset({"lumbar": ("hip", [1.0, np.nan, 3.0, 4.0, 5.0])}, {"hip": np.arange(5.0)})
    np.testing.assert_array_equal(np.isnan(local_slopes(ds, "hip", "lumbar")), [True, True, True, False, False])
