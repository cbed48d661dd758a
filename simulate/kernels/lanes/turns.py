"""Rows of orientations."""

from kinematics.kernels.wide import gather, load, most, root, store, unrolled, where
from simulate.kernels.lanes.algebra import add, product, transposed
from simulate.kernels.lanes.pull import pull_of
from simulate.kernels.lanes.slots import CURVE, FAILED, HELD, MISSED, PULL, ROW_DATA, ROW_SIZE, WORST, WRENCH, G


@unrolled
def turn_sprung(x, row, base, frame, data, at, k):
    """Three rows of a task without musts: see `_turn`."""
    _turn(x, row, base, frame, data, at, k, False)


@unrolled
def turn_held(x, row, base, frame, data, at, k):
    """Three rows of a task with musts: see `_turn`."""
    _turn(x, row, base, frame, data, at, k, True)


def _rotation_vector(x, m):
    """Rotation vector of m, by rows, and the factors of its inverse left Jacobian: k and dk/dt2 (`rotations`).

    By way of the half angle's sine s and cosine w, halved three times more so that the series of the arc sine is short.
    Beyond 140 degrees lanes fail.
    """
    trace = m[0] + m[4] + m[8]
    beyond = where(trace + 0.5, 0.0, 1.0)
    store(x, FAILED, most(load(x, FAILED), beyond))
    store(x, WORST, most(load(x, WORST), beyond))  # what follows is no rotation vector: nothing is solved by it
    w = 0.5 * root(most(1.0 + trace, 0.25))
    f = 0.25 / w
    a, b, c = f * (m[7] - m[5]), f * (m[2] - m[6]), f * (m[3] - m[1])
    s2 = a * a + b * b + c * c
    w1 = root(0.5 + 0.5 * w)
    w2 = root(0.5 + 0.5 * w1)
    w3 = root(0.5 + 0.5 * w2)
    f = 1.0 / (w1 * w2 * w3)
    z = s2 * f * f * (1.0 / 64.0)  # sine of an eighth of the half angle, squared: below 0.024
    p = z * (6435.0 / 557056.0) + 143.0 / 10240.0
    p = z * p + 231.0 / 13312.0
    p = z * p + 63.0 / 2816.0
    p = z * p + 35.0 / 1152.0
    p = z * p + 5.0 / 112.0
    p = z * p + 3.0 / 40.0
    p = z * p + 1.0 / 6.0
    p = z * p + 1.0
    f = 2.0 * f * p
    t2 = f * f * s2
    near = 1.0 / 12.0 + t2 * (1.0 / 720.0 + t2 * (1.0 / 30240.0))
    tail = 1.0 / 403200.0 + t2 * (1.0 / 11975040.0 + t2 * (691.0 / 261534873600.0))
    near_slope = 1.0 / 720.0 + t2 * (1.0 / 15120.0 + t2 * tail)
    # away from 0: t s = f s2
    q2, ts = most(t2, 1e-3), most(f * s2, 1e-3)
    k = 1.0 / q2 - 0.5 * w / ts
    slope = 0.5 * (0.25 / most(s2, 1e-3) + 0.5 * w / ts - 2.0 / q2) / q2
    return (f * a, f * b, f * c), where(0.0025 - t2, near, k), where(0.0625 - t2, near_slope, slope)


def _turn(x, row, base, frame, data, at, k, musts):
    n = k + 3 * ROW_DATA
    T = (
        gather(data, at, n), gather(data, at, n + 1), gather(data, at, n + 2),
        gather(data, at, n + 3), gather(data, at, n + 4), gather(data, at, n + 5),
        gather(data, at, n + 6), gather(data, at, n + 7), gather(data, at, n + 8),
    )  # fmt: skip
    R = (
        load(x, frame), load(x, frame + 1), load(x, frame + 2), load(x, frame + 3), load(x, frame + 4),
        load(x, frame + 5), load(x, frame + 6), load(x, frame + 7), load(x, frame + 8),
    )  # fmt: skip
    t = transposed(T)
    (vx, vy, vz), f, slope = _rotation_vector(x, product(t, R))
    t2 = vx * vx + vy * vy + vz * vz
    one, hx, hy, hz = 1.0 - f * t2, 0.5 * vx, 0.5 * vy, 0.5 * vz
    xy, yz, zx = f * vx * vy, f * vy * vz, f * vz * vx
    # rows of E: the derivative of the rotation vector by the angular velocity
    E = product(
        (one + f * vx * vx, xy + hz, zx - hy, xy - hz, one + f * vy * vy, yz + hx, zx + hy, yz - hx, one + f * vz * vz),
        t,
    )
    px, bx, kx, rx, ex = pull_of(x, row, data, at, k, vx)
    py, by, ky, ry, ey = pull_of(x, row + ROW_SIZE, data, at, k + ROW_DATA, vy)
    pz, bz, kz, rz, ez = pull_of(x, row + 2 * ROW_SIZE, data, at, k + 2 * ROW_DATA, vz)
    zero = 0.0 * vx
    for i in range(3):
        store(x, row + WRENCH + i, zero)
        store(x, row + ROW_SIZE + WRENCH + i, zero)
        store(x, row + 2 * ROW_SIZE + WRENCH + i, zero)
        store(x, row + WRENCH + 3 + i, E[i])
        store(x, row + ROW_SIZE + WRENCH + 3 + i, E[3 + i])
        store(x, row + 2 * ROW_SIZE + WRENCH + 3 + i, E[6 + i])
    tx = px * E[0] + py * E[3] + pz * E[6]
    ty = px * E[1] + py * E[4] + pz * E[7]
    tz = px * E[2] + py * E[5] + pz * E[8]
    add(x, base + PULL + 3, tx)
    add(x, base + PULL + 4, ty)
    add(x, base + PULL + 5, tz)
    n = 15  # of the upper triangle's entries, those of the angular block
    for i in range(3):
        for j in range(i, 3):
            add(x, base + G + n, kx * E[i] * E[j] + ky * E[3 + i] * E[3 + j] + kz * E[6 + i] * E[6 + j])
            if musts:
                add(x, base + HELD + n, rx * E[i] * E[j] + ry * E[3 + i] * E[3 + j] + rz * E[6 + i] * E[6 + j])
            n += 1
    if musts:
        for i in range(3):
            add(x, base + MISSED + 3 + i, ex * E[i] + ey * E[3 + i] + ez * E[6 + i])
    # curvature: E' D T', and the cross product with minus the torque
    px, py, pz = bx, by, bz
    tx = px * E[0] + py * E[3] + pz * E[6]
    ty = px * E[1] + py * E[4] + pz * E[7]
    tz = px * E[2] + py * E[5] + pz * E[8]
    along = f * (px * vx + py * vy + pz * vz)
    ux, uy, uz = vy * pz - vz * py, vz * px - vx * pz, vx * py - vy * px  # v x p
    ax = -2.0 * (slope * (uy * vz - uz * vy) + f * px)
    ay = -2.0 * (slope * (uz * vx - ux * vz) + f * py)
    az = -2.0 * (slope * (ux * vy - uy * vx) + f * pz)
    fx, fy, fz, gx, gy, gz = f * px, f * py, f * pz, 0.5 * px, 0.5 * py, 0.5 * pz
    D = (
        along + vx * ax + fx * vx, vx * ay + fx * vy - gz, vx * az + fx * vz + gy,
        vy * ax + fy * vx + gz, along + vy * ay + fy * vy, vy * az + fy * vz - gx,
        vz * ax + fz * vx - gy, vz * ay + fz * vy + gx, along + vz * az + fz * vz,
    )  # fmt: skip
    C = product(transposed(E), product(D, t))
    add(x, base + CURVE, C[0])
    add(x, base + CURVE + 1, C[1] + tz)
    add(x, base + CURVE + 2, C[2] - ty)
    add(x, base + CURVE + 3, C[3] - tz)
    add(x, base + CURVE + 4, C[4])
    add(x, base + CURVE + 5, C[5] + tx)
    add(x, base + CURVE + 6, C[6] + ty)
    add(x, base + CURVE + 7, C[7] - tx)
    add(x, base + CURVE + 8, C[8])
