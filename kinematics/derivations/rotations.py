"""Rotations: from one axis to the Cardan sequences of hip, spine and pelvis, and to the rotation vector."""

import sympy as sp

z, x, y = ANGLES = sp.symbols("z x y", real=True)
ux, uy, uz = AXIS = sp.symbols("u_x u_y u_z", real=True)
angle = sp.Symbol("theta", real=True)


def cross_matrix(v: sp.Matrix) -> sp.Matrix:
    """Matrix K with K w = v x w."""
    return sp.Matrix([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])


def about(axis: sp.Matrix, by: sp.Expr) -> sp.Matrix:
    """Rotation by an angle about a unit vector (Rodrigues): I + sin K + (1 - cos) K^2."""
    K = cross_matrix(axis)
    return sp.eye(3) + sp.sin(by) * K + (1 - sp.cos(by)) * K * K


X, Y, Z = (sp.eye(3)[:, k] for k in range(3))

#: Rodrigues' rotation about a general unit vector.
R_about = about(sp.Matrix(AXIS), angle)

#: Hip and spine, intrinsic Z-X-Y: R = Rz(z) Rx(x) Ry(y).
R_zxy = sp.simplify(about(Z, z) * about(X, x) * about(Y, y))

#: Pelvis, heading first, intrinsic Y-X-Z: R = Ry(y) Rx(x) Rz(z).
R_yxz = sp.simplify(about(Y, y) * about(X, x) * about(Z, z))

#: The entries from which the angles are read back: tan of each angle, as (numerator, denominator).
ZXY_FROM_MATRIX = {
    z: (-R_zxy[0, 1], R_zxy[1, 1]),
    x: (R_zxy[2, 1], sp.sqrt(R_zxy[2, 0] ** 2 + R_zxy[2, 2] ** 2)),
    y: (-R_zxy[2, 0], R_zxy[2, 2]),
}
YXZ_FROM_MATRIX = {
    y: (R_yxz[0, 2], R_yxz[2, 2]),
    x: (-R_yxz[1, 2], sp.sqrt(R_yxz[0, 2] ** 2 + R_yxz[2, 2] ** 2)),
    z: (R_yxz[1, 0], R_yxz[1, 1]),
}

#: Inverse left Jacobian of the rotation vector v of length t, d log(exp(w) R) = J w: I - K/2 + k K^2 with this k.
k_inverse_left = 1 / angle**2 - (1 + sp.cos(angle)) / (2 * angle * sp.sin(angle))

#: The same with the half angle, which also holds at a half turn; this is what the kernel evaluates.
k_half_angle = 1 / angle**2 - sp.cot(angle / 2) / (2 * angle)

#: Its series near 0, used where the closed form has lost its digits.
k_series = sp.series(k_inverse_left, angle, 0, 6).removeO()

#: Its derivative by the squared length, which the curvature of the rotation vector needs.
k_slope = sp.diff(k_half_angle, angle) / (2 * angle)

#: The left Jacobian itself, (sin t / t) I + ... ; its product with the inverse is the identity.
J_left = (
    sp.eye(3)
    + (1 - sp.cos(angle)) / angle**2 * cross_matrix(sp.Matrix(AXIS) * angle)
    + (angle - sp.sin(angle)) / angle**3 * cross_matrix(sp.Matrix(AXIS) * angle) ** 2
)
J_left_inverse = (
    sp.eye(3) - cross_matrix(sp.Matrix(AXIS) * angle) / 2 + k_inverse_left * cross_matrix(sp.Matrix(AXIS) * angle) ** 2
)
