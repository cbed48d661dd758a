"""The figure says what the answer says, and nothing in it runs into anything else."""

import pytest

from kinematics import RangeOfMotion
from simulate import bending, compensate, pivoting, prone_extension, standing_still
from simulate.figures import compensation_figure, movement_figure

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


def test_frames_that_are_not_solved_are_marked(bundled_walk):
    result = compensate(bundled_walk, rom=RangeOfMotion.normal().limited(hip_extension_deg=0))
    result["status"][:, 80:85] = 0
    labels = [text.get_text() for text in compensation_figure(result).subfigs[0].legends[0].get_texts()]
    assert "not solved" in labels


def _bending():
    return compensate(bending(), rom=RangeOfMotion.normal().limited(hip_flexion_deg=40), reliefs=False)


def _pivoting():
    return compensate(pivoting(), rom=RangeOfMotion.normal().limited(hip_internal_rotation_left_deg=10), reliefs=False)


def _standing():
    return compensate(standing_still(), rom=RangeOfMotion.normal().limited(hip_extension_deg=-25), reliefs=False)


def _lying():
    return compensate(prone_extension(), rom=RangeOfMotion.normal().limited(hip_extension_right_deg=-5), reliefs=False)


@pytest.mark.parametrize("answer", [_bending, _pivoting, _standing, _lying])
def test_every_movement_is_drawn_in_its_own_words(answer):
    result = answer()
    task = result.attrs["task"]
    movement = movement_figure(result)
    drawn = [text.get_text() for axis in movement.axes for text in (*axis.texts, axis.title, axis._left_title)]
    second = {"pivot": "seen from above", "prone": "seen from the feet"}.get(task, "seen from behind")
    assert any(text.startswith(second) for text in drawn)
    assert "0 %" in drawn and ("100 %" in drawn) == (task != "stand")
    assert "of the movement" in movement._supxlabel.get_text()
    figure = compensation_figure(result)
    figure.draw_without_rendering()
    labels = [text.get_text() for text in figure.subfigs[0].legends[0].get_texts()]
    assert "free (constructed)" in labels
    assert movement._suptitle.get_text() == figure._suptitle.get_text()


def test_a_hip_at_its_limit_is_marked_where_it_binds():
    assert "red dot" in movement_figure(_pivoting())._supxlabel.get_text()
    free = compensate(pivoting(), reliefs=False)
    assert "red dot" not in movement_figure(free)._supxlabel.get_text()
    assert "is free" in compensation_figure(free)._suptitle.get_text()


def test_a_cause_is_named_in_the_headline(bundled_walk):
    result = compensate(bundled_walk, causes=["hip_osteoarthritis:left"], strategies=["predicted"], reliefs=False)
    assert "hip osteoarthritis, left" in compensation_figure(result)._suptitle.get_text()
