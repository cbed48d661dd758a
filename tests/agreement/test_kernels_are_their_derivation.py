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
from simulate.kernels import goals as goal_kernels
from simulate.kernels.data import EQUAL, SOFT, scratch
from simulate.problem import OrientationGoal, PointGoal

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
    task = _goal_task(bundled_walk, EQUAL)
    half_turned = task.orientation_goals[0].target @ np.diag([-1.0, 1.0, -1.0])
    turned = [replace(g, target=half_turned) if isinstance(g, OrientationGoal) else g for g in task.goals]
    goals = task.with_goals(turned).kernel_goals()
    w = scratch(goals)
    goal_kernels.roles(goals, 0, 0, w)
    goal_kernels.values(task.body, goals, 0, task.q[0], w)
    np.testing.assert_allclose(np.linalg.norm(w.c[-3:]), np.pi, atol=1e-7)


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


def _goal_task(task, roles):
    """Every kind of goal row with targets away from where the body is."""
    n = len(task.q)
    role = np.full(n, roles, np.int8)
    axis = np.tile([0.6, 0.0, 0.8], (n, 1))
    point, direction = task.point_goals[0], next(g for g in task.point_goals if g.is_direction)
    trunk = task.orientation_goals[0]
    goals = [
        PointGoal("point", point.point, axis, np.full(n, 0.3), role, stiffness=200.0),
        PointGoal("direction", direction.point, axis, np.full(n, 0.1), role, stiffness=50.0, is_direction=True),
        OrientationGoal("trunk", "thorax", trunk.target, role, stiffness=80.0),
    ]
    return task.with_goals(goals)


def test_the_goal_rows_have_the_jacobian_of_their_values(bundled_walk):
    task = _goal_task(bundled_walk, SOFT)
    goals, q_ref, stiffness = task.kernel_goals(), task.q[0], task.stiffness
    w = scratch(goals)
    goal_kernels.roles(goals, 0, 0, w)
    lam = np.zeros(w.role.size)

    def values(q):
        goal_kernels.values(task.body, goals, 0, q, w)
        return w.c.copy()

    for q in task.q[0] + RNG.uniform(-0.4, 0.4, (10, 24)):
        values(q)
        goal_kernels.linearise(goals, 0, stiffness, q_ref, q, lam, False, w)
        J, gradient = w.J.copy(), w.g.copy()
        step = 1e-6
        for i in range(24):
            e = step * np.eye(24)[i]
            np.testing.assert_allclose(J[:, i], (values(q + e) - values(q - e)) / (2 * step), atol=2e-8)
            energies = []
            for side in (q + e, q - e):
                values(side)
                energies.append(goal_kernels.objective(stiffness, q_ref, side, w))
            assert gradient[i] == pytest.approx((energies[0] - energies[1]) / (2 * step), rel=1e-6, abs=1e-5)


def test_the_curved_hessian_is_the_derivative_of_the_lagrangians_gradient(bundled_walk):
    task = _goal_task(bundled_walk, EQUAL)
    goals, q = task.kernel_goals(), bundled_walk.q[0]
    w = scratch(goals)
    goal_kernels.roles(goals, 0, 0, w)
    lam = RNG.normal(size=w.role.size)

    def gradient(at):
        goal_kernels.values(task.body, goals, 0, at, w)
        goal_kernels.linearise(goals, 0, task.stiffness, q, at, lam, True, w)
        return w.g - w.J.T @ lam

    gradient(q)
    H, step = w.H.copy(), 1e-5
    # the trunk is at its target here, where the second derivative of its rows is exact
    for i in range(24):
        e = step * np.eye(24)[i]
        quotient = (gradient(q + e) - gradient(q - e)) / (2 * step)
        np.testing.assert_allclose(H[:, i], quotient, atol=1e-7)
    np.testing.assert_allclose(H, H.T, atol=1e-12)
