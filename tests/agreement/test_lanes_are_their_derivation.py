"""kernels in lanes = derivation of the composite."""

import numpy as np
import pytest
import sympy as sp

from kinematics.derivations import composite as derived
from kinematics.derivations import rotations as derived_rotations
from kinematics.kernels.rotations import inverse_left_factor, inverse_left_factor_slope
from simulate.kernels.data import OFF, PULL, SOFT
from simulate.kernels.lanes import slots
from tests.truths.random_rows import PELVIS, Posed

pytestmark = pytest.mark.kernel
#: The last coordinates of the right leg and of the spine.
FOOT, THORAX = 11, 23


def test_every_identity_of_the_composite_holds():
    assert all(difference == 0 for difference in derived.differences())


def test_the_half_angle_gives_the_rotation_vector_and_its_factors():
    assert sp.simplify(derived.HALVED[0] - derived.HALVED[1]) == 0
    assert sp.simplify(derived.k_half - derived_rotations.k_half_angle) == 0
    assert sp.simplify(derived.slope_half - derived_rotations.k_slope) == 0


def test_the_series_leave_out_less_than_a_rounding():
    x, z = derived.x, derived.z
    terms = 2 * derived.ARC_TERMS
    assert sp.series(sp.asin(x) / x, x, 0, terms).removeO() == sp.expand(derived.arc_series.subs(z, x**2))
    assert sp.series(sp.asin(x), x, 0, terms + 2).coeff(x, terms + 1) == derived.arc_next.coeff(z, derived.ARC_TERMS)
    assert sp.series(sp.sin(x), x, 0, 17).removeO() == sp.expand(derived.sine_series)
    assert sp.series(sp.cos(x), x, 0, 18).removeO() == sp.expand(derived.cosine_series)
    half_a_rounding = np.finfo(float).eps / 4  # of a number from 1/2 to 1, as the largest sine is
    assert derived.arc_largest < 0.024
    # the terms fall by more than 40 times each: the first that is left out is all that counts
    assert 1.03 * derived.arc_next.subs(z, derived.arc_largest) < half_a_rounding
    assert derived.sine_next < half_a_rounding
    assert derived.cosine_next < half_a_rounding


def _alone(seed, keep):
    """A random problem in which the rows `keep` finds among its goals pull, and nothing else."""
    problem = Posed(seed)
    rows = keep(problem.goals)
    problem.goals.role[:] = OFF
    problem.goals.role[0, rows] = PULL
    return problem, rows, problem.patiently(), problem.in_lanes()["lane"]


def _depth(lane, part, n):
    """Numbers of one part of the outermost depth, in one lane: nothing lies beyond it."""
    at = slots.SPRINGS + slots.DEPTH_SIZE * 6 + part
    return lane[at : at + n]


def test_a_point_and_a_direction_bend_as_derived():
    f, p, d = derived.f, derived.p, derived.d
    of_point, of_wrench = (sp.lambdify((f, p), how(f, p)) for how in (derived.curvature, derived.wrench))
    of_moment = sp.lambdify((f, d), derived.cross(d, f))
    kinds = set()
    for seed in range(8):
        problem, g, w, x = _alone(seed, lambda goals: list(goals.segment).index(FOOT))
        force, is_point = problem.goals.weight[0, g] * problem.goals.normal[0, g], problem.goals.is_point[g]
        kinds.add(int(is_point))
        place = w.R[FOOT] @ problem.goals.local[g] + is_point * (w.o[FOOT] - w.o[PELVIS])
        lane, room = x[:, 0], 1e-15 * 100 * problem.goals.weight[0, g]  # roundings of a force a metre away
        np.testing.assert_allclose(_depth(lane, slots.CURVE, 9).reshape(3, 3), of_point(force, place), atol=room)
        np.testing.assert_allclose(_depth(lane, slots.BEND, 3), is_point * force, rtol=1e-15)
        wrench = np.ravel(of_wrench(force, place) if is_point else [*np.zeros(3), *np.ravel(of_moment(force, place))])
        np.testing.assert_allclose(_depth(lane, slots.PULL, 6), wrench, rtol=0.0, atol=room)
    assert kinds == {0, 1}


def test_an_orientation_bends_as_derived():
    symbols = (derived.v, derived.pull, derived.k, derived.slope)
    of_turn, of_torque = sp.lambdify(symbols, derived.N_turn), sp.lambdify(symbols, derived.torque)
    seen = []
    for seed in range(12):
        problem, rows, w, x = _alone(
            seed, lambda goals: len(goals.segment) + 3 * list(goals.o_segment).index(THORAX) + np.arange(3)
        )
        lane, T = x[:, 2], problem.goals.o_target[0, list(problem.goals.o_segment).index(THORAX)]
        v, pull = w.c[rows], problem.goals.weight[0, rows]
        seen.append(np.linalg.norm(v))
        numbers = v, pull, inverse_left_factor(v @ v), inverse_left_factor_slope(v @ v)
        N = _depth(lane, slots.CURVE, 9).reshape(3, 3)
        # the factors keep eleven digits
        np.testing.assert_allclose(N, T @ of_turn(*numbers) @ T.T, rtol=0.0, atol=1e-11 * np.linalg.norm(pull))
        wrench = _depth(lane, slots.PULL, 6)
        np.testing.assert_array_equal(wrench[:3], 0.0)
        torque = T @ np.ravel(of_torque(*numbers))
        np.testing.assert_allclose(wrench[3:], torque, rtol=0.0, atol=1e-11 * np.linalg.norm(pull))
    assert min(seen) < 1e-3 and max(seen) > 1.5  # where series hold, and far from there


def test_an_entry_of_the_hessian_is_the_derived_one():
    N, G, f = sp.MatrixSymbol("N", 3, 3), sp.MatrixSymbol("G", 6, 6), derived.f
    bent = sp.zeros(3, 1).col_join(derived.bent(sp.Matrix(N), f))
    entry = (derived.S_i.T * (sp.Matrix(G) * derived.S_j + bent))[0]
    of_joints = sp.lambdify((derived.a_i, derived.o_i, derived.a_j, derived.o_j, N, f, G), entry)
    for seed in range(6):
        problem = Posed(seed, (SOFT, PULL), joined=False)
        problem.goals.role[0, -3:] = OFF  # sums of coordinates know no axes
        w, x = problem.patiently(), problem.in_lanes()["lane"]
        springs = np.zeros((6, 6))
        springs[np.triu_indices(6)] = _depth(x[:, 1], slots.G, 21)
        whole, places = springs + np.triu(springs, 1).T, w.o - w.o[PELVIS]
        curve, force = _depth(x[:, 1], slots.CURVE, 9).reshape(3, 3), _depth(x[:, 1], slots.BEND, 3)
        j = 17  # the last joint of the left leg: with those before it, and the pelvis's that turn
        for i in (3, 5, 12, 14, 16, 17):
            found = of_joints(w.a[i], places[i], w.a[j], places[j], curve, force, whole)
            found += problem.stiffness[j] * (i == j)
            assert found == pytest.approx(w.H[i, j], rel=1e-12, abs=1e-10)
