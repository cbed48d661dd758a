"""The figure says what the answer says, and nothing in it runs into anything else."""

from functools import cache

import numpy as np
import pytest
from matplotlib.axis import Axis
from matplotlib.text import Text

from kinematics import Chain, RangeOfMotion
from simulate import compensate, read_motion
from simulate.figures import budget_figure, compensation_figure, movement, movement_figure
from simulate.figures.furniture import furniture
from simulate.figures.style import VERMILION
from simulate.figures.words import CHANGES, headline
from simulate.io.trials import trial
from simulate.kernels.data import SHORTFALL, UNSOLVED
from simulate.report.table import movement_of
from simulate.tasks.bend import bending
from simulate.tasks.lying import prone_extension, prone_rotation
from simulate.tasks.norm_walk import norm_walking
from simulate.tasks.pivot import pivoting
from simulate.tasks.run import running
from simulate.tasks.squat import sitting, squatting
from simulate.tasks.stand import standing_still
from simulate.tasks.swing import swinging
from simulate.tasks.turn import turning
from simulate.tracking import recording_from_markers

LIMITS = (
    {"hip_extension_deg": 0},
    {"hip_extension_left_deg": -10, "hip_internal_rotation_left_deg": 0, "hip_abduction_deg": 3},
    {"hip_internal_rotation_right_deg": -9},
    {"hip_flexion_deg": -5, "hip_extension_deg": 10, "hip_internal_rotation_deg": 0},
    {},
)


@pytest.mark.parametrize("limits", LIMITS)
def test_no_text_leaves_the_figure_or_overlaps_another(bundled_walk, limits):
    result = compensate(bundled_walk, rom=RangeOfMotion.normal().limited(**limits), reliefs=False)
    figure = compensation_figure(result)
    figure.draw_without_rendering()
    texts = [figure._suptitle]
    for panel in figure.subfigs:
        texts += [panel._suptitle] if panel._suptitle else []
        for axis in panel.axes:
            texts += [axis.title, axis._left_title, axis.xaxis.label, axis.yaxis.label]
    boxes = [text.get_window_extent() for text in texts if text.get_text() and text.get_visible()]
    width, height = figure.get_size_inches() * figure.dpi
    for k, box in enumerate(boxes):
        assert box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1
        assert not any(box.overlaps(other) for other in boxes[k + 1 :])


def test_the_headline_is_the_predicted_change_with_the_need_beside_it(bundled_walk):
    result = compensate(bundled_walk, rom=RangeOfMotion.normal().limited(hip_extension_deg=0))
    headline = compensation_figure(result)._suptitle.get_text()
    changes = result.changes()
    assert f"{changes['predicted']['lumbar_extension'].added_deg:.1f}° more lumbar extension" in headline
    assert f"{changes['closure']['lumbar_extension'].added_deg:.1f}° if nothing else gave way" in headline
    assert "clinical zero" in headline


def test_a_need_beyond_the_own_range_is_marked_in_the_curve(bundled_walk):
    rom = RangeOfMotion.normal().limited(hip_extension_deg=-15, lumbar_extension_deg=5)
    figure = compensation_figure(compensate(bundled_walk, rom=rom, strategies=["closure"], reliefs=False))
    texts = [text.get_text() for axis in figure.subfigs[0].axes for text in axis.texts]
    assert "own range 5°" in texts
    within = compensate(bundled_walk, rom=RangeOfMotion.normal().limited(hip_extension_deg=-15), reliefs=False)
    texts = [text.get_text() for axis in compensation_figure(within).subfigs[0].axes for text in axis.texts]
    assert not any("own range" in text for text in texts)


def test_an_unsolved_frame_asks_nothing_of_the_own_range(bundled_walk):
    result = compensate(bundled_walk, rom=RangeOfMotion.normal().limited(hip_extension_deg=0), reliefs=False)
    result["status"][:, 80] = UNSOLVED
    result["restricted"].loc[{"coordinate": ["lumbar_extension", "lumbar_rotation"]}][:, 80] = 80.0
    texts = [text.get_text() for axis in compensation_figure(result).subfigs[0].axes for text in axis.texts]
    assert not any("own range" in text for text in texts)


def test_frames_that_are_not_solved_are_marked(bundled_walk):
    result = compensate(bundled_walk, rom=RangeOfMotion.normal().limited(hip_extension_deg=0))
    result["status"][:, 80:85] = 0
    labels = [text.get_text() for text in compensation_figure(result).subfigs[0].legends[0].get_texts()]
    assert "not solved" in labels


def _answer(task, **limits):
    limits = {f"{name}_deg": degrees for name, degrees in limits.items()}
    return compensate(task, rom=RangeOfMotion.normal().limited(**limits), reliefs=False)


def _run():
    name = "run_treadmill_hamner"
    return running(Chain.from_osim(trial(name).model), read_motion(trial(name).motion))


def _turn():
    files = trial("turn_spin_HC002D")
    spin = recording_from_markers(files.motion, files.standing)
    return turning(spin.chain, spin.motion, standing=spin.standing)


#: A movement, what limits it, and the words of its second view.
MOVEMENTS = {
    "run": (_run, {"hip_extension": 0}, "seen from behind"),
    "turn": (_turn, {"hip_internal_rotation_left": 0}, "seen from above"),
    "pivot": (pivoting, {"hip_internal_rotation_left": 10}, "seen from above"),
    "swing": (swinging, {"hip_internal_rotation_left": 15}, "seen from above"),
    "bend": (bending, {"hip_flexion": 40}, "seen from behind"),
    "squat": (squatting, {"hip_flexion": 90}, "seen from behind"),
    "sit": (sitting, {"hip_flexion": 70}, "seen from behind"),
    "stand": (standing_still, {"hip_extension": -25}, "seen from behind"),
    "prone": (prone_extension, {"hip_extension_right": -5}, "seen from the feet"),
    "prone-rotation": (prone_rotation, {"hip_internal_rotation_right": 10}, "seen from the feet"),
}


@pytest.fixture(scope="module")
def answer_of():
    """The answer of a movement by its name, solved once."""

    @cache
    def found(name):
        task, limits, _ = MOVEMENTS[name]
        return _answer(task(), **limits)

    return found


def _texts(figure):
    """Every text of a figure that says something, tick labels apart."""
    figure.draw_without_rendering()
    ticks = {id(t) for axis in figure.findobj(Axis) for t in axis.get_ticklabels(which="both")}
    return [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible() and id(t) not in ticks]


def _assert_in_the_figure(figure):
    """No text leaves the canvas; none runs into another."""
    texts = _texts(figure)
    boxes = [text.get_window_extent() for text in texts]
    width, height = figure.get_size_inches() * figure.dpi
    for k, (text, box) in enumerate(zip(texts, boxes, strict=True)):
        assert box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1, text.get_text()
        met = [other.get_text() for other, at in zip(texts[k + 1 :], boxes[k + 1 :], strict=True) if box.overlaps(at)]
        assert not met, (text.get_text(), met)


@pytest.mark.parametrize("name", MOVEMENTS)
def test_every_movement_is_drawn_in_its_own_words(answer_of, name):
    result, second = answer_of(name), MOVEMENTS[name][2]
    movement, figure = movement_figure(result), compensation_figure(result)
    for drawn in (movement, figure, budget_figure(result)):
        _assert_in_the_figure(drawn)
    words = [text.get_text() for text in _texts(movement)]
    assert sum(text.startswith("seen from the right") for text in words) == 1
    assert sum(text.startswith(second) for text in words) == 1
    still = name == "stand"
    assert ("0 %" in words) is not still
    assert any("% of the" in text for text in words) is not still
    assert movement._suptitle.get_text() == figure._suptitle.get_text()
    assert movement_of(result) in figure._suptitle.get_text()
    changes = result.changes()["predicted"]
    most = max(abs(changes[c].added_deg) for c in CHANGES)
    assert f"needs {most:.1f}° more lumbar" in figure._suptitle.get_text()
    panels = figure.subfigs[0]
    ticks = [t.get_text().replace("\n", " ") for t in panels.axes[-1].get_xticklabels()]
    labels = ticks if still else [text.get_text() for text in panels.legends[0].get_texts()]
    assert f"free ({'constructed' if result.attrs['constructed'] else 'as recorded'})" in labels


@pytest.mark.parametrize("name", MOVEMENTS)
def test_bodies_stay_in_their_panels(answer_of, name):
    for figure in (compensation_figure(answer_of(name)).subfigs[1], movement_figure(answer_of(name))):
        figure.figure.draw_without_rendering()
        checked = 0
        for axis in figure.axes:
            (left, right), (low, high) = axis.get_xlim(), axis.get_ylim()
            for line in axis.lines:
                if line.get_transform() == axis.transData:  # the floor runs across the whole panel
                    x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
                    assert left <= x.min() and x.max() <= right and low <= y.min() and y.max() <= high
                    checked += 1
        assert checked > 20


def test_the_pose_of_the_largest_compensation_is_among_those_drawn(answer_of):
    result = answer_of("bend")
    one = result.sel(strategy="predicted")
    change = np.abs((one.restricted - one.free).sel(coordinate="lumbar_extension").values)
    percent = f"{result.percent()[change.argmax()]:.0f} %"
    assert percent in [text.get_text() for text in _texts(movement_figure(result))]


def test_a_hip_at_its_limit_is_marked_where_it_binds(answer_of):
    def dots(result):
        drawn = movement_figure(result)
        return sum(line.get_color() == VERMILION for axis in drawn.axes for line in axis.lines)

    assert dots(answer_of("pivot")) > 0
    assert any("dot" in text.get_text() for text in _texts(movement_figure(answer_of("pivot"))))
    free = _answer(pivoting())
    assert dots(free) == 0
    assert not any("dot" in text.get_text() for text in _texts(movement_figure(free)))
    assert "is free" in compensation_figure(free)._suptitle.get_text()


def test_a_heading_that_goes_far_round_shows_its_change(answer_of):
    axis = compensation_figure(answer_of("turn")).subfigs[0].axes[1]
    assert axis.get_title(loc="left") == "Pelvis: turned left (+), change from free"
    free = next(line for line in axis.lines if line.get_label() == "free (as recorded)")
    assert np.ptp(free.get_ydata()) == 0.0


def test_a_limit_of_standing_is_written_in_its_panel(answer_of):
    figure = compensation_figure(answer_of("stand"))
    assert "limit 25°" in [text.get_text() for text in figure.subfigs[0].axes[0].texts]


def test_somebody_who_sits_has_a_seat_below_the_hips_and_a_table_is_below_the_body(answer_of):
    for name, level in (("sit", 0.45), ("prone", None)):
        result = answer_of(name)
        box = furniture(result, 0.0)
        hips = result.free_landmarks.sel(landmark="hip_r", axis="y").values.min()
        assert box.high[1] < hips
        assert level is None or box.high[1] - box.low[1] == pytest.approx(level, abs=1e-6)  # of table movements
    assert furniture(answer_of("squat"), 0.0) is None


def test_what_falls_short_or_is_not_solved_is_said_in_the_pictures(answer_of):
    for status, words in ((SHORTFALL, "falls short"), (UNSOLVED, "not solved")):
        for name in ("pivot", "stand"):
            result = answer_of(name).copy(deep=True)
            result["status"][:, -1] = status
            figure = compensation_figure(result)
            _assert_in_the_figure(figure)
            labels = [text.get_text() for text in figure.findobj(Text)]
            assert any(words in text for text in labels), (name, words)
            movement = movement_figure(result)
            _assert_in_the_figure(movement)
            # of one pose only its answer's panels say it
            assert name == "stand" or any(words in text.get_text() for text in _texts(movement))


def test_a_cause_is_named_in_the_headline_and_a_limit_beside_it_too(bundled_walk):
    def words(**more):
        return headline(compensate(bundled_walk, strategies=["closure", "predicted"], reliefs=False, **more))

    stiff = words(causes=["hip_osteoarthritis:left"])
    assert "hip osteoarthritis, left" in stiff and "limited to" not in stiff
    both = words(causes=["tight_hip_flexors:left"], rom=RangeOfMotion.normal().limited(hip_flexion_right_deg=30))
    assert "tight hip flexors, left" in both and "right hip flexion limited to 30° (clinical zero)" in both
    # a tightened tissue takes nothing from the pure chain, whose need would read as none
    assert "if nothing else gave way" not in words(causes=["tight_hip_flexors:left"])


@pytest.mark.parametrize("side", ["right", "left"])
def test_poses_of_a_cycle_are_in_order_whichever_side_it_is_counted_by(side):
    """Norm curves begin with the right foot: the left one's cycle begins in their middle."""
    result = compensate(norm_walking("free"), rom=RangeOfMotion.normal().limited(**{f"hip_extension_{side}_deg": -5}))
    frames = movement._frames(result, "predicted")
    percent = result.percent()[frames]
    assert len(frames) == movement.POSES and (np.diff(percent) > 0.0).all()
    assert percent[0] < 15.0 and percent[-1] > 75.0
