"""kernel = derivation = finite differences."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from kinematics import rotations
from kinematics.conventions import INDEX
from kinematics.derivations import rotations as derived
from kinematics.derivations import tree as derived_tree
from kinematics.derivations.__main__ import page
from kinematics.kernels import rotations as kernels
from kinematics.kernels import tree
from kinematics.pose import frames
from simulate.goals import MASS_CENTRE, MUST, PULL, SOFT, CombinationGoal, OrientationGoal, PointGoal
from simulate.kernels import goals as goal_kernels
from simulate.kernels.data import EXPONENTIAL, SPRING, STRING, Tissue, scratch
from simulate.patient import prepare

pytestmark = pytest.mark.kernel
RNG = np.random.default_rng(2)


def test_rotations_are_their_derivations():
    zxy = sp.lambdify(derived.ANGLES, derived.R_zxy)
    yxz = sp.lambdify((derived.y, derived.x, derived.z), derived.R_yxz)
    about = sp.lambdify((*derived.AXIS, derived.angle), derived.R_about)
    for angles in RNG.uniform(-np.pi, np.pi, (50, 3)):
        np.testing.assert_allclose(rotations.zxy_matrix(angles), zxy(*angles), atol=1e-14)
        np.testing.assert_allclose(rotations.yxz_matrix(angles), yxz(*angles), atol=1e-14)
        axis = angles / np.linalg.norm(angles)
        np.testing.assert_allclose(rotations.rotation_about(axis, 0.7), about(*axis, 0.7), atol=1e-14)


@pytest.mark.parametrize("size", [0.0, 1e-12, 1e-9, 1e-6, 1e-3, 0.5, 3.1, np.pi - 1e-7, np.pi])
def test_the_rotation_vector_of_a_rotation_is_its_axis_times_its_angle(size):
    for axis in [*RNG.normal(size=(20, 3)), *np.eye(3)]:
        axis = axis / np.linalg.norm(axis)
        R = rotations.rotation_about(axis, size)
        found = np.array(kernels.rotation_vector(tuple(tuple(float(v) for v in row) for row in R)))
        if size == np.pi and found @ axis < 0.0:
            found = -found  # half a turn either way is the same rotation
        np.testing.assert_allclose(found, axis * size, atol=1e-15 if size < 1e-3 else 1e-14)
        assert rotations.rotation_angle(R) == pytest.approx(size, abs=1e-14)


@pytest.mark.parametrize("size", [1e-12, 1e-9, 1e-6, 1e-3, 0.0499, 0.0501, 0.5, 2.0, 3.14159])
def test_the_factor_of_the_inverse_left_jacobian_is_its_derivation_from_0_to_a_half_turn(size):
    exact = float(derived.k_inverse_left.subs(derived.angle, sp.Float(size, 80)).evalf(40))
    assert kernels.inverse_left_factor(size**2) == pytest.approx(exact, rel=1e-12)
    half = float(derived.k_half_angle.subs(derived.angle, sp.Float(size, 80)).evalf(40))
    assert half == pytest.approx(exact, rel=1e-12)
    if size <= 1e-3:
        assert float(derived.k_series.subs(derived.angle, sp.Float(size, 80))) == pytest.approx(exact, rel=1e-15)


@pytest.mark.parametrize("size", [0.0, 1e-6, 1e-3, 0.2499, 0.2501, 0.5, 2.0, 3.14159])
def test_the_slope_of_that_factor_is_its_derivation(size):
    exact = float(derived.k_slope.subs(derived.angle, sp.Float(size, 120)).evalf(40)) if size else 1.0 / 720.0
    # from 0.25 on three terms cancel to a thousandth of their size squared: eleven digits are left there
    assert kernels.inverse_left_factor_slope(size**2) == pytest.approx(exact, rel=1e-13 if size < 0.25 else 1e-10)


def test_the_factor_of_the_inverse_left_jacobian_at_its_ends():
    assert kernels.inverse_left_factor(0.0) == pytest.approx(1.0 / 12.0, rel=1e-15)
    assert kernels.inverse_left_factor(np.pi**2) == pytest.approx(1.0 / np.pi**2, rel=1e-14)


def test_the_angles_are_read_back_as_derived():
    for table in (derived.ZXY_FROM_MATRIX, derived.YXZ_FROM_MATRIX):
        for angle, (above, below) in table.items():
            parts = sp.lambdify(derived.ANGLES, (above, below))
            for values in RNG.uniform(-1.5, 1.5, (20, 3)):
                expected = dict(zip(derived.ANGLES, values, strict=True))[angle]
                assert np.arctan2(*parts(*values)) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("x", [0.0, 1.0, -1.0, np.pi / 2 - 1e-8, -np.pi / 2 + 1e-8])
def test_angles_come_back_from_their_matrix_also_near_gimbal_lock(x):
    for z, y in RNG.uniform(-np.pi, np.pi, (50, 2)):
        for matrix, angles, there in (
            (rotations.zxy_matrix, rotations.zxy_angles, (z, x, y)),
            (rotations.yxz_matrix, rotations.yxz_angles, (y, x, z)),
        ):
            back = angles(matrix(there))
            assert back[1] == pytest.approx(x, abs=1e-14)  # asin would lose half of the digits
            np.testing.assert_allclose(matrix(back), matrix(there), atol=1e-14)


def test_the_tree_kernel_is_the_derivation_of_two_joints_in_a_row():
    arguments = (derived_tree.qi, derived_tree.qj, derived_tree.tilt, *derived_tree.offset_i, *derived_tree.offset_j, *derived_tree.local)  # noqa: E501  # fmt: skip
    expressions = [derived_tree.p, *(left for left, _ in derived_tree.FIRST.values())]
    derivation = sp.lambdify(arguments, expressions)
    i, j = INDEX["hip_flexion_r"], INDEX["hip_adduction_r"]
    R, o, a, J = np.zeros((24, 3, 3)), np.zeros((24, 3)), np.zeros((24, 3)), np.zeros((3, 24))
    for values in RNG.uniform(-1.5, 1.5, (50, 12)):
        qi, qj, tilt = values[:3]
        axes, offsets, q = np.tile([1.0, 0.0, 0.0], (24, 1)), np.zeros((24, 3)), np.zeros(24)
        axes[i], axes[j] = [0.0, 0.0, 1.0], [np.cos(tilt), 0.0, np.sin(tilt)]
        offsets[i], offsets[j], (q[i], q[j]) = values[3:6], values[6:9], (qi, qj)
        tree.forward(axes, offsets, q, R, o, a)
        place = np.zeros(3)
        tree.point(R, o, j, *values[9:], place)
        tree.point_jacobian(o, a, j, place, J)
        p, dp_i, dp_j = (np.ravel(part) for part in derivation(*values))
        np.testing.assert_allclose(place, p, atol=1e-14)
        np.testing.assert_allclose(J[:, i], dp_i, atol=1e-14)
        np.testing.assert_allclose(J[:, j], dp_j, atol=1e-14)


def test_a_segment_half_a_turn_from_its_target_has_not_met_it(bundled_walk):
    trunk = bundled_walk.kind(OrientationGoal)[0]
    half_turned = replace(trunk, target=trunk.target @ np.diag([-1.0, 1.0, -1.0]))
    goals = bundled_walk.with_goals([half_turned]).kernel_goals
    w = _scratch(bundled_walk, goals)
    goal_kernels.values(bundled_walk.body, goals, 0, bundled_walk.q[0], w)
    np.testing.assert_allclose(np.linalg.norm(w.c), np.pi, atol=1e-7)


def test_every_identity_of_the_tree_holds():
    assert all(difference == sp.zeros(3, 1) for difference in derived_tree.differences())


def test_the_inverse_left_jacobian_inverts_the_left_jacobian():
    unit = {derived.ux: sp.Rational(2, 3), derived.uy: sp.Rational(-1, 3), derived.uz: sp.Rational(2, 3)}
    product = (derived.J_left * derived.J_left_inverse).subs(unit)
    assert sp.simplify(product - sp.eye(3)) == sp.zeros(3, 3)


def test_the_page_of_derivations_is_what_the_module_prints(pytestconfig):
    committed = (pytestconfig.rootpath / "docs" / "derivations.md").read_text(encoding="utf-8")
    assert committed == page()


def _postures(n):
    return RNG.uniform(-1.2, 1.2, (n, 24))


def test_the_point_jacobian_is_the_difference_quotient(bundled_chain):
    from kinematics.pose import jacobian, positions

    step = 1e-6
    for q in _postures(20):
        for name in ("forefoot_r", "heel_l", "head_top"):
            J = jacobian(bundled_chain, q, name)
            sides = np.stack([q + step * np.eye(24), q - step * np.eye(24)])
            ahead, behind = positions(bundled_chain, sides, [name])[..., 0, :]
            np.testing.assert_allclose(J, (ahead - behind).T / (2 * step), atol=1e-8)  # step^2 and rounding / step


def _goal_task(task, kind):
    """Every kind of goal row with targets away from where the body is, and every kind of tissue."""
    n = len(task.q)
    axis = np.tile([0.6, 0.0, 0.8], (n, 1))
    point, direction = task.kind(PointGoal)[0], next(g for g in task.kind(PointGoal) if g.is_direction)
    turned = task.kind(OrientationGoal)[0].target @ rotations.rotation_about([0.36, 0.48, 0.8], 0.7)
    shared = {"role": np.full(n, kind, np.int8), "normal": axis}
    goals = [
        PointGoal(name="point", point=point.point, target=np.full(n, 0.3), stiffness=200.0, **shared),
        PointGoal(
            name="way", point=direction.point, target=np.full(n, 0.1), stiffness=50.0, is_direction=True, **shared,
        ),
        PointGoal(name="balance", point=MASS_CENTRE, target=np.full(n, 0.2), stiffness=700.0, **shared),
        OrientationGoal(name="trunk", segment="thorax", target=turned, role=shared["role"], stiffness=80.0),
        CombinationGoal(
            name="sum", factors={"hip_flexion_r": 1.0, "lumbar_extension": -0.5}, target=np.full(n, 0.1),
            role=shared["role"], stiffness=30.0,
        ),
    ]  # fmt: skip
    factor = np.zeros((3, 24))
    factor[0, INDEX["knee_angle_r"]] = 4.0
    factor[1, [INDEX["hip_flexion_l"], INDEX["lumbar_extension"]]] = 0.04, 0.03
    factor[2, [INDEX["hip_flexion_r"], INDEX["knee_angle_r"]]] = 1.0, -2.0
    tissue = Tissue(
        kind=np.array([EXPONENTIAL, SPRING, STRING], np.int8), factor=factor, shift=np.array([1.0, 0.01, -3.0]),
        amplitude=np.array([2.0, 3e4, 25.0]), tangent=np.array([1, 0, 1], np.int8),
    )  # fmt: skip
    return replace(task.with_goals(goals), tissue=tissue)


def _scratch(task, goals):
    w = scratch(goals)
    prepare(goals, 0, np.full(24, -9.0), np.full(24, 9.0), w)
    return w


@pytest.mark.parametrize("kind", [SOFT, PULL])
def test_the_goal_rows_have_the_jacobian_of_their_values(bundled_walk, kind):
    task = _goal_task(bundled_walk, kind)
    goals, q_ref, stiffness = task.kernel_goals, task.q[0], task.stiffness
    w = _scratch(task, goals)
    lam = np.zeros(w.role.size)

    def values(q):
        goal_kernels.values(task.body, goals, 0, q, w)
        return w.c.copy()

    for q in task.q[0] + RNG.uniform(-0.4, 0.4, (10, 24)):
        values(q)
        goal_kernels.linearise(goals, task.tissue, 0, stiffness, q_ref, q, lam, False, w)
        J, gradient = w.J.copy(), w.g.copy()
        step = 1e-6
        for i in range(24):
            e = step * np.eye(24)[i]
            np.testing.assert_allclose(J[:, i], (values(q + e) - values(q - e)) / (2 * step), atol=2e-8)
            energies = []
            for side in (q + e, q - e):
                values(side)
                energies.append(goal_kernels.objective(task.tissue, stiffness, q_ref, side, w))
            assert gradient[i] == pytest.approx((energies[0] - energies[1]) / (2 * step), rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("kind", [MUST, SOFT, PULL])
def test_the_curved_hessian_is_the_derivative_of_the_lagrangians_gradient(bundled_walk, kind):
    task = _goal_task(bundled_walk, kind)
    goals = task.kernel_goals
    w = _scratch(task, goals)
    lam = RNG.normal(size=w.role.size) * (kind == MUST)

    def gradient(at):
        goal_kernels.values(task.body, goals, 0, at, w)
        goal_kernels.linearise(goals, task.tissue, 0, task.stiffness, task.q[0], at, lam, True, w)
        return w.g - w.J.T @ lam

    for q in task.q[0] + RNG.uniform(-0.4, 0.4, (5, 24)):
        gradient(q)
        H, step = w.H.copy(), 1e-5
        for i in range(24):
            e = step * np.eye(24)[i]
            quotient = (gradient(q + e) - gradient(q - e)) / (2 * step)
            np.testing.assert_allclose(H[:, i], quotient, rtol=1e-7, atol=2e-6)
        np.testing.assert_allclose(H, H.T, atol=1e-11)


def test_the_values_of_the_kernel_are_those_of_the_goals_themselves(bundled_walk):
    task = _goal_task(bundled_walk, MUST).frames(slice(0, 5))
    goals = task.kernel_goals
    w = scratch(goals)
    q = task.q + RNG.uniform(-0.4, 0.4, task.q.shape)
    R, o, _ = frames(task.chain, q)
    theirs = np.concatenate([goal.values(task.chain, q, R, o) for goal in task.ordered()], axis=1)
    for f in range(5):
        prepare(goals, f, q[f], q[f], w)
        goal_kernels.values(task.body, goals, f, q[f], w)
        np.testing.assert_allclose(w.c, theirs[f], atol=1e-13)
