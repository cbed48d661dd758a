"""One step: the quadratic programme of a linearised posture problem, by block principal pivoting.

    minimise    1/2 d'H d + g'd      subject to   low <= c + J d <= high (MUST rows),  lower <= q + d <= upper

For a guess of what binds, the step and its multipliers follow from one Cholesky factorisation of the free block and one
of its Schur complement. What is violated changes sides, all at once while that helps, else one at a time: finite for a
positive definite H (Judice & Pires 1994, Comput. Oper. Res. 21:587). The guess of the frame before is usually right.
"""

from math import sqrt

from numba import njit

from kinematics.kernels.tree import N
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


@njit(cache=True)
def cholesky(A, n):
    """Factor the leading n x n block of `A` in place (lower); False if it is not positive definite."""
    for i in range(n):
        for j in range(i + 1):
            s = A[i, j]
            for k in range(j):
                s -= A[i, k] * A[j, k]
            if i == j:
                # 1e-13: a pivot that has lost all but three digits against its diagonal says singular
                if not s > 1e-13 * abs(A[i, i]):
                    return False
                A[i, i] = sqrt(s)
            else:
                A[i, j] = s / A[j, j]
    return True


@njit(cache=True)
def solve_factored(L, n, x):
    """x <- (L L')^-1 x, the leading n entries."""
    for i in range(n):
        s = x[i]
        for k in range(i):
            s -= L[i, k] * x[k]
        x[i] = s / L[i, i]
    for i in range(n - 1, -1, -1):
        s = x[i]
        for k in range(i + 1, n):
            s -= L[k, i] * x[k]
        x[i] = s / L[i, i]


@njit(cache=True)
def beyond(m, w):
    """By how much row m is over the end of its room that binds."""
    return w.c[m] - (w.low[m] if w.on[m] < 0 else w.high[m])


@njit(cache=True)
def augmentation(lam, w):
    """Weight of J'J for multipliers of that size."""
    largest = 0.0
    for m in range(w.role.size):
        if w.role[m] == MUST:
            largest = max(largest, abs(lam[m]))
    return max(AUGMENT, min(OUTWEIGH * largest, MOST_AUGMENT))


@njit(cache=True)
def augment(weight, w):
    """Add weight J'J of the rows without room to `w.H`; rows that may come and go are added in `_newton`."""
    for m in range(w.role.size):
        if w.role[m] == MUST and w.low[m] >= w.high[m]:
            for i in range(N):
                t = weight * w.J[m, i]
                if t != 0.0:
                    for j in range(N):
                        w.H[i, j] += t * w.J[m, j]


@njit(cache=True)
def _newton(q, lower, upper, weight, w):
    """Step `w.d`, row multipliers `w.lam` and bound multipliers `w.z` for the sets `w.state` and `w.on`."""
    nf = 0
    for i in range(N):
        w.d[i] = 0.0
        if w.state[i] == 0:
            w.free[nf] = i
            nf += 1
        elif w.state[i] < 0:
            w.d[i] = lower[i] - q[i]
        else:
            w.d[i] = upper[i] - q[i]
    for a in range(nf):
        i = w.free[a]
        for b in range(a + 1):
            w.L[a, b] = w.H[i, w.free[b]]
    nr = 0
    for m in range(w.role.size):
        w.lam[m] = 0.0
        if w.role[m] == MUST and w.on[m] != 0:
            w.rows[nr] = m
            nr += 1
            if w.low[m] < w.high[m]:
                for a in range(nf):
                    t = weight * w.J[m, w.free[a]]
                    if t != 0.0:
                        for b in range(a + 1):
                            w.L[a, b] += t * w.J[m, w.free[b]]
    if not cholesky(w.L, nf):
        return False
    # gradient after the fixed part of the step; the augmented term adds weight J'(beyond + J d), which ends at zero
    for i in range(N):
        s = w.g[i]
        for j in range(N):
            if w.state[j] != 0:
                s += w.H[i, j] * w.d[j]
        w.z[i] = s
    for r in range(nr):
        m = w.rows[r]
        over = beyond(m, w)
        s = over
        for j in range(N):
            if w.state[j] != 0:
                s += w.J[m, j] * w.d[j]
        w.b[r] = s  # what is left of the row after the fixed part
        if w.low[m] < w.high[m]:  # not in `w.H`: it enters the free block only, and cancels in the multipliers
            for a in range(nf):
                w.z[w.free[a]] += weight * w.J[m, w.free[a]] * s
        else:
            for i in range(N):
                w.z[i] += weight * w.J[m, i] * over
    # Y = H^-1 J', trial = H^-1 z
    for a in range(nf):
        w.trial[a] = w.z[w.free[a]]
    solve_factored(w.L, nf, w.trial)
    for r in range(nr):
        for a in range(nf):
            w.Y[r, a] = w.J[w.rows[r], w.free[a]]
        solve_factored(w.L, nf, w.Y[r])
        for a in range(nf):
            w.b[r] -= w.J[w.rows[r], w.free[a]] * w.trial[a]
    largest = 0.0
    for r in range(nr):
        for t in range(r + 1):
            s = 0.0
            for a in range(nf):
                s += w.J[w.rows[r], w.free[a]] * w.Y[t, a]
            w.S[r, t] = s
        largest = max(largest, w.S[r, r])
    # rows that say the same (or that the free coordinates cannot move) would make S singular: 1e-12 of its size keeps
    # the factorisation and shows as rows that are not met
    for r in range(nr):
        w.S[r, r] += 1e-12 * largest + 1e-300
    if not cholesky(w.S, nr):
        return False
    for r in range(nr):
        w.b[r] = -w.b[r]
    solve_factored(w.S, nr, w.b)
    for a in range(nf):
        s = -w.trial[a]
        for r in range(nr):
            s += w.Y[r, a] * w.b[r]
        w.d[w.free[a]] = s
    for r in range(nr):
        w.lam[w.rows[r]] = w.b[r]
    for i in range(N):
        if w.state[i] != 0:
            s = w.z[i]
            for a in range(nf):
                s += w.H[i, w.free[a]] * w.d[w.free[a]]
            for r in range(nr):
                s -= w.J[w.rows[r], i] * w.b[r]
            w.z[i] = s
        else:
            w.z[i] = 0.0
    return True


@njit(cache=True)
def _swap(i, q, lower, upper, tolerance, w):
    """New state of coordinate i: what it must become, or what it is."""
    if lower[i] >= upper[i]:
        return -1
    if w.state[i] == 0:
        if q[i] + w.d[i] < lower[i] - tolerance:
            return -1
        if q[i] + w.d[i] > upper[i] + tolerance:
            return 1
        return 0
    if (w.state[i] < 0 and w.z[i] < -tolerance) or (w.state[i] > 0 and w.z[i] > tolerance):
        return 0
    return w.state[i]


@njit(cache=True)
def _switch(m, tolerance, w):
    """New side of must row m: what it must become, or what it is."""
    if w.low[m] >= w.high[m]:
        return -1
    if w.on[m] == 0:
        s = w.c[m]
        for i in range(N):
            s += w.J[m, i] * w.d[i]
        if s < w.low[m] - tolerance:
            return -1
        if s > w.high[m] + tolerance:
            return 1
        return 0
    if (w.on[m] < 0 and w.lam[m] < -tolerance) or (w.on[m] > 0 and w.lam[m] > tolerance):
        return 0
    return w.on[m]


@njit(cache=True)
def quadratic_step(q, lower, upper, weight, w):
    """Solve the programme from the guess in `w.state` and `w.on`; True if `w.d` is its optimum.

    `w.H` is augmented with that `weight` for the rows of the guess.
    """
    tolerance = 1e-13  # rad, m and (in z) N m: rounding of a well-scaled step
    for i in range(N):
        if lower[i] >= upper[i]:
            w.state[i] = -1
    for m in range(w.role.size):
        if w.role[m] == MUST and w.low[m] >= w.high[m]:
            w.on[m] = -1
    best, patience = N + w.role.size + 1, PATIENCE
    for _ in range(MAX_PIVOTS):
        if not _newton(q, lower, upper, weight, w):
            return False
        bad = 0
        for i in range(N):
            bad += _swap(i, q, lower, upper, tolerance, w) != w.state[i]
        for m in range(w.role.size):
            bad += w.role[m] == MUST and _switch(m, tolerance, w) != w.on[m]
        if bad == 0:
            return True
        if bad < best:
            best, patience = bad, PATIENCE
        else:
            patience -= 1
        single = patience <= 0
        done = False
        for k in range(w.role.size):
            m = w.role.size - 1 - k
            if not (single and done) and w.role[m] == MUST:
                side = _switch(m, tolerance, w)
                if side != w.on[m]:
                    w.on[m] = side
                    done = True
        for k in range(N):
            i = N - 1 - k
            if not (single and done):
                state = _swap(i, q, lower, upper, tolerance, w)
                if state != w.state[i]:
                    w.state[i] = state
                    done = True
    return False
