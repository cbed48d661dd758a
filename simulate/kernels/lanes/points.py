"""Rows of points and directions."""

from kinematics.kernels.lanes import ORIGIN
from kinematics.kernels.wide import gather, load, store, unrolled
from simulate.kernels.lanes.algebra import add
from simulate.kernels.lanes.pull import add_stiffness, pull_of
from simulate.kernels.lanes.slots import BEND, CURVE, HELD, MISSED, PULL, ROW_DATA, WRENCH, G


@unrolled
def point_sprung(x, row, base, frame, data, at, k, fixed, place, n):
    """A row of a task without musts: see `_point`."""
    _point(x, row, base, frame, data, at, k, fixed, place, n, False)


@unrolled
def point_held(x, row, base, frame, data, at, k, fixed, place, n):
    """A row of a task with musts: see `_point`."""
    _point(x, row, base, frame, data, at, k, fixed, place, n, True)


def _point(x, row, base, frame, data, at, k, fixed, place, n, musts):
    u, v, w = gather(fixed, place, n), gather(fixed, place, n + 1), gather(fixed, place, n + 2)
    is_point = gather(fixed, place, n + 3)
    px = load(x, frame) * u + load(x, frame + 1) * v + load(x, frame + 2) * w + is_point * load(x, frame + 9)
    py = load(x, frame + 3) * u + load(x, frame + 4) * v + load(x, frame + 5) * w + is_point * load(x, frame + 10)
    pz = load(x, frame + 6) * u + load(x, frame + 7) * v + load(x, frame + 8) * w + is_point * load(x, frame + 11)
    nx, ny, nz = gather(data, at, k + ROW_DATA), gather(data, at, k + ROW_DATA + 1), gather(data, at, k + ROW_DATA + 2)
    along = nx * px + ny * py + nz * pz
    from_origin = nx * load(x, ORIGIN) + ny * load(x, ORIGIN + 1) + nz * load(x, ORIGIN + 2)
    c = along + is_point * from_origin - gather(data, at, k + ROW_DATA + 3)
    pull, bend, spring, hold, missed = pull_of(x, row, data, at, k, c)
    W = (is_point * nx, is_point * ny, is_point * nz, py * nz - pz * ny, pz * nx - px * nz, px * ny - py * nx)
    for i in range(6):
        store(x, row + WRENCH + i, W[i])
        add(x, base + PULL + i, pull * W[i])
    add_stiffness(x, base + G, spring, W)
    if musts:
        add_stiffness(x, base + HELD, hold, W)
        for i in range(6):
            add(x, base + MISSED + i, missed * W[i])
    fx, fy, fz, trace = bend * nx, bend * ny, bend * nz, bend * along
    add(x, base + BEND, is_point * fx)
    add(x, base + BEND + 1, is_point * fy)
    add(x, base + BEND + 2, is_point * fz)
    add(x, base + CURVE, px * fx - trace)
    add(x, base + CURVE + 1, px * fy)
    add(x, base + CURVE + 2, px * fz)
    add(x, base + CURVE + 3, py * fx)
    add(x, base + CURVE + 4, py * fy - trace)
    add(x, base + CURVE + 5, py * fz)
    add(x, base + CURVE + 6, pz * fx)
    add(x, base + CURVE + 7, pz * fy)
    add(x, base + CURVE + 8, pz * fz - trace)
