"""All rows of a frame: values, and what they pull with at each depth of the tree."""

from kinematics.kernels.cached import njit
from kinematics.kernels.lanes import DEPTHS, FRAME, JOINTS, Q
from kinematics.kernels.wide import load, store, unrolled
from simulate.kernels.lanes.joined import (
    branch_stretch,
    branch_sum,
    cross_sum,
    masses,
    stiffen,
    stretch,
    tissue,
    weigh,
    whole_body,
)
from simulate.kernels.lanes.points import point_held, point_sprung
from simulate.kernels.lanes.slots import (
    BORDER,
    CROSS,
    DEPTH,
    DEPTH_SIZE,
    IN_CHAIN,
    IN_FRAME,
    KIND,
    POINT,
    ROW,
    ROW_SIZE,
    ROWS,
    SLOPE_MISSED,
    SPRINGS,
    STRETCH,
    SUM,
    TURN,
    WEIGHTS,
    WHOLE,
    WORST,
)
from simulate.kernels.lanes.turns import turn_held, turn_sprung


@unrolled
def _clear(x):
    zero = 0.0 * load(x, Q)
    for k in range(JOINTS):
        store(x, SLOPE_MISSED + k, zero)
    for k in range(9):
        store(x, WEIGHTS + k, zero)
    store(x, WORST, zero)


@unrolled
def _clear_depth(x, base):
    zero = 0.0 * load(x, Q)
    for k in range(DEPTH_SIZE):
        store(x, base + k, zero)


@njit(error_model="numpy")
def evaluate(x, slots, used, depths, data, at, fixed, place, musts):
    """Values and pulls of all rows, summed at each depth of the tree."""
    _clear(x)
    for s in range(DEPTHS):
        if depths[s]:
            _clear_depth(x, SPRINGS + DEPTH_SIZE * s)
    whole = False
    for n in range(slots.shape[0]):
        if used[n]:
            kind, row = slots[n, KIND], ROWS + ROW_SIZE * slots[n, ROW]
            k, p, border = slots[n, IN_FRAME], slots[n, IN_CHAIN], slots[n, BORDER]
            base, frame = SPRINGS + DEPTH_SIZE * slots[n, DEPTH], FRAME + 12 * slots[n, DEPTH]
            if kind == POINT:
                if musts:
                    point_held(x, row, base, frame, data, at, k, fixed, place, p)
                else:
                    point_sprung(x, row, base, frame, data, at, k, fixed, place, p)
            elif kind == TURN:
                if musts:
                    turn_held(x, row, base, frame, data, at, k)
                else:
                    turn_sprung(x, row, base, frame, data, at, k)
            elif kind == SUM:
                branch_sum(x, row, data, at, k, fixed, place, p)
            elif kind == STRETCH:
                branch_stretch(x, row, data, at, k, fixed, place, p)
                tissue(x, row, slots[n, DEPTH], data, at, k)
            elif kind == WHOLE:
                if not whole:
                    masses(x)
                    whole = True
                whole_body(x, row, border, data, at, k)
            elif kind == CROSS:
                cross_sum(x, row, border, data, at, k, fixed, place, p)
            else:
                stretch(x, row, border, data, at, k, fixed, place, p)
                tissue(x, row, slots[n, DEPTH], data, at, k)
                stiffen(x, row, border)
    if whole:
        weigh(x)
