"""What a spine's need depends on: known functions have their known shares, and a slope is what relief says."""

from math import pi

import numpy as np
import pytest
import xarray as xr

from kinematics.rom import RangeOfMotion
from kinematics.zero import standing_tilt, zero_offsets
from simulate import compensate
from simulate.compensation import bounds_of
from simulate.many import solve_many
from simulate.relief import GIVEN_BACK_DEG, lumbar_norm
from simulate.sampling import Design, Quantity
from simulate.sensitivity import curve_indices, indices, local_slopes
from simulate.tasks.norm_walk import norm_walking

NORMAL = RangeOfMotion.normal()
LUMBAR_AXES = ["lumbar_extension", "lumbar_bending", "lumbar_rotation"]
#: The same posture from two starts. [rad]
SAME = 1e-9


def study(design, *columns, names=("lumbar",), **more):
    """A data set as a study leaves it: variables over `sample`, options along it."""
    x = design.draw()
    options = {name: ("sample", x[:, j], {"units": "deg"}) for j, name in enumerate(design.names)}
    variables = {
        name: ("sample", np.asarray(f(*x.T)), {"units": "deg", "long_name": name})
        for name, f in zip(names, columns, strict=True)
    }
    coords = {"sample": np.arange(design.rows), **options, **more}
    return xr.Dataset(variables, coords, {"samples": design.text})


def uniform(k, count=1024, *, low=0.0, high=1.0, second_order=False, seed=1):
    return Design("saltelli", count, seed, [Quantity(f"x{i + 1}", low, high) for i in range(k)], second_order)


def within(found, index, known):
    """Known indices lie within the intervals that are stated."""
    off = np.abs(found[index].squeeze().values - np.asarray(known))
    assert (off <= found[f"{index}_conf"].squeeze().values).all(), (index, off)


# --- functions whose indices are known


def test_of_a_sum_each_part_has_the_share_of_its_own_variance():
    weights = np.array([1.0, 2.0, -3.0, 0.5])
    kinds = [Quantity("a", 0.0, 1.0), Quantity("b", -1.0, 1.0), Quantity("c", mean=0.0, sd=0.4, low=-0.8, high=0.8)]
    design = Design("saltelli", 1024, 2, [*kinds, Quantity("d", mean=5.0, sd=1.0)])
    from scipy.stats import truncnorm

    variance = weights**2 * [1 / 12, 4 / 12, 0.4**2 * truncnorm.var(-2.0, 2.0), truncnorm.var(-3.0, 3.0)]
    found = indices(study(design, lambda *x: np.tensordot(weights, x, axes=1)))
    within(found, "S1", variance / variance.sum())
    within(found, "ST", variance / variance.sum())
    assert float(found.S1_conf.max()) < 0.1  # the intervals say something


def test_ishigamis_function_has_its_known_indices():
    a, b = 7.0, 0.1
    whole = a**2 / 8 + b * pi**4 / 5 + b**2 * pi**8 / 18 + 0.5  # Ishigami & Homma 1990
    alone = [0.5 * (1 + b * pi**4 / 5) ** 2, a**2 / 8, 0.0]
    together = b**2 * pi**8 * (1 / 18 - 1 / 50)
    design = uniform(3, low=-pi, high=pi, second_order=True)
    found = indices(study(design, lambda x, y, z: np.sin(x) + a * np.sin(y) ** 2 + b * z**4 * np.sin(x)))
    within(found, "S1", np.array(alone) / whole)
    within(found, "ST", np.add(alone, [together, 0.0, together]) / whole)
    pairs = found.S2.isel(output=0)
    off = np.abs(pairs.values - np.array([[0, 0, together], [0, 0, 0], [together, 0, 0]]) / whole)
    there = ~np.eye(3, dtype=bool)
    assert (off <= found.S2_conf.isel(output=0).values)[there].all()
    assert np.isnan(pairs.values[~there]).all()
    np.testing.assert_array_equal(pairs.values, pairs.values.T)


def test_a_product_is_all_interplay_about_its_middle():
    found = indices(study(uniform(2, low=-1.0, second_order=True), lambda x, y: x * y))
    within(found, "S1", [0.0, 0.0])
    within(found, "ST", [1.0, 1.0])
    assert float(found.S2.sel(input="x1", second_input="x2")[0]) == pytest.approx(1.0, abs=0.1)


def test_what_treats_its_inputs_alike_depends_on_them_alike():
    found = indices(study(uniform(4), lambda *x: np.exp(np.sum(x, axis=0))))
    for index in ("S1", "ST"):
        apart = found[index] - found[index].mean("input")
        assert (abs(apart) <= found[f"{index}_conf"]).all()


def test_an_input_that_does_nothing_has_no_share():
    found = indices(study(uniform(3), lambda x, y, z: 3.0 * x + y**2))
    assert float(found.ST.sel(input="x3")[0]) == 0.0
    assert float(found.S1.sel(input="x3")[0]) == 0.0
    assert float(found.ST.sel(input="x1")[0]) > 0.8


def test_units_and_zeros_of_an_output_change_no_share():
    design = uniform(2, 256)
    found = indices(
        study(design, lambda x, y: x + y**3, lambda x, y: 1e3 * (x + y**3) - 7.0, names=("one", "two")), ["one", "two"]
    )
    np.testing.assert_allclose(found.S1.sel(output="one"), found.S1.sel(output="two"), atol=1e-9)  # rounding
    np.testing.assert_allclose(found.ST_conf.sel(output="one"), found.ST_conf.sel(output="two"), atol=1e-9)


# --- their form


def several(count=64, second_order=False):
    """A study of two strategies with coordinates; `closure` needs twice as much."""
    design = uniform(2, count, second_order=second_order)
    x, y = design.draw().T
    added = np.stack([x + 2 * y, x * y, 0 * x], axis=-1)
    ds = study(design, lambda x, y: x + 2 * y)
    both = np.stack([2 * added, added], axis=1)
    ds["added"] = (("sample", "strategy", "coordinate"), both, {"units": "deg", "long_name": "added motion"})
    ds["lumbar"] = (("sample", "strategy"), both[..., 0], {"units": "deg", "long_name": "lumbar"})
    return ds.assign_coords(
        strategy=["closure", "predicted"], coordinate=["lumbar_extension", "pelvis_tilt", "lumbar_rotation"]
    )


def test_indices_are_labelled_and_tell_how_they_were_estimated():
    ds = several(second_order=True).assign_attrs(title="two stiff hips")
    found = indices(ds, ["lumbar", "added:pelvis_tilt"], confidence=0.9)
    assert set(found.data_vars) == {"S1", "S1_conf", "ST", "ST_conf", "S2", "S2_conf", "base_samples"}
    assert found.S1.dims == ("input", "output", "strategy")
    assert found.S2.dims == ("input", "second_input", "output", "strategy")
    assert list(found.input.values) == list(found.second_input.values) == ["x1", "x2"]
    assert list(found.output.values) == ["lumbar", "added:pelvis_tilt"]
    assert list(found.strategy.values) == ["closure", "predicted"]
    for variable in found.data_vars.values():
        assert variable.attrs["units"] == "1" and variable.attrs["long_name"]
    assert "90 %" in found.ST_conf.attrs["long_name"] and found.attrs["title"] == "two stiff hips"
    assert (found.base_samples == 64).all() and found.attrs["base_samples_dropped"] == 0
    assert Design.parse(found.attrs["samples"]) == Design.parse(ds.attrs["samples"])
    assert (found.attrs["confidence"], found.attrs["seed"], found.attrs["notices"]) == (0.9, 1, "[]")


def test_one_output_has_the_same_indices_in_any_company():
    ds = several()
    alone = indices(ds, ["added:pelvis_tilt"])
    among = indices(ds, ["lumbar", "added:pelvis_tilt"]).sel(output=["added:pelvis_tilt"])
    xr.testing.assert_equal(alone, among)


def test_the_same_seed_gives_the_same_intervals_and_nobody_elses_numbers_are_used():
    ds = several()
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = (indices(ds, seed=seed) for seed in (0, 0, 5))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    xr.testing.assert_identical(first, again)
    xr.testing.assert_equal(first.S1, other.S1)
    assert (first.S1_conf != other.S1_conf).all()


def test_cases_may_come_in_any_order_as_long_as_they_are_numbered(capfd):
    ds = several()
    shuffled = ds.isel(sample=np.random.default_rng(0).permutation(ds.sizes["sample"]))
    xr.testing.assert_identical(indices(ds), indices(shuffled))
    assert capfd.readouterr() == ("", "")


def test_a_higher_confidence_has_wider_intervals():
    narrow, wide = (indices(several(), confidence=confidence) for confidence in (0.5, 0.99))
    assert (wide.S1_conf > narrow.S1_conf).all()
    xr.testing.assert_equal(wide.ST, narrow.ST)


def test_what_does_not_vary_has_no_indices_and_says_so():
    ds = several()
    ds["added"] = ds.added + 1e-8 * np.random.default_rng(1).standard_normal(ds.added.shape)  # where a solver stops
    found = indices(ds, ["lumbar", "added:lumbar_rotation"])
    assert np.isnan(found.ST.sel(output="added:lumbar_rotation")).all()
    assert np.isfinite(found.ST.sel(output="lumbar")).all()
    assert "added:lumbar_rotation, closure: does not vary" in found.attrs["notices"]


# --- curves


def curves():
    """Over the cycle: x1 alone at first, x2 alone at the end, nothing in the middle, no value at 50 %."""
    design = uniform(2, 64)
    x, y = design.draw().T
    percent = np.array([0.0, 25.0, 50.0, 75.0, 100.0])
    values = np.stack([x, x, np.full_like(x, np.nan), 0 * x + 3.0, y], axis=1)
    made = xr.DataArray(values, dims=("sample", "percent"), coords={"percent": percent}, name="lumbar_extension")
    return made.assign_attrs(samples=design.text, units="deg")


def test_at_each_point_of_the_cycle_the_spine_depends_on_what_moves_it_there():
    found = curve_indices(curves())
    assert found.ST.dims == ("input", "percent")
    first, last = found.ST.sel(percent=0.0), found.ST.sel(percent=100.0)
    np.testing.assert_allclose(first, [1.0, 0.0], atol=0.05)  # 64 base samples
    np.testing.assert_allclose(last, [0.0, 1.0], atol=0.05)
    assert np.isnan(found.ST.sel(percent=[50.0, 75.0])).all()
    assert "does not vary at 1 of 5 points" in found.attrs["notices"]
    assert "no value at 1 of 5 points" in found.attrs["notices"]


def test_a_point_of_a_curve_has_the_indices_that_it_has_alone():
    made = curves()
    both = xr.concat([made, 2.0 * made], dim=xr.Variable("strategy", ["closure", "predicted"])).assign_attrs(made.attrs)
    found = curve_indices(both)
    assert found.ST.dims == ("input", "strategy", "percent") and found.base_samples.dims == ("strategy",)
    alone = indices(xr.Dataset({"lumbar": made.isel(percent=4, drop=True)}, attrs=made.attrs))
    for strategy in ("closure", "predicted"):
        there = found.ST.sel(strategy=strategy, percent=100.0)
        np.testing.assert_allclose(there, alone.ST.isel(output=0), atol=1e-9)  # rounding


# --- slopes along a grid


def test_the_slope_along_an_axis_is_the_derivative_of_a_parabola_even_where_steps_are_uneven():
    at = np.array([-10.0, -7.0, -5.0, 0.0, 1.0])
    ds = xr.Dataset(
        {"lumbar": (("hip", "strategy"), (at**2)[:, None] * [1.0, 3.0], {"units": "deg", "long_name": "lumbar"})},
        {"hip": ("hip", at, {"units": "deg"}), "strategy": ["closure", "predicted"]},
    )
    found = local_slopes(ds, "hip", "lumbar")
    np.testing.assert_allclose(found[1:-1], (2 * at[1:-1])[:, None] * [1.0, 3.0], atol=1e-12)  # rounding
    np.testing.assert_allclose(found[[0, -1]], [[-17.0, -51.0], [1.0, 3.0]], atol=1e-12)
    assert found.attrs["units"] == "deg / deg" and "hip" in found.attrs["long_name"]
    assert found.dims == ("hip", "strategy") and found.name == "lumbar per hip"
    backwards = local_slopes(ds.isel(hip=slice(None, None, -1)), "hip", "lumbar")
    np.testing.assert_allclose(backwards[::-1], found, atol=1e-12)


# --- a body: agreement with relief and its derivatives


@pytest.fixture(scope="module")
def walk():
    return norm_walking("free")


@pytest.fixture(scope="module")
def lumbar(walk):
    """The largest lumbar need [rad] of many right and left hips that stop at so many degrees of extension."""
    offsets = zero_offsets("clinical", walk.standing, standing_tilt_deg=standing_tilt(walk.standing.tilt_deg)[0])
    free = solve_many(walk, *bounds_of(walk, NORMAL, offsets)[0], motions=True).q[0]

    def need(limits):
        ends = [
            bounds_of(walk, NORMAL.limited(**{f"{n}_deg": v for n, v in one.items()}), offsets)[1] for one in limits
        ]
        found = solve_many(walk, *(np.array(end) for end in zip(*ends, strict=True)), motions=True)
        assert (found.solved == len(walk.q)).all()
        return np.array([lumbar_norm(q - free).max() for q in found.q])

    return need


def stops(lumbar, degrees):
    return lumbar([{"hip_extension_right": value} for value in degrees])


@pytest.mark.parametrize(("stop", "printed"), [(2.0, (0.393, 3.9, 1.50)), (-6.0, (0.375, 12.6, 1.90))])
def test_relief_is_the_difference_of_the_same_walk_solved_twice(walk, lumbar, stop, printed):
    # at 2 deg the limit given back binds no more: the walk uses 6; at -6 it still does
    result = compensate(walk, rom=NORMAL.limited(hip_extension_right_deg=stop))
    assert float(result.relief_given_back[0]) == pytest.approx(GIVEN_BACK_DEG)
    saved = np.deg2rad(result.relief.sel(limit="hip_extension_right", summary="lumbar"))
    before, after = stops(lumbar, [stop, stop + GIVEN_BACK_DEG])
    assert float(saved.sel(strategy="predicted")) == pytest.approx(before - after, abs=SAME)
    eased = compensate(walk, rom=NORMAL.limited(hip_extension_right_deg=stop + GIVEN_BACK_DEG), reliefs=False)
    needs = [
        np.deg2rad(np.linalg.norm((one.restricted - one.free).sel(coordinate=LUMBAR_AXES), axis=-1)).max(axis=-1)
        for one in (result, eased)
    ]
    np.testing.assert_allclose(saved, needs[0] - needs[1], atol=SAME)  # closure and least too
    row = result.answer()["answers"]["predicted"]["relief"][0]
    found = row["marginal_lumbar"], row["marginal_reach_deg"], row["saved_deg"]["lumbar"]
    for value, digits, half in zip(found, printed, (5e-4, 0.05, 5e-3), strict=True):
        assert value == pytest.approx(digits, abs=half)  # printed in docs/sensitivity.md


def test_the_slope_at_a_limit_is_its_derivative_and_relief_is_minus_the_mean_slope(walk, lumbar):
    result = compensate(walk, rom=NORMAL.limited(hip_extension_right_deg=-6), strategies=["predicted"])
    row = result.answer()["answers"]["predicted"]["relief"][0]
    assert row["marginal_reach_deg"] > 0.1
    fine = np.array([-6.1, -6.0, -5.9])
    ds = xr.Dataset({"lumbar": ("hip", np.rad2deg(stops(lumbar, fine)))}, {"hip": fine})
    # second order of a step of 0.1 deg; measured 8e-8
    assert float(local_slopes(ds, "hip", "lumbar")[1]) == pytest.approx(-row["marginal_lumbar"], abs=1e-6)
    long = -6.0 + np.linspace(0.0, GIVEN_BACK_DEG, 101)
    ds = xr.Dataset({"lumbar": ("hip", np.rad2deg(stops(lumbar, long)))}, {"hip": long})
    slopes = local_slopes(ds, "hip", "lumbar")
    mean = float(slopes.integrate("hip")) / GIVEN_BACK_DEG
    assert row["saved_deg"]["lumbar"] == pytest.approx(-GIVEN_BACK_DEG * mean, abs=1e-6)  # trapezes of 0.05 deg


def test_the_derivative_of_the_posture_is_the_small_difference_where_the_same_limits_bind(walk):
    step = 1e-3
    low, there, high = (
        compensate(walk, rom=NORMAL.limited(hip_extension_right_deg=-6 + by), strategies=["predicted"], reliefs=by == 0)
        for by in (-step, 0.0, step)
    )
    same = (there.marginal_limit_reach.isel(strategy=0, limit=0) > 2 * step).values
    assert same.sum() > 40
    one = {"strategy": "predicted", "coordinate": LUMBAR_AXES}
    quotient = ((high.restricted - low.restricted) / (2 * step)).sel(one).values
    found = there.marginal_limit.isel(limit=0).sel(one).values
    np.testing.assert_allclose(found[same], quotient[same], atol=1e-8)  # rounding over 2e-3 deg; measured 7e-11
    assert np.abs(found).max() > 0.3


def test_both_hips_of_a_symmetric_walk_have_the_same_share_and_a_limit_out_of_reach_none(lumbar):
    design = Design(
        "saltelli",
        512,
        3,
        [
            Quantity("hip_extension_right", -10.0, 5.0),
            Quantity("hip_extension_left", -10.0, 5.0),
            Quantity("hip_flexion_right", 100.0, 120.0),  # walking uses 40 deg at most
        ],
    )
    x = design.draw()
    needs = lumbar([dict(zip(design.names, row, strict=True)) for row in x.tolist()])
    swapped = lumbar([dict(zip(design.names, row, strict=True)) for row in x[:, [1, 0, 2]].tolist()])
    np.testing.assert_allclose(needs, swapped, atol=SAME)
    found = indices(study(design, lambda *_: np.rad2deg(needs)))
    right, left, unused = (found.sel(input=name, output="lumbar") for name in design.names)
    for index in ("S1", "ST"):
        assert abs(float(right[index] - left[index])) <= float(right[f"{index}_conf"] + left[f"{index}_conf"])
    assert float(unused.ST) == pytest.approx(0.0, abs=1e-12)
    # the larger of two needs counts: the hips act together too; digits printed in docs/sensitivity.md
    for hip in (right, left):
        assert float(hip.S1) == pytest.approx(0.40, abs=0.01) and float(hip.ST) == pytest.approx(0.60, abs=0.01)
