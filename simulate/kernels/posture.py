"""One posture: sequential quadratic programming with exact curvature, from a start and a guess of what binds."""

from kinematics.kernels.cached import njit
from kinematics.kernels.tree import N
from simulate.kernels import goals as goal
from simulate.kernels import step
from simulate.kernels.data import MUST, SOLVED, UNSOLVED

#: A solve is given up after MAX_STEPS, or when musts that are missed have not come nearer by a tenth in PATIENCE steps.
MAX_STEPS, PATIENCE = 60, 15
#: What counts as solved: scaled KKT residual [rad, m] and must goals [m, rad]; the solver goes on to AIM if it can.
KKT_SOLVED = 1e-8
MUST_SOLVED = 1e-8
AIM = 1e-11
#: Hessians tried in turn: share of the exact curvature (0: Gauss-Newton), a proximal term [N/m, N m/rad], and how
#: many times heavier than usual the rows weigh (rows that nearly say the same leave a direction that only that holds).
HESSIANS = (
    (1.0, 0.0, 1.0),
    (1.0, 0.0, 1e4),
    (1.0, 30.0, 1.0),
    (1.0, 300.0, 1.0),
    (1.0, 3e3, 1.0),
    (0.0, 1.0, 1.0),
    (0.0, 1e2, 1.0),
    (0.0, 1e4, 1.0),
)
#: Most that a metre or radian of missed musts costs in the merit function. [N, N m]
MOST_PRICE = 1e8
#: Least diagonal the KKT residual is scaled with, where nothing but must goals holds a coordinate. [N/m, N m/rad]
LEAST_DIAGONAL = 1.0


@njit(error_model="numpy")
def kkt_residual(q, lam, w):
    """|P(q - D^-1 grad L) - q|, the largest entry [rad, m]; also complementarity of the rows with room [m, rad]."""
    worst, gradient, role, J, D = 0.0, w.g, w.role, w.J, w.D
    lower, upper, low, high, c = w.lower, w.upper, w.low, w.high, w.c
    for i in range(N):
        s = gradient[i]
        for m in range(role.size):
            if role[m] == MUST:
                s -= J[m, i] * lam[m]
        t = q[i] - s / max(D[i], LEAST_DIAGONAL)
        worst = max(worst, abs(min(max(t, lower[i]), upper[i]) - q[i]))
    for m in range(role.size):
        if role[m] == MUST and low[m] < high[m]:
            if lam[m] > 0.0:
                worst = max(worst, min(lam[m] / step.AUGMENT, max(c[m] - low[m], 0.0)))
            else:
                worst = max(worst, min(-lam[m] / step.AUGMENT, max(high[m] - c[m], 0.0)))
    return worst


@njit(error_model="numpy")
def _clip(q, w):
    for i in range(N):
        q[i] = min(max(q[i], w.lower[i]), w.upper[i])


@njit(error_model="numpy")
def solve_posture(body, goals, tissue, f, stiffness, q_ref, q, lam, w):
    """Solve frame f in place: `q` (24,) and `lam` (M,) hold the start and then the answer.

    Roles, rooms and bounds are in the scratch (`simulate.patient.prepare`). `w.state` and `w.on` hold the guess of what
    binds and then what does.
    Returns (status, iterations, kkt, must), the last two the scaled KKT residual [rad, m] and the largest must
    violation [m, rad].
    """
    _clip(q, w)
    for m in range(w.role.size):
        if w.role[m] != MUST:
            lam[m], w.on[m] = 0.0, 0
        elif w.low[m] >= w.high[m]:
            w.on[m] = -1
    for i in range(N):
        if w.lower[i] >= w.upper[i]:
            w.state[i] = -1
    goal.values(body, goals, f, q, w)
    price, kkt, must, iterations, nearest, patience = 0.0, 1e300, 1e300, 0, 1e300, PATIENCE
    for _ in range(MAX_STEPS):
        goal.linearise(goals, tissue, f, stiffness, q_ref, q, lam, 1.0, w)
        kkt, must = kkt_residual(q, lam, w), goal.violation(w)[0]
        if kkt <= AIM and must <= AIM:
            break
        patience -= 1
        if must < 0.9 * nearest or must <= MUST_SOLVED:
            nearest, patience = must, PATIENCE
        if patience < 0:
            break
        # exact curvature first; where that is not positive definite or leads nowhere, with a proximal term, which
        # shortens the step until it helps, and in the end Gauss-Newton
        moved = False
        for attempt, (curved, damping, heavier) in enumerate(HESSIANS):
            iterations += 1
            weight = heavier * step.augmentation(lam, w)
            if attempt > 0:
                goal.linearise(goals, tissue, f, stiffness, q_ref, q, lam, curved, w)
                for i in range(N):
                    w.H[i, i] += damping
            step.augment(weight, w)
            if not step.quadratic_step(q, w.lower, w.upper, weight, w):
                continue
            for m in range(w.role.size):
                price = max(price, min(1.5 * abs(w.lam[m]), MOST_PRICE))
            before = goal.objective(tissue, stiffness, q_ref, q, w) + price * goal.violation(w)[1]
            slope = -price * goal.violation(w)[1]
            for i in range(N):
                slope += w.g[i] * w.d[i]
            moved = _search(body, goals, tissue, f, stiffness, q_ref, q, lam, price, before, slope, max(kkt, must), w)
            if moved:
                break
        if not moved:
            break
    if max(kkt, must) > AIM:
        goal.linearise(goals, tissue, f, stiffness, q_ref, q, lam, 0.0, w)
        kkt, must = kkt_residual(q, lam, w), goal.violation(w)[0]
    if kkt <= KKT_SOLVED and must <= MUST_SOLVED:
        return SOLVED, iterations, kkt, must
    return UNSOLVED, iterations, kkt, must


@njit(error_model="numpy")
def _search(body, goals, tissue, f, stiffness, q_ref, q, lam, price, before, slope, error, w):
    """Move `q` along `w.d` and `lam` towards `w.lam`; False if no length helps.

    A length is taken if the merit falls as it should or, at full length, if the optimality error falls by a tenth: near
    the answer the merit would refuse good steps (Maratos).
    """
    length = 1.0
    for attempt in range(25):
        for i in range(N):
            w.trial[i] = q[i] + length * w.d[i]
        _clip(w.trial, w)
        goal.values(body, goals, f, w.trial, w)
        merit = goal.objective(tissue, stiffness, q_ref, w.trial, w) + price * goal.violation(w)[1]
        good = merit <= before + 1e-4 * length * min(slope, 0.0)
        if not good and attempt == 0:
            goal.linearise(goals, tissue, f, stiffness, q_ref, w.trial, w.lam, 0.0, w)
            now = max(kkt_residual(w.trial, w.lam, w), goal.violation(w)[0])
            good = now <= 0.9 * error
        if good:
            for i in range(N):
                q[i] = w.trial[i]
            for m in range(w.role.size):
                lam[m] += length * (w.lam[m] - lam[m])
            return True
        length *= 0.5
    goal.values(body, goals, f, q, w)
    return False
