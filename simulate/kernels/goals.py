"""Values, derivatives and curvature of the goals (``kinematics/derivations/tree.py``)."""

from numba import njit

from kinematics.kernels import tree
from kinematics.kernels.rotations import inverse_left_factor, rotation_vector
from simulate.kernels.data import ABOVE, EQUAL, OFF, SOFT


@njit(cache=True)
def roles(goals, f, relaxed, w):
    """Role and stiffness of every row in frame f; with `relaxed`, goals that yield become SOFT."""
    n = goals.segment.size
    for g in range(n):
        role = goals.role[f, g]
        w.role[g], w.weight[g] = role, goals.weight[g]
        if relaxed and role == EQUAL and goals.yields[g]:
            w.role[g], w.weight[g] = SOFT, goals.yield_weight[g]
    for p in range(goals.o_segment.size):
        for r in range(3):
            w.role[n + 3 * p + r], w.weight[n + 3 * p + r] = goals.o_role[f, p], goals.o_weight[p]


@njit(cache=True)
def values(body, goals, f, q, w):
    """Row values `w.c` at posture q, and the frames they come from."""
    tree.forward(body.axes, body.offsets, q, w.R, w.o, w.a)
    n = goals.segment.size
    for g in range(n):
        if w.role[g] != OFF:
            s = goals.segment[g]
            x, y, z = goals.local[g, 0], goals.local[g, 1], goals.local[g, 2]
            value = -goals.target[f, g]
            for r in range(3):
                place = w.R[s, r, 0] * x + w.R[s, r, 1] * y + w.R[s, r, 2] * z
                value += goals.normal[f, g, r] * (place + w.o[s, r] * goals.is_point[g])
            w.c[g] = value
    for p in range(goals.o_segment.size):
        if w.role[n + 3 * p] != OFF:
            v = _turn(w.R, goals.o_segment[p], goals.o_target, f, p)
            w.c[n + 3 * p], w.c[n + 3 * p + 1], w.c[n + 3 * p + 2] = v[0], v[1], v[2]


@njit(cache=True)
def _turn(R, s, target, f, p):
    """Rotation vector of target^T R[s], in the target's axes."""
    m00, m01, m02, m10, m11, m12, m20, m21, m22 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(3):
        t0, t1, t2 = target[f, p, k, 0], target[f, p, k, 1], target[f, p, k, 2]
        r0, r1, r2 = R[s, k, 0], R[s, k, 1], R[s, k, 2]
        m00, m01, m02 = m00 + t0 * r0, m01 + t0 * r1, m02 + t0 * r2
        m10, m11, m12 = m10 + t1 * r0, m11 + t1 * r1, m12 + t1 * r2
        m20, m21, m22 = m20 + t2 * r0, m21 + t2 * r1, m22 + t2 * r2
    return rotation_vector(((m00, m01, m02), (m10, m11, m12), (m20, m21, m22)))


@njit(cache=True)
def objective(stiffness, q_ref, q, w):
    """Elastic energy of the posture [J]: joints away from the reference and goals that are only preferred."""
    energy = 0.0
    for i in range(tree.N):
        energy += 0.5 * stiffness[i] * (q[i] - q_ref[i]) ** 2
    for m in range(w.role.size):
        if w.role[m] == SOFT:
            energy += 0.5 * w.weight[m] * w.c[m] ** 2
    return energy


@njit(cache=True)
def violation(w):
    """Largest and summed violation of the must rows."""
    largest, total = 0.0, 0.0
    for m in range(w.role.size):
        short = 0.0
        if w.role[m] == EQUAL:
            short = abs(w.c[m])
        elif w.role[m] == ABOVE:
            short = max(0.0, -w.c[m])
        largest = max(largest, short)
        total += short
    return largest, total


@njit(cache=True)
def _columns(goals, g, w):
    """Derivative of goal g's point or direction, into `w.column`."""
    s = goals.segment[g]
    tree.point(w.R, w.o, s, goals.local[g, 0], goals.local[g, 1], goals.local[g, 2], w.point)
    if goals.is_point[g]:
        tree.point_jacobian(w.o, w.a, s, w.point, w.column)
        return
    x, y, z = w.point[0] - w.o[s, 0], w.point[1] - w.o[s, 1], w.point[2] - w.o[s, 2]
    tree.rotation_jacobian(w.a, s, w.column)
    for i in range(tree.N):
        u, v, t = w.column[0, i], w.column[1, i], w.column[2, i]
        w.column[0, i], w.column[1, i], w.column[2, i] = v * z - t * y, t * x - u * z, u * y - v * x


@njit(cache=True)
def linearise(goals, f, stiffness, q_ref, q, lam, curved, w):
    """Jacobian `w.J`, gradient `w.g`, Gauss-Newton diagonal `w.D` and Hessian `w.H` of the Lagrangian at q.

    With `curved` the Hessian carries the second derivative of the point rows, d2p/dqi dqj = a_i x (dp/dq_j) for i
    before j, and that of the orientation rows as it is at their target; without, it is Gauss-Newton.
    """
    N = tree.N
    for i in range(N):
        w.g[i], w.D[i] = stiffness[i] * (q[i] - q_ref[i]), stiffness[i]
        for j in range(N):
            w.H[i, j] = 0.0
        w.H[i, i] = stiffness[i]
    n = goals.segment.size
    for g in range(n):
        if w.role[g] != OFF:
            _columns(goals, g, w)
            x, y, z = goals.normal[f, g, 0], goals.normal[f, g, 1], goals.normal[f, g, 2]
            for i in range(N):
                w.J[g, i] = x * w.column[0, i] + y * w.column[1, i] + z * w.column[2, i]
            if curved:
                _bend_point(goals.segment[g], x, y, z, _pull(lam, g, w), w)
    for p in range(goals.o_segment.size):
        m = n + 3 * p
        if w.role[m] != OFF:
            _linearise_turn(goals, f, p, m, w)
            if curved:
                _bend_turn(goals, f, p, _pull(lam, m, w), _pull(lam, m + 1, w), _pull(lam, m + 2, w), w)
    for m in range(w.role.size):
        if w.role[m] == SOFT:
            k = w.weight[m]
            for i in range(N):
                t = k * w.J[m, i]
                if t != 0.0:
                    w.g[i] += t * w.c[m]
                    w.D[i] += t * w.J[m, i]
                    for j in range(N):
                        w.H[i, j] += t * w.J[m, j]


@njit(cache=True)
def _pull(lam, m, w):
    """What the curvature of row m is weighed with: stiffness times value, or minus the multiplier."""
    return w.weight[m] * w.c[m] if w.role[m] == SOFT else -lam[m]


@njit(cache=True)
def _bend_point(s, x, y, z, pull, w):
    """Add pull * n . (a_i x column_j), i before j, to `w.H`."""
    start = s - s % tree.BLOCK
    for i in range(tree.SLIDES, s + 1):
        if tree.moves(i, s):
            u = pull * (y * w.a[i, 2] - z * w.a[i, 1])
            v = pull * (z * w.a[i, 0] - x * w.a[i, 2])
            t = pull * (x * w.a[i, 1] - y * w.a[i, 0])
            for j in range(i, s + 1):
                if j < tree.BLOCK or j >= start:
                    h = u * w.column[0, j] + v * w.column[1, j] + t * w.column[2, j]
                    w.H[i, j] += h
                    if i != j:
                        w.H[j, i] += h


@njit(cache=True)
def _linearise_turn(goals, f, p, m, w):
    """Rows m..m+2 of `w.J`: d log(T^T R) = Jl^-1(v) T^T a_i, with Jl the left Jacobian of SO(3)."""
    s = goals.o_segment[p]
    x, y, z = w.c[m], w.c[m + 1], w.c[m + 2]
    k = inverse_left_factor(x * x + y * y + z * z)
    tree.rotation_jacobian(w.a, s, w.column)
    for i in range(tree.N):
        u0, u1, u2 = w.column[0, i], w.column[1, i], w.column[2, i]
        b0, b1, b2 = _into_target(goals.o_target, f, p, u0, u1, u2)
        k0, k1, k2 = y * b2 - z * b1, z * b0 - x * b2, x * b1 - y * b0
        w.J[m, i] = b0 - 0.5 * k0 + k * (y * k2 - z * k1)
        w.J[m + 1, i] = b1 - 0.5 * k1 + k * (z * k0 - x * k2)
        w.J[m + 2, i] = b2 - 0.5 * k2 + k * (x * k1 - y * k0)


@njit(cache=True)
def _into_target(target, f, p, x, y, z):
    return (
        target[f, p, 0, 0] * x + target[f, p, 1, 0] * y + target[f, p, 2, 0] * z,
        target[f, p, 0, 1] * x + target[f, p, 1, 1] * y + target[f, p, 2, 1] * z,
        target[f, p, 0, 2] * x + target[f, p, 1, 2] * y + target[f, p, 2, 2] * z,
    )


@njit(cache=True)
def _bend_turn(goals, f, p, x, y, z, w):
    """Add the curvature of an orientation goal at its target, T^T (a_i x a_j) / 2 for i before j, to `w.H`."""
    s = goals.o_segment[p]
    T = goals.o_target
    u = T[f, p, 0, 0] * x + T[f, p, 0, 1] * y + T[f, p, 0, 2] * z
    v = T[f, p, 1, 0] * x + T[f, p, 1, 1] * y + T[f, p, 1, 2] * z
    t = T[f, p, 2, 0] * x + T[f, p, 2, 1] * y + T[f, p, 2, 2] * z
    for i in range(tree.SLIDES, s + 1):
        for j in range(i + 1, s + 1):
            if tree.moves(i, s) and tree.moves(j, s):
                h = 0.5 * (
                    u * (w.a[i, 1] * w.a[j, 2] - w.a[i, 2] * w.a[j, 1])
                    + v * (w.a[i, 2] * w.a[j, 0] - w.a[i, 0] * w.a[j, 2])
                    + t * (w.a[i, 0] * w.a[j, 1] - w.a[i, 1] * w.a[j, 0])
                )
                w.H[i, j] += h
                w.H[j, i] += h
