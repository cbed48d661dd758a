"""The tree in lanes: right leg, spine and left leg of one body side by side, and screws on the pelvis.

The three branches have one shape, so one pass over six joints serves all of them: a group of four lanes is one body,
its lanes the branches in the order of the coordinates and one that idles. What belongs to the pelvis is the same in all
lanes of a group. Joints count from the hip (or the lumbar joint) outwards, 0 to 5, then the pelvis's six coordinates, 6
to 11: the order in which they are eliminated.

Joint t moves everything beyond it by the screw S_t = (linear, angular): the velocity of the point that is at the
pelvis's origin, and the angular velocity. Places are counted from the pelvis's origin, so that no digits are lost far
from the laboratory's. Depth 0 is the pelvis, depth s the frame after branch joint s - 1.
"""

from math import pi

from kinematics.kernels.cached import njit
from kinematics.kernels.wide import floor, load, store, unrolled, where

#: Joints of a lane: of its branch, and with the pelvis's.
BRANCH, JOINTS = 6, 12
DEPTHS = BRANCH + 1

# slots of the scratch
Q = 0  # coordinates
AXIS, OFFSET = Q + JOINTS, Q + 4 * JOINTS  # in the frame before, 3 each
LINEAR, ANGULAR, PLACE = Q + 7 * JOINTS, Q + 10 * JOINTS, Q + 13 * JOINTS  # of the screws, and the joints' places
FRAME = Q + 16 * JOINTS  # of each depth: R (9) and place (3)
ORIGIN = FRAME + 12 * DEPTHS  # of the pelvis, in the world
ANGLE = ORIGIN + 3  # of each joint, at three times its number
END = ANGLE + 3 * JOINTS

_HALF_PI_HIGH = 1.57079632679489655800  # pi/2 as a float, and the rest of it
_HALF_PI_LOW = 6.12323399573676603587e-17


def sine_and_cosine(x):
    """Sine and cosine. The quarter turns are taken off; under pi/4 the series, whose next terms are below 5e-17."""
    n = floor(x * (2.0 / pi) + 0.5)
    r = (x - n * _HALF_PI_HIGH) - n * _HALF_PI_LOW
    z = r * r
    s = z * (-1.0 / 1307674368000.0) + 1.0 / 6227020800.0
    s = z * s - 1.0 / 39916800.0
    s = z * s + 1.0 / 362880.0
    s = z * s - 1.0 / 5040.0
    s = z * s + 1.0 / 120.0
    s = z * s - 1.0 / 6.0
    s = r + r * z * s
    c = z * (1.0 / 20922789888000.0) - 1.0 / 87178291200.0
    c = z * c + 1.0 / 479001600.0
    c = z * c - 1.0 / 3628800.0
    c = z * c + 1.0 / 40320.0
    c = z * c - 1.0 / 720.0
    c = z * c + 1.0 / 24.0
    c = 1.0 - (0.5 * z - z * z * c)
    quarter = n - 4.0 * floor(0.25 * n)  # 0 to 3
    odd = (quarter - 2.0 * floor(0.5 * quarter)) - 0.5
    back = quarter - 1.5  # above 0 in the second half of the turn
    sine, cosine = where(odd, c, s), where(odd, s, c)
    # a quarter: (c, -s); two: (-s, -c); three: (-c, s)
    return where(back, -sine, sine), where(back * odd, cosine, -cosine)


@unrolled
def _joint(x, joint, before, after):
    """The frame in the slots `after` from the one in the slots `before`; the joint's screw and place.

    `joint` is three times the joint's number.
    """
    R, o = [load(x, before + k) for k in range(9)], [load(x, before + 9 + k) for k in range(3)]
    offset, axis = [load(x, OFFSET + joint + k) for k in range(3)], [load(x, AXIS + joint + k) for k in range(3)]
    place = [o[k] + _dot(R[3 * k : 3 * k + 3], offset) for k in range(3)]
    turn = [_dot(R[3 * k : 3 * k + 3], axis) for k in range(3)]
    linear = _cross(place, turn)
    for k in range(3):
        store(x, ANGULAR + joint + k, turn[k])
        store(x, PLACE + joint + k, place[k])
        store(x, LINEAR + joint + k, linear[k])
    s, c = sine_and_cosine(load(x, ANGLE + joint))
    v = 1.0 - c
    ax, ay, az = axis
    vx, vy, vz, sx, sy, sz = v * ax, v * ay, v * az, s * ax, s * ay, s * az
    columns = (
        (c + vx * ax, vx * ay + sz, vx * az - sy),
        (vx * ay - sz, c + vy * ay, vy * az + sx),
        (vx * az + sy, vy * az - sx, c + vz * az),
    )
    for k in range(3):
        for n in range(3):
            store(x, after + 3 * k + n, _dot(R[3 * k : 3 * k + 3], columns[n]))
        store(x, after + 9 + k, place[k])


def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a, b):
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@unrolled
def _slide(x):
    """The pelvis's place, and a frame that is not turned yet; angles where `_joint` finds them."""
    zero = 0.0 * load(x, Q)
    place = [zero, zero, zero]
    for t in range(BRANCH, BRANCH + 3):
        q = load(x, Q + t)
        for k in range(3):
            axis = load(x, AXIS + 3 * t + k)
            place[k] = place[k] + load(x, OFFSET + 3 * t + k) + axis * q
            store(x, LINEAR + 3 * t + k, axis)
    for k in range(9):
        store(x, FRAME + k, zero + 1.0 if k % 4 == 0 else zero)
    for k in range(3):
        store(x, FRAME + 9 + k, place[k])
    for t in range(JOINTS):
        store(x, ANGLE + 3 * t, load(x, Q + t))


@unrolled
def _from_pelvis(x):
    """Count places from the pelvis's origin."""
    origin = [load(x, FRAME + 9 + k) for k in range(3)]
    for t in range(BRANCH + 3, JOINTS):
        place = [load(x, PLACE + 3 * t + k) - origin[k] for k in range(3)]
        linear = _cross(place, [load(x, ANGULAR + 3 * t + k) for k in range(3)])
        for k in range(3):
            store(x, PLACE + 3 * t + k, place[k])
            store(x, LINEAR + 3 * t + k, linear[k])
    for k in range(3):
        store(x, ORIGIN + k, origin[k])
        store(x, FRAME + 9 + k, 0.0 * origin[k])


@njit(error_model="numpy")
def forward(x):
    """Frames, places and screws of the posture in the scratch."""
    _slide(x)
    frame = FRAME
    for t in range(BRANCH + 3, JOINTS):
        _joint(x, 3 * t, frame, frame)
    _from_pelvis(x)
    for t in range(BRANCH):
        _joint(x, 3 * t, frame, frame + 12)
        frame += 12
