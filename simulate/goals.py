"""What is asked of the body: goals with names, roles and units, and how far a posture misses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from kinematics.chain import Chain, Point
from kinematics.conventions import INDEX, SEGMENT_COORDINATE
from kinematics.pose import centre_of_mass
from simulate.kernels.data import MUST, OFF, PULL, SOFT, WHOLE_BODY

Array = NDArray[np.float64]
Roles = NDArray[np.int8]

#: In place of a point: the mass centre of the whole body.
MASS_CENTRE = Point("whole body", (0.0, 0.0, 0.0))
#: Rooms of a must goal: exactly at its target, or not below it.
EXACTLY, NOT_BELOW = (0.0, 0.0), (0.0, np.inf)

_NONE = (0.0, 0.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class Goal:
    """What every goal has.

    Parameters
    ----------
    name : str
        What it asks for, in words.
    role : ndarray, shape (F,) or (F, rows)
        OFF, MUST, SOFT (a spring: prefers) or PULL (a constant force), per frame; an orientation's axes may differ.
    room : array_like, shape (2,), (rows, 2) or (F, rows, 2)
        Between which values, counted from the target, a MUST goal stays, and a SOFT one is drawn back to. [m, rad; a
        direction's cosine]
    stiffness : float or ndarray, shape (F,) or (F, rows)
        Of a SOFT goal [N/m, N m/rad]; of a PULL goal its force. [N]
    stiffness_name : str
        Row of the stiffness table it comes from; empty if from none.
    yields : int
        When not all musts can be met: 0 stays a must, 1 falls short first, 2 only if that is not enough.
    allowance : str
        Name of the allowance by which strategy `least` may widen the room; empty if none.
    allowed : array_like, shape (2,), (rows, 2) or (F, rows, 2)
        What is added to the room per unit of that allowance.
    """

    name: str
    role: Roles
    room: Array = field(default_factory=lambda: np.array(EXACTLY))
    stiffness: float | Array = 0.0
    stiffness_name: str = ""
    yields: int = 0
    allowance: str = ""
    allowed: Array = field(default_factory=lambda: np.array(_NONE))

    @property
    def rows(self) -> int:
        """How many rows it takes in the kernel."""
        return 1

    @property
    def unit(self) -> str:
        """Unit in which a miss is reported."""
        return "deg"

    def roles(self) -> Roles:
        """Roles (F, rows)."""
        role = np.asarray(self.role, dtype=np.int8)
        return np.broadcast_to(role.reshape(len(role), -1), (len(role), self.rows))

    def weights(self) -> Array:
        """Stiffness or force (F, rows)."""
        one = np.asarray(self.stiffness, dtype=np.float64)
        return np.broadcast_to(one[:, None] if one.ndim == 1 else one, (len(self.role), self.rows))

    def ends(self, part: Array | None = None) -> Array:
        """Low and high ends (F, rows, 2) of the room, or of another array shaped as one."""
        room = np.asarray(self.room if part is None else part, dtype=np.float64)
        return np.broadcast_to(room, (len(self.role), self.rows, 2))

    def values(self, chain: Chain, q: Array, R: Array, o: Array) -> Array:
        """Row values (F, rows) in the postures `q`, whose frames are `R` and `o`. [m, rad]"""
        raise NotImplementedError

    def in_unit(self, miss: Array, chain: Chain, q: Array, R: Array) -> Array:
        """A miss (F, rows) of its rows as one number (F,) in `unit`."""
        return np.asarray(np.rad2deg(np.linalg.norm(miss, axis=1)))


@dataclass(frozen=True, eq=False, kw_only=True)
class PointGoal(Goal):
    """A point (or direction) of a segment, or the MASS_CENTRE, at a place along one world axis.

    Parameters
    ----------
    point : Point
        The point [m], or the direction (unit vector), in the segment's frame.
    normal : ndarray, shape (F, 3)
        World axis along which it is measured.
    target : ndarray, shape (F,)
        Place along that axis [m]; for a direction the cosine with it.
    is_direction : bool
        Whether `point` is a direction.
    is_heading : bool
        Whether a miss of that direction counts in the floor's plane: a pitched foot is foreshortened.
    """

    point: Point
    normal: Array
    target: Array
    is_direction: bool = False
    is_heading: bool = False

    @property
    def segment(self) -> int:
        """Coordinate whose frame carries the point, as the kernels count."""
        return WHOLE_BODY if self.of_whole_body else SEGMENT_COORDINATE[self.point.segment]

    @property
    def of_whole_body(self) -> bool:
        """Whether it is about the mass centre of the whole body."""
        return self.point.segment == MASS_CENTRE.segment

    @property
    def unit(self) -> str:
        """Unit in which a miss is reported."""
        return "deg" if self.is_direction else "mm"

    def _arm(self, R: Array) -> Array:
        return np.asarray(R[:, self.segment] @ np.asarray(self.point.location))

    def values(self, chain: Chain, q: Array, R: Array, o: Array) -> Array:
        """Row values (F, 1) in the postures `q`, whose frames are `R` and `o`. [m]"""
        if self.of_whole_body:
            place = centre_of_mass(chain, q)
        else:
            place = self._arm(R) if self.is_direction else self._arm(R) + o[:, self.segment]
        return np.asarray(np.einsum("fi,fi->f", self.normal, place) - self.target)[:, None]

    def in_unit(self, miss: Array, chain: Chain, q: Array, R: Array) -> Array:
        """A miss (F, 1) in mm; of a direction in degrees."""
        if not self.is_direction:
            return np.asarray(1e3 * miss[:, 0])
        arm = self._arm(R)
        if self.is_heading:
            across = np.hypot(arm[:, 0], arm[:, 2])
        else:
            across = np.linalg.norm(np.cross(arm, self.normal), axis=1)
        return np.asarray(np.rad2deg(np.arcsin(np.clip(miss[:, 0] / np.maximum(across, 1e-9), 0.0, 1.0))))


@dataclass(frozen=True, eq=False, kw_only=True)
class OrientationGoal(Goal):
    """A segment's orientation: its rotation vector from `target` (F, 3, 3), about the target's own three axes."""

    segment: str
    target: Array

    @property
    def rows(self) -> int:
        """How many rows it takes in the kernel."""
        return 3

    def values(self, chain: Chain, q: Array, R: Array, o: Array) -> Array:
        """Row values (F, 3) in the postures `q`, whose frames are `R` and `o`. [rad]"""
        turn = np.swapaxes(self.target, -1, -2) @ R[:, SEGMENT_COORDINATE[self.segment]]
        return np.asarray(Rotation.from_matrix(turn).as_rotvec())


@dataclass(frozen=True, eq=False, kw_only=True)
class CombinationGoal(Goal):
    """A weighed sum of coordinates: `factors` by coordinate name, `target` (F,). [rad]"""

    factors: Mapping[str, float]
    target: Array

    def factor(self) -> Array:
        """Factor (24,) of each coordinate."""
        out = np.zeros(len(INDEX))
        for name, value in self.factors.items():
            out[INDEX[name]] = value
        return out

    def values(self, chain: Chain, q: Array, R: Array, o: Array) -> Array:
        """Row values (F, 1) in the postures `q`. [rad]"""
        return np.asarray(q @ self.factor() - self.target)[:, None]


__all__ = [
    "EXACTLY",
    "MASS_CENTRE",
    "MUST",
    "NOT_BELOW",
    "OFF",
    "PULL",
    "SOFT",
    "CombinationGoal",
    "Goal",
    "OrientationGoal",
    "PointGoal",
]
