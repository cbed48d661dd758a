"""One step in lanes: branches are eliminated onto the pelvis, coordinates at their bounds held.

For a guess of which coordinates stay at a bound the step follows from one L D L' factorisation of the rest. What is
violated changes sides all at once, a few times at most: the posture's next step takes it up from there.
"""

from kinematics.kernels.cached import njit
from kinematics.kernels.lanes import ANGULAR, BRANCH, JOINTS, LINEAR, Q
from kinematics.kernels.wide import (
    gather,
    group_most,
    group_sum,
    least,
    load,
    most,
    most_of,
    size,
    store,
    unrolled,
    unrolled_value,
    where,
)
from simulate.kernels.lanes.slots import (
    ACROSS,
    ANSWER,
    BENDS,
    BEYOND,
    BORDER,
    BOUNDS_HIGH,
    BOUNDS_LOW,
    DEPTH,
    FACTOR,
    FAILED,
    GOES,
    HESSIAN,
    HIGH,
    HOLDS,
    IN_CHAIN,
    IN_FRAME,
    INVERSE,
    KIND,
    LOCKED,
    LOW,
    MOVED,
    MULTIPLIER,
    MUST,
    ON,
    OVER,
    PULLS,
    ROW,
    ROW_DATA,
    ROW_SIZE,
    ROWS,
    SCALE,
    SHIFT,
    SLOPE,
    SLOPE_MISSED,
    SPRUNG,
    STATE,
    STEP,
    STIFF,
    STRETCH,
    TISSUE,
    TRUSTED,
    TURN,
    VALUE,
    WHOLE,
    WORSE,
    WORST,
    WRENCH,
)

#: Rounding of a well-scaled step. [rad, m, N m]
ROUNDING = 1e-13
MAX_PIVOTS = 4


def _entry(i, j):
    """Place of an entry of the Hessian: in the row of the joint that is further out."""
    outer, inner = (i, j) if i < BRANCH and (j >= BRANCH or j <= i) else (j, i)
    if i >= BRANCH and j >= BRANCH:
        outer, inner = max(i, j), min(i, j)
    return HESSIAN + JOINTS * outer + inner


@unrolled
def _no_shift(x):
    for i in range(JOINTS):
        store(x, SHIFT + i, 0.0 * load(x, Q))


@unrolled
def _shift_across(x, border):
    """The same of a row that joins branches."""
    stretched = load(x, border + STIFF) * _stretched(x, border, STEP)
    for i in range(JOINTS):
        store(x, SHIFT + i, load(x, SHIFT + i) + load(x, border + ACROSS + i) * stretched)


def _stretched(x, border, at):
    """A joining row's derivative times the vector that begins in slot `at`."""
    branch = pelvis = 0.0
    for i in range(BRANCH):
        branch = branch + load(x, border + ACROSS + i) * load(x, at + i)
        pelvis = pelvis + load(x, border + ACROSS + BRANCH + i) * load(x, at + BRANCH + i)
    return group_sum(branch) + pelvis


@unrolled
def _shift(x):
    """The Hessian times what is in STEP, into SHIFT."""
    d = [load(x, STEP + i) for i in range(JOINTS)]
    for i in range(JOINTS):
        total = 0.0
        for j in range(BRANCH):
            total = total + load(x, _entry(i, j)) * d[j]
        if i >= BRANCH:
            total = group_sum(total)
        for j in range(BRANCH, JOINTS):
            total = total + load(x, _entry(i, j)) * d[j]
        store(x, SHIFT + i, total)


def _held_step(x, i):
    """How far a held coordinate is from its bound; 0 for a free one."""
    state, q = load(x, STATE + i), load(x, Q + i)
    return where(-state, load(x, BOUNDS_LOW + i) - q, where(state, load(x, BOUNDS_HIGH + i) - q, 0.0))


@unrolled
def _solve(x):
    """The step for the guess in STATE, where no row joins branches."""
    _eliminate(x, False)


@unrolled
def _solve_and_keep(x):
    """The same, and the factors."""
    _eliminate(x, True)


def _eliminate(x, keep):
    """The step by elimination.

    A held coordinate's inverse pivot is 0: eliminating it changes nothing. What the branches leave of the pelvis is
    summed over the lanes of a group.
    """
    A = [[load(x, _entry(i, j)) for j in range(i + 1)] for i in range(BRANCH)]
    A += [[load(x, _entry(i, j)) for j in range(BRANCH)] + [0.0] * (i + 1 - BRANCH) for i in range(BRANCH, JOINTS)]
    right = [-load(x, SLOPE + i) - load(x, SLOPE_MISSED + i) - load(x, SHIFT + i) for i in range(JOINTS)]
    A.append(right[:BRANCH] + [0.0] * BRANCH)
    inverse = [0.0] * JOINTS
    failed = load(x, FAILED)
    for k in range(JOINTS):
        if k == BRANCH:
            for i in range(BRANCH, JOINTS):
                for j in range(BRANCH, i + 1):
                    A[i][j] = load(x, _entry(i, j)) + group_sum(A[i][j])
                A[JOINTS][i] = right[i] + group_sum(A[JOINTS][i])
        held = size(load(x, STATE + k))
        failed = where(held, failed, where(A[k][k], failed, 1.0))
        inverse[k] = where(held, 0.0, 1.0 / where(held, 1.0, A[k][k]))
        for i in range(k + 1, JOINTS + 1):
            t = A[i][k] * inverse[k]
            for j in range(k + 1, min(i + 1, JOINTS)):
                A[i][j] = A[i][j] - t * A[j][k]
    store(x, FAILED, failed)
    d = _back(A, A[JOINTS], inverse)
    for k in range(JOINTS):
        held = size(load(x, STATE + k))
        store(x, STEP + k, where(held, _held_step(x, k), d[k]))
    if keep:
        for k in range(JOINTS):
            store(x, INVERSE + k, inverse[k])
            for i in range(k, JOINTS):
                store(x, FACTOR + i * (i + 1) // 2 + k, A[i][k])


def _back(A, right, inverse):
    """What is left of the right side after elimination, solved from the last coordinate on."""
    d = [0.0] * JOINTS
    for k in reversed(range(JOINTS)):
        rest = right[k]
        for i in range(k + 1, JOINTS):
            rest = rest - A[i][k] * d[i]
        d[k] = rest * inverse[k]
    return d


@unrolled
def _answer(x, border):
    """The inverse of the Hessian's free part times the derivative of a row that joins branches, into ANSWER."""
    A = [[load(x, FACTOR + i * (i + 1) // 2 + k) for k in range(i + 1)] for i in range(JOINTS)]
    inverse = [load(x, INVERSE + k) for k in range(JOINTS)]
    across = [where(size(load(x, STATE + k)), 0.0, load(x, border + ACROSS + k)) for k in range(JOINTS)]
    right = across[:BRANCH] + [0.0] * BRANCH
    for k in range(JOINTS):
        if k == BRANCH:
            for i in range(BRANCH, JOINTS):
                right[i] = across[i] + group_sum(right[i])
        t = right[k] * inverse[k]
        for i in range(k + 1, JOINTS):
            right[i] = right[i] - A[i][k] * t
    for k, z in enumerate(_back(A, right, inverse)):
        store(x, border + ANSWER + k, z)


@unrolled
def _join(x, border, to):
    """Take up a row that joins branches in the 12 numbers from slot `to` on (Sherman and Morrison 1950)."""
    answer = [load(x, border + ANSWER + k) for k in range(JOINTS)]
    stiff = load(x, border + STIFF)
    t = stiff * _stretched(x, border, to) / (1.0 + stiff * _stretched(x, border, border + ANSWER))
    for k in range(JOINTS):
        store(x, to + k, load(x, to + k) - t * answer[k])


@njit(error_model="numpy")
def _solve_joined(x, slots, used):
    """The step where rows join branches: one after the other is taken up."""
    _solve_and_keep(x)
    for n in range(slots.shape[0]):
        if used[n] and slots[n, KIND] >= WHOLE:
            _answer(x, slots[n, BORDER])
    for n in range(slots.shape[0]):
        if used[n] and slots[n, KIND] >= WHOLE:
            for m in range(n + 1, slots.shape[0]):
                if used[m] and slots[m, KIND] >= WHOLE:
                    _join(x, slots[n, BORDER], slots[m, BORDER] + ANSWER)
            _join(x, slots[n, BORDER], STEP)


@njit(error_model="numpy")
def _shift_all(x, slots, used, joined):
    _shift(x)
    if joined:
        for n in range(slots.shape[0]):
            if used[n] and slots[n, KIND] >= WHOLE:
                _shift_across(x, slots[n, BORDER])


@unrolled_value
def _any_held(x):
    held = 0.0
    for i in range(JOINTS):
        held = most(where(load(x, BOUNDS_HIGH + i) - load(x, BOUNDS_LOW + i), size(load(x, STATE + i)), 0.0), held)
    return held


@unrolled_value
def _change(x):
    """Change the sides of what the step violates (pushes are in SHIFT); largest change."""
    changed, goes = 0.0, load(x, GOES)
    for i in range(JOINTS):
        state, low, high = load(x, STATE + i), load(x, BOUNDS_LOW + i), load(x, BOUNDS_HIGH + i)
        to = load(x, Q + i) + load(x, STEP + i)
        arrives = where(low - ROUNDING - to, -1.0, where(to - high - ROUNDING, 1.0, 0.0))
        # a held one stays while its bound pushes it inwards
        push = load(x, SLOPE + i) + load(x, SLOPE_MISSED + i) + load(x, SHIFT + i)
        stays = where(where(-state, push, -push) + ROUNDING, state, 0.0)
        new = where(high - low, where(size(state), stays, arrives), LOCKED)
        new = where(goes, new, state)
        store(x, STATE + i, new)
        changed = most(size(new - state), changed)
    return changed


@unrolled_value
def _hold_steps(x):
    """Steps of what is held, alone, into STEP; the largest."""
    largest = 0.0
    for i in range(JOINTS):
        held = _held_step(x, i)
        store(x, STEP + i, held)
        largest = most(size(held), largest)
    return largest


@njit(error_model="numpy")
def step(x, slots, used, joined):
    """The step from the posture in the scratch; coordinates that would leave their bounds are held, and the reverse."""
    _no_shift(x)
    for n in range(MAX_PIVOTS):
        if joined:
            _solve_joined(x, slots, used)
        else:
            _solve(x)
        if n == MAX_PIVOTS - 1:
            return
        if most_of(_any_held(x)) > 0.0:
            _shift_all(x, slots, used, joined)
        if most_of(_change(x)) == 0.0:
            return
        if most_of(_hold_steps(x)) > 0.0:
            # without the rows that join branches: what is held counts when they are taken up
            _shift(x)
        else:
            _no_shift(x)


@unrolled
def _beyond(x):
    """What the step moves each depth by: the screws times it, summed from the pelvis outwards."""
    twist = [0.0] * 6
    for n in range(JOINTS):
        t = n + BRANCH if n < BRANCH else n - BRANCH
        d = load(x, STEP + t)
        for k in range(3):
            twist[k] = twist[k] + load(x, LINEAR + 3 * t + k) * d
            twist[3 + k] = twist[3 + k] + load(x, ANGULAR + 3 * t + k) * d
        if n >= BRANCH - 1:
            for k in range(6):
                store(x, BEYOND + 6 * (n - BRANCH + 1) + k, twist[k])


@unrolled
def _moved(x, row, beyond):
    """What the step moves a row about a segment by."""
    moved = 0.0
    for i in range(6):
        moved = moved + load(x, row + WRENCH + i) * load(x, beyond + i)
    store(x, row + MOVED, moved)


@unrolled
def _moved_sum(x, row, fixed, place, n):
    moved = 0.0
    for i in range(BRANCH):
        moved = moved + gather(fixed, place, n + i) * load(x, STEP + i)
    store(x, row + MOVED, moved)


@unrolled
def _moved_across(x, row, border):
    store(x, row + MOVED, _stretched(x, border, STEP))


@unrolled
def _spring(x, row):
    """Force of a spring after the step: what the next Hessian's curvature is weighed with."""
    bend = load(x, row + PULLS) + load(x, row + SPRUNG) * load(x, row + MOVED)
    store(x, row + BENDS, where(load(x, GOES), bend, load(x, row + BENDS)))


@unrolled
def _hold(x, row, data, at, k):
    """Multiplier of a must row after the step, which end of its room binds then, and what its curvature weighs."""
    moved, old, on = load(x, row + MOVED), load(x, row + MULTIPLIER), load(x, row + ON)
    new = old - load(x, row + HOLDS) * (load(x, row + OVER) + moved)
    ahead, low, high = load(x, row + VALUE) + moved, gather(data, at, k + LOW), gather(data, at, k + HIGH)
    room = where(gather(data, at, k + MUST), high - low, 0.0)
    arrives = where(low - ROUNDING - ahead, -1.0, where(ahead - high - ROUNDING, 1.0, 0.0))
    stays = where(where(-on, new, -new) + ROUNDING, on, 0.0)
    binds = where(room, where(size(on), stays, arrives), on)
    new = where(room, where(size(binds), new, 0.0), new)
    goes = load(x, GOES)
    bend = load(x, row + PULLS) + old - new + load(x, row + SPRUNG) * moved
    store(x, row + MULTIPLIER, where(goes, new, old))
    store(x, row + ON, where(goes, binds, on))
    store(x, row + BENDS, where(goes, bend, load(x, row + BENDS)))


@unrolled
def _take(x):
    goes, longest = load(x, GOES), 0.0
    for i in range(JOINTS):
        q = load(x, Q + i)
        longest = most(size(load(x, STEP + i)), longest)
        to = least(most(q + load(x, STEP + i), load(x, BOUNDS_LOW + i)), load(x, BOUNDS_HIGH + i))
        store(x, Q + i, where(goes, to, q))
    store(x, FAILED, where(longest - load(x, TRUSTED), most(goes, load(x, FAILED)), load(x, FAILED)))


@njit(error_model="numpy")
def move(x, slots, used, data, at, fixed, place, musts):
    """Take the step, and the rows' forces with it."""
    _take(x)
    _beyond(x)
    for n in range(slots.shape[0]):
        if used[n]:
            kind, row = slots[n, KIND], ROWS + ROW_SIZE * slots[n, ROW]
            for r in range(3 if kind == TURN else 1):
                if kind <= TURN:
                    _moved(x, row, BEYOND + 6 * slots[n, DEPTH])
                elif kind <= STRETCH:
                    _moved_sum(x, row, fixed, place, slots[n, IN_CHAIN])
                else:
                    _moved_across(x, row, slots[n, BORDER])
                if musts and kind != STRETCH and kind != TISSUE:
                    _hold(x, row, data, at, slots[n, IN_FRAME] + ROW_DATA * r)
                else:
                    _spring(x, row)
                row += ROW_SIZE


@unrolled_value
def judge(x, aim):
    """Scaled optimality residual and largest miss of each group, into WORSE; which groups go on, into GOES."""
    worst, total = load(x, WORST), 0.0
    for i in range(JOINTS):
        q = load(x, Q + i)
        total = total + load(x, SLOPE + i) + load(x, SLOPE_MISSED + i)
        to = q - load(x, SLOPE + i) / load(x, SCALE + i)
        to = least(most(to, load(x, BOUNDS_LOW + i)), load(x, BOUNDS_HIGH + i))
        worst = most(size(to - q), worst)
    # the largest of several skips what is no number; a sum does not
    worst = group_most(worst) + 0.0 * group_sum(total)
    failed = group_most(load(x, FAILED))
    store(x, FAILED, failed)
    store(x, WORSE, worst)
    # also a residual that is no number goes on
    goes = where(failed, 0.0, where(aim - worst, 0.0, 1.0))
    store(x, GOES, goes)
    return goes
