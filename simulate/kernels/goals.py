"""Values, derivatives and curvature of the goals and tissues (``kinematics/derivations/tree.py``)."""

from math import exp

from numba import njit

from kinematics.kernels import tree
from kinematics.kernels.rotations import inverse_left_factor, inverse_left_factor_slope, rotation_vector
from simulate.kernels.data import EXPONENTIAL, MUST, OFF, PULL, SOFT, STRING, WHOLE_BODY


@njit(cache=True)
def values(body, goals, f, q, w):
    """Row values `w.c` at posture q, and the frames they come from."""
    tree.forward(body.axes, body.offsets, q, w.R, w.o, w.a)
    n = goals.segment.size
    carried = False
    for g in range(n):
        if w.role[g] != OFF:
            s = goals.segment[g]
            if s == WHOLE_BODY:
                if not carried:
                    _carry(body, w)
                    carried = True
                w.point[0], w.point[1], w.point[2] = w.carried[0, 1], w.carried[0, 2], w.carried[0, 3]
            else:
                tree.point(w.R, w.o, s, goals.local[g, 0], goals.local[g, 1], goals.local[g, 2], w.point)
            value = -goals.target[f, g]
            for r in range(3):
                origin = 0.0 if goals.is_point[g] else w.o[s, r]
                value += goals.normal[f, g, r] * (w.point[r] - origin)
            w.c[g] = value
    for p in range(goals.o_segment.size):
        m = n + 3 * p
        if w.role[m] != OFF or w.role[m + 1] != OFF or w.role[m + 2] != OFF:
            w.c[m], w.c[m + 1], w.c[m + 2] = _turn(w.R, goals.o_segment[p], goals.o_target, f, p)
    m = n + 3 * goals.o_segment.size
    for k in range(goals.c_factor.shape[0]):
        if w.role[m + k] != OFF:
            value = -goals.c_target[f, k]
            for i in range(tree.N):
                value += goals.c_factor[k, i] * q[i]
            w.c[m + k] = value


@njit(cache=True)
def _carry(body, w):
    """Share of the body's mass that each coordinate carries, and that share times its centre, into `w.carried`."""
    for i in range(tree.N):
        m = body.mass[i]
        w.carried[i, 0] = m
        for r in range(3):
            w.carried[i, 1 + r] = m * (
                w.o[i, r]
                + w.R[i, r, 0] * body.centre[i, 0]
                + w.R[i, r, 1] * body.centre[i, 1]
                + w.R[i, r, 2] * body.centre[i, 2]
            )
    for k in range(tree.N - 1):
        i = tree.N - 1 - k
        p = tree.parent(i)
        for r in range(4):
            w.carried[p, r] += w.carried[i, r]


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
def _stretch(tissue, t, q):
    s = -tissue.shift[t]
    for i in range(tree.N):
        s += tissue.factor[t, i] * q[i]
    return s


@njit(cache=True)
def _phi(kind, s):
    """Energy of a stretch, its first and its second derivative."""
    if kind == EXPONENTIAL:
        e = exp(s)
        return e, e, e
    if kind == STRING and s <= 0.0:
        return 0.0, 0.0, 0.0
    return 0.5 * s * s, s, 1.0


@njit(cache=True)
def beyond(m, w):
    """By how much row m is out of its room; with no room, its value."""
    if w.c[m] > w.high[m]:
        return w.c[m] - w.high[m]
    return min(w.c[m] - w.low[m], 0.0)


@njit(cache=True)
def objective(tissue, stiffness, q_ref, q, w):
    """Elastic energy of the posture [J]: joints away from the reference, tissues, preferred goals, constant forces."""
    energy = 0.0
    for i in range(tree.N):
        energy += 0.5 * stiffness[i] * (q[i] - q_ref[i]) ** 2
    for t in range(tissue.kind.size):
        s = _stretch(tissue, t, q)
        stored = _phi(tissue.kind[t], s)[0]
        if tissue.tangent[t]:
            s_ref = _stretch(tissue, t, q_ref)
            at, slope, _ = _phi(tissue.kind[t], s_ref)
            stored -= at + slope * (s - s_ref)
        energy += tissue.amplitude[t] * stored
    for m in range(w.role.size):
        if w.role[m] == SOFT:
            energy += 0.5 * w.weight[m] * beyond(m, w) ** 2
        elif w.role[m] == PULL:
            energy += w.weight[m] * w.c[m]
    return energy


@njit(cache=True)
def violation(w):
    """Largest and summed violation of the must rows."""
    largest, total = 0.0, 0.0
    for m in range(w.role.size):
        if w.role[m] == MUST:
            short = max(w.low[m] - w.c[m], w.c[m] - w.high[m], 0.0)
            largest = max(largest, short)
            total += short
    return largest, total


@njit(cache=True)
def _columns(goals, g, w):
    """Derivative of goal g's point, direction or mass centre, into `w.column`; `w.carried` as `values` left it."""
    s = goals.segment[g]
    if s == WHOLE_BODY:
        for i in range(tree.N):
            m = w.carried[i, 0]
            if i < tree.SLIDES:
                w.column[0, i], w.column[1, i], w.column[2, i] = m * w.a[i, 0], m * w.a[i, 1], m * w.a[i, 2]
            else:
                x, y, z = (
                    w.carried[i, 1] - m * w.o[i, 0],
                    w.carried[i, 2] - m * w.o[i, 1],
                    w.carried[i, 3] - m * w.o[i, 2],
                )
                w.column[0, i] = w.a[i, 1] * z - w.a[i, 2] * y
                w.column[1, i] = w.a[i, 2] * x - w.a[i, 0] * z
                w.column[2, i] = w.a[i, 0] * y - w.a[i, 1] * x
        return
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
def linearise(goals, tissue, f, stiffness, q_ref, q, lam, curved, w):
    """Jacobian `w.J`, gradient `w.g`, Gauss-Newton diagonal `w.D` and Hessian `w.H` of the Lagrangian at q.

    With `curved` the Hessian carries the second derivative of every row, weighed with what pulls at it; without, it is
    Gauss-Newton.
    """
    N = tree.N
    for i in range(N):
        w.g[i], w.D[i] = stiffness[i] * (q[i] - q_ref[i]), stiffness[i]
        for j in range(N):
            w.H[i, j] = 0.0
        w.H[i, i] = stiffness[i]
    for t in range(tissue.kind.size):
        _add_tissue(tissue, t, q_ref, q, w)
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
        if w.role[m] != OFF or w.role[m + 1] != OFF or w.role[m + 2] != OFF:
            _linearise_turn(goals, f, p, m, w)
            if curved:
                x, y, z = _pull(lam, m, w), _pull(lam, m + 1, w), _pull(lam, m + 2, w)
                if x != 0.0 or y != 0.0 or z != 0.0:
                    _bend_turn(goals, f, p, m, x, y, z, w)
    m = n + 3 * goals.o_segment.size
    for k in range(goals.c_factor.shape[0]):
        for i in range(N):
            w.J[m + k, i] = goals.c_factor[k, i]
    for m in range(w.role.size):
        if w.role[m] == PULL:
            for i in range(N):
                w.g[i] += w.weight[m] * w.J[m, i]
        elif w.role[m] == SOFT and (w.low[m] == w.high[m] or beyond(m, w) != 0.0):
            k, out = w.weight[m], beyond(m, w)
            for i in range(N):
                t = k * w.J[m, i]
                if t != 0.0:
                    w.g[i] += t * out
                    w.D[i] += t * w.J[m, i]
                    for j in range(N):
                        w.H[i, j] += t * w.J[m, j]


@njit(cache=True)
def _add_tissue(tissue, t, q_ref, q, w):
    """Gradient and (convex) Hessian of one tissue, into `w.g`, `w.D` and `w.H`."""
    _, slope, bend = _phi(tissue.kind[t], _stretch(tissue, t, q))
    if tissue.tangent[t]:
        slope -= _phi(tissue.kind[t], _stretch(tissue, t, q_ref))[1]
    slope, bend = tissue.amplitude[t] * slope, tissue.amplitude[t] * bend
    for i in range(tree.N):
        u = tissue.factor[t, i]
        if u != 0.0:
            w.g[i] += slope * u
            w.D[i] += bend * u * u
            for j in range(tree.N):
                w.H[i, j] += bend * u * tissue.factor[t, j]


@njit(cache=True)
def _pull(lam, m, w):
    """What the curvature of row m is weighed with: stiffness times value, the force, or minus the multiplier."""
    if w.role[m] == SOFT:
        return w.weight[m] * beyond(m, w)
    if w.role[m] == PULL:
        return w.weight[m]
    return -lam[m] if w.role[m] == MUST else 0.0


@njit(cache=True)
def _bend_point(s, x, y, z, pull, w):
    """Add pull * n . (a_i x column_j), i before j, to `w.H`; s as in `Goals.segment`."""
    if pull == 0.0:
        return
    whole = s == WHOLE_BODY
    last = tree.N - 1 if whole else s
    for i in range(tree.SLIDES, last + 1):
        if whole or tree.moves(i, s):
            u = pull * (y * w.a[i, 2] - z * w.a[i, 1])
            v = pull * (z * w.a[i, 0] - x * w.a[i, 2])
            t = pull * (x * w.a[i, 1] - y * w.a[i, 0])
            for j in range(i, last + 1):
                if tree.moves(i, j) and (whole or tree.moves(j, s)):
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
def _cross(a, b):
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@njit(cache=True)
def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(cache=True)
def _bend_turn(goals, f, p, m, x, y, z, w):
    """Add to `w.H` the curvature of orientation p, whose value v and Jacobian stand in rows m..m+2.

    With b_i = T^T a_i, v_i = dv/dq_i and pull (x, y, z), for j at or before i (an axis turns with those before it):
    pull . [dJl^-1(v)/dq_j b_i + Jl^-1(v) (b_j x b_i)], Jl^-1 b = b - v x b / 2 + k v x (v x b).
    """
    s = goals.o_segment[p]
    v, pull = (w.c[m], w.c[m + 1], w.c[m + 2]), (x, y, z)
    t2 = _dot(v, v)
    k, slope = inverse_left_factor(t2), inverse_left_factor_slope(t2)
    # pull . Jl^-1 b = p1 . b
    vp = _cross(v, pull)
    vvp = _cross(v, vp)
    p1 = (pull[0] + 0.5 * vp[0] + k * vvp[0], pull[1] + 0.5 * vp[1] + k * vvp[1], pull[2] + 0.5 * vp[2] + k * vvp[2])
    for i in range(tree.SLIDES, s + 1):
        if tree.moves(i, s):
            b_i = _into_target(goals.o_target, f, p, w.a[i, 0], w.a[i, 1], w.a[i, 2])
            vb = _cross(v, b_i)
            bp = _cross(b_i, pull)
            for j in range(tree.SLIDES, i + 1):
                if tree.moves(j, s):
                    b_j = _into_target(goals.o_target, f, p, w.a[j, 0], w.a[j, 1], w.a[j, 2])
                    d = (w.J[m, j], w.J[m + 1, j], w.J[m + 2, j])
                    h = _dot(p1, _cross(b_j, b_i)) - 0.5 * _dot(d, bp)
                    # d/dq_j of k v x (v x b_i), along the pull: pull . (v x (v x b)) = -(v x pull) . (v x b)
                    h -= 2.0 * slope * _dot(v, d) * _dot(vp, vb)
                    h -= k * (_dot(_cross(d, pull), vb) + _dot(vp, _cross(d, b_i)))
                    w.H[i, j] += h
                    if i != j:
                        w.H[j, i] += h
