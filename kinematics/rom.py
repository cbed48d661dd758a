"""Range of motion in clinical words: how far each joint goes in each direction, and what a restriction leaves of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX, SIDE_WORDS, SIDES
from kinematics.errors import HipspineError, unknown
from kinematics.tables import rows

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Direction:
    """One clinical direction: the coordinates it moves and the sense in which it moves them."""

    name: str
    coordinates: tuple[str, ...]
    sign: int

    @property
    def ends(self) -> int:
        """How many ends of ranges it is about: the more, the less is said of each."""
        return len(self.coordinates) * (1 if self.sign else 2)


def _directions() -> dict[str, Direction]:
    """Every clinical direction by name; of a joint with two sides also with ``_right`` and ``_left``."""
    found: dict[str, Direction] = {}
    for row in rows("ranges"):
        name, coordinate, sign = row["name"], row["coordinate"], int(row["sign"])
        if coordinate in INDEX:
            found[name] = Direction(name, (coordinate,), sign)
            continue
        found[name] = Direction(name, tuple(f"{coordinate}_{side}" for side in SIDES), sign)
        for side, word in SIDE_WORDS.items():
            found[f"{name}_{word}"] = Direction(f"{name}_{word}", (f"{coordinate}_{side}",), sign)
    # both ways of bending and turning at once
    for joint in ("lumbar", "thoracic"):
        for turn in ("bending", "rotation"):
            found[f"{joint}_{turn}"] = Direction(f"{joint}_{turn}", (f"{joint}_{turn}",), 0)
    return found


DIRECTIONS: Mapping[str, Direction] = MappingProxyType(_directions())


def direction_name(coordinate: str, sign: int) -> str:
    """Clinical name of one end of one coordinate's range, for example ``hip_extension_right``."""
    return next(d.name for d in DIRECTIONS.values() if d.coordinates == (coordinate,) and d.sign == sign)


@dataclass(frozen=True)
class RangeOfMotion:
    """How far each joint goes, in clinical degrees, and which of it was imposed.

    Degrees mean the range available in that direction: hip extension 0 is a hip that stops at neutral, -5 one that
    lacks 5 deg of reaching it.

    Parameters
    ----------
    reach_deg : mapping of (coordinate, sign) to float
        Range available in each direction of each coordinate. [deg]
    limits_deg : mapping of str to float
        The limits imposed, by the names under which they were given. [deg]
    limited_bounds : tuple of (coordinate, sign)
        The ends that were imposed.
    """

    reach_deg: Mapping[tuple[str, int], float] = field(default_factory=dict)
    limits_deg: Mapping[str, float] = field(default_factory=dict)
    limited_bounds: tuple[tuple[str, int], ...] = ()

    @classmethod
    def normal(cls) -> RangeOfMotion:
        """The normal range of an adult, table ``kinematics/data/ranges.csv``."""
        reach = {}
        for row in rows("ranges"):
            for coordinate in DIRECTIONS[row["name"]].coordinates:
                reach[coordinate, int(row["sign"])] = float(row["value"])
        return cls(MappingProxyType(reach))

    def limited(self, **limits_deg: float | None) -> RangeOfMotion:
        """The same range with some directions limited.

        Parameters
        ----------
        **limits_deg : float or None
            Range available, by clinical direction: ``hip_extension_deg=0`` (both sides), ``hip_extension_left_deg=-5``,
            ``lumbar_extension_deg=10`` and so on; None leaves a direction as it is. What is said of one side comes
            after what is said of both, and of one way after both ways. [deg]

        Raises
        ------
        HipspineError
            If a name is unknown, a value is not finite or beyond 180, or the two directions of a coordinate cross.
        """
        given = {name.removesuffix("_deg"): value for name, value in limits_deg.items() if value is not None}
        for name, value in given.items():
            if name not in DIRECTIONS:
                raise unknown("direction of motion", name, DIRECTIONS)
            if not abs(value) <= 180.0:
                raise HipspineError(f"{name} must be a finite number of degrees, -180 to 180, is {value}")
        reach, imposed = dict(self.reach_deg), list(self.limited_bounds)
        for name in sorted(given, key=lambda name: DIRECTIONS[name].ends, reverse=True):
            direction = DIRECTIONS[name]
            for coordinate in direction.coordinates:
                for sign in (direction.sign,) if direction.sign else (-1, 1):
                    reach[coordinate, sign] = float(given[name])
                    if (coordinate, sign) not in imposed:
                        imposed.append((coordinate, sign))
        limited = replace(
            self,
            reach_deg=MappingProxyType(reach),
            limits_deg=MappingProxyType({**self.limits_deg, **{name: float(v) for name, v in given.items()}}),
            limited_bounds=tuple(imposed),
        )
        limited._check_crossing()
        return limited

    def _check_crossing(self) -> None:
        for coordinate, _ in self.limited_bounds:
            up, down = self.reach_deg[coordinate, 1], self.reach_deg[coordinate, -1]
            if up + down < 0.0:
                ends = [
                    f"{direction_name(coordinate, sign).replace('_', ' ')} {reach:g} deg"
                    + ("" if (coordinate, sign) in self.limited_bounds else " (normal)")
                    for sign, reach in ((1, up), (-1, down))
                ]
                raise HipspineError(
                    f"limits cross: {ends[0]} and {ends[1]} leave {coordinate} no range; "
                    "together they must be 0 or more"
                )

    def bounds(self, offsets: Array) -> tuple[Array, Array]:
        """Lower and upper bounds in the model's zero.

        Parameters
        ----------
        offsets : ndarray, shape (24,)
            Added to a model angle they give the angle in the zero this range counts from. [rad]

        Returns
        -------
        lower, upper : ndarray, shape (24,)
            Infinite where there is no range. [m, rad]
        """
        lower, upper = np.full(len(COORDINATES), -np.inf), np.full(len(COORDINATES), np.inf)
        for (coordinate, sign), reach in self.reach_deg.items():
            bound = upper if sign > 0 else lower
            bound[INDEX[coordinate]] = sign * np.deg2rad(reach) - offsets[INDEX[coordinate]]
        return lower, upper
