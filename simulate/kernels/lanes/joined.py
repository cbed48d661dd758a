"""Rows of sums of coordinates, of tissues and of the whole body's mass centre."""

from math import exp

from numba import njit

from kinematics.kernels.lanes import BRANCH, DEPTHS, FRAME, JOINTS, ORIGIN, Q
from kinematics.kernels.wide import gather, group_sum, load, store, unrolled
from simulate.kernels.data import EXPONENTIAL, STRING
from simulate.kernels.lanes.algebra import add, cross, depth_of, dot, load_all, screw
from simulate.kernels.lanes.pull import drawn, pull_of
from simulate.kernels.lanes.slots import (
    ACROSS,
    BEND,
    CURVE,
    DEPTH_SIZE,
    HOLDS,
    MASS,
    MISSED,
    MOMENT,
    MULTIPLIER,
    PULL,
    ROW_DATA,
    SPRINGS,
    STIFF,
    VALUE,
    WEIGHTS,
)


@unrolled
def branch_sum(x, row, data, at, k, fixed, place, n):
    """A sum of coordinates of one branch."""
    c = dot([gather(fixed, place, n + t) for t in range(BRANCH)], load_all(x, Q, BRANCH)) - gather(
        data, at, k + ROW_DATA
    )
    pull_of(x, row, data, at, k, c)


def _across(x, border, fixed, place, n):
    """Value of a sum of any coordinates; its factors are its derivative."""
    factor = [gather(fixed, place, n + t) for t in range(JOINTS)]
    for t in range(JOINTS):
        store(x, border + ACROSS + t, factor[t])
    return group_sum(dot(factor[:BRANCH], load_all(x, Q, BRANCH))) + dot(
        factor[BRANCH:], load_all(x, Q + BRANCH, BRANCH)
    )


@unrolled
def cross_sum(x, row, border, data, at, k, fixed, place, n):
    """A sum of any coordinates; every lane of a group has all of it."""
    c = _across(x, border, fixed, place, n) - gather(data, at, k + ROW_DATA)
    _, _, spring, hold, _ = pull_of(x, row, data, at, k, c)
    store(x, border + STIFF, spring + hold)


@unrolled
def stretch(x, row, border, data, at, k, fixed, place, n):
    """Stretch of a tissue."""
    store(x, row + VALUE, _across(x, border, fixed, place, n) - gather(data, at, k + 1))


@njit(cache=True, error_model="numpy")
def taut(x, row, kind):
    """Slope and bend of the energy at a tissue's stretch, lane by lane."""
    for lane in range(x[row]["lane"].size):
        s = x[row + VALUE]["lane"][lane]
        if kind == EXPONENTIAL:
            slope = bend = exp(s)
        else:
            slope, bend = (0.0, 0.0) if kind == STRING and s <= 0.0 else (s, 1.0)
        x[row + MULTIPLIER]["lane"][lane], x[row + HOLDS]["lane"][lane] = slope, bend


@unrolled
def tissue(x, row, border, data, at, k):
    """Pull and stiffness of a tissue, whose slope and bend are in MULTIPLIER and HOLDS."""
    amplitude, zero = gather(data, at, k), 0.0 * load(x, Q)
    pull, spring = amplitude * (load(x, row + MULTIPLIER) - gather(data, at, k + 2)), amplitude * load(x, row + HOLDS)
    drawn(x, row, load(x, row + VALUE), pull, spring, zero, zero, zero)
    store(x, border + STIFF, spring)


@unrolled
def masses(x):
    """Mass and first moment of what lies beyond each joint, about the pelvis's origin."""
    beyond = [0.0] * 4
    for s in range(BRANCH, -1, -1):
        place = _mass_place(x, s)
        mass = load(x, MASS + 4 * s)
        beyond = [a + b for a, b in zip([mass, *(mass * p for p in place)], beyond, strict=True)]
        if s == 0:
            beyond = [group_sum(a) for a in beyond]
        for k in range(4):
            store(x, MOMENT + 4 * s + k, beyond[k])


def _mass_place(x, s):
    """Mass centre of the frame at depth s."""
    local, frame = [load(x, MASS + 4 * s + 1 + k) for k in range(3)], FRAME + 12 * s
    return [dot([load(x, frame + 3 * k + n) for n in range(3)], local) + load(x, frame + 9 + k) for k in range(3)]


@unrolled
def whole_body(x, row, border, data, at, k):
    """A row of the mass centre; every lane of a group has all of it."""
    normal = [gather(data, at, k + ROW_DATA + n) for n in range(3)]
    centre = [load(x, MOMENT + 1 + n) + load(x, MOMENT) * load(x, ORIGIN + n) for n in range(3)]
    c = dot(normal, centre) - gather(data, at, k + ROW_DATA + 3)
    pull, bend, spring, hold, missed = pull_of(x, row, data, at, k, c)
    for n in range(3):
        add(x, WEIGHTS + n, pull * normal[n])
        add(x, WEIGHTS + 3 + n, bend * normal[n])
        add(x, WEIGHTS + 6 + n, missed * normal[n])
    for t in range(JOINTS):
        mass, *moment = [load(x, MOMENT + 4 * depth_of(t) + n) for n in range(4)]
        wrench = [*(mass * n for n in normal), *cross(moment, normal)]
        store(x, border + ACROSS + t, dot(screw(x, 3 * t), wrench))
    store(x, border + STIFF, spring + hold)


@unrolled
def weigh(x):
    """Share what the rows of the mass centre pull with among the masses."""
    pull, bend, missed = ([load(x, WEIGHTS + 3 * n + k) for k in range(3)] for n in range(3))
    for s in range(DEPTHS):
        base, mass = SPRINGS + DEPTH_SIZE * s, load(x, MASS + 4 * s)
        moment = [mass * p for p in _mass_place(x, s)]
        for part, force in ((PULL, pull), (MISSED, missed)):
            for k, w in enumerate([*(mass * f for f in force), *cross(moment, force)]):
                add(x, base + part + k, w)
        trace = dot(moment, bend)
        for k in range(3):
            add(x, base + BEND + k, mass * bend[k])
            for n in range(3):
                add(x, base + CURVE + 3 * k + n, moment[k] * bend[n] - trace if k == n else moment[k] * bend[n])
