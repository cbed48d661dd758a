"""One posture: sequential quadratic programming with exact curvature, from a start and a guess of what binds."""

from numba import njit

from kinematics.kernels.tree import N
from simulate.kernels import goals as goal
from simulate.kernels import step
from simulate.kernels.data import ABOVE, EQUAL, OFF, SHORTFALL, SOFT, SOLVED, UNSOLVED

MAX_ITERATIONS = 60
#: What counts as solved: scaled KKT residual [rad, m] and must goals [m, rad]; the solver goes on to AIM if it can.
KKT_SOLVED = 1e-8
MUST_SOLVED = 1e-8
AIM = 1e-11
#: Proximal terms tried in turn; 0 stands for exact curvature. [N/m, N m/rad]
DAMPINGS = (0.0, 1.0, 1e2, 1e4)
#: Least diagonal the KKT residual is scaled with, where nothing but must goals holds a coordinate. [N/m, N m/rad]
LEAST_DIAGONAL = 1.0


@njit(cache=True)
def kkt_residual(q, lower, upper, lam, w):
    """|P(q - D^-1 grad L) - q|, the largest entry [rad, m]; also complementarity of the inequality rows [m, rad]."""
    worst = 0.0
    for i in range(N):
        s = w.g[i]
        for m in range(w.role.size):
            if w.role[m] == EQUAL or w.role[m] == ABOVE:
                s -= w.J[m, i] * lam[m]
        t = q[i] - s / max(w.D[i], LEAST_DIAGONAL)
        worst = max(worst, abs(min(max(t, lower[i]), upper[i]) - q[i]))
    for m in range(w.role.size):
        if w.role[m] == ABOVE:
            worst = max(worst, abs(min(lam[m] / step.AUGMENT, max(w.c[m], 0.0))))
    return worst


@njit(cache=True)
def _merit(stiffness, q_ref, q, price, w):
    return goal.objective(stiffness, q_ref, q, w) + price * goal.violation(w)[1]


@njit(cache=True)
def _clip(q, lower, upper):
    for i in range(N):
        q[i] = min(max(q[i], lower[i]), upper[i])


@njit(cache=True)
def solve_posture(body, goals, f, relaxed, stiffness, q_ref, lower, upper, q, lam, w):
    """Solve frame f in place: `q` (24,) and `lam` (M,) hold the start and then the answer.

    With `relaxed`, goals that yield are only preferred. `w.state` and `w.on` hold the guess of what binds and then what
    does. Returns (status, iterations, kkt, must), the last two the scaled KKT residual [rad, m] and the largest must
    violation [m, rad].
    """
    goal.roles(goals, f, relaxed, w)
    _clip(q, lower, upper)
    for m in range(w.role.size):
        if w.role[m] == OFF or w.role[m] == SOFT:
            lam[m] = 0.0
        if w.role[m] != ABOVE:
            w.on[m] = 0
    goal.values(body, goals, f, q, w)
    price, kkt, must, iterations = 0.0, 1e300, 1e300, 0
    while iterations < MAX_ITERATIONS:
        goal.linearise(goals, f, stiffness, q_ref, q, lam, True, w)
        kkt, must = kkt_residual(q, lower, upper, lam, w), goal.violation(w)[0]
        if kkt <= AIM and must <= AIM:
            break
        # exact curvature first; where that is not positive definite or leads nowhere, Gauss-Newton with an ever
        # heavier proximal term, which shortens the step until it helps
        moved = False
        for damping in DAMPINGS:
            iterations += 1
            if damping > 0.0:
                goal.linearise(goals, f, stiffness, q_ref, q, lam, False, w)
                for i in range(N):
                    w.H[i, i] += damping
            step.augment(w)
            if not step.quadratic_step(q, lower, upper, w):
                continue
            for m in range(w.role.size):
                price = max(price, 1.5 * abs(w.lam[m]))
            before, slope = _merit(stiffness, q_ref, q, price, w), -price * goal.violation(w)[1]
            for i in range(N):
                slope += w.g[i] * w.d[i]
            moved = _search(
                body, goals, f, stiffness, q_ref, lower, upper, q, lam, price, before, slope, max(kkt, must), w
            )
            if moved:
                break
        if not moved:
            break
    if max(kkt, must) > AIM:
        goal.linearise(goals, f, stiffness, q_ref, q, lam, False, w)
        kkt, must = kkt_residual(q, lower, upper, lam, w), goal.violation(w)[0]
    if kkt <= KKT_SOLVED and must <= MUST_SOLVED:
        return (SHORTFALL if relaxed else SOLVED), iterations, kkt, must
    return UNSOLVED, iterations, kkt, must


@njit(cache=True)
def _search(body, goals, f, stiffness, q_ref, lower, upper, q, lam, price, before, slope, error, w):
    """Move `q` along `w.d` and `lam` towards `w.lam`; False if no length helps.

    A length is taken if the merit falls as it should or, at full length, if the optimality error halves: near the
    answer the merit would refuse good steps (Maratos).
    """
    length = 1.0
    for attempt in range(25):
        for i in range(N):
            w.trial[i] = q[i] + length * w.d[i]
        _clip(w.trial, lower, upper)
        goal.values(body, goals, f, w.trial, w)
        good = _merit(stiffness, q_ref, w.trial, price, w) <= before + 1e-4 * length * min(slope, 0.0)
        if not good and attempt == 0:
            goal.linearise(goals, f, stiffness, q_ref, w.trial, w.lam, False, w)
            now = max(kkt_residual(w.trial, lower, upper, w.lam, w), goal.violation(w)[0])
            good = now <= 0.5 * error
        if good:
            for i in range(N):
                q[i] = w.trial[i]
            for m in range(w.role.size):
                lam[m] += length * (w.lam[m] - lam[m])
            return True
        length *= 0.5
    goal.values(body, goals, f, q, w)
    return False
