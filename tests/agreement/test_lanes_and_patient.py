"""What full steps in lanes find is what the patient kernel finds, frame by frame, in what the strategies ask for."""

from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from kinematics import Chain
from kinematics.conventions import INDEX
from kinematics.rom import RangeOfMotion
from kinematics.rotations import rotation_about
from kinematics.zero import standing_tilt, zero_offsets
from simulate import patient, read_motion, walking
from simulate.compensation import bounds_of
from simulate.goals import EXACTLY, MUST, NOT_BELOW, OFF, PULL, SOFT, CombinationGoal, OrientationGoal, PointGoal
from simulate.io.trials import trial
from simulate.kernels.data import SOLVED, UNSOLVED, scratch
from simulate.kernels.lanes import motion
from simulate.kernels.lanes.slots import LEAST_FORCE
from simulate.kernels.posture import KKT_SOLVED, LEAST_DIAGONAL, MUST_SOLVED
from simulate.solution import Stage, answers, energy, solve
from simulate.strategies import STRATEGIES, allowances, predicted
from simulate.tasks.bend import bending
from simulate.tasks.lying import prone_extension
from simulate.tasks.squat import squatting
from simulate.tasks.turn import turned

NORMAL = RangeOfMotion.normal()
WALK = "walk_overground_rajagopal"
#: Movements, and a limit that takes something away from each. [deg]
MOVEMENTS = {
    "walk": (lambda: walking(*_recorded()), {"hip_extension_deg": 0}),
    "turn": (
        lambda: turned(*_recorded(), angle_deg=90.0, style="step"),
        {"hip_internal_rotation_right_deg": 0, "hip_extension_left_deg": 0},
    ),
    "bend": (lambda: bending(direction="forward"), {"hip_flexion_deg": 20}),
    "squat": (squatting, {"hip_flexion_deg": 95}),
    "prone": (prone_extension, {"hip_extension_right_deg": -5}),
}
STAGES = [(name, strategy) for name in MOVEMENTS for strategy in STRATEGIES]
#: Two answers to a problem in which the same binds, each with a scaled residual of 1e-8 at most. [m, rad]
SAME = 1e-7
#: Of the energy, what lanes may cost more; what the multipliers make of what either misses its musts by is added.
COSTS_NO_MORE, JOULES = 1e-9, 1e-12
#: Of a residual, in numbers of a few metres and springs of a few thousand newtons a metre. [m, rad]
ROUNDING = 1e-12
#: Postures further apart than this are two, not one. [m, rad]
FAR = 1e-2


@cache
def _recorded():
    files = trial(WALK)
    return Chain.from_osim(files.model), read_motion(files.motion)


def _bounds(task, limits):
    offsets = zero_offsets("clinical", task.standing, standing_tilt_deg=standing_tilt(None)[0])
    return bounds_of(task, NORMAL.limited(**limits), offsets)


@cache
def _made(name):
    make, limits = MOVEMENTS[name]
    task = make()
    free, limited, _ = _bounds(task, limits)
    return task, limited, predicted(task, *free).solution.q


@cache
def _stages(name, strategy):
    task, limited, free = _made(name)
    return STRATEGIES[strategy](task, *limited, free=free, allow=allowances(None)).stages


def _each(end, task):
    return np.ascontiguousarray(np.broadcast_to(end, task.q.shape))


def _patiently(task, lower, upper):
    """The same frames by the patient kernel, each from the answer before."""
    goals, frames = task.kernel_goals, len(task.q)
    low, high, w = _each(lower, task), _each(upper, task), scratch(goals)
    out = q, lam, state, on, status, _, kkt = answers(frames, goals.weight.shape[1])
    q[:] = task.q
    for f in range(frames):
        if f > 0:
            q[f], lam[f] = q[f - 1] + task.q[f] - task.q[f - 1], lam[f - 1]
            w.state[:], w.on[:] = np.where(low[f - 1] < high[f - 1], state[f - 1], 0), on[f - 1]
        status[f], _, kkt[f] = patient.solve_frame(
            task.body, goals, task.tissue, f, task.stiffness, task.q[f], low[f], high[f], 3, w, q[f], lam[f]
        )
        state[f], on[f] = w.state, w.on
    return out


class _Proof(NamedTuple):
    """Of one answer, in numpy from the patient kernel's tangent.

    Scaled KKT residual with complementarity, and what rounding can make of it; largest miss of a must; work of the
    multipliers on the way to where their rows bind; least singular value of these rows where coordinates are free.
    """

    kkt: float
    rounding: float
    miss: float
    work: float
    independence: float


def _proof(stage, f, q, lam, state):
    task, low, high = stage.task, _each(stage.lower, stage.task), _each(stage.upper, stage.task)
    w = scratch(task.kernel_goals)
    ends, at = (low[f], high[f]), (q[f].copy(), lam[f].copy())
    patient.tangent(task.body, task.kernel_goals, task.tissue, f, task.stiffness, task.q[f], *ends, *at, w)
    must = w.role == MUST
    J, lam, c, row_low, row_high = w.J[must], lam[f, must], w.c[must], w.low[must], w.high[must]
    to = np.clip(q[f] - (w.g - J.T @ lam) / np.maximum(w.D, LEAST_DIAGONAL), *ends)
    left = np.where(lam > 0.0, c - row_low, row_high - c)
    slack = np.where(row_low < row_high, np.minimum(LEAST_FORCE * np.abs(lam), np.maximum(left, 0.0)), 0.0)
    short = np.maximum(np.maximum(row_low - c, c - row_high), 0.0)
    binds = J[(row_low == row_high) | (lam != 0.0)][:, (low[f] < high[f]) & (state[f] == 0)]
    # forces cancel in the gradient: what is left has the digits of the largest of them, at levers of a metre or so
    levers = np.where(J.any(axis=1)[:, None], np.maximum(np.abs(J), 1.0), 0.0)
    springs = np.where(w.role == SOFT, w.weight * np.abs(w.c), 0.0) + np.where(w.role == PULL, w.weight, 0.0)
    forces = np.abs(lam) @ levers + springs @ np.abs(np.where((springs > 0.0)[:, None], w.J, 0.0))
    return _Proof(
        kkt=max(np.abs(to - q[f]).max(), slack.max(initial=0.0)),
        rounding=8.0 * np.finfo(float).eps * (forces / np.maximum(w.D, LEAST_DIAGONAL)).max(),
        miss=short.max(initial=0.0),
        work=float(np.abs(lam) @ np.where(lam != 0.0, np.abs(left), 0.0)),
        independence=np.linalg.svd(binds)[1].min(initial=np.inf) if len(binds) <= binds.shape[1] else 0.0,
    )


def _compared(stage):
    """Lanes, the patient kernel, in which frames both solve, and in which of these the same binds."""
    task, goals = stage.task, stage.task.kernel_goals
    found, others = solve(task, stage.lower, stage.upper), _patiently(task, stage.lower, stage.upper)
    both = (found.status == SOLVED) & (others[4] == SOLVED)
    moves = _each(stage.lower, task) < _each(stage.upper, task)
    rooms = (goals.role == MUST) & (goals.low < goals.high)
    same = (
        both
        & ((found.active == others[2]) | ~moves).all(axis=1)
        & ((found.rows_active == others[3]) | ~rooms).all(axis=1)
    )
    return found, others, both, same


@pytest.mark.parametrize(("name", "strategy"), STAGES)
def test_lanes_solve_what_the_patient_kernel_solves_and_cost_no_more(name, strategy):
    for stage in _stages(name, strategy):
        found, (q, lam, state, _, status, _, _), both, same = _compared(stage)
        assert (status[found.status == UNSOLVED] == UNSOLVED).all(), stage.what
        away, ours, theirs = np.abs(found.q - q).max(axis=1), energy(stage.task, found.q), energy(stage.task, q)
        alike = []
        for f in np.flatnonzero(both):
            proofs = _proof(stage, f, found.q, found.multipliers, found.active), _proof(stage, f, q, lam, state)
            room = COSTS_NO_MORE * abs(theirs[f]) + JOULES + proofs[0].work + proofs[1].work
            assert ours[f] <= theirs[f] + room, (stage.what, f)
            if same[f] and away[f] > SAME:
                # a twin (left and right of a squat, say) that costs the same, or less; or a leg stretched all the way,
                # whose knee moves by the root of what its foot is missed by
                twin = away[f] > FAR
                # (where stiff springs stand for its foot's musts, no row is left whose independence would tell)
                loose = proofs[0].independence < 1e-3 or np.isinf(proofs[0].independence)
                stretched = loose and away[f] < 10 * np.sqrt(KKT_SOLVED)
                assert twin or stretched, (stage.what, f, away[f], proofs)
            if proofs[0].independence >= 1e-3:  # a leg that is not stretched all the way
                alike.append(away[f] <= SAME)
        assert not alike or np.mean(alike) > 0.5, stage.what  # of a symmetric movement many frames have twins


@pytest.mark.parametrize(("name", "strategy"), STAGES)
def test_the_reported_residual_is_the_residual(name, strategy):
    rounding = []
    for stage in _stages(name, strategy):
        found, low, high = stage.solution, _each(stage.lower, stage.task), _each(stage.upper, stage.task)
        for f in np.flatnonzero(found.status == SOLVED):
            proof = _proof(stage, f, found.q, found.multipliers, found.active)
            rounding.append(proof.rounding)
            # lanes scale with the diagonal before their last step, which is nearly that of the answer
            assert proof.kkt <= 2.0 * found.kkt[f] + ROUNDING + proof.rounding, (stage.what, f)
            assert proof.miss <= max(found.kkt[f] + ROUNDING, MUST_SOLVED if found.kkt[f] <= KKT_SOLVED else 0.0)
            assert ((low[f] <= found.q[f]) & (found.q[f] <= high[f])).all(), (stage.what, f)
        must = stage.task.kernel_goals.role == MUST
        np.testing.assert_array_equal(found.multipliers[~must], 0.0)
        np.testing.assert_array_equal(found.rows_active[~must], 0)
        exact = must & (stage.task.kernel_goals.low == stage.task.kernel_goals.high) & (found.status == SOLVED)[:, None]
        np.testing.assert_array_equal(found.rows_active[exact], -1)
        np.testing.assert_array_equal(found.active[(low >= high) & (found.status == SOLVED)[:, None]], -1)
    # but for legs stretched all the way, whose forces leave no digits, what is compared are digits
    assert np.median(rounding) <= 1e-3 * KKT_SOLVED


def _side_by_side(task, cases, ends, start=None):
    """Two cases (or one) of several bounds in the lanes of one scratch: postures, multipliers, status."""
    lower, upper = (np.array([each[side] for each in ends])[:, None] for side in (0, 1))
    parts = [np.stack([part] * len(ends)) for part in answers(len(task.q), task.kernel_goals.weight.shape[1])]
    if start is not None:
        parts[0][:] = start
    x, zeros = task.lanes.scratch(len(cases)), (0,) * len(cases)
    motion.solve_lanes(x, x[:0], cases, zeros, task.lanes, lower, upper, 0, start is not None, False, *parts)
    return parts[0], parts[1], parts[4]


#: Limits of one body, from none to one that cannot be met. [deg]
LIMITS = ({}, {"hip_extension_deg": 0}, {"hip_extension_right_deg": -20}, {"hip_flexion_deg": 5})


@pytest.mark.parametrize("disturbed", [None, 0.02, 0.1, 0.3])
def test_a_case_is_solved_alike_whatever_case_is_beside_it(bundled_walk, disturbed):
    task = bundled_walk.frames(slice(0, 172, 6))
    ends, start = [_bounds(bundled_walk, limits)[1] for limits in LIMITS], None
    if disturbed is not None:  # starts from which some steps fail: that must not spread
        by = disturbed * np.linspace(0.0, 1.0, len(LIMITS))[:, None, None]
        start = task.q + by * np.random.default_rng(5).normal(size=(len(LIMITS), *task.q.shape))
    alone = [_side_by_side(task, (case,), ends, start) for case in range(len(LIMITS))]
    statuses = np.array([alone[case][2][case] for case in range(len(LIMITS))])
    assert (statuses == SOLVED).any() and (statuses == UNSOLVED).any()
    for one in range(len(LIMITS)):
        for other in range(len(LIMITS)):
            both = _side_by_side(task, (one, other), ends, start)
            for case in (one, other):
                np.testing.assert_array_equal(both[2][case], statuses[case])
                done = statuses[case] == SOLVED
                np.testing.assert_allclose(both[0][case][done], alone[case][0][case][done], rtol=0.0, atol=1e-10)
                # multipliers of newtons, of musts that are met to 1e-10
                np.testing.assert_allclose(both[1][case][done], alone[case][1][case][done], rtol=1e-7, atol=1e-5)


def test_where_full_steps_fail_the_patient_kernel_steps_in_and_the_motion_goes_on(bundled_walk):
    task = bundled_walk.frames(slice(40, 52))
    ends = _bounds(bundled_walk, {"hip_extension_deg": 0})[1]
    hard = np.array([3, 7])
    # a trunk that is drawn towards where it would face backwards: lanes know no such turn
    role = np.full((len(task.q), 3), OFF, np.int8)
    role[hard] = SOFT
    trunk = task.kind(OrientationGoal)[0]
    turned_round = trunk.target @ rotation_about([0.0, 1.0, 0.0], np.deg2rad(150.0))
    drawn = replace(task, goals=(*task.goals, replace(trunk, target=turned_round, role=role, stiffness=1.0)))
    parts = _side_by_side(drawn, (0,), [ends])
    np.testing.assert_array_equal(np.flatnonzero(parts[2][0] == UNSOLVED), hard)
    found, undrawn, patiently = solve(drawn, *ends), solve(task, *ends), _patiently(drawn, *ends)
    assert (found.status == SOLVED).all() and (found.iterations[hard] > 0).all()
    np.testing.assert_allclose(found.q, patiently[0], rtol=0.0, atol=SAME)
    easy = np.setdiff1d(np.arange(len(task.q)), hard)
    np.testing.assert_allclose(found.q[easy], undrawn.q[easy], rtol=0.0, atol=SAME)
    assert np.abs(found.q[hard] - undrawn.q[hard]).max() > 1e-3


def test_a_trunk_half_a_turn_from_where_it_must_be_is_not_there(bundled_walk):
    task = bundled_walk.frames(slice(0, 3))
    trunk = task.kind(OrientationGoal)[0]
    for angle in (150.0, 179.0, 180.0):
        there = trunk.target @ rotation_about([0.0, 1.0, 0.0], np.deg2rad(angle))
        must = replace(trunk, target=there, role=np.full(3, MUST, np.int8))
        locked = task.q.copy()  # nothing moves, and every other residual is 0
        found = solve(task.with_goals([must]), locked, locked)
        assert (found.status == UNSOLVED).all()


@pytest.mark.parametrize("far", [0.3, 1.0, 3.0, 1e3, np.nan])
def test_a_start_far_away_ends_in_an_answer_or_says_that_it_does_not(bundled_walk, far):
    task = bundled_walk.frames(slice(0, 172, 8))
    ends, rng = _bounds(bundled_walk, {"hip_extension_deg": 0})[1], np.random.default_rng(6)
    for attempts in (1, 3):
        found = solve(task, *ends, start=task.q + far * rng.normal(size=task.q.shape), attempts=attempts)
        stage = Stage("energy", np.arange(len(task.q)), task, *ends, found)
        for f in np.flatnonzero(found.status == SOLVED):
            proof = _proof(stage, f, found.q, found.multipliers, found.active)
            assert max(proof.kkt, proof.miss) <= 2.0 * KKT_SOLVED
        if attempts == 3:
            assert (found.status == SOLVED).all()  # the reference helps


#: Role and room of what a goal without a number may be.
KINDS = {"must": (MUST, EXACTLY), "room": (MUST, NOT_BELOW), "spring": (SOFT, EXACTLY), "push": (PULL, EXACTLY)}


def _no_number(task, how):
    """The task with something in frame 1 that is no number."""
    n, point, trunk = len(task.q), task.kind(PointGoal)[0], task.kind(OrientationGoal)[0]
    nothing = np.where(np.arange(n) == 1, np.nan, 0.0)
    kind, _, what = how.partition(" ")
    role, room = KINDS[kind]
    own = {"name": how, "role": np.full(n, role, np.int8), "stiffness": 10.0, "room": np.array(room)}
    if what == "target":
        goal = replace(point, **own, target=point.target + nothing)
    elif what == "axis":
        goal = replace(point, **own, normal=point.normal + nothing[:, None])
    elif what == "turn":
        goal = replace(trunk, **own, target=trunk.target + nothing[:, None, None])
    elif what == "sum":
        hip = task.q[:, INDEX["hip_flexion_r"]]
        goal = CombinationGoal(**own, factors={"hip_flexion_r": 1.0}, target=hip + nothing)
    else:
        ends = np.tile([[-1.0, 1.0]], (n, 1, 1))
        ends[1, 0, int(what == "high end")] = np.nan
        goal = replace(point, **{**own, "room": ends})
    return task.with_goals([*task.goals, goal])


NO_NUMBERS = [
    *(f"{kind} {what}" for kind in KINDS for what in ("target", "axis", "sum", "turn")),
    *(f"{kind} {what}" for kind in ("must", "spring") for what in ("low end", "high end")),
]


@pytest.mark.parametrize("how", NO_NUMBERS)
@pytest.mark.parametrize("own_start", [False, True])
def test_what_is_no_number_is_never_met(bundled_walk, how, own_start):
    task = bundled_walk.frames(slice(60, 64))
    ends = _bounds(bundled_walk, {})[0]
    found = solve(_no_number(task, how), *ends, start=task.q if own_start else None)
    assert found.status[1] == UNSOLVED
    assert (found.status[[0, 2, 3]] == SOLVED).all()


@pytest.mark.parametrize("own_start", [False, True])
@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("name", ["pelvis_tx", "pelvis_tilt", "hip_flexion_r", "thoracic_rotation"])
def test_a_bound_that_is_no_number_bounds_no_answer(bundled_walk, name, side, own_start):
    task = bundled_walk.frames(slice(60, 64))
    ends = [np.tile(end, (4, 1)) for end in _bounds(bundled_walk, {})[0]]
    ends[side][1, INDEX[name]] = np.nan
    found = solve(task, *ends, start=task.q if own_start else None)
    np.testing.assert_array_equal(found.status, [SOLVED, UNSOLVED, SOLVED, SOLVED])


@pytest.mark.parametrize("own_start", [False, True])
def test_a_reference_that_is_no_number_has_no_answer(bundled_walk, own_start):
    task, ends = bundled_walk.frames(slice(60, 64)), _bounds(bundled_walk, {})[0]
    q = task.q.copy()
    q[1, INDEX["knee_angle_l"]] = np.nan
    found = solve(replace(task, q=q), *ends, start=task.q if own_start else None)
    np.testing.assert_array_equal(found.status, [SOLVED, UNSOLVED, SOLVED, SOLVED])


@pytest.mark.kernel
def test_a_few_frames_are_those_of_the_patient_kernel_also_as_ordinary_python(bundled_walk):
    task = bundled_walk.frames(slice(60, 62))
    ends = [_bounds(bundled_walk, limits)[1] for limits in LIMITS[:2]]
    q, _, status = _side_by_side(task, (0, 1), ends)
    for case in (0, 1):
        patiently = _patiently(task, *ends[case])
        np.testing.assert_array_equal(status[case], patiently[4])
        np.testing.assert_allclose(q[case], patiently[0], rtol=0.0, atol=SAME)
    assert np.abs(q[1] - q[0]).max() > 1e-2  # the limit takes something away
