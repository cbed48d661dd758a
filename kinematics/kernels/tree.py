"""Forward kinematics and Jacobian of the 24-coordinate tree (``kinematics/derivations/tree.py``).

The tree's shape is fixed: a pelvis block of six at the root and three serial branches of six on it. Coordinate i turns
about (or, the first three, slides along) the unit vector ``axes[i]``, fixed in the frame before it and placed at
``offsets[i]`` there. All frames are parallel when every rotation is zero.

Scratch, provided by the caller: ``R`` (24, 3, 3) and ``o`` (24, 3), the frame after each coordinate in the world, and
``a`` (24, 3), its axis in the world. Lengths in m, angles in rad.
"""

from math import cos, sin

from kinematics.kernels.cached import njit

N = 24
SLIDES = 3
BLOCK = 6


@njit(inline="always")
def parent(i):
    """The coordinate whose frame carries coordinate i; -1 is the ground."""
    return i - 1 if i < BLOCK or i % BLOCK else BLOCK - 1


@njit(inline="always")
def moves(i, s):
    """Whether coordinate i moves the frame after coordinate s."""
    return i <= s and (i < BLOCK or i // BLOCK == s // BLOCK)


@njit(inline="always")
def movers(s):
    """How many coordinates move the frame after coordinate s."""
    return s + 1 if s < BLOCK else BLOCK + s % BLOCK + 1


@njit(inline="always")
def branch(s):
    """What takes the n-th of them to its coordinate once n has left the root's block: see `mover`."""
    return 0 if s < BLOCK else s - s % BLOCK - BLOCK


@njit(inline="always")
def mover(n, shift):
    """The n-th coordinate, from the root, that moves a frame whose `branch` is `shift`."""
    return n if n < BLOCK else n + shift


@njit(error_model="numpy")
def forward(axes, offsets, q, R, o, a):
    """Fill `R`, `o` and `a` for the posture `q` (24,)."""
    for i in range(SLIDES):
        for r in range(3):
            before = 0.0 if i == 0 else o[i - 1, r]
            a[i, r] = axes[i, r]
            o[i, r] = before + offsets[i, r] + axes[i, r] * q[i]
            for c in range(3):
                R[i, r, c] = 1.0 if r == c else 0.0
    for i in range(SLIDES, N):
        p = parent(i)
        x, y, z = axes[i, 0], axes[i, 1], axes[i, 2]
        c, s = cos(q[i]), sin(q[i])
        v = 1.0 - c
        m00, m01, m02 = c + v * x * x, v * x * y - s * z, v * x * z + s * y
        m10, m11, m12 = v * x * y + s * z, c + v * y * y, v * y * z - s * x
        m20, m21, m22 = v * x * z - s * y, v * y * z + s * x, c + v * z * z
        u, w, t = offsets[i, 0], offsets[i, 1], offsets[i, 2]
        for r in range(3):
            r0, r1, r2 = R[p, r, 0], R[p, r, 1], R[p, r, 2]
            o[i, r] = o[p, r] + r0 * u + r1 * w + r2 * t
            a[i, r] = r0 * x + r1 * y + r2 * z
            R[i, r, 0] = r0 * m00 + r1 * m10 + r2 * m20
            R[i, r, 1] = r0 * m01 + r1 * m11 + r2 * m21
            R[i, r, 2] = r0 * m02 + r1 * m12 + r2 * m22


@njit(error_model="numpy")
def forward_many(axes, offsets, q, R, o, a):
    """`forward` for each of the postures `q` (n, 24)."""
    for n in range(q.shape[0]):
        forward(axes, offsets, q[n], R[n], o[n], a[n])


@njit(error_model="numpy")
def point(R, o, s, x, y, z, out):
    """World place, into `out` (3,), of the point (x, y, z) of the frame after coordinate s."""
    for r in range(3):
        out[r] = o[s, r] + R[s, r, 0] * x + R[s, r, 1] * y + R[s, r, 2] * z


@njit(error_model="numpy")
def point_jacobian(o, a, s, p, J):
    """d p / d q into `J` (3, 24) for the world point `p` (3,) that moves with the frame after coordinate s."""
    for i in range(N):
        J[0, i] = J[1, i] = J[2, i] = 0.0
    for i in range(min(SLIDES, s + 1)):
        J[0, i], J[1, i], J[2, i] = a[i, 0], a[i, 1], a[i, 2]
    shift = branch(s)
    for n in range(SLIDES, movers(s)):
        i = mover(n, shift)
        x, y, z = p[0] - o[i, 0], p[1] - o[i, 1], p[2] - o[i, 2]
        J[0, i] = a[i, 1] * z - a[i, 2] * y
        J[1, i] = a[i, 2] * x - a[i, 0] * z
        J[2, i] = a[i, 0] * y - a[i, 1] * x


@njit(error_model="numpy")
def rotation_jacobian(a, s, J):
    """World angular velocity of the frame after coordinate s per unit of each coordinate, into `J` (3, 24)."""
    for i in range(N):
        J[0, i] = J[1, i] = J[2, i] = 0.0
    shift = branch(s)
    for n in range(SLIDES, movers(s)):
        i = mover(n, shift)
        J[0, i], J[1, i], J[2, i] = a[i, 0], a[i, 1], a[i, 2]
