"""Kernels in lanes do what their readable references do: each operation, the tree, every kind of row, a step."""

import math

import numpy as np
import pytest
from numba import njit
from scipy.spatial.transform import Rotation

from kinematics.kernels import lanes as tree_lanes
from kinematics.kernels import tree, wide
from kinematics.kernels.lanes import BRANCH, JOINTS, sine_and_cosine
from kinematics.kernels.rotations import inverse_left_factor, inverse_left_factor_slope, rotation_vector
from kinematics.kernels.wide import (
    floor,
    gather,
    group_most,
    group_sum,
    lanes,
    least,
    load,
    most,
    most_of,
    root,
    rows,
    scatter,
    size,
    store,
    unrolled,
    unrolled_value,
    where,
)
from simulate.kernels.data import MUST, OFF, PULL, SOFT
from simulate.kernels.lanes import motion, slots
from simulate.kernels.lanes.step import move, step
from simulate.kernels.lanes.turns import _rotation_vector
from simulate.lanes import pack, spread
from tests.truths.random_rows import PELVIS, Posed, body, coordinates, unit

pytestmark = pytest.mark.kernel
N, INF, NAN = tree.N, np.inf, np.nan
WIDTHS, PROBLEMS = (4, 8), 12
EPS = np.finfo(float).eps
ODD = (NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 1e-300, 1e300)
ROLES = {"everything": (OFF, MUST, SOFT, PULL), "no musts": (OFF, SOFT, PULL), "musts alone": (MUST,)}


def _each_function(x):
    """Every function of wide numbers: of the first three slots, one result a slot after them."""
    a, b, c = load(x, 0), load(x, 1), load(x, 2)
    store(x, 3, a + b)
    store(x, 4, a - b)
    store(x, 5, a * b)
    store(x, 6, a / b)
    store(x, 7, -a)
    store(x, 8, 2.0 + a)
    store(x, 9, a - 2.0)
    store(x, 10, 1.0 / b)
    store(x, 11, 3.0 * c)
    store(x, 12, root(a))
    store(x, 13, floor(a))
    store(x, 14, size(a))
    store(x, 15, least(a, b))
    store(x, 16, most(a, b))
    store(x, 17, least(a, 1.0))
    store(x, 18, most(-1.0, a))
    store(x, 19, where(c, a, b))
    store(x, 20, where(a, 1.0, b))
    store(x, 21, where(a - b, b, 0.0))
    store(x, 22, group_sum(a))
    store(x, 23, group_most(a))


@unrolled
def _each_function_unrolled(x):
    _each_function(x)


@njit
def _largest(x):
    return most_of(load(x, 0))


_each_function_compiled = njit(_each_function)


@njit
def _each_function_written_out(x):
    _each_function_unrolled(x)


def _numbers(width, seed):
    """Three slots of numbers, room for the results."""
    rng = np.random.default_rng(seed)
    x = lanes(24, width)
    x["lane"][:3] = rng.choice(ODD, (3, width)) if seed % 2 else rng.normal(size=(3, width))
    return x


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("compiled", [_each_function_compiled, _each_function_written_out])
def test_a_wide_number_is_what_its_numpy_array_is(width, compiled):
    for seed in range(40):
        x, y = _numbers(width, seed), _numbers(width, seed)
        with np.errstate(all="ignore"):
            _each_function(x)
            compiled(y)
            most_there = most_of(load(x, 0))
        np.testing.assert_array_equal(y["lane"], x["lane"])
        np.testing.assert_array_equal(_largest(y), most_there)


def test_where_takes_the_second_for_what_is_no_number_and_least_and_most_pass_over_it():
    x = lanes(24, 4)
    x["lane"][:3] = [NAN, 1.0, NAN, -INF], [2.0, NAN, NAN, INF], [NAN, 0.0, INF, -INF]
    with np.errstate(all="ignore"):
        _each_function_compiled(x)
    np.testing.assert_array_equal(x["lane"][15], [2.0, 1.0, NAN, -INF])
    np.testing.assert_array_equal(x["lane"][16], [2.0, 1.0, NAN, INF])
    np.testing.assert_array_equal(x["lane"][19], [2.0, NAN, NAN, INF])


@unrolled
def _loops(x, first):
    """Lists, loops and plain numbers leave their operations behind: Horner, a sum from 0, a difference from 0."""
    numbers = [load(x, first + k) for k in range(4)]
    horner, total = 0.0, 0.0
    for k, number in enumerate(numbers):
        horner, total = horner * 0.5 + number, total + number * (k + 1.0)
    store(x, first + 4, horner)
    store(x, first + 5, 0.0 - total)
    store(x, 2 * first + 6, numbers[0] * 3)


@unrolled_value
def _value(x, other):
    return load(x, 0) + other


@njit
def _run(x, first):
    _loops(x, first)
    store(x, 0, _value(x, load(x, first)))


@pytest.mark.parametrize("width", WIDTHS)
def test_an_unrolled_function_is_the_function(width):
    x = lanes(16, width)
    x["lane"][:] = np.random.default_rng(1).normal(size=(16, width))
    y = x["lane"].copy()
    _run(x, 3)
    a, b, c, d = y[3:7]
    expected = y.copy()
    expected[7], expected[8] = ((a * 0.5 + b) * 0.5 + c) * 0.5 + d, -(a + 2.0 * b + 3.0 * c + 4.0 * d)
    expected[12], expected[0] = 3.0 * a, y[0] + a
    np.testing.assert_allclose(x["lane"], expected, rtol=0.0, atol=4 * EPS * 10)  # products may be fused


@njit
def _fetch(x, array, cases, stride, more, into):
    at = rows(cases, stride, 1)
    number = gather(array, at, more)
    store(x, 0, number)
    scatter(into, at, more, number + 1.0)


@pytest.mark.parametrize("cases", [(0,), (3,), (1, 4), (2, 2)])
def test_rows_of_several_cases_lie_side_by_side(cases):
    array, into = np.random.default_rng(2).normal(size=(40, 4)), np.zeros((40, 4))
    x = lanes(1, 4 * len(cases))
    _fetch(x, array, cases, 7, 2, into)
    from_rows = [7 * case + 3 for case in cases]
    np.testing.assert_array_equal(x["lane"][0], array[from_rows].ravel())
    expected = np.zeros_like(into)
    expected[from_rows] = array[from_rows] + 1.0
    np.testing.assert_array_equal(into, expected)


def test_scratch_says_how_many_lanes_a_number_has_and_begins_empty():
    x = lanes(5, 8)
    assert x["lane"].shape == (5, 8) and x.flags.c_contiguous and not x["lane"].any()
    assert wide.GROUP == 4  # one body: three branches and a lane that idles


@unrolled
def _sine_and_cosine(x, slot):
    s, c = sine_and_cosine(load(x, slot))
    store(x, slot + 1, s)
    store(x, slot + 2, c)


@njit
def _sines_and_cosines(x, n):
    for k in range(n):
        _sine_and_cosine(x, 3 * k)


@njit
def _rounded_once(x):
    """(1 + e)(1 - e) - 1: -e^2 where product and sum are fused, 0 where they are not."""
    store(x, 1, (1.0 + load(x, 0)) * (1.0 - load(x, 0)) - 1.0)


@pytest.mark.parametrize("largest", [1e-9, np.pi / 4, np.pi, 30.0, 1e4, 1e8])
def test_sine_and_cosine_are_those_of_the_library(largest):
    n = 100
    angles = np.random.default_rng(3).uniform(-largest, largest, (n, 4))
    angles[:4, 0] = 0.0, largest, -largest, math.floor(largest / np.pi) * np.pi
    x, probe = lanes(3 * n, 4), lanes(2, 4)
    x["lane"][::3], probe["lane"][0] = angles, 2.0**-30
    _sines_and_cosines(x, n)
    _rounded_once(probe)
    fused = probe["lane"][1].all()
    # a rounding of ours and one of the library's; where products are not fused, also one of the turns taken off
    room = EPS if fused else EPS * (1.0 + np.abs(angles))
    assert (np.abs(x["lane"][1::3] - np.vectorize(math.sin)(angles)) <= room).all()
    assert (np.abs(x["lane"][2::3] - np.vectorize(math.cos)(angles)) <= room).all()


@unrolled
def _vector(x, first):
    """Nine numbers of a rotation; its vector and the factors into the next five."""
    vector, k, slope = _rotation_vector(x, [load(x, first + n) for n in range(9)])
    for n, number in enumerate([*vector, k, slope]):
        store(x, first + 9 + n, number)


@njit
def _vectors(x, first):
    _vector(x, first)


@pytest.mark.parametrize("turned", [0.0, 1e-12, 1e-9, 1e-6, 1e-3, 0.0499, 0.0501, 0.2499, 0.2501, 1.0, 2.0, 2.41])
def test_the_rotation_vector_in_lanes_is_that_of_the_rotation(turned):
    first = slots.ROWS
    x, rng = lanes(first + 14, 4), np.random.default_rng(4)
    R = Rotation.from_rotvec(turned * unit(rng, 4)).as_matrix().reshape(4, 9)
    x["lane"][first : first + 9] = R.T
    _vectors(x, first)
    assert not x["lane"][slots.FAILED].any() and not x["lane"][slots.WORST].any()
    for lane in range(4):
        rows_of_R = tuple(tuple(float(v) for v in row) for row in R[lane].reshape(3, 3))
        vector, found = rotation_vector(rows_of_R), x["lane"][first + 9 :, lane]
        np.testing.assert_allclose(found[:3], vector, rtol=0.0, atol=1e-15 if turned < 1e-2 else 4e-15)  # roundings
        t2 = float(np.dot(vector, vector))
        # both lose digits in the difference of large terms, as their tests say
        assert found[3] == pytest.approx(inverse_left_factor(t2), rel=1e-12)
        assert found[4] == pytest.approx(inverse_left_factor_slope(t2), rel=1e-10)


@pytest.mark.parametrize("turned", [2.43, 3.0, np.pi])
def test_lanes_know_that_they_do_not_know_a_turn_beyond_140_deg(turned):
    first = slots.ROWS
    x = lanes(first + 14, 4)
    x["lane"][first : first + 9] = np.eye(3).reshape(9, 1)
    x["lane"][first : first + 9, 1] = Rotation.from_rotvec([0.6 * turned, 0.0, 0.8 * turned]).as_matrix().ravel()
    _vectors(x, first)
    # neither goes on nor counts as an answer, however well its rows seem met
    np.testing.assert_array_equal(x["lane"][slots.FAILED], [0, 1, 0, 0])
    assert (x["lane"][slots.WORST] > motion.AIM).tolist() == [False, True, False, False]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("far", [0.0, 1000.0])
def test_the_tree_in_lanes_stands_where_the_tree_stands(width, far):
    for seed in range(5):
        problem = Posed(seed, (OFF,), far=far)
        chain, q = problem.body, problem.q
        R, o, a = np.empty((N, 3, 3)), np.empty((N, 3)), np.empty((N, 3))
        tree.forward(chain.axes, chain.offsets, q, R, o, a)
        x = problem.in_lanes(groups=width // 4)["lane"]
        origin = x[tree_lanes.ORIGIN : tree_lanes.ORIGIN + 3]
        room = 4e-15 * max(1.0, far)  # a few roundings of metres; the places in the world of kilometres
        for s in range(PELVIS, N):
            depth, lane = (0, 3) if s == PELVIS else (s % BRANCH + 1, s // BRANCH - 1)
            frame = x[tree_lanes.FRAME + 12 * depth :, lane::4]
            for group in range(width // 4):
                np.testing.assert_allclose(frame[:9, group].reshape(3, 3), R[s], rtol=0.0, atol=4e-15)
                np.testing.assert_allclose(frame[9:12, group] + origin[:, 0], o[s], rtol=0.0, atol=room)
                # between two places of one body no digits are lost, wherever it stands
                np.testing.assert_allclose(frame[9:12, group], o[s] - o[PELVIS], rtol=0.0, atol=4e-15 + 4 * EPS * far)
        twist = _screws(x)
        places = o - o[PELVIS]
        np.testing.assert_allclose(twist[:, 3:], np.where(np.arange(N)[:, None] < 3, 0.0, a), rtol=0.0, atol=4e-15)
        linear = np.where(np.arange(N)[:, None] < 3, a, np.cross(places, a))
        np.testing.assert_allclose(twist[:, :3], linear, rtol=0.0, atol=1e-14 + 4 * EPS * far)


def _screws(x):
    """Screw (24, 6) of each coordinate."""
    out = np.zeros((N, 6))
    for k, at in enumerate((tree_lanes.LINEAR, tree_lanes.ANGULAR)):
        for axis in range(3):
            part = x[at + axis : at + 3 * JOINTS : 3]
            out[:BRANCH, 3 * k + axis] = part[BRANCH:, 0]
            out[BRANCH:, 3 * k + axis] = part[:BRANCH, :3].T.ravel()
    return out


def _problems(roles):
    return [Posed(seed, ROLES[roles]) for seed in range(PROBLEMS)]


@pytest.mark.parametrize("roles", ROLES)
def test_rows_in_lanes_have_the_values_and_slopes_of_the_patient_kernel(roles):
    for problem in _problems(roles):
        x, w = problem.in_lanes(), problem.patiently()
        asked, must = w.role != OFF, w.role == MUST
        np.testing.assert_allclose(
            problem.of_rows(x, slots.VALUE), np.where(asked, w.c, 0.0), rtol=0.0, atol=1e-14
        )  # a few roundings of metres
        slope = w.g - w.J[must].T @ problem.lam[must]
        most_pull = np.abs(problem.pulls()).max() + np.abs(slope).max()
        np.testing.assert_allclose(coordinates(x, slots.SLOPE), slope, rtol=0.0, atol=20 * EPS * most_pull)  # a sum
        # what missed musts add: a spring that holds each that binds
        on, over = problem.on != 0, np.where(problem.on < 0, w.c - w.low, w.c - w.high)
        held = slots.HOLD * w.J[on].T @ over[on]
        assert (np.abs(coordinates(x, slots.SLOPE_MISSED) - held) <= 1e-14 * slots.HOLD * (1.0 + on.sum())).all()
        slack = np.where(w.low < w.high, np.minimum(1e-3 * np.abs(problem.lam), _room_left(w, problem.lam)), 0.0)
        short = np.maximum(np.maximum(w.low - w.c, w.c - w.high), 0.0)
        worst = np.max(np.where(must, np.maximum(short, slack), 0.0))
        assert x["lane"][slots.WORST].max() == pytest.approx(worst, abs=1e-14)


def _room_left(w, lam):
    """How far a row is from the end that its multiplier says it is at."""
    return np.maximum(np.where(lam > 0.0, w.c - w.low, w.high - w.c), 0.0)


@pytest.mark.parametrize("curved", [0.0, 1.0])
@pytest.mark.parametrize("roles", ROLES)
def test_the_hessian_in_lanes_is_that_of_the_patient_kernel_and_of_what_holds_the_musts(roles, curved):
    for problem in _problems(roles):
        x, w = problem.in_lanes(curved), problem.patiently(curved)
        on = (w.role == MUST) & (problem.on != 0)
        whole = w.H + slots.HOLD * w.J[on].T @ w.J[on]
        # digits of the largest entry, of which a held row's is 1e8 and more
        atol = 1e-14 * max(np.abs(w.H).max(), 10.0 * on.any() * slots.HOLD)
        np.testing.assert_allclose(problem.whole_hessian(x), whole, rtol=0.0, atol=atol)


@pytest.mark.parametrize("roles", ROLES)
def test_the_scale_of_the_residual_is_the_gauss_newton_diagonal_without_the_musts(roles):
    for problem in _problems(roles):
        # every stiffness is 1 or more here: below 1 the scale is 1
        x, w = problem.in_lanes(), problem.patiently()
        np.testing.assert_allclose(coordinates(x, slots.SCALE), w.D, rtol=1e-14 * N)
    problem.stiffness = np.zeros(N)
    problem.goals.role[:] = OFF
    problem.tissue = problem.tissue._replace(amplitude=0.0 * problem.tissue.amplitude)
    np.testing.assert_array_equal(problem.in_lanes()["lane"][slots.SCALE : slots.SCALE + JOINTS], 1.0)


@pytest.mark.parametrize("roles", ROLES)
def test_two_bodies_side_by_side_are_each_what_one_is(roles):
    written = slice(slots.SLOPE, slots.HESSIAN + JOINTS * JOINTS)
    for problem in _problems(roles)[:4]:
        one, two = problem.in_lanes()["lane"][written], problem.in_lanes(groups=2)["lane"][written]
        np.testing.assert_array_equal(two, np.tile(one, 2))  # bit for bit


def _full_step(problem, state):
    """The step in lanes from a guess of what is held, and (24,) Hessian, slope, step and what is held in the end."""
    x = problem.in_lanes(0.0)
    x["lane"][slots.STATE : slots.STATE + JOINTS] = spread(state.astype(float))
    x["lane"][slots.STATE : slots.STATE + BRANCH, 3] = slots.LOCKED
    H, g = problem.whole_hessian(x), coordinates(x, slots.SLOPE) + coordinates(x, slots.SLOPE_MISSED)
    step(x, problem.packed.table, problem.packed.used[0], problem.packed.joined)
    assert not x["lane"][slots.FAILED].any()
    return H, g, coordinates(x, slots.STEP), np.sign(coordinates(x, slots.STATE))


@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize("roles", ["no musts", "everything"])
def test_a_newton_step_is_the_dense_solution_for_what_is_held(roles, joined):
    for seed in range(PROBLEMS):
        problem = Posed(seed, ROLES[roles], joined=joined)
        reach = problem.rng.choice([INF, 6.0, 2.0])
        problem.lower, problem.upper = (problem.q + sign * reach * problem.rng.random(N) for sign in (-1.0, 1.0))
        state = np.zeros(N)
        for i, side in ((4, 1), (7, -1), (15, 1), (22, -1)):  # held from the start, at their bounds
            state[i] = side
            (problem.lower if side < 0 else problem.upper)[i] = problem.q[i]
        problem.lower[10] = problem.upper[10] = problem.q[10]  # locked
        state[10] = slots.LOCKED
        H, g, d, held = _full_step(problem, state)
        expected = np.select([held < 0, held > 0], [problem.lower - problem.q, problem.upper - problem.q], 0.0)
        free = held == 0
        right = -g[free] - H[np.ix_(free, ~free)] @ expected[~free]
        expected[free] = np.linalg.solve(H[np.ix_(free, free)], right)
        # rounding times the condition of the free block, which springs of 1e8 make large
        condition = np.linalg.cond(H[np.ix_(free, free)]) if free.any() else 1.0
        np.testing.assert_allclose(d, expected, rtol=0.0, atol=10 * EPS * condition * max(1.0, np.abs(expected).max()))
        assert held[10] < 0


@pytest.mark.parametrize("joined", [False, True])
def test_held_coordinates_are_those_of_the_programme_with_bounds(joined):
    settled = 0
    for seed in range(PROBLEMS):
        problem = Posed(seed, ROLES["no musts"], joined=joined)
        q, state = problem.q, np.zeros(N)
        H, g, free, _ = _full_step(problem, state)
        # six are held from the start, rightly or not, and three stop half-way
        guessed, stops = np.split(problem.rng.permutation(N)[:9], [6])
        state[guessed] = problem.rng.choice([-1.0, 1.0], 6)
        problem.lower[stops] = np.where(free < 0.0, q + 0.5 * free, -INF)[stops]
        problem.upper[stops] = np.where(free > 0.0, q + 0.5 * free, INF)[stops]
        problem.lower, problem.upper = np.where(state < 0, q, problem.lower), np.where(state > 0, q, problem.upper)
        d, held = _full_step(problem, state)[2:]
        best = _programme(H, g, problem.lower - q, problem.upper - q)
        inside = (problem.lower - 1e-12 <= q + d) & (q + d <= problem.upper + 1e-12)
        if inside.all() and (held * (H @ d + g) <= 1e-10).all():
            settled += 1
            np.testing.assert_allclose(d, best, rtol=0.0, atol=1e-10)
            np.testing.assert_array_equal(held, np.where(best <= problem.lower - q, -1, best >= problem.upper - q))
    # of a few exchanges many are enough; where not, the posture's next step goes on from there
    assert settled >= PROBLEMS // 2


def _programme(H, g, low, high):
    """Least d'Hd/2 + g'd between bounds, one exchange at a time (an ordinary active set)."""
    d, held = np.clip(np.zeros(N), low, high), np.zeros(N)
    for _ in range(1000):
        free = held == 0
        to = d.copy()
        to[free] = np.linalg.solve(H[np.ix_(free, free)], -g[free] - H[np.ix_(free, ~free)] @ d[~free])
        way = to - d
        with np.errstate(all="ignore"):
            room = np.where(way > 0, (high - d) / way, np.where(way < 0, (low - d) / way, INF))
        i = int(np.argmin(np.where(free, room, INF)))
        if free.any() and room[i] < 1.0:
            d += max(room[i], 0.0) * way
            held[i] = np.sign(way[i])
            d[i] = high[i] if held[i] > 0 else low[i]
            continue
        d = to
        wrong = held * (H @ d + g)
        if wrong.max() <= 1e-12:
            return d
        held[int(np.argmax(wrong))] = 0
    raise AssertionError("no optimum in 1000 exchanges")


@pytest.mark.parametrize("roles", ["no musts", "everything"])
def test_a_step_moves_every_row_by_its_derivative_and_musts_take_up_what_held_them(roles):
    for problem in _problems(roles):
        x, w = problem.in_lanes(0.0), problem.patiently(0.0)
        packed, d = problem.packed, 1e-3 * problem.rng.normal(size=N)
        x["lane"][slots.STEP : slots.STEP + JOINTS] = spread(d)
        move(x, packed.table, packed.used[0], packed.data, (0,), packed.fixed, (0,), packed.musts)
        np.testing.assert_allclose(coordinates(x, tree_lanes.Q), problem.q + d, rtol=0.0, atol=EPS * 2)
        moved, asked = w.J @ d, w.role != OFF
        np.testing.assert_allclose(problem.of_rows(x, slots.MOVED), np.where(asked, moved, 0.0), rtol=0.0, atol=1e-15)
        exact = (w.role == MUST) & (w.low == w.high)
        taken_up = problem.lam - slots.HOLD * (w.c - w.low + moved)
        np.testing.assert_allclose(problem.of_rows(x, slots.MULTIPLIER)[exact], taken_up[exact], rtol=1e-12, atol=1e-5)
        soft = (w.role == SOFT) & (w.low == w.high)
        ahead = w.weight * (w.c - w.low + moved)
        np.testing.assert_allclose(problem.of_rows(x, slots.BENDS)[soft], ahead[soft], rtol=1e-12, atol=1e-11)


def test_what_is_not_asked_may_hold_anything():
    problem = Posed(3)
    off = problem.goals.role[0] == OFF
    points, turns = len(problem.goals.segment), len(problem.goals.o_segment)
    x = problem.in_lanes()["lane"].copy()
    unasked = np.flatnonzero(off[points : points + 3 * turns].reshape(-1, 3).all(axis=1))
    problem.goals.normal[:, off[:points]] = problem.goals.target[:, off[:points]] = NAN
    problem.goals.low[:, off] = problem.goals.high[:, off] = problem.goals.weight[:, off] = NAN
    problem.goals.o_target[:, unasked] = np.diag([-1.0, 1.0, -1.0]) @ problem.goals.o_target[:, unasked]
    y = problem.in_lanes()["lane"]
    for part in (slots.SLOPE, slots.SLOPE_MISSED, slots.SCALE):
        np.testing.assert_array_equal(y[part : part + JOINTS], x[part : part + JOINTS])
    assert not y[slots.FAILED].any()


def test_a_goal_of_part_of_the_pelvis_has_no_lane():
    problem = Posed(0)
    problem.goals.segment[0] = 3
    with pytest.raises(ValueError, match="only the whole pelvis"):
        pack(body(problem.rng), problem.goals, problem.tissue, problem.stiffness, problem.q_ref[None])
