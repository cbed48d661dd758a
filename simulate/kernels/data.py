"""The kernels' data: what a posture problem is made of, as plain arrays, and the scratch it is solved in.

F frames, T tissue terms, and M = G + 3 P + C goal rows: G point rows, three rows for each of P orientations, C rows of
combined coordinates, in this order. A point row is the world place (or direction) of something that moves with a
segment, or of the whole body's mass centre, along one world axis, less a target. An orientation's rows are the rotation
vector from a target orientation, in the target's axes. A combination is a weighed sum of coordinates, less a target.
Lengths in m, angles in rad, stiffness in N/m or N m/rad, energies in J.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinematics.kernels.tree import N

Array = NDArray[np.float64]
Flags = NDArray[np.int8]
Indices = NDArray[np.int64]

#: Roles of a row in one frame: nothing; stays in its room (`low` to `high`); a spring back to it; a constant force.
OFF, MUST, SOFT, PULL = 0, 1, 2, 3

#: Status of a frame.
UNSOLVED, SOLVED, SHORTFALL = 0, 1, 2

#: In place of a segment: the mass centre of the whole body.
WHOLE_BODY = -1

#: Tissue terms, by the energy of their stretch s: exp(s), s^2/2, and s^2/2 of what is taut (s > 0).
EXPONENTIAL, SPRING, STRING = 0, 1, 2


class Body(NamedTuple):
    """The chain: `axes` and `offsets`, each (24, 3); `mass` (24,), the share of the body's mass that the frame after a
    coordinate carries, and `centre` (24, 3), where in that frame it is.
    """

    axes: Array
    offsets: Array
    mass: Array
    centre: Array


class Goals(NamedTuple):
    """Goals of one task, frame by frame.

    Rows of every kind: `role` (F, M); `low` and `high` (F, M), its room, in which a MUST row stays; `weight` (F, M),
    stiffness of a SOFT row or force of a PULL row. Points: `segment` (G,), the coordinate whose frame carries it, or
    WHOLE_BODY; `local` (G, 3), the point (or direction) in that frame; `is_point` (G,), 0 for a direction; `normal`
    (F, G, 3), the world axis; `target` (F, G). Orientations: `o_segment` (P,), `o_target` (F, P, 3, 3). Combinations:
    `c_factor` (C, 24), `c_target` (F, C).
    """

    role: Flags
    low: Array
    high: Array
    weight: Array
    segment: Indices
    local: Array
    is_point: Flags
    normal: Array
    target: Array
    o_segment: Indices
    o_target: Array
    c_factor: Array
    c_target: Array


class Tissue(NamedTuple):
    """Passive tissue: energy amplitude * phi(s) of the stretch s = factor . q - shift.

    `kind` (T,) says which phi; `factor` (T, 24) one joint or several; `shift` and `amplitude` (T,). Where `tangent`
    (T,) is 1 only the difference from the tangent at the reference posture counts: the reference is an equilibrium.
    """

    kind: Flags
    factor: Array
    shift: Array
    amplitude: Array
    tangent: Flags


class Scratch(NamedTuple):
    """Everything the solver writes on its way; made once by `scratch`."""

    R: Array
    o: Array
    a: Array
    point: Array  # (3,)
    column: Array  # (3, 24) derivative of one point
    carried: Array  # (24, 4) mass carried by a coordinate, and that mass times its centre
    role: Flags  # (M,)
    low: Array  # (M,)
    high: Array  # (M,)
    weight: Array  # (M,)
    lower: Array  # (24,)
    upper: Array  # (24,)
    c: Array  # (M,) row values
    J: Array  # (M, 24)
    g: Array  # (24,) gradient of the objective
    D: Array  # (24,) diagonal of the Gauss-Newton Hessian
    H: Array  # (24, 24)
    L: Array  # (24, 24) Cholesky factor of the free block
    d: Array  # (24,) step
    z: Array  # (24,) bound multipliers
    lam: Array  # (M,) row multipliers of the step
    trial: Array  # (24,)
    free: Indices  # (24,)
    first: Indices  # (24,) first entry of a row of the free block that is not 0
    dense: Indices  # (M,) zeros: every entry counts
    rows: Indices  # (M,)
    Y: Array  # (M, 24)
    S: Array  # (M, M)
    b: Array  # (M,)
    state: Flags  # (24,) -1 at lower, 0 free, 1 at upper
    on: Flags  # (M,) the same of a MUST row: -1 at low, 0 between, 1 at high


def scratch(goals: Goals) -> Scratch:
    """Scratch for problems with as many goals as `goals` has."""
    m = goals.weight.shape[1]
    shapes: dict[str, Any] = {
        "R": (N, 3, 3), "o": (N, 3), "a": (N, 3), "point": 3, "column": (3, N), "carried": (N, 4), "role": m, "low": m,
        "high": m, "weight": m, "lower": N, "upper": N, "c": m, "J": (m, N), "g": N, "D": N, "H": (N, N),
        "L": (N, N), "d": N, "z": N, "lam": m, "trial": N, "free": N, "first": N, "dense": m, "rows": m, "Y": (m, N),
        "S": (m, m), "b": m, "state": N, "on": m,
    }  # fmt: skip
    flags, indices = ("role", "state", "on"), ("free", "first", "dense", "rows")
    kinds: dict[str, Any] = {**dict.fromkeys(flags, np.int8), **dict.fromkeys(indices, np.int64)}
    return Scratch(**{name: np.zeros(shape, kinds.get(name, np.float64)) for name, shape in shapes.items()})


def no_tissue() -> Tissue:
    """No tissue terms at all."""
    flags, none = np.zeros(0, np.int8), np.zeros(0)
    return Tissue(flags, np.zeros((0, N)), none, none.copy(), flags.copy())
