"""Rows of sums of coordinates, of tissues and of the whole body's mass centre."""

from kinematics.kernels.cached import njit
from kinematics.kernels.lanes import BRANCH, DEPTHS, FRAME, JOINTS, ORIGIN, Q
from kinematics.kernels.wide import gather, group_sum, load, most, store, unrolled, where
from simulate.kernels.data import EXPONENTIAL, STRING
from simulate.kernels.lanes.algebra import add, cross, depth_of, dot, load_all, screw
from simulate.kernels.lanes.pull import drawn, pull_of
from simulate.kernels.lanes.slots import (
    ACROSS,
    BEND,
    CURVE,
    DEPTH_SIZE,
    MASS,
    MISSED,
    MOMENT,
    PULL,
    ROW_DATA,
    SPRINGS,
    SPRUNG,
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
def branch_stretch(x, row, data, at, k, fixed, place, n):
    """Stretch of a tissue of one branch."""
    s = dot([gather(fixed, place, n + t) for t in range(BRANCH)], load_all(x, Q, BRANCH))
    store(x, row + VALUE, s - gather(data, at, k + 1))


@unrolled
def stretch(x, row, border, data, at, k, fixed, place, n):
    """Stretch of a tissue of any coordinates."""
    store(x, row + VALUE, _across(x, border, fixed, place, n) - gather(data, at, k + 1))


@njit(error_model="numpy")
def tissue(x, row, kind, data, at, k):
    """Pull and stiffness of a tissue at its stretch; `kind` says how its energy grows."""
    if kind == EXPONENTIAL:
        _exponential(x, row, data, at, k)
    elif kind == STRING:
        _string(x, row, data, at, k)
    else:
        _elastic(x, row, data, at, k)


@unrolled
def _exponential(x, row, data, at, k):
    grown = exponential(load(x, row + VALUE))
    _pull(x, row, data, at, k, grown, grown)


@unrolled
def _string(x, row, data, at, k):
    s = load(x, row + VALUE)
    _pull(x, row, data, at, k, most(s, 0.0), where(s, 1.0, 0.0))


@unrolled
def _elastic(x, row, data, at, k):
    s = load(x, row + VALUE)
    _pull(x, row, data, at, k, s, 0.0 * s + 1.0)


def _pull(x, row, data, at, k, slope, bend):
    """Write down what a tissue of that slope and bend does."""
    amplitude, zero = gather(data, at, k), 0.0 * load(x, Q)
    pull, spring = amplitude * (slope - gather(data, at, k + 2)), amplitude * bend
    drawn(x, row, load(x, row + VALUE), pull, spring, zero, zero, zero)


def exponential(s):
    """exp(s): what it is above 1, by its series at s / 256, doubled eight times.

    Of (1 + t)^2 - 1 = 2 t + t^2 a small t loses no digit; good to some roundings of 1 + |s| exp(s) where -60 < s < 40.
    """
    s = s * (1.0 / 256.0)
    series = 1.0
    for n in range(10, 1, -1):
        series = 1.0 + series * s * (1.0 / n)
    above = series * s
    for _ in range(8):
        above = above * (2.0 + above)
    return 1.0 + above


@unrolled
def stiffen(x, row, border):
    """A row that joins branches enters the step with its spring's stiffness."""
    store(x, border + STIFF, load(x, row + SPRUNG))


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
