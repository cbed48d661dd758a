"""What mirrors an answer, leaves it alone or moves it one way: left and right, locked joints, goals that weigh more."""

from dataclasses import replace

import numpy as np
import pytest

from kinematics.chain import Point
from kinematics.conventions import INDEX, ROTATIONS, SEGMENT_COORDINATE, TRANSLATIONS
from kinematics.mirror import mirrored_chain, mirrored_posture
from kinematics.pose import frames
from kinematics.rom import RangeOfMotion
from kinematics.rotations import rotation_angle
from kinematics.zero import standing_tilt, zero_offsets
from simulate import compensate, read_motion, walking
from simulate.compensation import bounds_of
from simulate.goals import SOFT, OrientationGoal, PointGoal
from simulate.io.trials import trial
from simulate.kernels.data import SOLVED, UNSOLVED
from simulate.mirror import mirrored, mirrored_motion
from simulate.strategies import STRATEGIES, predicted

NORMAL = RangeOfMotion.normal()
#: Limits that are not the same on both sides; in the last, both hips lack motion in the same frames. [deg]
UNEVEN = (
    {"hip_extension_right_deg": -10},
    {"hip_extension_left_deg": -3, "hip_internal_rotation_right_deg": 0},
    {"hip_abduction_left_deg": 0, "hip_extension_left_deg": 0},
    {"hip_flexion_right_deg": 20},
    {"hip_extension_right_deg": -20, "hip_internal_rotation_left_deg": -8},
)
#: Answers of one problem, each with a scaled KKT residual of at most 1e-8 and mostly of 1e-11. [rad, m]
SAME = 1e-8


def _bounds(walk, limits):
    offsets = zero_offsets("clinical", walk.standing, standing_tilt_deg=standing_tilt(None)[0])
    return bounds_of(walk, NORMAL.limited(**limits), offsets)[1]


@pytest.fixture(scope="module")
def mirrored_walk(bundled_chain):
    """The walk's mirror image from its file on: in a mirror the pelvis's list and heading change their sense."""
    motion = mirrored_motion(read_motion(trial("walk_overground_rajagopal").motion))
    return walking(mirrored_chain(bundled_chain), motion)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("limits", UNEVEN)
def test_the_mirror_image_of_a_person_gives_way_in_the_mirror_image(bundled_walk, mirrored_walk, strategy, limits):
    sides = {"right": "left", "left": "right"}
    swapped = {"_".join(sides.get(word, word) for word in name.split("_")): value for name, value in limits.items()}
    here = compensate(bundled_walk, rom=NORMAL.limited(**limits), strategies=[strategy])
    there = compensate(mirrored_walk, rom=NORMAL.limited(**swapped), strategies=[strategy])
    np.testing.assert_array_equal(there.status, here.status)
    assert (here.status != UNSOLVED).all()
    assert np.abs(here.restricted - here.free).max() > 1.0  # something gave way, by more than 1 deg
    q_here, q_there = _postures(here), _postures(there)
    np.testing.assert_allclose(q_there, mirrored_posture(q_here), rtol=0.0, atol=SAME)


def test_mirroring_a_task_is_mirroring_its_recording(bundled_walk, mirrored_walk):
    limits = {"hip_extension_right_deg": -10, "hip_internal_rotation_left_deg": 0}
    here, there = (
        compensate(task, rom=NORMAL.limited(**limits), reliefs=False)
        for task in (mirrored(bundled_walk), mirrored_walk)
    )
    np.testing.assert_allclose(here.restricted, there.restricted, rtol=0.0, atol=np.rad2deg(SAME))


def _postures(result):
    places = result.restricted_translation.isel(strategy=0).sel(translation=list(TRANSLATIONS))
    turns = np.deg2rad(result.restricted.isel(strategy=0).sel(coordinate=list(ROTATIONS)))
    return np.concatenate([places.values, turns.values], axis=1)


@pytest.mark.parametrize("factor", [0.0, 1e-3, 1e3])
def test_the_stiffness_of_a_joint_that_cannot_move_does_not_matter(bundled_walk, factor):
    held = [INDEX[f"{joint}_{side}"] for joint in ("ankle_angle", "subtalar_angle") for side in "rl"]
    held += [INDEX["lumbar_rotation"], INDEX["pelvis_list"]]
    lower, upper = (np.tile(bound, (len(bundled_walk.q), 1)) for bound in _bounds(bundled_walk, UNEVEN[0]))
    lower[:, held] = upper[:, held] = bundled_walk.q[:, held]
    other = bundled_walk.stiffness.copy()
    other[held] *= factor
    tasks = bundled_walk, replace(bundled_walk, stiffness=other)
    solution, again = (predicted(task, lower, upper).solution for task in tasks)
    np.testing.assert_array_equal(again.status, solution.status)
    assert (solution.status != UNSOLVED).all()
    np.testing.assert_allclose(again.q, solution.q, rtol=0.0, atol=SAME)


def _welded(walk, segments, base, names):
    """The walk without the joints between `base` and `segments`, at their angles in the first frame.

    Nothing the goals ask for moves with these joints any more: it moves with `base`.
    """
    R, o, _ = frames(walk.chain, walk.q[0])
    b = SEGMENT_COORDINATE[base]
    goals = []
    for goal in walk.goals:
        if isinstance(goal, OrientationGoal) and goal.segment in segments:
            fixed = R[b].T @ R[SEGMENT_COORDINATE[goal.segment]]
            goal = replace(goal, segment=base, target=goal.target @ fixed.T)
        elif isinstance(goal, PointGoal) and goal.point.segment in segments:
            s = SEGMENT_COORDINATE[goal.point.segment]
            place = R[s] @ goal.point.location + (0.0 if goal.is_direction else o[s] - o[b])
            goal = replace(goal, point=Point(base, tuple((R[b].T @ place).tolist())))
        goals.append(goal)
    # what stretched with these joints stays as they are
    tissue, held = walk.tissue, [INDEX[name] for name in names]
    factor = tissue.factor.copy()
    factor[:, held] = 0.0
    still = tissue._replace(factor=factor, shift=tissue.shift - tissue.factor[:, held] @ walk.q[0, held])
    return replace(walk.with_goals(goals), tissue=still)


WELDS = {
    "thorax": ("lumbar", ("thorax",), ("thoracic_extension", "thoracic_bending", "thoracic_rotation")),
    "foot": ("shank_l", ("talus_l", "foot_l"), ("ankle_angle_l", "subtalar_angle_l")),
}


@pytest.mark.parametrize("joint", WELDS)
def test_a_joint_without_range_is_a_joint_that_is_not_there(bundled_walk, joint):
    base, segments, names = WELDS[joint]
    held, q = [INDEX[name] for name in names], bundled_walk.q.copy()
    q[:, held] = np.mean(q[:, held], axis=0)
    walk = replace(bundled_walk, q=q)
    lower, upper = _bounds(walk, UNEVEN[0])
    stiff = lower.copy(), upper.copy()
    stiff[0][held] = stiff[1][held] = q[0, held]
    locked = predicted(walk, *stiff).solution
    absent = predicted(_welded(walk, segments, base, names), lower, upper).solution
    np.testing.assert_array_equal(locked.status, absent.status)
    assert (locked.status != UNSOLVED).all()
    np.testing.assert_allclose(locked.q, absent.q, rtol=0.0, atol=SAME)


def _soft_residual(walk, q, goals):
    """Norm (F,) of what the goals prefer and do not get. [rad or m]"""
    R, o, _ = frames(walk.chain, q)
    total = np.zeros(len(q))
    for goal in goals:
        if isinstance(goal, OrientationGoal):
            miss = rotation_angle(np.swapaxes(goal.target, -1, -2) @ R[:, SEGMENT_COORDINATE[goal.segment]])
        else:
            s = SEGMENT_COORDINATE[goal.point.segment]
            place = o[:, s] + R[:, s] @ np.array(goal.point.location)
            miss = np.einsum("fi,fi->f", goal.normal, place) - goal.target
        total += np.where(goal.role == SOFT, miss**2, 0.0)
    return np.sqrt(total)


@pytest.mark.parametrize("limits", UNEVEN)
@pytest.mark.parametrize("wish", ["trunk", "forefoot"], ids=["trunk", "path_of_the_swinging_foot"])
def test_a_wish_that_weighs_more_is_never_further_from_coming_true(bundled_walk, wish, limits):
    bounds, last = _bounds(bundled_walk, limits), None
    for factor in (0.01, 0.1, 0.5, 1.0, 2.0, 10.0, 100.0):
        goals = [
            replace(goal, stiffness=factor * goal.stiffness) if goal.name.startswith(wish) else goal
            for goal in bundled_walk.goals
        ]
        solution = predicted(bundled_walk.with_goals(goals), *bounds).solution
        assert (solution.status == SOLVED).all()
        residual = _soft_residual(bundled_walk, solution.q, [goal for goal in goals if goal.name.startswith(wish)])
        if last is not None:
            assert (residual <= last + SAME).all(), (factor, (residual - last).max())
            assert residual.max() < last.max()
        last = residual
