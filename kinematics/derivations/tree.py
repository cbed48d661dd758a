"""The tree: where a point of a branch is, how it moves, and how that motion bends.

A joint at a fixed offset in the frame before it turns by q about a fixed axis u. Two joints in a row show everything: i
is before j, the point p hangs on j.
"""

import sympy as sp

from kinematics.derivations.rotations import about, cross_matrix

qi, qj = sp.symbols("q_i q_j", real=True)
#: Axes of the two joints are taken along Z and X; any pair of axes is these up to a constant rotation between them.
tilt = sp.Symbol("alpha", real=True)
axis_i = sp.Matrix([0, 0, 1])
axis_j = sp.Matrix([sp.cos(tilt), 0, sp.sin(tilt)])
offset_i = sp.Matrix(sp.symbols("l_1:4", real=True))
offset_j = sp.Matrix(sp.symbols("m_1:4", real=True))
local = sp.Matrix(sp.symbols("n_1:4", real=True))

R_i = about(axis_i, qi)
R_j = R_i * about(axis_j, qj)
o_i = offset_i
o_j = o_i + R_i * offset_j
#: The point, in the world.
p = o_j + R_j * local

#: Axes in the world.
a_i = axis_i
a_j = R_i * axis_j


def cross(a: sp.Matrix, b: sp.Matrix) -> sp.Matrix:
    """a x b."""
    return cross_matrix(a) * b


#: The first derivative is the axis crossed with the lever arm.
FIRST = {"i": (p.diff(qi), cross(a_i, p - o_i)), "j": (p.diff(qj), cross(a_j, p - o_j))}

#: The second derivative is the earlier axis crossed with the later first derivative.
SECOND = {
    "ii": (p.diff(qi, 2), cross(a_i, cross(a_i, p - o_i))),
    "ij": (p.diff(qi, qj), cross(a_i, cross(a_j, p - o_j))),
    "jj": (p.diff(qj, 2), cross(a_j, cross(a_j, p - o_j))),
}

#: A segment's orientation against a target it has reached: with world axes, the rotation vector of T' R grows by
#: T'(sum a dq + 1/2 sum over i before j of a_i x a_j dq_i dq_j), so its second derivative is T'(a_i x a_j) / 2.
di, dj = sp.symbols("d_i d_j", real=True)


def _rotation_vector_to_second_order(R: sp.Matrix) -> sp.Matrix:
    """Rotation vector of a small rotation, exact to the second order: half the antisymmetric part."""
    return sp.Matrix([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]]) / 2


turned = R_j.subs({qi: qi + di, qj: qj + dj}, simultaneous=True) * R_j.T
TURN_SECOND = (
    _rotation_vector_to_second_order(turned).diff(di, dj).subs({di: 0, dj: 0}),
    cross(a_i, a_j) / 2,
)


def differences() -> list[sp.Matrix]:
    """Left minus right side of every identity above; each simplifies to zero."""
    pairs = [*FIRST.values(), *SECOND.values(), TURN_SECOND]
    return [sp.simplify(left - right) for left, right in pairs]
