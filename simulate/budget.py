"""Where the degrees a hip lost went: along the chain from its own foot to the trunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain
from kinematics.conventions import INDEX, PELVIS, SPINE, TRANSLATIONS, leg
from kinematics.pose import frames

Array = NDArray[np.float64]

#: The parts, from the foot up. The last three are what the pelvis does: the spine on it, and the trunk with it.
PARTS = ("foot and ankle", "knee", "lumbar", "thoracic", "trunk lean")
#: Gauss-Legendre nodes on the way; at each the parts sum to the whole, so that more only smooth what goes where.
NODES = 8
#: Losses that differ by less are the same loss, and the first frame stands for it: who goes there and back passes every
#: posture twice, and rounding shall not choose. [rad]
TIE = 1e-9

_TURNS_OF_PELVIS = [INDEX[name] for name in PELVIS if name not in TRANSLATIONS]
_LUMBAR, _THORACIC = [INDEX[name] for name in SPINE[:3]], [INDEX[name] for name in SPINE[3:]]


@dataclass(frozen=True, eq=False)
class Budget:
    """What became of one hip direction's loss, at the frame of its greatest loss.

    `coordinate` of the hip and `direction` (-1 lower, 1 upper end) that is limited; `frame`; `loss` given up from free
    to restricted, 0 or more; `parts` (5,) of it, in the order of `PARTS`, positive where they make up for it;
    `other_leg` (6,) change of the other leg's coordinates in that frame, a side effect. [rad]
    """

    coordinate: str
    direction: int
    frame: int
    loss: float
    parts: Array
    other_leg: Array


def budgets(
    chain: Chain,
    free: Array,
    restricted: Array,
    bounds: tuple[Array, Array],
    limits: Sequence[tuple[str, int]],
    *,
    solved: NDArray[np.bool_] | None = None,
) -> list[Budget]:
    """Budget of every hip limit that takes something away.

    Parameters
    ----------
    chain : Chain
    free, restricted : ndarray, shape (F, 24)
        Postures. [m, rad]
    bounds : (lower, upper), each (24,)
        Of the restricted body.
    limits : sequence of (coordinate, direction)
        The imposed limits; only hips count.
    solved : ndarray of bool, shape (F,), optional
        Frames that count; all if not given.

    Returns
    -------
    list of Budget
    """
    found = []
    for name, direction in limits:
        if not name.startswith("hip"):
            continue
        i, bound = INDEX[name], bounds[int(direction > 0)]
        excess = direction * (free[:, i] - bound[i])
        if solved is not None:
            excess = np.where(solved, excess, -np.inf)
        k = int((excess >= excess.max() - TIE).argmax())
        if excess[k] <= 0.0:
            continue
        parts = _along_the_way(chain, free[k], restricted[k], name)
        other = [INDEX[each] for each in leg("l" if name.endswith("_r") else "r")]
        loss = -direction * (restricted[k, i] - free[k, i])
        found.append(Budget(name, direction, k, float(loss), -direction * parts, (restricted - free)[k, other]))
    return found


def _along_the_way(chain: Chain, free: Array, restricted: Array, name: str) -> Array:
    """Parts (5,) of the change of one hip coordinate, integrated along the straight way between two postures.

    A hip coordinate turns at the rate u . (w_thigh - w_pelvis), where u is normal to the hip's other two axes and of
    unit product with its own. The thigh's angular velocity is the foot's less knee's and ankle's; the pelvis's is the
    thorax's less the spine's.
    """
    side = name[-1]
    hip, knee, *ankle = (
        [INDEX[f"hip_{each}_{side}"] for each in ("flexion", "adduction", "rotation")],
        *(INDEX[each] for each in leg(side)[3:]),
    )
    k = hip.index(INDEX[name])
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    change = restricted - free
    _, _, axes = frames(chain, free + 0.5 * (nodes[:, None] + 1.0) * change)
    one, two, own = axes[:, hip[k - 2]], axes[:, hip[k - 1]], axes[:, hip[k]]
    normal = np.cross(one, two)
    u = normal / np.einsum("ni,ni->n", normal, own)[:, None]

    def turned(which: Sequence[int]) -> float:
        """What the coordinates `which` turn, seen along u."""
        rate = np.einsum("ni,nji,j->n", u, axes[:, which], change[which])
        return float(0.5 * weights @ rate)

    pelvis, lumbar, thoracic = turned(_TURNS_OF_PELVIS), turned(_LUMBAR), turned(_THORACIC)
    foot = pelvis + turned([*hip, knee, *ankle])
    thorax = pelvis + lumbar + thoracic
    return np.array([foot - turned(ankle), -turned([knee]), lumbar, thoracic, -thorax])


__all__ = ["PARTS", "Budget", "budgets"]
