"""A motion in lanes: frames in order, as many cases at once as there are groups of lanes.

A frame starts from the two answers before, carried on as they moved away from the reference, and takes full Newton
steps. Where these do not arrive, the caller has the patient kernel of `posture` solve the frame.
"""

from kinematics.kernels.cached import njit
from kinematics.kernels.lanes import AXIS, BRANCH, DEPTHS, JOINTS, Q, forward
from kinematics.kernels.wide import (
    GROUP,
    gather,
    group_most,
    least,
    load,
    most,
    most_of,
    rows,
    size,
    store,
    unrolled,
    unrolled_value,
    where,
)
from simulate.kernels.data import SOLVED, UNSOLVED
from simulate.kernels.lanes.rows import evaluate
from simulate.kernels.lanes.slots import (
    AHEAD,
    BEFORE,
    BEFORE_THAT,
    BENDS,
    BESIDE,
    BOUNDS_HIGH,
    BOUNDS_LOW,
    CURVED,
    FAILED,
    GOES,
    KIND,
    LOCKED,
    MASS,
    MULTIPLIER,
    NEARER,
    ON,
    PASSED,
    PULLS,
    REFERENCE,
    ROW,
    ROW_SIZE,
    ROWS,
    SCALE,
    STATE,
    STIFFNESS,
    TRUSTED,
    TURN,
    WORSE,
)
from simulate.kernels.lanes.springs import hessian, slopes
from simulate.kernels.lanes.step import judge, move, step

#: Full steps before that, and the optimality residual at which a frame is solved. [rad, m]
MAX_STEPS = 12
AIM = 1e-10
#: Up to what length a full step is trusted where the frames before say where to start, and where nothing does:
#: longer ones led to another minimum than the patient kernel's. [rad, m]
TRUST, TRUST_AFRESH = 0.15, 0.6
#: Bounds beyond that are none. [rad, m]
HUGE = 1e300


@njit(error_model="numpy")
def _posture(x, table, used, at, fixed, here, joined, musts, data, depths):
    """Solve one frame from the posture in the scratch; steps taken."""
    none = 0.0 * load(x, Q)
    store(x, GOES, none + 1.0)
    store(x, FAILED, none)
    store(x, CURVED, none + 1.0)
    n, again = 0, False
    while True:
        if not again:
            forward(x)
        evaluate(x, table, used, depths, data, at, fixed, here, musts)
        slopes(x, table, used, depths, fixed, here, musts)
        if not again:
            if most_of(judge(x, none + AIM)) == 0.0 or n == MAX_STEPS:
                return n
            n += 1
        hessian(x, table, used, depths, fixed, here, musts)
        step(x, table, used, joined)
        # of those that go on: what has failed before stays so, whatever the other cases do
        failed = where(load(x, GOES), load(x, FAILED), none)
        if not again and most_of(failed) > 0.0:
            # not convex here: once more, without curvature
            store(x, CURVED, where(group_most(failed), 0.0, 1.0))
            store(x, FAILED, load(x, FAILED) - failed)
            again = True
        else:
            again = False
            store(x, CURVED, none + 1.0)
            move(x, table, used, data, at, fixed, here, musts)


@unrolled
def _start(x, reference, at):
    """The next frame's reference, and a start: the two answers before, carried on from theirs."""
    for i in range(JOINTS):
        low, high = load(x, BOUNDS_LOW + i), load(x, BOUNDS_HIGH + i)
        ref, state = gather(reference, at, i), load(x, STATE + i)
        # what was locked may be free here, and what was bound may have no bound
        state = where(-1.5 - state, 0.0, state)
        state = where(-state, where(low + HUGE, state, 0.0), where(state, where(HUGE - high, state, 0.0), 0.0))
        state = where(high - low, state, LOCKED)
        start = ref + 2.0 * load(x, BEFORE + i) - load(x, BEFORE_THAT + i)
        start = where(-state, low, where(state, high, start))
        store(x, STATE + i, state)
        # a bound that is no number leaves no slope that is one
        store(x, REFERENCE + i, where(size(high - low) + 1.0, ref, high - low))
        # until a step has been taken: the least that the residual is scaled with
        store(x, SCALE + i, load(x, STIFFNESS + i) * 0.0 + 1.0)
        store(x, Q + i, least(most(start, low), high))


@unrolled
def _start_beside(x, trail, frame):
    """The other start: the answer before, carried on as the neighbouring case went; whichever came nearer last time."""
    nearer = load(x, NEARER)
    for i in range(JOINTS):
        low, high, state = load(x, BOUNDS_LOW + i), load(x, BOUNDS_HIGH + i), load(x, STATE + i)
        ahead = load(x, Q + i)
        beside = load(x, REFERENCE + i) + load(x, BEFORE + i) + load(trail, frame + i) - load(x, PASSED + i)
        beside = least(most(where(-state, low, where(state, high, beside)), low), high)
        store(x, AHEAD + i, ahead)
        store(x, BESIDE + i, beside)
        store(x, Q + i, where(nearer, beside, ahead))


@unrolled
def _leave_trail(x, trail, frame):
    """Which start came nearer; and the answer, for the next case, unless there is none."""
    ahead = beside = 0.0
    arrived = AIM - load(x, WORSE)
    for i in range(JOINTS):
        q = load(x, Q + i)
        ahead = most(size(q - load(x, AHEAD + i)), ahead)
        beside = most(size(q - load(x, BESIDE + i)), beside)
        passed = load(trail, frame + i)
        store(x, PASSED + i, passed)
        store(trail, frame + i, where(arrived, q - load(x, REFERENCE + i), passed))
    store(x, NEARER, group_most(ahead) - group_most(beside))


@unrolled_value
def _start_again(x):
    """Where full steps did not arrive: once more from the answer before, moved as the reference moves."""
    again = where(AIM - load(x, WORSE), 0.0, 1.0)
    for i in range(JOINTS):
        low, high = load(x, BOUNDS_LOW + i), load(x, BOUNDS_HIGH + i)
        start = least(most(load(x, REFERENCE + i) + load(x, BEFORE + i), low), high)
        store(x, Q + i, where(again, start, load(x, Q + i)))
        store(x, STATE + i, where(again, where(high - low, 0.0, LOCKED), load(x, STATE + i)))
    return again


@njit(error_model="numpy")
def _rows_again(x, count):
    """Forget what held rows, where full steps did not arrive."""
    for r in range(count):
        _row_again(x, ROWS + ROW_SIZE * r)


@unrolled
def _row_again(x, row):
    arrived = AIM - load(x, WORSE)
    for k in (MULTIPLIER, ON, BENDS):
        store(x, row + k, where(arrived, load(x, row + k), 0.0))


@unrolled
def _within(x):
    """A start of one's own, within the bounds; nothing is known to bind but what is locked."""
    for i in range(JOINTS):
        low, high = load(x, BOUNDS_LOW + i), load(x, BOUNDS_HIGH + i)
        store(x, STATE + i, where(high - low, 0.0, LOCKED))
        store(x, Q + i, least(most(load(x, Q + i), low), high))


@unrolled
def _lock(x):
    """Mark what has no room."""
    for i in range(JOINTS):
        state = load(x, STATE + i)
        store(x, STATE + i, where(load(x, BOUNDS_HIGH + i) - load(x, BOUNDS_LOW + i), state, LOCKED))


@unrolled
def _remember(x):
    for i in range(JOINTS):
        store(x, BEFORE_THAT + i, load(x, BEFORE + i))
        store(x, BEFORE + i, load(x, Q + i) - load(x, REFERENCE + i))


@njit(error_model="numpy")
def _put(x, slot, group, values):
    """Coordinates (24,) into the lanes of a group."""
    for i in range(BRANCH):
        for lane in range(GROUP):
            x[slot + BRANCH + i]["lane"][GROUP * group + lane] = values[i]
        for branch in range(3):
            x[slot + i]["lane"][GROUP * group + branch] = values[BRANCH * (1 + branch) + i]


@njit(error_model="numpy")
def _take(x, slot, group, out):
    """The reverse of `_put`."""
    for i in range(BRANCH):
        out[i] = x[slot + BRANCH + i]["lane"][GROUP * group]
        for branch in range(3):
            out[BRANCH * (1 + branch) + i] = x[slot + i]["lane"][GROUP * group + branch]


@njit(error_model="numpy")
def _begin(x, lanes, groups):
    """Load the task into the scratch, and forget all answers."""
    none = 0.0 * load(x, Q)
    for k in range(6 * JOINTS):
        store(x, AXIS + k, gather(lanes.chain, groups, k))
    for k in range(4 * DEPTHS):
        store(x, MASS + k, gather(lanes.chain, groups, 6 * JOINTS + k))
    for i in range(JOINTS):
        store(x, STIFFNESS + i, gather(lanes.stiffness, groups, i))
        store(x, SCALE + i, none + 1.0)
    _forget(x, lanes.row_of.shape[0])


@njit(error_model="numpy")
def _forget(x, count):
    none = 0.0 * load(x, Q)
    store(x, NEARER, none + 1.0)
    for i in range(JOINTS):
        store(x, PASSED + i, none)
        store(x, STATE + i, none)
        store(x, BEFORE + i, none)
        store(x, BEFORE_THAT + i, none)
    for r in range(count):
        for k in (MULTIPLIER, ON, BENDS):
            store(x, ROWS + ROW_SIZE * r + k, none)


@njit(error_model="numpy", nogil=True)
def solve_lanes(
    x, trail, cases, groups, lanes, lower, upper, first, own_start, stops, q, lam, state, on, status, steps, kkt
):
    """Solve the frames of the `cases`, one in each group of the scratch, from frame `first` on.

    Parameters
    ----------
    x : scratch of `Packed.scratch`
    trail : scratch of 12 F slots, or of none
        The motion of the cases solved before these in the same lanes, away from the reference: a start beside the one
        ahead. All 0 if there are none.
    cases, groups : tuple of int
        The case in each group, and as many zeros.
    lanes : Packed
    lower, upper : array (n, F, 24), or (n, 1, 24) if they stay
    first : int
        If it is not 0 the scratch holds the task and the frames before.
    own_start : bool
        Whether a frame starts from what `q` holds, not from the frames before.
    stops : bool
        Whether to stop where full steps do not arrive. If not, such a frame is UNSOLVED, and the next starts afresh.
    q, lam, state, on, status, steps, kkt : array (n, F, ...)
        The answers; what is not solved is left as it was. `lam` and `on` of a task without musts too.

    Returns
    -------
    int
        The frame at which it stopped, or the number of frames.
    """
    frames, bounds = lanes.used.shape[0], lower.shape[1]
    used, data, row_of, musts, joined = lanes.used, lanes.data, lanes.row_of, lanes.musts, lanes.joined
    fixed, table, depths, reference = lanes.fixed, lanes.table, lanes.depths, lanes.reference
    per_frame = data.shape[0] // max(frames, 1)
    if first == 0:
        _begin(x, lanes, groups)
    for f in range(first, frames):
        if f == first or f < bounds:
            for g in range(len(cases)):
                _put(x, BOUNDS_LOW, g, lower[cases[g], min(f, bounds - 1)])
                _put(x, BOUNDS_HIGH, g, upper[cases[g], min(f, bounds - 1)])
        if own_start:
            _forget(x, row_of.shape[0])
        _drop(x, table, used[f])
        _start(x, reference, rows(groups, 0, JOINTS * f))
        if own_start:
            for g in range(len(cases)):
                _put(x, Q, g, q[cases[g], f])
        if trail.shape[0] > 0:
            _start_beside(x, trail, JOINTS * f)
        store(x, TRUSTED, 0.0 * load(x, Q) + TRUST)
        if own_start or f == 0:
            _within(x)
            store(x, TRUSTED, 0.0 * load(x, Q) + TRUST_AFRESH)
        at = rows(groups, 0, per_frame * f)
        n = _posture(x, table, used[f], at, fixed, groups, joined, musts, data, depths)
        if not own_start and f > 0 and most_of(_start_again(x)) > 0.0:
            _rows_again(x, row_of.shape[0])
            n += _posture(x, table, used[f], at, fixed, groups, joined, musts, data, depths)
        arrived = True
        for g in range(len(cases)):
            c = cases[g]
            steps[c, f], kkt[c, f] = n, x[WORSE]["lane"][GROUP * g]
            if kkt[c, f] <= AIM:
                status[c, f] = SOLVED
                _take(x, Q, g, q[c, f])
                _states_out(x, g, state[c, f])
                if musts:
                    _rows_out(x, g, row_of, lam[c, f], on[c, f])
            else:
                status[c, f], arrived = UNSOLVED, False
        if not arrived and stops:
            return f
        if trail.shape[0] > 0:
            _leave_trail(x, trail, JOINTS * f)
        _as_they_pull(x, row_of.shape[0])
        _remember(x)
        if f == 0:
            _remember(x)
        for g in range(len(cases)):
            if status[cases[g], f] == UNSOLVED:
                _forget_group(x, g, row_of.shape[0])
    return frames


@njit(error_model="numpy")
def _forget_group(x, g, count):
    """Forget the answers of one case."""
    for lane in range(GROUP * g, GROUP * (g + 1)):
        for i in range(JOINTS):
            x[STATE + i]["lane"][lane] = 0.0
            x[BEFORE + i]["lane"][lane] = 0.0
            x[BEFORE_THAT + i]["lane"][lane] = 0.0
        for r in range(count):
            for k in (MULTIPLIER, ON, BENDS):
                x[ROWS + ROW_SIZE * r + k]["lane"][lane] = 0.0


@njit(error_model="numpy")
def _as_they_pull(x, count):
    """The rows' forces weigh the next frame's curvature."""
    for r in range(count):
        store(x, ROWS + ROW_SIZE * r + BENDS, load(x, ROWS + ROW_SIZE * r + PULLS))


@njit(error_model="numpy")
def _drop(x, table, used):
    """Forget what held rows of which none is asked in a frame."""
    none = 0.0 * load(x, Q)
    for n in range(table.shape[0]):
        if not used[n]:
            for r in range(3 if table[n, KIND] == TURN else 1):
                row = ROWS + ROW_SIZE * (table[n, ROW] + r)
                store(x, row + MULTIPLIER, none)
                store(x, row + ON, none)
                store(x, row + BENDS, none)


@njit(error_model="numpy")
def _states_out(x, g, state):
    """Which bounds hold coordinates, out of the lanes."""
    for i in range(BRANCH):
        state[i] = max(int(x[STATE + BRANCH + i]["lane"][GROUP * g]), -1)
        for branch in range(3):
            state[BRANCH * (1 + branch) + i] = max(int(x[STATE + i]["lane"][GROUP * g + branch]), -1)


@njit(error_model="numpy")
def _rows_out(x, g, row_of, lam, on):
    """Multipliers of musts and which ends of their rooms hold, out of the lanes."""
    for r in range(row_of.shape[0]):
        for lane in range(GROUP):
            m = row_of[r, lane]
            if m >= 0:
                lam[m] = x[ROWS + ROW_SIZE * r + MULTIPLIER]["lane"][GROUP * g + lane]
                on[m] = int(x[ROWS + ROW_SIZE * r + ON]["lane"][GROUP * g + lane])


@njit(error_model="numpy")
def resume(x, g, row_of, q, lam, state, on):
    """Go on from a frame that was solved elsewhere: its answer into the lanes of group g."""
    _put(x, Q, g, q)
    for i in range(BRANCH):
        for lane in range(GROUP):
            x[STATE + BRANCH + i]["lane"][GROUP * g + lane] = state[i]
        for branch in range(3):
            x[STATE + i]["lane"][GROUP * g + branch] = state[BRANCH * (1 + branch) + i]
    for r in range(row_of.shape[0]):
        for lane in range(GROUP):
            m, row = row_of[r, lane], ROWS + ROW_SIZE * r
            if m >= 0:
                x[row + MULTIPLIER]["lane"][GROUP * g + lane] = lam[m]
                x[row + ON]["lane"][GROUP * g + lane] = on[m]
                x[row + BENDS]["lane"][GROUP * g + lane] = -lam[m]
    _lock(x)
    _remember(x)
    _remember(x)
