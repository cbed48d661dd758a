"""Ways a hip gets stiff: named causes as limits, tightened tissues and lost active reach, side by side, by severity.

What a cause does at severity 1 is in ``simulate/data/restrictions.csv``, row by row with its source; the passive curves
of the tissues it may tighten are in ``simulate/data/tissues.csv``. A cause takes its loss times its severity from the
normal range. Where several things are said of one direction the smallest range wins, whoever says it: another cause or
a limit given by hand. Likewise the largest tightening of one tissue wins; losses are not added up.

Degrees count, as the normal range does, from the zero that was chosen for hip flexion; the published ones are clinical.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import fill
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX, SIDE_WORDS, SIDES
from kinematics.errors import HipspineError, unknown
from kinematics.rom import DIRECTIONS, RangeOfMotion, direction_name
from kinematics.tables import rows
from simulate.kernels.data import EXPONENTIAL, Tissue, no_tissue
from simulate.tissue import tightened

Array = NDArray[np.float64]
#: One end of a coordinate's range: the coordinate and the sense in which it ends.
End = tuple[str, int]

#: Degrees are rounded to this many digits, so that 9.9 less 9.1 is 0.8.
_DIGITS = 9
_SIDES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"both": SIDES, **{word: (side,) for side, word in SIDE_WORDS.items()}}
)


def _by_name(table: str) -> Mapping[str, tuple[dict[str, str], ...]]:
    """Rows of a table by their name, in the table's order."""
    found: dict[str, tuple[dict[str, str], ...]] = {}
    for row in rows(table, "simulate"):
        found[row["name"]] = (*found.get(row["name"], ()), row)
    return MappingProxyType(found)


#: What each cause does, by its name.
CAUSES = _by_name("restrictions")
_TISSUES = _by_name("tissues")


@dataclass(frozen=True)
class Cause:
    """A named cause of a stiff hip.

    Parameters
    ----------
    name : str
        Of table ``restrictions``.
    sides : tuple of {"r", "l"}
        Hips it acts on.
    severity : float
        0 is healthy, 1 as in the table. For ``age`` the fraction of the way from the youngest to the oldest of the
        people measured.

    Raises
    ------
    HipspineError
        If the name is unknown, the severity is not between 0 and 1, or one side is asked for of a cause that is also
        about the lumbar spine.
    """

    name: str
    sides: tuple[str, ...] = SIDES
    severity: float = 1.0

    def __post_init__(self) -> None:
        if self.name not in CAUSES:
            raise unknown("cause", self.name, CAUSES)
        if self.sides not in _SIDES.values():
            raise unknown("side", self.sides, _SIDES)
        if not 0.0 <= self.severity <= 1.0:
            raise HipspineError(
                f"severity of {self.name} must be a number from 0 (healthy) to 1 (as in the table), is {self.severity}"
            )
        if len(self.sides) == 1 and any(len(DIRECTIONS[row["of"]].coordinates) == 1 for row in self.limits):
            raise HipspineError(f"{self.name} is also about the lumbar spine and has no side: both, is {self.side}")

    @property
    def side(self) -> str:
        """The side in a word: right, left or both."""
        return next(word for word, sides in _SIDES.items() if sides == self.sides)

    @property
    def limits(self) -> list[dict[str, str]]:
        """The rows that take range of motion."""
        return [row for row in CAUSES[self.name] if row["what"] in ("limit", "reach", "active")]

    @property
    def age(self) -> float | None:
        """The age that the severity stands for, if it does. [years]"""
        ages = {row["of"]: float(row["value"]) for row in CAUSES[self.name] if row["what"] == "years"}
        return ages["youngest"] + self.severity * (ages["oldest"] - ages["youngest"]) if ages else None

    def data(self) -> dict[str, str | float]:
        """The cause as plain data, for JSON."""
        return {"name": self.name, "side": self.side, "severity": self.severity}


@dataclass(frozen=True, eq=False)
class Restricted:
    """What the causes leave of a body.

    `rom` the range of motion with their limits in it; `tissue` what they add to the restricted body, in model angles
    (whole energies; without terms if nothing is tightened); `imposed_deg` by clinical direction what the causes alone
    leave of it [deg]; `notices` one line a cause.
    """

    rom: RangeOfMotion
    tissue: Tissue
    imposed_deg: Mapping[str, float]
    notices: tuple[str, ...]


def parse_cause(text: str) -> Cause:
    """A cause from ``NAME``, ``NAME:SIDE``, ``NAME:SEVERITY`` or ``NAME:SIDE:SEVERITY``.

    Parameters
    ----------
    text : str
        For example ``tight_hip_flexors:right:0.5``. SIDE is right, left or both (if not given); SEVERITY 0 to 1 (1 if
        not given).

    Raises
    ------
    HipspineError
        If the name or side is unknown, the severity is no number from 0 to 1, or there are more parts.
    """
    name, *rest = (part.strip() for part in text.split(":"))
    if len(rest) > 2:
        raise HipspineError(f"cause {text!r}: must be NAME, NAME:SIDE or NAME:SIDE:SEVERITY")
    if name not in CAUSES:
        raise unknown("cause", name, CAUSES)
    side, severity = (rest[0], rest[1]) if len(rest) == 2 else (rest[0], "1") if rest else ("both", "1")
    if len(rest) == 1 and side not in _SIDES and _number(side) is not None:
        side, severity = "both", side
    if side not in _SIDES:
        raise unknown(f"side in cause {text!r}:", side, _SIDES)
    value = _number(severity)
    if value is None:
        raise HipspineError(
            f"cause {text!r}: severity must be a number from 0 (healthy) to 1 (as in the table), is {severity!r}"
        )
    return Cause(name, _SIDES[side], value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def restrict(
    rom: RangeOfMotion, causes: Sequence[Cause], *, active: bool, offsets: Array, tissue: Tissue
) -> Restricted:
    """What causes leave of a range of motion, and what they add to the tissues.

    Parameters
    ----------
    rom : RangeOfMotion
        With the limits given by hand in it; one that is tighter than a cause's stays.
    causes : sequence of Cause
    active : bool
        Whether muscles lift the limb, so that lost active reach counts.
    offsets : ndarray, shape (24,)
        Added to a model angle they give the angle the range counts. [rad]
    tissue : Tissue
        Of the healthy body.

    Returns
    -------
    Restricted
        With no causes, or none of any severity, the same `rom` and no tissue.

    Raises
    ------
    HipspineError
        If a limit given by hand and a cause's leave a coordinate no range.
    """
    normal = RangeOfMotion.normal()
    reach: dict[End, float] = {}
    for cause in causes:
        for row in cause.limits:
            if row["what"] == "active" and not active:
                continue
            for end in _ends(row["of"], cause.sides):
                left = _left(row, normal.reach_deg[end], cause.severity)
                if left < normal.reach_deg[end]:
                    reach[end] = min(left, reach.get(end, np.inf))
    tighter = {end: left for end, left in reach.items() if left < rom.reach_deg[end]}
    if tighter:
        # all limits at once, in one order: what is then read back from their names is the same
        limits = {**rom.limits_deg, **_named(tighter, apart=rom.limits_deg)}
        unlimited = replace(rom, limits_deg=MappingProxyType({}), limited_bounds=())
        rom = unlimited.limited(**{f"{name}_deg": left for name, left in limits.items()})
    return Restricted(
        rom=rom,
        tissue=_tightened(causes, normal, offsets, tissue),
        imposed_deg=MappingProxyType(_named(reach)),
        notices=tuple(_notice(cause, active=active) for cause in causes),
    )


def _ends(name: str, sides: Iterable[str]) -> list[End]:
    """The ends that a clinical direction is about on some sides; of the spine the one end it has."""
    direction = DIRECTIONS[name]
    if len(direction.coordinates) == 1:
        return [(direction.coordinates[0], direction.sign)]
    return [(f"{direction.coordinates[0][:-2]}_{side}", direction.sign) for side in sides]


def _left(row: Mapping[str, str], normal_deg: float, severity: float) -> float:
    """What a row leaves of a normal range. [deg]"""
    value = float(row["value"])
    if row["what"] == "reach":
        return round((1.0 - severity) * normal_deg + severity * value, _DIGITS)
    return round(normal_deg - severity * value, _DIGITS)


def _named(reach: Mapping[End, float], apart: Iterable[str] = ()) -> dict[str, float]:
    """Ranges by clinical direction, both sides in one word where they are alike and neither is named in `apart`."""
    found: dict[str, float] = {}
    for end, left in reach.items():
        name = direction_name(*end)
        if end[0][-2:] in ("_r", "_l"):
            both = name.rpartition("_")[0]
            alike = all(reach.get(other) == left for other in _ends(both, SIDES))
            if alike and not {f"{both}_{word}" for word in SIDE_WORDS.values()} & set(apart):
                name = both
        found[name] = left
    return found


def _tightened(causes: Sequence[Cause], normal: RangeOfMotion, offsets: Array, healthy: Tissue) -> Tissue:
    """What tightened tissues add to the healthy ones."""
    by: dict[tuple[str, str], float] = {}
    for cause in causes:
        for row in CAUSES[cause.name]:
            if row["what"] == "tissue":
                for side in cause.sides:
                    sooner = cause.severity * float(row["value"])
                    by[row["of"], side] = max(sooner, by.get((row["of"], side), 0.0))
    found = no_tissue()
    for (name, side), sooner in by.items():
        if sooner == 0.0:
            continue
        curve = {row["what"]: row for row in _TISSUES[name]}
        if "curve" in curve:
            more = tightened(curve["curve"]["of"], side, sooner=float(np.deg2rad(sooner)), healthy=healthy)
        else:
            more = _towards_end(name, side, float(np.deg2rad(sooner)), normal, offsets)
        found = joined(found, more)
    return found


def _towards_end(name: str, side: str, sooner: float, normal: RangeOfMotion, offsets: Array) -> Tissue:
    """What a tissue that the table describes by its moment at the end of the normal range adds, tighter by `sooner`.

    Notes
    -----
    The healthy curve is M(x) = M_e exp(k (x - e)), the tightened one M(x + d). Their difference is the derivative of
    (M_e / k) (exp(k d) - 1) exp(k (x - e)): the kernel's amplitude times exp(factor . q - shift). Nothing at d = 0.
    """
    curve = {row["what"]: row for row in _TISSUES[name]}
    rate, (end,) = float(curve["rate"]["value"]), _ends(curve["rate"]["of"], [side])
    factor = np.zeros(len(COORDINATES))
    factor[INDEX[end[0]]] = end[1]
    for row in _TISSUES[name]:
        if row["what"] == "share":
            ((coordinate, sign),) = _ends(row["of"], [side])
            factor[INDEX[coordinate]] += sign * float(row["value"])
    return Tissue(
        kind=np.array([EXPONENTIAL], np.int8),
        factor=rate * factor[None],
        shift=np.array([rate * (np.deg2rad(normal.reach_deg[end]) - factor @ offsets)]),
        amplitude=np.array([float(curve["end_moment"]["value"]) / rate * np.expm1(rate * sooner)]),
        tangent=np.zeros(1, np.int8),
    )


def joined(one: Tissue, other: Tissue) -> Tissue:
    """The terms of both tissues, in this order."""
    return Tissue(*(np.concatenate([getattr(part, name) for part in (one, other)]) for name in Tissue._fields))


def _notice(cause: Cause, *, active: bool) -> str:
    """What a cause does, in words, with every number that rests on nothing or on memory."""
    whom = f"{cause.side} sides" if cause.side == "both" else cause.side
    about = f", about {cause.age:.0f} years" if cause.age is not None else ""
    parts, lifting = _effects(cause)
    if lifting and active:
        parts += lifting
    elif lifting:
        parts.append("does not count where no muscle lifts the limb: " + ", ".join(lifting))
    return f"cause {cause.name} ({whom}, severity {cause.severity:g}{about}): {'; '.join(parts)}"


def causes_text() -> str:
    """Every known cause and what it does at severity 1, as text of at most 100 columns."""
    lines = ["NAME, NAME:SIDE, NAME:SEVERITY or NAME:SIDE:SEVERITY; right, left or both; 0 to 1. At 1:"]
    for name in CAUSES:
        cause = Cause(name)
        parts, lifting = _effects(cause)
        if lifting:
            parts.append("only where muscles lift the limb: " + ", ".join(lifting))
        about = f"{cause.age:.0f} years: " if cause.age is not None else ""
        lines.append(fill(f"{name}: {about}{'; '.join(parts)}", 100, initial_indent="  ", subsequent_indent="      "))
    return "\n".join(lines)


def _effects(cause: Cause) -> tuple[list[str], list[str]]:
    """What a cause takes, in words, one part a row; apart what counts only where muscles lift the limb."""
    parts, lifting = list[str](), list[str]()
    for row in CAUSES[cause.name]:
        by = f"{cause.severity * float(row['value']):.3g} deg"
        words = row["of"].replace("_", " ")
        if row["what"] == "tissue":
            curve = [f"{one['what'].replace('_', ' ')}{_doubt(one)}" for one in _TISSUES[row["of"]] if _doubt(one)]
            if any(one["what"] == "curve" for one in _TISSUES[row["of"]]):
                curve += [
                    f"psoas {one['what']} {one['of'].replace('_', ' ')}{_doubt(one)}"
                    for one in rows("passive_moments", "simulate")
                    if one["name"] == "psoas"
                ]
            of_it = f" (its curve: {', '.join(curve)})" if curve else ""
            parts.append(f"{words} tighter by {by}{_doubt(row)}{of_it}")
        elif row["what"] == "reach":
            left = _left(row, RangeOfMotion.normal().reach_deg[_ends(row["of"], SIDES)[0]], cause.severity)
            parts.append(f"{words} {left:.3g} deg is left{_doubt(row)}")
        elif row["what"] == "limit":
            parts.append(f"{words} less by {by}{_doubt(row)}")
        elif row["what"] == "active":
            lifting.append(f"active {words} less by {by}{_doubt(row)}")
    return parts, lifting


def _doubt(row: Mapping[str, str]) -> str:
    """The value of a row that rests on nothing or on memory, and which of the two; else nothing."""
    if row["confidence"] not in ("assumption", "unverified"):
        return ""
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    return f" [{row['confidence']}: {float(row['value']):g}{unit}]"


__all__ = ["CAUSES", "Cause", "Restricted", "causes_text", "joined", "parse_cause", "restrict"]
