"""The pictures of a study say what its data set says, in clinical words, and nothing in them runs into anything."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.patches import PathPatch

from kinematics.conventions import ROTATIONS
from kinematics.errors import HipspineError
from simulate.figures import (
    cycle_figure,
    indices_figure,
    indices_over_cycle_figure,
    limits_map,
    people_figure,
    people_scatter,
    study_figures,
)
from simulate.figures.study_words import NOT_COMPUTED, NOT_SOLVED, SHORT, STATES, outcome, states
from tests.truths.study_datasets import (
    COORDINATES,
    cohort,
    data_set,
    gaits,
    indices,
    indices_over_cycle,
    said,
    svg,
    texts,
    two_limits,
    unfinished,
)

RIGHT, LEFT = "hip_extension_right", "hip_extension_left"


def zipped(n=6):
    """Both hips lose together: one axis, two options along it."""
    right = np.linspace(-5.0, 12.0, n)
    coords = {"hips": np.arange(n), RIGHT: ("hips", right), LEFT: ("hips", right[::-1] + 3.0)}
    speeds = [0.8, 1.2, 1.6]
    coords["speed"] = ("speed", speeds, {"units": "m/s", "long_name": "walking speed"})
    a, b = np.broadcast_arrays(right[:, None], np.zeros(3))
    return data_set(a, b, ["hips", "speed"], coords)


def worded(n=5):
    """A limit on either side, and an axis of words."""
    right = np.linspace(12.0, -6.0, n)
    coords = {RIGHT: right, "style": ("style", ["bend", "squat", "lunge"], {"long_name": "style", "units": "1"})}
    a, b = np.broadcast_arrays(right[:, None], np.array([0.0, 3.0, 6.0]))
    return data_set(a, b, [RIGHT, "style"], coords)


# --- maps


@pytest.mark.parametrize(
    ("ds", "asked"),
    [
        (two_limits(7, 9), {"x": RIGHT, "y": LEFT}),
        (two_limits(7, 9), {"x": LEFT, "y": RIGHT, "strategy": "least", "coordinates": COORDINATES}),
        (two_limits(2, 2), {"x": RIGHT, "y": LEFT}),
        (two_limits(12, 12, speeds=[1.2]), {"x": RIGHT, "y": LEFT}),
        (two_limits(5, 4, speeds=[0.8, 1.2, 1.6]), {"x": RIGHT, "y": "speed", "held": {LEFT: 5}}),
        (two_limits(6, 6).isel({RIGHT: [0, 1, 5], LEFT: slice(None, None, -1)}), {"x": RIGHT, "y": LEFT}),
        (zipped(), {"x": RIGHT, "y": "speed"}),
        (zipped(), {"x": "hips", "y": "speed"}),
        (zipped(), {"x": LEFT, "held": {"speed": 1.6}}),
        (worded(), {"x": RIGHT, "y": "style"}),
        (worded(), {"x": "style", "held": {RIGHT: 12}}),
        (two_limits(7, 9), {"x": RIGHT, "held": {LEFT: 0}, "coordinates": ["lumbar", "share_of_range:lumbar_bending"]}),
        (0.0 * two_limits(4, 4).assign(frames=lambda ds: ds.frames), {"x": RIGHT, "y": LEFT}),
    ],
)
def test_limits_of_every_kind_of_axis_can_be_drawn(ds, asked):
    figure = limits_map(ds, **asked)
    assert len(svg(figure)) > 5000


@pytest.mark.parametrize("strategy", ["closure", "predicted"])
def test_exactly_the_cases_a_body_cannot_do_are_hatched(strategy):
    ds = unfinished(two_limits(16, 13), {RIGHT: slice(5, 15), LEFT: slice(10, 15)})
    state = states(ds).sel(strategy=strategy)
    assert {SHORT, NOT_SOLVED, NOT_COMPUTED} < set(np.unique(state))
    figure = limits_map(ds, x=RIGHT, y=LEFT, strategy=strategy)
    x, y = np.meshgrid(ds[RIGHT], ds[LEFT], indexing="ij")
    middles = np.column_stack([x.ravel(), y.ravel()])
    panels = [axis for axis in figure.axes if axis.get_label() != "<colorbar>"]
    assert len(panels) == 2
    hatches = set()
    for panel in panels:
        patches = {patch.get_gid(): patch for patch in panel.patches if isinstance(patch, PathPatch)}
        for kind in (SHORT, NOT_SOLVED, NOT_COMPUTED):
            patch = patches[f"state-{STATES[kind].replace(' ', '-')}"]
            inside = patch.get_path().contains_points(middles).reshape(x.shape)
            np.testing.assert_array_equal(inside, state.values == kind)
            hatches.add(patch.get_hatch())
    assert hatches == {"///", "xxx", None}
    assert set(STATES.values()) <= set(texts(figure))


def test_a_body_that_can_do_everything_has_no_hatch_and_no_legend():
    figure = limits_map(two_limits(6, 6).isel({RIGHT: slice(3, 6), LEFT: slice(3, 6)}), x=RIGHT, y=LEFT)
    assert not figure.legends
    assert not any(isinstance(patch, PathPatch) for axis in figure.axes for patch in axis.patches if patch.get_gid())


def test_a_study_of_which_nothing_is_computed_yet_is_grey():
    ds = unfinished(two_limits(4, 4), {})
    for asked in ({"y": LEFT}, {"held": {LEFT: 5}}):
        figure = limits_map(ds, x=RIGHT, **asked)
        assert STATES[NOT_COMPUTED] in texts(figure)


def test_a_cell_has_the_colour_of_its_own_case():
    ds = two_limits(5, 4)
    figure = limits_map(ds, x=RIGHT, y=LEFT, strategy="closure")
    mesh = next(found for found in figure.axes[0].collections if isinstance(found, QuadMesh))
    drawn = np.asarray(mesh.get_array()).reshape(4, 5)
    added = ds.added.sel(strategy="closure", coordinate="lumbar_extension").transpose(LEFT, RIGHT)
    np.testing.assert_array_equal(drawn, added)
    turned = limits_map(ds.isel({RIGHT: slice(None, None, -1)}), x=RIGHT, y=LEFT, strategy="closure")
    again = next(found for found in turned.axes[0].collections if isinstance(found, QuadMesh))
    np.testing.assert_array_equal(np.asarray(again.get_array()).reshape(4, 5), drawn)


def test_what_is_only_ever_turned_right_is_called_right_and_counts_up():
    ds = two_limits(5, 5)
    ds["added"] = -abs(ds.added)
    words = said(limits_map(ds, x=RIGHT, y=LEFT))
    assert "Added lumbar rotation to the right (deg)" in words
    assert "Added lumbar flexion (deg)" in words


def test_a_turn_that_goes_both_ways_has_its_zero_in_the_middle():
    figure = limits_map(two_limits(9, 9), x=RIGHT, y=LEFT)
    assert "Added lumbar rotation to the left (+) / to the right (\u2212) (deg)" in texts(figure)
    mesh = next(found for found in figure.axes[1].collections if isinstance(found, QuadMesh))
    assert mesh.norm.vmin == -mesh.norm.vmax


def test_tilt_is_said_as_clinicians_count_it():
    words = said(limits_map(two_limits(5, 5), x=RIGHT, y=LEFT, coordinates=["pelvis_tilt"]))
    assert "Added anterior pelvic tilt (deg)" in words


def test_a_map_names_its_limits_with_units_what_is_held_and_the_zero():
    ds = two_limits(5, 5, speeds=[0.8, 1.2])
    words = said(limits_map(ds, x=RIGHT, y=LEFT, held={"speed": 0.8}))
    assert "available right hip extension (deg)" in words
    assert "available left hip extension (deg)" in words
    assert "speed 0.8 m/s" in words
    assert "clinical zero" in words
    assert "more restricted" in words


def test_lines_are_of_all_strategies_and_mark_what_falls_short():
    figure = limits_map(two_limits(11, 11), x=RIGHT, held={LEFT: -12.0})
    assert {"closure", "predicted", "least", STATES[SHORT], STATES[NOT_SOLVED]} <= set(texts(figure))
    assert "Left hip extension \u221212 deg" in said(figure)
    one = limits_map(two_limits(11, 11), x=RIGHT, held={LEFT: -12.0}, strategy="least")
    assert "closure" not in texts(one)


def test_a_case_without_any_answer_stands_on_the_axis():
    ds = two_limits(11, 11)
    ds["added"] = ds.added.where(states(ds) != NOT_SOLVED)
    figure = limits_map(ds, x=RIGHT, held={LEFT: -12.0}, strategy="predicted")
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "x" and len(line.get_xdata())]
    assert len(marks) == 1
    assert (np.asarray(marks[0].get_ydata()) == 0.0).all()


def test_a_map_of_40_by_40_is_small_and_its_words_are_words():
    text = svg(limits_map(two_limits(40, 40), x=RIGHT, y=LEFT))
    assert len(text) < 2_000_000
    assert "available right hip extension (deg)" in text
    assert "Added lumbar extension (deg)" in text
    assert "<text" in text
    assert text.count("<image") == 2  # the colour bars


def test_a_large_map_stays_a_small_file():
    text = svg(limits_map(two_limits(120, 120), x=RIGHT, y=LEFT))
    assert len(text) < 2_000_000
    assert text.count("<image") == 4  # and the cells of both panels


@pytest.mark.parametrize(
    ("ds", "asked", "words"),
    [
        (two_limits(3, 3), {"x": RIGHT, "y": "hip_extension"}, "unknown axis or option of this study 'hip_extension'"),
        (
            two_limits(3, 3),
            {"x": RIGHT, "y": LEFT, "coordinates": ["lumbar_extensoin"]},
            "Did you mean 'lumbar_extension'",
        ),
        (two_limits(3, 3), {"x": RIGHT, "y": LEFT, "coordinates": []}, "nothing to show"),
        (
            two_limits(3, 3),
            {"x": RIGHT, "y": LEFT, "coordinates": ["share_of_range:knee"]},
            "unknown coordinate 'knee'",
        ),
        (two_limits(3, 3), {"x": RIGHT, "y": LEFT, "coordinates": ["added"]}, "unknown coordinate or outcome 'added'"),
        (two_limits(3, 3), {"x": RIGHT, "y": LEFT, "strategy": "cleverest"}, "unknown strategy of this study"),
        (two_limits(3, 3, speeds=[1, 2]), {"x": RIGHT, "y": LEFT}, "varies speed too.*1, 2"),
        (two_limits(3, 3), {"x": RIGHT}, "varies hip_extension_left too.*-15, 0, 15"),
        (two_limits(3, 3), {"x": RIGHT, "held": {LEFT: 7}}, "hip_extension_left is nowhere 7.*-15, 0, 15"),
        (two_limits(3, 3), {"x": RIGHT, "y": LEFT, "held": {"sped": 7}}, "unknown axis or option of this study 'sped'"),
        (two_limits(3, 3), {"x": RIGHT, "y": LEFT, "held": {LEFT: 0}}, "held at 0 and shown as well"),
        (two_limits(3, 3), {"x": RIGHT, "y": RIGHT}, "vary together"),
        (zipped(), {"x": RIGHT, "y": LEFT}, "vary together along hips"),
        (two_limits(3, 3).isel({LEFT: [1]}), {"x": RIGHT, "y": LEFT}, "single value"),
        (cohort(9), {"x": RIGHT}, "along person, where cases stand in no order"),
    ],
)
def test_a_map_that_cannot_be_drawn_says_why(ds, asked, words):
    with pytest.raises(HipspineError, match=words):
        limits_map(ds, **asked)


# --- the cycle


def test_the_motion_over_the_cycle_is_drawn_with_words_and_units():
    words = said(cycle_figure(gaits(30)))
    for told in (
        "Right hip flexion (+) / extension (\u2212)",
        "Lumbar rotation to the left (+) / to the right (\u2212)",
    ):
        assert told in words
    assert "% of the right gait cycle" in words
    assert "deg, model zero" in words
    assert "30 cases" in words


def test_of_many_cases_some_are_drawn_and_the_title_says_so():
    figure = cycle_figure(gaits(230), coordinates=["lumbar_extension"])
    assert "230 cases, 200 of them drawn as lines" in said(figure)
    lines = next(found for found in figure.axes[0].collections if isinstance(found, LineCollection))
    assert len(lines.get_segments()) == 200
    assert len(svg(figure)) < 2_000_000


def test_cases_that_were_not_solved_or_computed_are_counted():
    ds = gaits(20)
    ds["restricted"].loc[{"sample": slice(0, 4)}] = np.nan
    ds["frames"].loc[{"sample": slice(0, 4)}] = 0
    assert "15 cases; 5 not computed yet" in said(cycle_figure(ds))
    ds["restricted"] = ds.restricted * np.nan
    cycle_figure(ds, coordinates=ROTATIONS[:3]).draw_without_rendering()


def test_the_cycle_of_one_value_of_an_axis_can_be_drawn():
    ds = gaits(12)
    two = xr.concat([ds, ds], dim=xr.Variable("speed", [1.0, 1.4], {"units": "m/s"}))
    assert "24 cases" in said(cycle_figure(two))
    words = said(cycle_figure(two, over="sample", held={"speed": 1.4}))
    assert "12 cases" in words
    assert "speed 1.4 m/s" in words
    with pytest.raises(HipspineError, match=r"varies speed too.*1, 1\.4"):
        cycle_figure(two, over="sample")
    with pytest.raises(HipspineError, match="unknown axis of this study 'samples'"):
        cycle_figure(two, over="samples")


def test_an_angle_the_model_has_not_is_an_error():
    with pytest.raises(HipspineError, match=r"unknown coordinate 'hip_flexion'.*Did you mean 'hip_flexion_[lr]'"):
        cycle_figure(gaits(3), coordinates=["hip_flexion"])


# --- indices


def test_indices_are_bars_with_the_inputs_in_words():
    figure = indices_figure(indices())
    words = said(figure)
    for told in ("right hip extension (range)", "stiffness of lumbar extension", "Added lumbar rotation"):
        assert told in words
    assert "95 % confidence interval" in words
    assert len([axis for axis in figure.axes if axis.get_visible()]) == 3
    widths = {round(patch.get_width(), 12) for patch in figure.axes[0].patches}
    expected = np.round(np.concatenate([indices()[name].values[0] for name in ("S1", "ST")]), 12)
    assert widths == set(expected)


@pytest.mark.parametrize("count", [1, 2, 4, 5])
def test_indices_of_any_number_of_outcomes_can_be_drawn(count):
    names = ["added:lumbar_extension", "lumbar", "share_of_range:lumbar_rotation", "added:pelvis_tilt", "peak:x"][
        :count
    ]
    words = said(indices_figure(indices(names)))
    assert "Added lumbar extension" in words
    assert ("Added pelvic tilt" in words) == (count > 3)


def test_indices_of_an_output_that_does_not_vary_are_left_out():
    ds = indices()
    for name in ("S1", "ST", "S1_conf", "ST_conf"):
        ds[name].loc[{"output": "lumbar_rotation"}] = np.nan
    indices_figure(ds).draw_without_rendering()
    over = indices_over_cycle()
    indices_over_cycle_figure(over.where(over.percent > 20.0)).draw_without_rendering()


def test_indices_of_one_strategy_are_drawn_and_named():
    ds = xr.concat([indices(), indices(seed=5)], dim=xr.Variable("strategy", ["closure", "least"]))
    assert "Strategy closure" in said(indices_figure(ds))
    assert "Strategy least" in said(indices_figure(ds, strategy="least"))
    with pytest.raises(HipspineError, match="unknown strategy"):
        indices_figure(ds, strategy="most")


def test_indices_over_the_cycle_are_lines():
    words = said(indices_over_cycle_figure(indices_over_cycle()))
    assert "% of the right gait cycle" in words
    assert "stiffness of pelvis tilt" in words
    both = xr.concat([indices_over_cycle()] * 2, dim=xr.Variable("output", ["lumbar_extension", "pelvis_tilt"]))
    assert "Added pelvic tilt" in said(indices_over_cycle_figure(both))
    assert "Added pelvic tilt" in said(indices_over_cycle_figure(both.rename(output="joint_angle")))


def test_what_are_no_indices_is_an_error():
    with pytest.raises(HipspineError, match="S1_conf missing"):
        indices_figure(indices().drop_vars("S1_conf"))
    with pytest.raises(HipspineError, match="no dimension 'percent'"):
        indices_over_cycle_figure(indices())
    with pytest.raises(HipspineError, match="dimension depth too"):
        indices_figure(indices().expand_dims(depth=2))


# --- all of them


@pytest.mark.parametrize(
    ("ds", "names"),
    [
        (two_limits(4, 4, speeds=[0.8, 1.2, 1.6]), {"limits_map"}),
        (two_limits(4, 4).isel({LEFT: [2]}), {"limits_map"}),
        (zipped(), {"limits_map"}),
        (worded(), {"limits_map"}),
        (cohort(12), {"people", "people_scatter"}),
        (gaits(9), {"people_scatter", "cycle"}),
        (two_limits(1, 1), set()),
    ],
)
def test_a_study_has_the_pictures_that_fit_it(ds, names):
    assert set(study_figures(ds)) == names


def test_a_map_among_the_pictures_says_at_which_middle_value_it_is():
    figure = study_figures(two_limits(4, 4, speeds=[0.8, 1.2, 1.6]))["limits_map"]
    assert "speed 1.2 m/s" in said(figure)


PICTURES = {
    "maps": lambda: limits_map(
        unfinished(two_limits(9, 9), {RIGHT: slice(5, 15)}), x=RIGHT, y=LEFT, coordinates=COORDINATES[:4]
    ),
    "two maps": lambda: limits_map(two_limits(31, 31), x=RIGHT, y=LEFT),
    "lines": lambda: limits_map(two_limits(9, 9), x=RIGHT, held={LEFT: -15.0}),
    "ridges": lambda: people_figure(cohort(20)),
    "ridges, own scales": lambda: people_figure(cohort(20), same_scale=False),
    "violins": lambda: people_figure(cohort(20), kind="violin"),
    "violins, own scales": lambda: people_figure(cohort(20), kind="violin", by="sex", same_scale=False),
    "one group": lambda: people_figure(cohort(20), by=None),
    "scatter": lambda: people_scatter(cohort(20)),
    "cycle": lambda: cycle_figure(gaits(9)),
    "one angle": lambda: cycle_figure(gaits(9), coordinates=["lumbar_rotation"]),
    "bars": lambda: indices_figure(indices()),
    "bars of one": lambda: indices_figure(indices().isel(output=0)),
    "lines of indices": lambda: indices_over_cycle_figure(indices_over_cycle()),
    "a long title": lambda: limits_map(
        two_limits(5, 5).assign_attrs(title=20 * "How much more of the lumbar spine? "), x=RIGHT, y=LEFT
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_no_text_of_a_study_leaves_its_picture_or_overlaps_another(name):
    figure = PICTURES[name]()
    figure.draw_without_rendering()
    found = [figure._suptitle]
    for axis in figure.axes:
        found += [axis.title, axis._left_title, axis.xaxis.label, axis.yaxis.label, *axis.texts]
        for ticks in (axis.xaxis, axis.yaxis):
            shown = [tick for tick in ticks.get_major_ticks() if tick.label1.get_visible()]
            low, high = sorted(ticks.get_view_interval())
            found += [tick.label1 for tick in shown if low <= tick.get_loc() <= high]
    for legend in figure.legends:
        found += legend.get_texts()
    found = [text for text in found if text.get_text() and text.get_visible() and seen(text)]
    boxes = [text.get_window_extent() for text in found]
    width, height = figure.get_size_inches() * figure.dpi
    for k, box in enumerate(boxes):
        assert box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1, found[k].get_text()
        for j in range(k + 1, len(boxes)):
            assert not box.overlaps(boxes[j]), (found[k].get_text(), found[j].get_text())


def seen(text):
    """Whether a text is seen: not of a panel that is hidden; what stands on an iso-line is placed by that."""
    return text.axes is None or (text.axes.get_visible() and text.get_rotation() in (0.0, 90.0))


def test_an_outcome_has_its_words():
    ds = two_limits(3, 3)
    assert outcome(ds, "share_of_range:lumbar_rotation").title == "Share of the own range: lumbar rotation"
    assert outcome(ds, "lumbar").labelled() == "Largest norm of the added lumbar motion (deg)"
    assert (
        outcome(ds, "lumbar_bending").labelled() == "Added lumbar bending to the right (+) / to the left (\u2212) (deg)"
    )
