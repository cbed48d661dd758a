"""What a row pulls with: a spring, a constant force, or what holds a must in its room."""

from kinematics.kernels.wide import gather, least, load, most, size, store, where
from simulate.kernels.lanes.algebra import add
from simulate.kernels.lanes.slots import (
    BENDS,
    FORCE,
    HIGH,
    HOLD,
    HOLDS,
    LEAST_FORCE,
    LOW,
    MULTIPLIER,
    MUST,
    ON,
    OVER,
    PULLS,
    SPRING,
    SPRUNG,
    VALUE,
    WORST,
)


def pull_of(x, row, data, at, k, c):
    """What a row of value c pulls with: its pull, curvature weight, spring's stiffness, hold's stiffness and force."""
    low, high = gather(data, at, k + LOW), gather(data, at, k + HIGH)
    below, above, must = c - low, c - high, gather(data, at, k + MUST)
    out = where(above, above, least(below, 0.0))
    fixed = where(high - low, 0.0, 1.0)
    on = where(must, where(fixed, -1.0, load(x, row + ON)), 0.0)
    store(x, row + ON, on)
    spring = where(fixed + size(out), gather(data, at, k + SPRING), 0.0)
    held = where(size(on), must, 0.0)
    over = where(held, where(on, above, below), 0.0)
    multiplier = where(held, load(x, row + MULTIPLIER), 0.0)
    pushed = LEAST_FORCE * multiplier
    slack = where(pushed, least(pushed, most(below, 0.0)), least(-pushed, most(-above, 0.0)))
    missed = where(must, most(size(out), where(fixed, 0.0, slack)), 0.0)
    store(x, WORST, most(load(x, WORST), missed))
    return drawn(
        x, row, c, spring * out + gather(data, at, k + FORCE) - multiplier, spring, HOLD * held, over, multiplier
    )


def drawn(x, row, c, pull, spring, hold, over, multiplier):
    """Write down what a row does."""
    store(x, row + VALUE, c)
    store(x, row + OVER, over)
    store(x, row + HOLDS, hold)
    store(x, row + MULTIPLIER, multiplier)
    store(x, row + PULLS, pull)
    store(x, row + SPRUNG, spring)
    return pull, where(size(pull), load(x, row + BENDS), 0.0), spring, hold, hold * over


def add_stiffness(x, at, k, W):
    """Add k W W', the upper triangle by rows."""
    n = 0
    for i in range(6):
        t = k * W[i]
        for j in range(i, 6):
            add(x, at + n, t * W[j])
            n += 1
