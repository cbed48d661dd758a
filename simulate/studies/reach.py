"""What limits and causes leave of people's ranges of motion, many cases at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX, SIDES
from kinematics.rom import DIRECTIONS, RangeOfMotion, direction_name
from simulate.restrictions import CAUSES, Cause
from simulate.studies.options import LIMIT, SEVERITY, Option

Array = NDArray[np.float64]
#: One end of a coordinate's range: the coordinate's index, and whether it is the least (0) or the most (1).
End = tuple[int, int]

_HIPS = {
    side: [i for i, name in enumerate(COORDINATES) if name.startswith("hip") and name[-1] == side] for side in SIDES
}
#: Digits of degrees that are kept, as `simulate.restrictions` does.
_DIGITS = 9


@dataclass(frozen=True, eq=False)
class Reach:
    """How far n people go in either direction of each coordinate, in clinical degrees.

    `own` (n, 24, 2) least and most, both counted away from the zero; `imposed` (n, 24, 2) whether a limit or a cause
    says so, and not the normal range.
    """

    own: Array
    imposed: NDArray[np.bool_]

    def some(self, which: NDArray[np.intp]) -> Reach:
        """Those of some people."""
        return Reach(self.own[which], self.imposed[which])

    @property
    def crossing(self) -> NDArray[np.intp]:
        """Person and coordinate (k, 2) whose two ends leave nothing between them."""
        return np.argwhere(self.imposed.any(axis=2) & (self.own.sum(axis=2) < 0.0))

    def limited(self, side: str) -> NDArray[np.bool_]:
        """Whether (n,) the hip of that side is limited."""
        return np.asarray(self.imposed[:, _HIPS[side]].any(axis=(1, 2)))

    def words(self, person: int, coordinate: int) -> str:
        """Both ends of one coordinate, in words."""
        ends = [
            f"{direction_name(COORDINATES[coordinate], sign)} {self.own[person, coordinate, end]:g} deg"
            + ("" if self.imposed[person, coordinate, end] else " (normal)")
            for sign, end in ((1, 1), (-1, 0))
        ]
        return " and ".join(ends)


def reach_of(options: Mapping[str, Option], given: Callable[[str], Any], n: int, *, active: bool) -> Reach:
    """What is left to n people.

    Parameters
    ----------
    options : mapping of str to Option
        What is given; limits and severities count.
    given : callable
        Of an option's name its values, (n,) or one for all.
    n : int
    active : bool
        Whether muscles lift the limb, so that lost active reach counts.
    """
    reach = Reach(np.tile(normal(), (n, 1, 1)), np.zeros((n, len(COORDINATES), 2), bool))
    for name in limits_among(options):
        for i, end in ends_of(name):
            reach.own[:, i, end], reach.imposed[:, i, end] = given(name), True
    for name, option in options.items():
        if option.about != SEVERITY:
            continue
        for row in Cause(option.row, option.sides).limits:
            if row["what"] != "active" or active:
                for one in ends_of(row["of"]):
                    if side_of(one) in ("", *option.sides):
                        _lose(reach, one, row, np.asarray(given(name), dtype=np.float64))
    return reach


def _lose(reach: Reach, end: End, row: Mapping[str, str], severity: Array) -> None:
    """The smallest range wins, whoever says it."""
    whole, value = normal()[end], float(row["value"])
    left = (1.0 - severity) * whole + severity * value if row["what"] == "reach" else whole - severity * value
    left = np.round(left, _DIGITS)
    less = left < whole
    at = (slice(None), *end)
    reach.own[at] = np.minimum(reach.own[at], np.where(less, left, np.inf))
    reach.imposed[at] |= less


@cache
def normal() -> Array:
    """The normal range of an adult (24, 2), infinite where there is none; not to be written to. [deg]"""
    found = np.full((len(COORDINATES), 2), np.inf)
    for (coordinate, sign), reach in RangeOfMotion.normal().reach_deg.items():
        found[INDEX[coordinate], int(sign > 0)] = reach
    found.flags.writeable = False
    return found


def limits_among(options: Mapping[str, Option]) -> list[str]:
    """The limits, the wider word first: of both sides, or both ways, before those of one."""
    names = [name for name, option in options.items() if option.about == LIMIT]
    return sorted(names, key=lambda name: (-len(list(ends_of(name))), name))


def ends_of(direction: str) -> Iterator[End]:
    """The ends that a clinical direction is about."""
    found = DIRECTIONS[direction]
    for coordinate in found.coordinates:
        for sign in (found.sign,) if found.sign else (-1, 1):
            yield INDEX[coordinate], int(sign > 0)


def side_of(end: End) -> str:
    """The side that an end is on: r or l, empty for the spine."""
    name = COORDINATES[end[0]]
    return name[-1] if name[-2:] in ("_r", "_l") else ""


def tightens(option: Option) -> bool:
    """Whether an option is the severity of a cause that tightens a tissue."""
    return option.about == SEVERITY and any(row["what"] == "tissue" for row in CAUSES[option.row])


__all__ = ["End", "Reach", "ends_of", "limits_among", "normal", "reach_of", "side_of", "tightens"]
