"""What the rows do to the joints: the gradient, and the Hessian.

A row about a segment is a wrench W on its screw: dc = W . (velocity at the pelvis's origin, angular velocity). So the
rows of a segment, however many, come down to one stiffness matrix (6 x 6), one wrench and one curvature matrix (3 x 3),
and a joint feels the sum of what lies beyond it. Of joint i at or before joint j the exact Hessian has the entry

    S_i . (G_j S_j + (0, N_j a_j - o_j (f_j . a_j) + (f_j . o_j) a_j))

with G, N and f (the force) summed over what joint j moves (``kinematics/derivations/composite.py``).
"""

from kinematics.kernels.cached import njit
from kinematics.kernels.lanes import BRANCH, JOINTS, PLACE, Q
from kinematics.kernels.wide import gather, group_sum, load, most, store, unrolled
from simulate.kernels.lanes.algebra import add, dot, load_all, screw
from simulate.kernels.lanes.slots import (
    ACROSS,
    BEND,
    BORDER,
    CURVE,
    CURVED,
    DEPTH_SIZE,
    HELD,
    HESSIAN,
    HOLDS,
    IN_CHAIN,
    KIND,
    MISSED,
    OVER,
    PULL,
    PULLS,
    REFERENCE,
    ROW,
    ROW_SIZE,
    ROWS,
    SCALE,
    SLOPE,
    SLOPE_MISSED,
    SPRINGS,
    SPRUNG,
    STIFFNESS,
    STRETCH,
    SUM,
    WHOLE,
    G,
)


@njit(error_model="numpy")
def slopes(x, slots, used, depths, fixed, place, musts):
    """Gradient of the Lagrangian into SLOPE, and what missed musts add to it into SLOPE_MISSED.

    Depths at which nothing is asked (`depths` 0) are passed over: what lies beyond them is what lies beyond the next.
    """
    beyond = SPRINGS + DEPTH_SIZE * BRANCH
    for s in range(BRANCH, 0, -1):
        own = SPRINGS + DEPTH_SIZE * s
        if depths[s]:
            if s < BRANCH:
                _carry_pulls(x, own, beyond)
            beyond = own
        _slope(x, s - 1, 3 * (s - 1), beyond)
        if musts:
            _slope_missed(x, s - 1, 3 * (s - 1), beyond)
    _join_pulls(x, beyond)
    for t in range(BRANCH, JOINTS):
        _slope(x, t, 3 * t, SPRINGS)
        if musts:
            _slope_missed(x, t, 3 * t, SPRINGS)
    for n in range(slots.shape[0]):
        kind = slots[n, KIND]
        if used[n] and kind >= SUM and kind != WHOLE:
            row = ROWS + ROW_SIZE * slots[n, ROW]
            if kind <= STRETCH:
                _sum_slope(x, row, fixed, place, slots[n, IN_CHAIN])
            else:
                _across_slope(x, row, slots[n, BORDER])


@njit(error_model="numpy")
def hessian(x, slots, used, depths, fixed, place, musts):
    """Hessian with what holds the musts, and the diagonal of the Gauss-Newton Hessian without; after `slopes`."""
    beyond = SPRINGS + DEPTH_SIZE * BRANCH
    for s in range(BRANCH, 0, -1):
        own, t = SPRINGS + DEPTH_SIZE * s, s - 1
        if depths[s]:
            if s < BRANCH:
                _carry_springs(x, own, beyond)
                if musts:
                    _carry_holds(x, own, beyond)
            beyond = own
        if musts:
            _branch_held(x, t, 3 * t, JOINTS * t, beyond)
        else:
            _branch_sprung(x, t, 3 * t, JOINTS * t, beyond)
    _join_springs(x, beyond)
    if musts:
        _join_holds(x, beyond)
    for t in range(BRANCH, JOINTS):
        if musts:
            _pelvis_held(x, t, 3 * t, JOINTS * t)
        else:
            _pelvis_sprung(x, t, 3 * t, JOINTS * t)
    for n in range(slots.shape[0]):
        kind = slots[n, KIND]
        if used[n] and kind >= SUM:
            row = ROWS + ROW_SIZE * slots[n, ROW]
            if kind <= STRETCH:
                _sum_hessian(x, row, fixed, place, slots[n, IN_CHAIN])
            else:
                _across_scale(x, row, slots[n, BORDER])


def _carry(x, own, beyond, part, n):
    """Add n numbers of what lies beyond a depth to its own."""
    for k in range(part, part + n):
        store(x, own + k, load(x, own + k) + load(x, beyond + k))


def _join(x, beyond, part, n):
    """Add n numbers of all three branches to the pelvis's own, which is in one lane of a group."""
    for k in range(part, part + n):
        store(x, SPRINGS + k, group_sum(load(x, SPRINGS + k) + load(x, beyond + k)))


@unrolled
def _carry_pulls(x, own, beyond):
    _carry(x, own, beyond, PULL, 6)
    _carry(x, own, beyond, MISSED, 6)


@unrolled
def _carry_springs(x, own, beyond):
    _carry(x, own, beyond, G, PULL)


@unrolled
def _carry_holds(x, own, beyond):
    _carry(x, own, beyond, HELD, 21)


@unrolled
def _join_pulls(x, beyond):
    _join(x, beyond, PULL, 6)
    _join(x, beyond, MISSED, 6)


@unrolled
def _join_springs(x, beyond):
    _join(x, beyond, G, PULL)


@unrolled
def _join_holds(x, beyond):
    _join(x, beyond, HELD, 21)


@unrolled
def _slope(x, t, t3, beyond):
    """Of joint t, of which `t3` is three times; `beyond` is where what it moves is summed."""
    spring = load(x, STIFFNESS + t) * (load(x, Q + t) - load(x, REFERENCE + t))
    store(x, SLOPE + t, dot(screw(x, t3), load_all(x, beyond + PULL, 6)) + spring)


@unrolled
def _slope_missed(x, t, t3, beyond):
    store(x, SLOPE_MISSED + t, dot(screw(x, t3), load_all(x, beyond + MISSED, 6)))


#: Place of each entry of a symmetric 6 x 6 matrix among those of its upper triangle.
_UPPER = [
    [0, 1, 2, 3, 4, 5], [1, 6, 7, 8, 9, 10], [2, 7, 11, 12, 13, 14], [3, 8, 12, 15, 16, 17], [4, 9, 13, 16, 18, 19],
    [5, 10, 14, 17, 19, 20],
]  # fmt: skip


def _pushed(x, stiffness, s):
    """G S of the stiffness whose upper triangle begins in slot `stiffness`."""
    return [dot([load(x, stiffness + k) for k in row], s) for row in _UPPER]


def _push(x, t, t3, beyond, musts):
    """What joint t pushes back with when it turns by 1, and its stiffness; its scale is stored."""
    own = screw(x, t3)
    push = _pushed(x, beyond + G, own)
    stiffness = load(x, STIFFNESS + t)
    store(x, SCALE + t, most(dot(own, push) + stiffness, 1.0))
    if musts:
        push = [a + b for a, b in zip(push, _pushed(x, beyond + HELD, own), strict=True)]
    turn, place, force = own[3:], load_all(x, PLACE + t3, 3), load_all(x, beyond + BEND, 3)
    turned, pulled, curved = dot(force, turn), dot(force, place), load(x, CURVED)
    for k in range(3):
        bent = dot(load_all(x, beyond + CURVE + 3 * k, 3), turn) - place[k] * turned + pulled * turn[k]
        push[3 + k] = push[3 + k] + curved * bent
    return push, stiffness


def _branch(x, t, t3, row, beyond, musts):
    """The entries of a branch joint: with those before it and the pelvis's; the others are not read."""
    push, stiffness = _push(x, t, t3, beyond, musts)
    for i in range(JOINTS):
        store(x, HESSIAN + row + i, dot(screw(x, 3 * i), push))
    add(x, HESSIAN + row + t, stiffness)


def _pelvis(x, t, t3, row, musts):
    """The entries of a row of the pelvis's."""
    push, stiffness = _push(x, t, t3, SPRINGS, musts)
    for i in range(BRANCH, JOINTS):
        store(x, HESSIAN + row + i, dot(screw(x, 3 * i), push))
    add(x, HESSIAN + row + t, stiffness)


@unrolled
def _branch_sprung(x, t, t3, row, beyond):
    _branch(x, t, t3, row, beyond, False)


@unrolled
def _branch_held(x, t, t3, row, beyond):
    _branch(x, t, t3, row, beyond, True)


@unrolled
def _pelvis_sprung(x, t, t3, row):
    _pelvis(x, t, t3, row, False)


@unrolled
def _pelvis_held(x, t, t3, row):
    _pelvis(x, t, t3, row, True)


@unrolled
def _sum_slope(x, row, fixed, place, n):
    """A branch's sum pulls at its coordinates."""
    pull, missed = load(x, row + PULLS), load(x, row + HOLDS) * load(x, row + OVER)
    for t in range(BRANCH):
        factor = gather(fixed, place, n + t)
        add(x, SLOPE + t, pull * factor)
        add(x, SLOPE_MISSED + t, missed * factor)


@unrolled
def _across_slope(x, row, border):
    pull, missed = load(x, row + PULLS), load(x, row + HOLDS) * load(x, row + OVER)
    for t in range(JOINTS):
        factor = load(x, border + ACROSS + t)
        add(x, SLOPE + t, pull * factor)
        add(x, SLOPE_MISSED + t, missed * factor)


@unrolled
def _sum_hessian(x, row, fixed, place, n):
    spring, hold = load(x, row + SPRUNG), load(x, row + HOLDS)
    factor = [gather(fixed, place, n + t) for t in range(BRANCH)]
    for t in range(BRANCH):
        store(x, SCALE + t, load(x, SCALE + t) + spring * factor[t] * factor[t])
        for i in range(t + 1):
            add(x, HESSIAN + JOINTS * t + i, (spring + hold) * factor[t] * factor[i])


@unrolled
def _across_scale(x, row, border):
    """The diagonal only: what joins branches enters the step as a border."""
    for t in range(JOINTS):
        factor = load(x, border + ACROSS + t)
        add(x, SCALE + t, load(x, row + SPRUNG) * factor * factor)
