"""Values, derivatives and curvature of the goals and tissues (``kinematics/derivations/tree.py``)."""

from math import exp

from kinematics.kernels import tree
from kinematics.kernels.cached import njit
from kinematics.kernels.rotations import inverse_left_factor, inverse_left_factor_slope, rotation_vector
from simulate.kernels.data import EXPONENTIAL, MUST, OFF, PULL, SOFT, STRING, WHOLE_BODY


@njit(error_model="numpy")
def values(body, goals, f, q, w):
    """Row values `w.c` at posture q, and the frames they come from."""
    R, o, c, role, carried = w.R, w.o, w.c, w.role, w.carried
    segment, local, normal, target, is_point = goals.segment, goals.local, goals.normal, goals.target, goals.is_point
    tree.forward(body.axes, body.offsets, q, R, o, w.a)
    n = segment.size
    summed = False
    for g in range(n):
        if role[g] != OFF:
            s = segment[g]
            if s == WHOLE_BODY:
                if not summed:
                    _carry(body.mass, body.centre, R, o, carried)
                    summed = True
                x, y, z = carried[0, 1], carried[0, 2], carried[0, 3]
            else:
                u, v, t = local[g, 0], local[g, 1], local[g, 2]
                x = R[s, 0, 0] * u + R[s, 0, 1] * v + R[s, 0, 2] * t
                y = R[s, 1, 0] * u + R[s, 1, 1] * v + R[s, 1, 2] * t
                z = R[s, 2, 0] * u + R[s, 2, 1] * v + R[s, 2, 2] * t
                if is_point[g]:
                    x, y, z = x + o[s, 0], y + o[s, 1], z + o[s, 2]
            c[g] = normal[f, g, 0] * x + normal[f, g, 1] * y + normal[f, g, 2] * z - target[f, g]
    o_segment, o_target = goals.o_segment, goals.o_target
    for p in range(o_segment.size):
        m = n + 3 * p
        if role[m] != OFF or role[m + 1] != OFF or role[m + 2] != OFF:
            c[m], c[m + 1], c[m + 2] = _turn(R, o_segment[p], o_target, f, p)
    m, factor, c_target = n + 3 * o_segment.size, goals.c_factor, goals.c_target
    for k in range(factor.shape[0]):
        if role[m + k] != OFF:
            value = -c_target[f, k]
            for i in range(tree.N):
                value += factor[k, i] * q[i]
            c[m + k] = value


@njit(error_model="numpy")
def _carry(mass, centre, R, o, carried):
    """Share of the body's mass that each coordinate carries, and that share times its centre, into `carried`."""
    for i in range(tree.N):
        m = mass[i]
        carried[i, 0] = m
        for r in range(3):
            carried[i, 1 + r] = m * (
                o[i, r] + R[i, r, 0] * centre[i, 0] + R[i, r, 1] * centre[i, 1] + R[i, r, 2] * centre[i, 2]
            )
    for k in range(tree.N - 1):
        i = tree.N - 1 - k
        p = tree.parent(i)
        for r in range(4):
            carried[p, r] += carried[i, r]


@njit(error_model="numpy")
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


@njit(inline="always")
def _stretch(factor, shift, t, q):
    s = -shift[t]
    for i in range(tree.N):
        s += factor[t, i] * q[i]
    return s


@njit(error_model="numpy", inline="always")
def _phi(kind, s):
    """Energy of a stretch, its first and its second derivative."""
    if kind == EXPONENTIAL:
        e = exp(s)
        return e, e, e
    if kind == STRING and s <= 0.0:
        return 0.0, 0.0, 0.0
    return 0.5 * s * s, s, 1.0


@njit(inline="always")
def beyond(c, low, high):
    """By how much a row of value c is out of its room; with no room, its value."""
    if c > high:
        return c - high
    return min(c - low, 0.0)


@njit(error_model="numpy")
def objective(tissue, stiffness, q_ref, q, w):
    """Elastic energy of the posture [J]: joints away from the reference, tissues, preferred goals, constant forces."""
    energy, role, weight, c, low, high = 0.0, w.role, w.weight, w.c, w.low, w.high
    for i in range(tree.N):
        energy += 0.5 * stiffness[i] * (q[i] - q_ref[i]) ** 2
    kind, factor, shift, amplitude, tangent = tissue.kind, tissue.factor, tissue.shift, tissue.amplitude, tissue.tangent
    for t in range(kind.size):
        s = _stretch(factor, shift, t, q)
        stored = _phi(kind[t], s)[0]
        if tangent[t]:
            s_ref = _stretch(factor, shift, t, q_ref)
            at, slope, _ = _phi(kind[t], s_ref)
            stored -= at + slope * (s - s_ref)
        energy += amplitude[t] * stored
    for m in range(role.size):
        if role[m] == SOFT:
            energy += 0.5 * weight[m] * beyond(c[m], low[m], high[m]) ** 2
        elif role[m] == PULL:
            energy += weight[m] * c[m]
    return energy


@njit(error_model="numpy")
def violation(w):
    """Largest and summed violation of the must rows."""
    largest, total, role, c, low, high = 0.0, 0.0, w.role, w.c, w.low, w.high
    for m in range(role.size):
        if role[m] == MUST:
            short = max(low[m] - c[m], c[m] - high[m], 0.0)
            largest = max(largest, short)
            total += short
    return largest, total


@njit(error_model="numpy")
def _columns(goals, g, w):
    """Derivative of goal g's point, direction or mass centre, into `w.column`; `w.carried` as `values` left it."""
    s, column, carried, R, o, a, point = goals.segment[g], w.column, w.carried, w.R, w.o, w.a, w.point
    if s == WHOLE_BODY:
        for i in range(tree.N):
            m = carried[i, 0]
            if i < tree.SLIDES:
                column[0, i], column[1, i], column[2, i] = m * a[i, 0], m * a[i, 1], m * a[i, 2]
            else:
                x, y, z = carried[i, 1] - m * o[i, 0], carried[i, 2] - m * o[i, 1], carried[i, 3] - m * o[i, 2]
                column[0, i] = a[i, 1] * z - a[i, 2] * y
                column[1, i] = a[i, 2] * x - a[i, 0] * z
                column[2, i] = a[i, 0] * y - a[i, 1] * x
        return
    tree.point(R, o, s, goals.local[g, 0], goals.local[g, 1], goals.local[g, 2], point)
    if goals.is_point[g]:
        tree.point_jacobian(o, a, s, point, column)
        return
    x, y, z = point[0] - o[s, 0], point[1] - o[s, 1], point[2] - o[s, 2]
    tree.rotation_jacobian(a, s, column)
    for i in range(tree.N):
        u, v, t = column[0, i], column[1, i], column[2, i]
        column[0, i], column[1, i], column[2, i] = v * z - t * y, t * x - u * z, u * y - v * x


@njit(error_model="numpy")
def linearise(goals, tissue, f, stiffness, q_ref, q, lam, curved, w):
    """Jacobian `w.J`, gradient `w.g`, Gauss-Newton diagonal `w.D` and Hessian `w.H` of the Lagrangian at q.

    Where `curved` is not 0 the Hessian carries the second derivative of every row, weighed with what pulls at it; else
    it is Gauss-Newton.
    """
    N = tree.N
    H, J, D, gradient, a, c, column = w.H, w.J, w.D, w.g, w.a, w.c, w.column
    role, weight, low, high = w.role, w.weight, w.low, w.high
    # `H` is filled below its diagonal, and mirrored at the end
    for i in range(N):
        gradient[i], D[i] = stiffness[i] * (q[i] - q_ref[i]), stiffness[i]
        for j in range(i):
            H[i, j] = 0.0
        H[i, i] = stiffness[i]
    for t in range(tissue.kind.size):
        _add_tissue(tissue, t, q_ref, q, gradient, D, H)
    segment, normal, local, is_point = goals.segment, goals.normal, goals.local, goals.is_point
    n, there = segment.size, False
    for g in range(n):
        if role[g] != OFF:
            if not (there and _same_point(segment, is_point, local, g)):
                _columns(goals, g, w)
            x, y, z = normal[f, g, 0], normal[f, g, 1], normal[f, g, 2]
            for i in range(N):
                J[g, i] = x * column[0, i] + y * column[1, i] + z * column[2, i]
            if curved != 0.0:
                pull = _pull(role[g], weight[g], c[g], low[g], high[g], lam[g])
                if pull != 0.0:
                    _bend_point(segment[g], pull * x, pull * y, pull * z, a, column, H)
        there = role[g] != OFF
    o_segment, o_target = goals.o_segment, goals.o_target
    for p in range(o_segment.size):
        m = n + 3 * p
        if role[m] != OFF or role[m + 1] != OFF or role[m + 2] != OFF:
            _linearise_turn(o_segment[p], o_target, f, p, m, c, a, J)
            if curved != 0.0:
                x = _pull(role[m], weight[m], c[m], low[m], high[m], lam[m])
                y = _pull(role[m + 1], weight[m + 1], c[m + 1], low[m + 1], high[m + 1], lam[m + 1])
                z = _pull(role[m + 2], weight[m + 2], c[m + 2], low[m + 2], high[m + 2], lam[m + 2])
                if x != 0.0 or y != 0.0 or z != 0.0:
                    _bend_turn(o_segment[p], o_target, f, p, m, x, y, z, a, c, J, column, H)
    m, factor = n + 3 * o_segment.size, goals.c_factor
    for k in range(factor.shape[0]):
        for i in range(N):
            J[m + k, i] = factor[k, i]
    for m in range(role.size):
        if role[m] == PULL:
            for i in range(N):
                gradient[i] += weight[m] * J[m, i]
        elif role[m] == SOFT and (low[m] == high[m] or beyond(c[m], low[m], high[m]) != 0.0):
            k, out, s = weight[m], beyond(c[m], low[m], high[m]), _last(segment, o_segment, m)
            count, shift = (tree.movers(s), tree.branch(s)) if s >= 0 else (N, 0)
            for b in range(count):
                i = tree.mover(b, shift)
                t = k * J[m, i]
                if t != 0.0:
                    gradient[i] += t * out
                    D[i] += t * J[m, i]
                    for e in range(b + 1):
                        j = tree.mover(e, shift)
                        H[i, j] += t * J[m, j]
    for i in range(N):
        for j in range(i):
            H[j, i] = H[i, j]


@njit(inline="always")
def _same_point(segment, is_point, local, g):
    """Whether goal g is about the same point or direction as the one before."""
    return (
        segment[g] == segment[g - 1]
        and is_point[g] == is_point[g - 1]
        and local[g, 0] == local[g - 1, 0]
        and local[g, 1] == local[g - 1, 1]
        and local[g, 2] == local[g - 1, 2]
    )


@njit(inline="always")
def _last(segment, o_segment, m):
    """The coordinate whose movers alone move row m; negative if any may."""
    n = segment.size
    if m < n:
        return segment[m]
    p = (m - n) // 3
    return o_segment[p] if p < o_segment.size else WHOLE_BODY


@njit(error_model="numpy")
def _add_tissue(tissue, t, q_ref, q, gradient, D, H):
    """Gradient and (convex) Hessian of one tissue, below the diagonal."""
    factor, shift = tissue.factor, tissue.shift
    _, slope, bend = _phi(tissue.kind[t], _stretch(factor, shift, t, q))
    if tissue.tangent[t]:
        slope -= _phi(tissue.kind[t], _stretch(factor, shift, t, q_ref))[1]
    slope, bend = tissue.amplitude[t] * slope, tissue.amplitude[t] * bend
    for i in range(tree.N):
        u = factor[t, i]
        if u != 0.0:
            gradient[i] += slope * u
            D[i] += bend * u * u
            for j in range(i + 1):
                H[i, j] += bend * u * factor[t, j]


@njit(inline="always")
def _pull(role, weight, c, low, high, lam):
    """What a row's curvature is weighed with: stiffness times value, the force, or minus the multiplier."""
    if role == SOFT:
        return weight * beyond(c, low, high)
    if role == PULL:
        return weight
    return -lam if role == MUST else 0.0


@njit(error_model="numpy")
def _bend_point(s, x, y, z, a, column, H):
    """Add (x, y, z) . (a_i x column_j), i before j, below the diagonal of `H`; s as in `Goals.segment`."""
    whole = s == WHOLE_BODY
    count, shift = (tree.N, 0) if whole else (tree.movers(s), tree.branch(s))
    for n in range(tree.SLIDES, count):
        i = tree.mover(n, shift)
        u, v, t = y * a[i, 2] - z * a[i, 1], z * a[i, 0] - x * a[i, 2], x * a[i, 1] - y * a[i, 0]
        for k in range(n, count):
            j = tree.mover(k, shift)
            if not whole or tree.moves(i, j):
                H[j, i] += u * column[0, j] + v * column[1, j] + t * column[2, j]


@njit(error_model="numpy")
def _linearise_turn(s, o_target, f, p, m, c, a, J):
    """Rows m..m+2 of `J`: d log(T^T R) = Jl^-1(v) T^T a_i, with Jl the left Jacobian of SO(3)."""
    x, y, z = c[m], c[m + 1], c[m + 2]
    k = inverse_left_factor(x * x + y * y + z * z)
    for i in range(tree.N):
        J[m, i] = J[m + 1, i] = J[m + 2, i] = 0.0
    shift = tree.branch(s)
    for n in range(tree.SLIDES, tree.movers(s)):
        i = tree.mover(n, shift)
        b0, b1, b2 = _into_target(o_target, f, p, a[i, 0], a[i, 1], a[i, 2])
        k0, k1, k2 = y * b2 - z * b1, z * b0 - x * b2, x * b1 - y * b0
        J[m, i] = b0 - 0.5 * k0 + k * (y * k2 - z * k1)
        J[m + 1, i] = b1 - 0.5 * k1 + k * (z * k0 - x * k2)
        J[m + 2, i] = b2 - 0.5 * k2 + k * (x * k1 - y * k0)


@njit(error_model="numpy", inline="always")
def _into_target(target, f, p, x, y, z):
    return (
        target[f, p, 0, 0] * x + target[f, p, 1, 0] * y + target[f, p, 2, 0] * z,
        target[f, p, 0, 1] * x + target[f, p, 1, 1] * y + target[f, p, 2, 1] * z,
        target[f, p, 0, 2] * x + target[f, p, 1, 2] * y + target[f, p, 2, 2] * z,
    )


@njit(error_model="numpy", inline="always")
def _cross(a, b):
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@njit(error_model="numpy", inline="always")
def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(error_model="numpy")
def _bend_turn(s, o_target, f, p, m, x, y, z, a, c, J, column, H):
    """Add below the diagonal of `H` the curvature of orientation p, whose value v and Jacobian stand in rows m..m+2.

    With b_i = T^T a_i, d_i = dv/dq_i and the pull p, for j at or before i (an axis turns with those before it):
    p . [dJl^-1(v)/dq_j b_i + Jl^-1(v) (b_j x b_i)], Jl^-1 b = b - v x b / 2 + k v x (v x b), which is linear in b_j and
    d_j; what they are multiplied with depends on i alone.
    """
    v, pull = (c[m], c[m + 1], c[m + 2]), (x, y, z)
    t2 = _dot(v, v)
    k, slope = inverse_left_factor(t2), inverse_left_factor_slope(t2)
    # p . Jl^-1 b = p1 . b
    vp = _cross(v, pull)
    vvp = _cross(v, vp)
    p1 = (pull[0] + 0.5 * vp[0] + k * vvp[0], pull[1] + 0.5 * vp[1] + k * vvp[1], pull[2] + 0.5 * vp[2] + k * vvp[2])
    shift = tree.branch(s)
    for n in range(tree.SLIDES, tree.movers(s)):
        i = tree.mover(n, shift)
        b = _into_target(o_target, f, p, a[i, 0], a[i, 1], a[i, 2])
        column[0, i], column[1, i], column[2, i] = b
        vb, bp, bp1, bvp = _cross(v, b), _cross(b, pull), _cross(b, p1), _cross(b, vp)
        pvb, along = _cross(pull, vb), 2.0 * slope * _dot(vp, vb)
        # d/dq_j of k v x (v x b_i), along the pull: p . (v x (v x b)) = -(v x p) . (v x b)
        d0 = -0.5 * bp[0] - along * v[0] - k * (pvb[0] + bvp[0])
        d1 = -0.5 * bp[1] - along * v[1] - k * (pvb[1] + bvp[1])
        d2 = -0.5 * bp[2] - along * v[2] - k * (pvb[2] + bvp[2])
        for e in range(tree.SLIDES, n + 1):
            j = tree.mover(e, shift)
            H[i, j] += (
                bp1[0] * column[0, j] + bp1[1] * column[1, j] + bp1[2] * column[2, j]
                + d0 * J[m, j] + d1 * J[m + 1, j] + d2 * J[m + 2, j]
            )  # fmt: skip
