"""The kernels' data: what a posture problem is made of, as plain arrays, and the scratch it is solved in.

F frames, G point goals, P orientation goals, M = G + 3 P rows. A point goal is one row: the world place (or direction)
of something that moves with a segment, along one world axis, against a target. An orientation goal is three rows: the
rotation vector from a target orientation. Lengths in m, angles in rad, stiffness in N/m or N m/rad.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinematics.kernels.tree import N

Array = NDArray[np.float64]

#: Roles of a goal in one frame.
OFF, EQUAL, ABOVE, SOFT = 0, 1, 2, 3

#: Status of a frame.
UNSOLVED, SOLVED, SHORTFALL = 0, 1, 2


class Body(NamedTuple):
    """Geometry of the chain: `axes` and `offsets`, each (24, 3)."""

    axes: Array
    offsets: Array


class Goals(NamedTuple):
    """Goals of one task, frame by frame.

    `segment` (G,) coordinate whose frame carries the point; `local` (G, 3) the point (or direction) in that frame;
    `is_point` (G,) 1 for a point, 0 for a direction; `normal` (F, G, 3) world axis; `target` (F, G); `role` (F, G);
    `weight` (G,) stiffness where the role is SOFT; `yields` (G,) 1 for rows that give way when not all musts can be
    met, 0 for the rest, with stiffness `yield_weight` (G,). Orientation goals: `o_segment` (P,) and `o_weight` (P,),
    `o_target` (F, P, 3, 3), `o_role` (F, P).
    """

    segment: NDArray[np.int64]
    local: Array
    is_point: NDArray[np.int8]
    normal: Array
    target: Array
    role: NDArray[np.int8]
    weight: Array
    yields: NDArray[np.int8]
    yield_weight: Array
    o_segment: NDArray[np.int64]
    o_target: Array
    o_role: NDArray[np.int8]
    o_weight: Array


class Scratch(NamedTuple):
    """Everything the solver writes on its way; made once by `scratch`."""

    R: Array
    o: Array
    a: Array
    point: Array  # (3,)
    column: Array  # (3, 24) derivative of one point
    role: NDArray[np.int8]  # (M,)
    weight: Array  # (M,)
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
    free: NDArray[np.int64]  # (24,)
    rows: NDArray[np.int64]  # (M,)
    Y: Array  # (M, 24)
    S: Array  # (M, M)
    b: Array  # (M,)
    state: NDArray[np.int8]  # (24,) -1 at lower, 0 free, 1 at upper
    on: NDArray[np.int8]  # (M,) whether a row binds


def scratch(goals: Goals) -> Scratch:
    """Scratch for problems with as many goals as `goals` has."""
    m = goals.segment.size + 3 * goals.o_segment.size
    shapes: dict[str, Any] = {
        "R": (N, 3, 3), "o": (N, 3), "a": (N, 3), "point": 3, "column": (3, N), "role": m, "weight": m, "c": m,
        "J": (m, N), "g": N, "D": N, "H": (N, N), "L": (N, N), "d": N, "z": N, "lam": m, "trial": N, "free": N,
        "rows": m, "Y": (m, N), "S": (m, m), "b": m, "state": N, "on": m,
    }  # fmt: skip
    kinds: dict[str, Any] = {"role": np.int8, "state": np.int8, "on": np.int8, "free": np.int64, "rows": np.int64}
    return Scratch(**{name: np.zeros(shape, kinds.get(name, np.float64)) for name, shape in shapes.items()})
