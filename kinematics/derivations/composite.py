"""The composite: all that pulls at the segments beyond a joint, as one stiffness, one wrench and one curvature.

Vectors are in the world, places counted from any one point (the kernels': the pelvis's origin). A joint that turns
about the axis a at the place o is the screw (o x a, a), the velocity of what is at that one point and the angular
velocity; a joint that slides along a is (a, 0). Joint i is before joint j or the same; what is pulled at hangs on j.
"""

import sympy as sp

from kinematics.derivations.rotations import angle, cross_matrix
from kinematics.derivations.tree import cross


def vector(name: str) -> sp.Matrix:
    """Three symbols."""
    return sp.Matrix(sp.symbols(f"{name}_1:4", real=True))


def screw(a: sp.Matrix, o: sp.Matrix) -> sp.Matrix:
    """Of a joint that turns about a at o."""
    return cross(o, a).col_join(a)


def wrench(f: sp.Matrix, p: sp.Matrix) -> sp.Matrix:
    """Of a force f at p: the force and its moment."""
    return f.col_join(cross(p, f))


nothing = sp.zeros(3, 1)
a_i, a_j, o_i, o_j = (vector(name) for name in ("a", "b", "o", "u"))
S_i, S_j = screw(a_i, o_i), screw(a_j, o_j)
#: Two points p, held by springs of stiffness kappa along n and pulled by f; and a direction d.
p, p_too, n, n_too, f, f_too, d = (vector(name) for name in ("p", "r", "n", "m", "f", "g", "d"))
kappa, kappa_too = sp.symbols("kappa kappa'", positive=True)

#: A row's derivative is its wrench W on the screw: (n, p x n) of a point, (0, d x n) of a direction. Left sides are
#: those of `tree.FIRST`, along n.
ROWS = {
    "point": (n.dot(cross(a_i, p - o_i)), wrench(n, p).dot(S_i)),
    "point, of a joint that slides": (n.dot(a_i), wrench(n, p).dot(a_i.col_join(nothing))),
    "direction": (n.dot(cross(a_i, d)), nothing.col_join(cross(d, n)).dot(S_i)),
}

#: So springs, however many, are one stiffness matrix, the sum of kappa W W', between the screws.
_W, _W_too = wrench(n, p), wrench(n_too, p_too)
G = kappa * _W * _W.T + kappa_too * _W_too * _W_too.T
STIFFNESS = (
    kappa * n.dot(cross(a_i, p - o_i)) * n.dot(cross(a_j, p - o_j))
    + kappa_too * n_too.dot(cross(a_i, p_too - o_i)) * n_too.dot(cross(a_j, p_too - o_j)),
    (S_i.T * G * S_j)[0],
)


def curvature(f: sp.Matrix, p: sp.Matrix) -> sp.Matrix:
    """N = p f' - (f . p) I of a force at a point, or of one that pulls at a direction."""
    return p * f.T - f.dot(p) * sp.eye(3)


def bent(N: sp.Matrix, f: sp.Matrix) -> sp.Matrix:
    """N a_j - o_j (f . a_j) + (f . o_j) a_j, with N and f of all that j moves."""
    return N * a_j - o_j * f.dot(a_j) + f.dot(o_j) * a_j


#: Second derivatives along the forces: before any axis is known, N and f are summed. Left sides are those of
#: `tree.SECOND`. Of a joint that slides all of this is 0, and so is its angular part.
CURVATURE = {
    "two points": (
        f.dot(cross(a_i, cross(a_j, p - o_j))) + f_too.dot(cross(a_i, cross(a_j, p_too - o_j))),
        a_i.dot(bent(curvature(f, p) + curvature(f_too, p_too), f + f_too)),
    ),
    "direction": (f.dot(cross(a_i, cross(a_j, d))), a_i.dot(bent(curvature(f, d), nothing))),
}

#: An orientation: with v = log(T' R), its derivative is E = Jl^-1(v) T' on the angular part, Jl^-1(v) b = b - v x b / 2
#: + k v x (v x b), k a function of t2 = v . v (`rotations`). Here T = I: else a stands for T' a.
v, pull = vector("v"), vector("q")
k, slope = sp.symbols("k k'", real=True)
E = sp.eye(3) - cross_matrix(v) / 2 + k * cross_matrix(v) ** 2


def _along_pull(m: int, column: int) -> sp.Expr:
    """Pull . d(Jl^-1)/dv_m e_column, with dk/dt2 = `slope`."""
    entry = (pull.T * E[:, column])[0]
    return entry.diff(v[m]) + entry.diff(k) * slope * v.dot(v).diff(v[m])


#: How that changes with v, along the pull, by its definition and as it is computed.
D = sp.Matrix(3, 3, _along_pull)
_back = -2 * (slope * cross(cross(v, pull), v) + k * pull)
D_computed = k * pull.dot(v) * sp.eye(3) + v * _back.T + k * pull * v.T + cross_matrix(pull) / 2

#: Its second derivative is Jl^-1 (a_i x a_j), since the later axis turns with the earlier joint, and what Jl^-1 changes
#: by as v goes with E a_i. Between the axes that is one matrix again: E' D T', less the cross product with the torque.
torque = E.T * pull
N_turn = E.T * D_computed - cross_matrix(torque)
TURN = (pull.dot(E * cross(a_i, a_j)) + ((E * a_i).T * D * a_j)[0], (a_i.T * N_turn * a_j)[0])

#: The whole body's mass centre, here of two masses beyond joint i: their mass and first moment make one wrench. What
#: pulls at it pulls at each mass with that mass's share.
m_1, m_2 = sp.symbols("m_1 m_2", positive=True)
MASS_CENTRE = {
    "first": (
        n.dot(m_1 * cross(a_i, p - o_i) + m_2 * cross(a_i, p_too - o_i)),
        ((m_1 + m_2) * n).col_join(cross(m_1 * p + m_2 * p_too, n)).dot(S_i),
    ),
    "second": (
        f.dot(m_1 * cross(a_i, cross(a_j, p - o_j)) + m_2 * cross(a_i, cross(a_j, p_too - o_j))),
        a_i.dot(bent(curvature(f, m_1 * p + m_2 * p_too), (m_1 + m_2) * f)),
    ),
}

#: A rotation vector is 2 arcsin(s) along its axis, with s the sine of half the angle and w its cosine, s times the axis
#: being the antisymmetric part over 4 w. Halved three times more the arc sine's series is short.
x, z = sp.symbols("x z", positive=True)
HALVED = (sp.sin(angle), 8 * sp.sin(angle / 8) * sp.cos(angle / 8) * sp.cos(angle / 4) * sp.cos(angle / 2))
#: arcsin(x)/x in z = x^2, and the next term.
ARC_TERMS = 9
arc_series = sum(sp.binomial(2 * m, m) * z**m / (4**m * (2 * m + 1)) for m in range(ARC_TERMS))
arc_next = sp.binomial(2 * ARC_TERMS, ARC_TERMS) * z**ARC_TERMS / (4**ARC_TERMS * (2 * ARC_TERMS + 1))
#: Largest z: lanes give up beyond 140 deg.
arc_largest = sp.sin(sp.rad(140) / 16) ** 2
#: With w and s the factor k and its derivative need no other functions of the angle.
half_sine, half_cosine = sp.sin(angle / 2), sp.cos(angle / 2)
k_half = 1 / angle**2 - half_cosine / (2 * angle * half_sine)
slope_half = (1 / (4 * half_sine**2) + half_cosine / (2 * angle * half_sine) - 2 / angle**2) / (2 * angle**2)

#: Sine and cosine within a quarter turn's half, and the next terms at its end.
SINE_TERMS, COSINE_TERMS = 8, 9
sine_series = sum((-1) ** m * x ** (2 * m + 1) / sp.factorial(2 * m + 1) for m in range(SINE_TERMS))
cosine_series = sum((-1) ** m * x ** (2 * m) / sp.factorial(2 * m) for m in range(COSINE_TERMS))
sine_next = (sp.pi / 4) ** (2 * SINE_TERMS + 1) / sp.factorial(2 * SINE_TERMS + 1)
cosine_next = (sp.pi / 4) ** (2 * COSINE_TERMS) / sp.factorial(2 * COSINE_TERMS)


def differences() -> list[sp.Expr]:
    """Left minus right side of every identity above; each expands to zero."""
    pairs = [*ROWS.values(), STIFFNESS, *CURVATURE.values(), TURN, *MASS_CENTRE.values()]
    pairs += zip(D, D_computed, strict=True)
    return [sp.expand(left - right) for left, right in pairs]
