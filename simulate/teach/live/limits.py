"""What the sliders of a limit ask for: one side's or both, each given or not, apart from where it stands."""

from __future__ import annotations

from collections.abc import Mapping

from kinematics.conventions import SIDE_WORDS
from simulate.teach.asked import LIMITS


def given(limits_deg: Mapping[str, float], name: str) -> float | None:
    """The limit that was given for a direction; None if there is none.

    Parameters
    ----------
    limits_deg : mapping of str to float
        As `Asked` has them. [deg]
    name : str
        Of a direction. Of one side it is what was said of that side, else what was said of both; of both it is what
        was said of both, unless a side has its own: then what both have, and None if they differ.
    """
    both, sides = _sides(name)
    if name != both:
        return limits_deg.get(name, limits_deg.get(both))
    found = {limits_deg.get(side, limits_deg.get(both)) for side in sides} or {limits_deg.get(both)}
    return found.pop() if len(found) == 1 else None


def apart(limits_deg: Mapping[str, float], name: str) -> bool:
    """Whether a direction of both sides has another limit on the right than on the left."""
    _, sides = _sides(name)
    return name not in sides and len({given(limits_deg, side) for side in sides}) > 1


def changed(limits_deg: Mapping[str, float], name: str, left: float | None) -> dict[str, float]:
    """The limits with one of them given, or taken away; the other side keeps what it has.

    Parameters
    ----------
    limits_deg : mapping of str to float
        As they were. [deg]
    name : str
        Of a direction. Of both sides: the sides have no limits of their own any more.
    left : float or None
        Range that is left, a limit even where it is the normal one; None for no limit. [deg]
    """
    found = dict(limits_deg)
    both, sides = _sides(name)
    if name == both:
        for side in sides:
            found.pop(side, None)
    elif both in found:
        common = found.pop(both)
        for side in sides:
            found.setdefault(side, common)
    if left is None:
        found.pop(name, None)
    else:
        found[name] = left
    return found


def _sides(name: str) -> tuple[str, tuple[str, ...]]:
    """What a direction is called of both sides, and of each; no sides if it has none."""
    base, _, word = name.rpartition("_")
    both = base if word in SIDE_WORDS.values() else name
    return both, tuple(side for each in SIDE_WORDS.values() if (side := f"{both}_{each}") in LIMITS)


__all__ = ["apart", "changed", "given"]
