"""One step: the quadratic programme of a linearised posture problem, by block principal pivoting.

    minimise    1/2 d'H d + g'd      subject to   low <= c + J d <= high (MUST rows),  lower <= q + d <= upper

For a guess of what binds, the step and its multipliers follow from one Cholesky factorisation of the free block and one
of its Schur complement. What is violated changes sides, all at once while that helps, else one at a time: finite for a
positive definite H (Judice & Pires 1994, Comput. Oper. Res. 21:587). The guess of the frame before is usually right.
"""

from math import sqrt

from kinematics.kernels.cached import njit
from kinematics.kernels.tree import BLOCK, N
from simulate.kernels.data import MUST

#: Weight of J'J added to the Hessian: it leaves the step unchanged (the rows are met) but makes the free block positive
#: definite where only the rows hold the body, as they hold the pelvis's place, and outweighs the curvature that the
#: multipliers bring in along the rows: at least AUGMENT, and so many times the largest multiplier, up to MOST_AUGMENT
#: (rows that depend on each other have multipliers without end). [N/m, N m/rad]
AUGMENT = 1e3
OUTWEIGH = 300.0
MOST_AUGMENT = 1e8
MAX_PIVOTS = 100
#: Patience with whole-block exchanges that do not reduce the number of violated conditions.
PATIENCE = 4


@njit(error_model="numpy")
def cholesky(A, n, first):
    """Factor the leading n x n block of `A` in place (lower); False if it is not positive definite.

    Entries of row i before `first[i]` are 0 and stay so: blocks that meet in the pelvis alone fill nothing in.
    """
    for i in range(n):
        for j in range(first[i], i + 1):
            s = A[i, j]
            for k in range(max(first[i], first[j]), j):
                s -= A[i, k] * A[j, k]
            if i == j:
                # 1e-13: a pivot that has lost all but three digits against its diagonal says singular
                if not s > 1e-13 * abs(A[i, i]):
                    return False
                A[i, i] = sqrt(s)
            else:
                A[i, j] = s / A[j, j]
    return True


@njit(error_model="numpy")
def solve_factored(L, n, first, x):
    """x <- (L L')^-1 x, the leading n entries; `first` as in `cholesky`."""
    for i in range(n):
        s = x[i]
        for k in range(first[i], i):
            s -= L[i, k] * x[k]
        x[i] = s / L[i, i]
    for i in range(n - 1, -1, -1):
        x[i] /= L[i, i]
        for k in range(first[i], i):
            x[k] -= L[i, k] * x[i]


@njit(error_model="numpy", inline="always")
def augmentation(lam, w):
    """Weight of J'J for multipliers of that size."""
    largest = 0.0
    for m in range(w.role.size):
        if w.role[m] == MUST:
            largest = max(largest, abs(lam[m]))
    return max(AUGMENT, min(OUTWEIGH * largest, MOST_AUGMENT))


@njit(error_model="numpy")
def augment(weight, w):
    """Add weight J'J of the rows without room to `w.H`; rows that may come and go are added in `_newton`."""
    role, low, high, J, H = w.role, w.low, w.high, w.J, w.H
    for m in range(role.size):
        if role[m] == MUST and low[m] >= high[m]:
            for i in range(N):
                t = weight * J[m, i]
                if t != 0.0:
                    for j in range(i):
                        if J[m, j] != 0.0:
                            H[i, j] += t * J[m, j]
                            H[j, i] = H[i, j]
                    H[i, i] += t * J[m, i]


@njit(error_model="numpy")
def _newton(q, lower, upper, weight, w):
    """Step `w.d`, row multipliers `w.lam` and bound multipliers `w.z` for the sets `w.state` and `w.on`."""
    L, H, J, d, z, gradient, rest, S, Y, lam = w.L, w.H, w.J, w.d, w.z, w.g, w.b, w.S, w.Y, w.lam
    trial, state, free, first, rows, dense = w.trial, w.state, w.free, w.first, w.rows, w.dense
    role, on, low, high, c = w.role, w.on, w.low, w.high, w.c
    nf = 0
    for k in range(N):
        i = k + BLOCK if k < N - BLOCK else k + BLOCK - N  # legs and spine before the pelvis, in which they meet
        d[i] = 0.0
        if state[i] == 0:
            free[nf] = i
            nf += 1
        elif state[i] < 0:
            d[i] = lower[i] - q[i]
        else:
            d[i] = upper[i] - q[i]
    for a in range(nf):
        i = free[a]
        for b in range(a + 1):
            L[a, b] = H[i, free[b]]
    nr = 0
    for m in range(role.size):
        lam[m] = 0.0
        if role[m] == MUST and on[m] != 0:
            rows[nr] = m
            nr += 1
            if low[m] < high[m]:
                for a in range(nf):
                    t = weight * J[m, free[a]]
                    if t != 0.0:
                        for b in range(a + 1):
                            L[a, b] += t * J[m, free[b]]
    for a in range(nf):
        b = 0
        while L[a, b] == 0.0 and b < a:
            b += 1
        first[a] = b
    if not cholesky(L, nf, first):
        return False
    # gradient after the fixed part of the step; the augmented term adds weight J'(beyond + J d), which ends at zero
    for i in range(N):
        z[i] = gradient[i]
    for j in range(N):
        if d[j] != 0.0:
            for i in range(N):
                z[i] += H[i, j] * d[j]
    for r in range(nr):
        m = rows[r]
        over = c[m] - (low[m] if on[m] < 0 else high[m])
        s = over
        for j in range(N):
            s += J[m, j] * d[j]
        rest[r] = s  # what is left of the row after the fixed part
        if low[m] < high[m]:  # not in `H`: it enters the free block only, and cancels in the multipliers
            for a in range(nf):
                z[free[a]] += weight * J[m, free[a]] * s
        else:
            for i in range(N):
                z[i] += weight * J[m, i] * over
    # Y = H^-1 J', trial = H^-1 z
    for a in range(nf):
        trial[a] = z[free[a]]
    solve_factored(L, nf, first, trial)
    for r in range(nr):
        for a in range(nf):
            Y[r, a] = J[rows[r], free[a]]
        solve_factored(L, nf, first, Y[r])
        for a in range(nf):
            rest[r] -= J[rows[r], free[a]] * trial[a]
    largest = 0.0
    for r in range(nr):
        for t in range(r + 1):
            s = 0.0
            for a in range(nf):
                s += J[rows[r], free[a]] * Y[t, a]
            S[r, t] = s
        largest = max(largest, S[r, r])
    # rows that say the same (or that the free coordinates cannot move) would make S singular: 1e-12 of its size keeps
    # the factorisation and shows as rows that are not met
    for r in range(nr):
        S[r, r] += 1e-12 * largest + 1e-300
    if not cholesky(S, nr, dense):
        return False
    for r in range(nr):
        rest[r] = -rest[r]
    solve_factored(S, nr, dense, rest)
    for a in range(nf):
        s = -trial[a]
        for r in range(nr):
            s += Y[r, a] * rest[r]
        d[free[a]] = s
    for r in range(nr):
        lam[rows[r]] = rest[r]
    for i in range(N):
        if state[i] != 0:
            s = z[i]
            for a in range(nf):
                s += H[i, free[a]] * d[free[a]]
            for r in range(nr):
                s -= J[rows[r], i] * rest[r]
            z[i] = s
        else:
            z[i] = 0.0
    return True


@njit(inline="always")
def _swap(low, high, state, to, z, tolerance):
    """New state of what the step takes `to`, with multiplier z: what it must become, or what it is."""
    if low >= high:
        return -1
    if state == 0:
        if to < low - tolerance:
            return -1
        if to > high + tolerance:
            return 1
        return 0
    if (state < 0 and z < -tolerance) or (state > 0 and z > tolerance):
        return 0
    return state


@njit(inline="always")
def _ahead(m, c, J, d):
    """Value of row m after the step."""
    s = c[m]
    for i in range(N):
        s += J[m, i] * d[i]
    return s


@njit(error_model="numpy")
def quadratic_step(q, lower, upper, weight, w):
    """Solve the programme from the guess in `w.state` and `w.on`; True if `w.d` is its optimum.

    `w.H` is augmented with that `weight` for the rows of the guess.
    """
    tolerance = 1e-13  # rad, m and (in z) N m: rounding of a well-scaled step
    state, on, role, low, high, c, J, d, z, lam = w.state, w.on, w.role, w.low, w.high, w.c, w.J, w.d, w.z, w.lam
    rows = role.size
    for i in range(N):
        if lower[i] >= upper[i]:
            state[i] = -1
    for m in range(rows):
        if role[m] == MUST and low[m] >= high[m]:
            on[m] = -1
    best, patience = N + rows + 1, PATIENCE
    for _ in range(MAX_PIVOTS):
        if not _newton(q, lower, upper, weight, w):
            return False
        bad = 0
        for i in range(N):
            bad += _swap(lower[i], upper[i], state[i], q[i] + d[i], z[i], tolerance) != state[i]
        for m in range(rows):
            if role[m] == MUST and low[m] < high[m]:
                # a row's multiplier is the force of its room, as a coordinate's is of its bound
                bad += _swap(low[m], high[m], on[m], _ahead(m, c, J, d), lam[m], tolerance) != on[m]
        if bad == 0:
            return True
        if bad < best:
            best, patience = bad, PATIENCE
        else:
            patience -= 1
        single = patience <= 0
        done = False
        for k in range(rows):
            m = rows - 1 - k
            if not (single and done) and role[m] == MUST and low[m] < high[m]:
                side = _swap(low[m], high[m], on[m], _ahead(m, c, J, d), lam[m], tolerance)
                if side != on[m]:
                    on[m] = side
                    done = True
        for k in range(N):
            i = N - 1 - k
            if not (single and done):
                side = _swap(lower[i], upper[i], state[i], q[i] + d[i], z[i], tolerance)
                if side != state[i]:
                    state[i] = side
                    done = True
    return False
