"""Many cases at once come to what each comes to alone: in any number, on any number of threads, or they say so."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from kinematics import RangeOfMotion
from kinematics.conventions import INDEX
from kinematics.zero import standing_tilt, zero_offsets
from simulate.compensation import bounds_of
from simulate.kernels.data import SOLVED
from simulate.kernels.lanes.motion import AIM
from simulate.many import CHUNK, Crew, solve_many
from simulate.solution import solve
from tests.benchmarks.gait_frame import ours
from tests.benchmarks.gait_frame.cases import case
from tests.benchmarks.gait_frame.sweep import limits

FIELDS = ("least", "most", "mean", "frame_of_least", "frame_of_most", "solved", "kkt", "patient", "q")
HEIGHT = INDEX["pelvis_ty"]
#: Both stop at the same residual, from other starts. [rad, m]
SAME = 1e-9


@pytest.fixture(scope="module")
def gait():
    """The benchmark's task, and the bounds of any number of cases of it."""
    problem = case()

    def bounds(cases):
        return tuple(map(ours.widened, limits(problem, cases)))

    return ours.task(problem), bounds


@pytest.fixture(scope="module")
def walk(bundled_walk):
    """The first frames of the bundled walk, whose feet must stay, and bounds for hips that stop from 10 to -35 deg."""
    offsets = zero_offsets("clinical", bundled_walk.standing, standing_tilt_deg=standing_tilt()[0])
    stiff = [RangeOfMotion.normal().limited(hip_extension_deg=stop) for stop in range(10, -40, -5)]
    ends = [bounds_of(bundled_walk, rom, offsets)[1] for rom in stiff]
    task = bundled_walk.frames(slice(0, 60))
    assert task.lanes.musts and (task.lanes.row_of >= 0).any()
    return task, *(np.array(end) for end in zip(*ends, strict=True))


def raised(walk, height):
    """The walk whose hips stop at 0 deg, its pelvis no lower than `height`. [m]"""
    task, lower, upper = walk
    low = lower[2].copy()
    low[HEIGHT] = height
    return task, low, upper[2]


def held_against_each_alone(task, lower, upper, found):
    for n in range(len(lower)):
        alone = solve(task, lower[n], upper[n])
        q, right = alone.q[alone.status == SOLVED], {"rtol": 0.0, "atol": SAME}
        assert found.solved[n] == len(q)
        np.testing.assert_allclose(found.least[n], q.min(axis=0), **right)
        np.testing.assert_allclose(found.most[n], q.max(axis=0), **right)
        np.testing.assert_allclose(found.mean[n], q.mean(axis=0), **right)
        # a peak may be flat: the frame that is named is one in which it is reached
        for peak, frame in ((found.least, found.frame_of_least), (found.most, found.frame_of_most)):
            np.testing.assert_allclose(alone.q[frame[n], np.arange(24)], peak[n], **right)


def same_bits(one, other, fields=FIELDS):
    for name in fields:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_a_case_among_many_comes_to_what_it_comes_to_alone(gait):
    task, bounds = gait
    lower, upper = bounds(40)
    found = solve_many(task, lower, upper)
    assert not found.patient.any() and (found.kkt <= AIM).all() and (found.solved == len(task.q)).all()
    held_against_each_alone(task, lower, upper, found)
    assert np.ptp(found.most[:, INDEX["lumbar_extension"]]) > np.deg2rad(5.0)  # they are different cases


def test_a_case_of_a_walk_with_musts_among_many_comes_to_what_it_comes_to_alone(walk):
    found = solve_many(*walk)
    assert (found.solved == len(walk[0].q)).all()
    held_against_each_alone(*walk, found)


@pytest.mark.parametrize("cases", [1, 2, 3, 7, CHUNK - 1, CHUNK + 1])
def test_any_number_of_cases_may_be_asked_for(gait, cases):
    task, bounds = gait
    lower, upper = bounds(cases)
    found = solve_many(task, lower, upper)
    assert found.least.shape == (cases, 24) and found.solved.shape == (cases,)
    held_against_each_alone(task, lower, upper, found)


def test_no_cases_come_to_nothing(gait):
    found = solve_many(gait[0], np.empty((0, 24)), np.empty((0, 24)), motions=True)
    assert found.least.shape == found.frame_of_most.shape == (0, 24) and found.solved.shape == (0,)
    assert found.q.shape == (0, len(gait[0].q), 24)


@pytest.mark.parametrize("of", ["gait", "walk"])
def test_values_are_the_same_bits_on_any_number_of_threads_and_again(gait, walk, of):
    task, lower, upper = (gait[0], *gait[1](2 * CHUNK + 3)) if of == "gait" else walk
    one = solve_many(task, lower, upper, motions=True, threads=1)
    for threads in (2, 3, 1, None):
        same_bits(solve_many(task, lower, upper, motions=True, threads=threads), one)


def test_calls_that_share_a_crew_at_the_same_time_come_to_the_same_bits(gait, walk):
    asked = [(gait[0], *gait[1](3 * CHUNK + 5)), walk, (gait[0], *gait[1](CHUNK)), (gait[0], *gait[1](0))]
    with ThreadPoolExecutor(2) as kernels, ThreadPoolExecutor(4) as calls:
        crew = Crew(2, kernels)
        found = calls.map(lambda one: solve_many(*one, motions=True, threads=crew), asked)
        for one, together in zip(asked, found, strict=True):
            same_bits(together, solve_many(*one, motions=True, threads=1))


def test_a_chunk_of_cases_knows_nothing_of_the_others(gait):
    task, bounds = gait
    lower, upper = bounds(3 * CHUNK)
    whole, part = solve_many(task, lower, upper), solve_many(task, lower[CHUNK:], upper[CHUNK:])
    for name in FIELDS[:-1]:
        np.testing.assert_array_equal(getattr(whole, name)[CHUNK:], getattr(part, name), err_msg=name)


def test_cases_in_another_order_come_to_the_same(gait):
    task, bounds = gait
    lower, upper = bounds(50)
    order = np.random.default_rng(5).permutation(50)
    found, other = solve_many(task, lower, upper), solve_many(task, lower[order], upper[order])
    for name in ("least", "most", "mean"):
        np.testing.assert_allclose(getattr(other, name), getattr(found, name)[order], rtol=0.0, atol=SAME)


@pytest.mark.parametrize("of", ["gait", "walk"])
def test_motions_that_are_kept_are_those_that_are_summarised(gait, walk, of):
    task, lower, upper = (gait[0], *gait[1](5)) if of == "gait" else walk
    kept, passed = solve_many(task, lower, upper, motions=True), solve_many(task, lower, upper)
    same_bits(kept, passed, FIELDS[:-1])
    assert passed.q.shape == (0, len(task.q), 24)
    np.testing.assert_array_equal(kept.q.min(axis=1), kept.least)
    np.testing.assert_array_equal(kept.q.max(axis=1), kept.most)
    np.testing.assert_allclose(kept.q.mean(axis=1), kept.mean, rtol=1e-13, atol=1e-15)  # a sum in another order
    np.testing.assert_array_equal(kept.q.argmin(axis=1), kept.frame_of_least)
    np.testing.assert_array_equal(kept.q.argmax(axis=1), kept.frame_of_most)


def test_bounds_may_be_one_for_all_cases(gait):
    task, bounds = gait
    lower, upper = bounds(4)
    one, all_of_them = solve_many(task, lower, upper[0]), solve_many(task, lower, np.tile(upper[0], (4, 1)))
    same_bits(one, all_of_them)
    assert solve_many(task, lower[0], upper[0]).solved.tolist() == [len(task.q)]


def test_where_full_steps_fail_a_case_is_solved_alone_and_says_so(walk):
    # so high a pelvis stretches legs and feet: far from the walk, and within reach
    task, low, high = raised(walk, 1.01)
    lower, upper = np.stack([walk[1][0], low, walk[1][1]]), np.stack([walk[2][0], high, walk[2][1]])
    found, alone = solve_many(task, lower, upper, motions=True), solve(task, low, high)
    assert found.patient.tolist() == [False, True, False]
    assert (found.solved == len(task.q)).all()
    np.testing.assert_array_equal(found.q[1], alone.q)
    np.testing.assert_array_equal(found.kkt[1], alone.kkt.max())
    held_against_each_alone(task, lower, upper, found)


def test_limits_that_some_frames_cannot_meet_leave_these_out(walk):
    task, low, high = raised(walk, 1.08)
    found, alone = solve_many(task, low, high, motions=True), solve(task, low, high)
    solved = alone.status == SOLVED
    assert 0 < solved.sum() < len(solved)
    assert found.patient.tolist() == [True] and found.solved.tolist() == [solved.sum()]
    np.testing.assert_array_equal(np.isnan(found.q[0]).all(axis=1), ~solved)
    np.testing.assert_array_equal(found.least[0], alone.q[solved].min(axis=0))
    np.testing.assert_array_equal(found.most[0], alone.q[solved].max(axis=0))
    np.testing.assert_allclose(found.mean[0], alone.q[solved].mean(axis=0), rtol=1e-13, atol=1e-15)
    assert solved[found.frame_of_least[0]].all() and solved[found.frame_of_most[0]].all()
    assert found.kkt[0] == alone.kkt[solved].max()


def test_limits_that_no_frame_can_meet_come_to_no_number(walk):
    task, low, high = raised(walk, 1.5)
    lower, upper = np.stack([walk[1][0], low]), np.stack([walk[2][0], high])
    found = solve_many(task, lower, upper, motions=True)
    assert found.solved.tolist() == [len(task.q), 0] and found.patient.tolist() == [False, True]
    for values in (found.least, found.most, found.mean, found.q):
        assert np.isnan(values[1]).all() and not np.isnan(values[0]).any()


def test_a_bound_that_is_no_number_comes_to_none(gait):
    task, bounds = gait
    lower, upper = bounds(3)
    lower[1, INDEX["hip_flexion_r"]] = np.nan
    found = solve_many(task, lower, upper)
    assert found.solved.tolist() == [len(task.q), 0, len(task.q)]
    assert np.isnan(found.least[1]).all() and not np.isnan(found.least[[0, 2]]).any()


@pytest.mark.parametrize(
    ("lower", "upper", "named"),
    [
        ((23,), (23,), "(23,)"),
        ((24, 5), (24, 5), "(24, 5)"),
        ((3, 24), (4, 24), "(4, 24)"),
        ((24,), (2, 3, 24), "(2, 3, 24)"),
    ],
)
def test_bounds_of_another_shape_are_refused_by_their_shape(gait, lower, upper, named):
    with pytest.raises(ValueError, match="shape") as error:
        solve_many(gait[0], np.zeros(lower), np.zeros(upper))
    assert named in str(error.value)


@pytest.mark.parametrize("lower", [(), (1,), (3, 1), (2, 24)])
def test_bounds_of_another_shape_are_refused(gait, lower):
    with pytest.raises(ValueError, match="shape"):
        solve_many(gait[0], np.full(lower, -1.0), np.tile(gait[1](1)[1], (3, 1)))


def test_bounds_that_cross_are_refused_with_their_coordinate(gait):
    lower, upper = gait[1](1)
    lower[0, INDEX["hip_flexion_r"]], upper[0, INDEX["hip_flexion_r"]] = 0.5, 0.4
    with pytest.raises(ValueError, match=r"case 0, hip_flexion_r: 0\.5 and 0\.4"):
        solve_many(gait[0], lower, upper)
