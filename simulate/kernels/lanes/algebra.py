"""Vectors, matrices and scratch in unrolled code: what is a list or tuple here leaves only its numbers behind."""

from kinematics.kernels.lanes import ANGULAR, BRANCH, LINEAR
from kinematics.kernels.wide import load, store


def add(x, slot, value):
    """Add to the number in a slot."""
    store(x, slot, load(x, slot) + value)


def load_all(x, at, n):
    """The n numbers from slot `at` on."""
    return [load(x, at + k) for k in range(n)]


def dot(a, b):
    """Sum of products."""
    total = a[0] * b[0]
    for k in range(1, len(a)):
        total = total + a[k] * b[k]
    return total


def cross(a, b):
    """Cross product."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def product(A, B):
    """A B, both by rows."""
    return (
        A[0] * B[0] + A[1] * B[3] + A[2] * B[6], A[0] * B[1] + A[1] * B[4] + A[2] * B[7],
        A[0] * B[2] + A[1] * B[5] + A[2] * B[8],
        A[3] * B[0] + A[4] * B[3] + A[5] * B[6], A[3] * B[1] + A[4] * B[4] + A[5] * B[7],
        A[3] * B[2] + A[4] * B[5] + A[5] * B[8],
        A[6] * B[0] + A[7] * B[3] + A[8] * B[6], A[6] * B[1] + A[7] * B[4] + A[8] * B[7],
        A[6] * B[2] + A[7] * B[5] + A[8] * B[8],
    )  # fmt: skip


def transposed(A):
    """A', by rows."""
    return A[0], A[3], A[6], A[1], A[4], A[7], A[2], A[5], A[8]


def screw(x, t3):
    """Linear and angular part of the screw of the joint of which `t3` is three times the number."""
    return load_all(x, LINEAR + t3, 3) + load_all(x, ANGULAR + t3, 3)


def depth_of(t):
    """Depth of the frame that joint t moves."""
    return t + 1 if t < BRANCH else 0
