"""What is told of a population, one number a row: from the package's table, or from a dictionary of the same shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import isfinite
from types import MappingProxyType
from typing import Any

from kinematics.conventions import SIDE_WORDS
from kinematics.errors import HipspineError, unknown
from kinematics.generic import SEXES
from kinematics.rom import DIRECTIONS
from kinematics.tables import rows

TABLE = "cohorts"
#: What may be told of an option, and of ``women`` or ``people``.
NUMBERS = ("mean", "sd", "at_age", "per_year", "women_more", "low", "high")
CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"kind": ("normal", "lognormal", "uniform"), "spread": ("constant", "proportional")}
)
CORRELATION, OTHER_SIDE = "correlation_", "other_side"
_DETAILS = ("source", "confidence", "note")


@dataclass(frozen=True)
class Row:
    """One number of a population: whom it is about (`group` and `sex`, empty: everyone), `of` which option, `what`."""

    group: str
    sex: str
    of: str
    what: str
    value: float | str
    unit: str = ""
    source: str = "given"
    confidence: str = "given"
    note: str = ""

    def words(self) -> str:
        """The number in words, with how sure it is."""
        whom = " ".join(part for part in (self.group, self.sex) if part)
        value = f"{self.value:g}" if isinstance(self.value, float) else self.value
        unit = "" if self.unit in ("", "1") else f" {self.unit}"
        return f"{self.what}{f' ({whom})' if whom else ''} [{self.confidence}: {value}{unit}]"


@cache
def options() -> Mapping[str, str]:
    """Unit of every option that can be a person's own, by name."""
    found = {"stature": "m", "mass": "kg"}
    found |= dict.fromkeys(DIRECTIONS, "deg")
    found["standing_tilt"] = "deg"
    for row in rows("restrictions", "simulate"):
        found |= dict.fromkeys(_severities(row["name"]), "1")
    found |= {f"stiffness_{row['name']}": row["unit"] for row in rows("stiffness", "simulate")}
    found |= {f"allow_{row['name']}": row["unit"] for row in rows("allowances", "simulate")}
    return MappingProxyType(found)


def _severities(cause: str) -> list[str]:
    """Options of one cause; age is about the lumbar spine too and has no side."""
    return [f"severity_{cause}"] + [f"severity_{cause}_{word}" for word in SIDE_WORDS.values() if cause != "age"]


def base(option: str) -> str:
    """An option without its side; where the side is the way that a joint of the spine goes, the option itself."""
    stem, _, word = option.rpartition("_")
    return stem if word in SIDE_WORDS.values() and len(sides(stem)) == 2 else option


def sides(option: str) -> tuple[str, ...]:
    """The right and the left of an option that has sides and names none; else the option alone."""
    if option in DIRECTIONS and len(DIRECTIONS[option].coordinates) == 2:
        return tuple(f"{option}_{word}" for word in SIDE_WORDS.values())
    return (option,)


def preset_rows() -> dict[str, tuple[Row, ...]]:
    """The populations of the package's table, by name."""
    found: dict[str, list[Row]] = {}
    for row in rows(TABLE, "simulate"):
        is_text = row["what"] in (*CHOICES, "like")
        value = row["value"] if is_text else float(row["value"])
        told = {key: row[key] for key in ("group", "sex", "of", "what", "unit", *_DETAILS)}
        found.setdefault(row["name"], []).append(Row(value=value, **told))
    return {name: tuple(told) for name, told in found.items()}


def unfolded(content: Mapping[str, Any], where: str) -> tuple[Row, ...]:
    """Rows of a population told as nested mappings (the shape of a TOML file).

    Raises
    ------
    HipspineError
        If a key is unknown or a value of the wrong kind.
    """
    _known(content, ("title", "like", "women", "groups", "sexes", "quantities"), where)
    found: list[Row] = []
    if "like" in content:
        found.append(Row("", "", "", "like", _text(content["like"], f"{where}: like")))
    found += _about(content, "", where)
    for group, told in _table(content.get("groups", {}), f"{where}, [groups]").items():
        here = f"{where}, [groups.{group}]"
        _known(_table(told, here), ("share", "women", "sexes", "quantities"), here)
        found.append(Row(group, "", "people", "share", _number(told.get("share", 1.0), f"{here}: share")))
        found += _about(told, group, here)
    return tuple(found)


def _about(content: Mapping[str, Any], group: str, where: str) -> Iterator[Row]:
    if "women" in content:
        yield Row(group, "", "women", "share", _number(content["women"], f"{where}: women"))
    yield from _quantities(content.get("quantities", {}), group, "", f"{where}, [quantities")
    for sex, told in _table(content.get("sexes", {}), f"{where}, [sexes]").items():
        if sex not in SEXES:
            raise HipspineError(f"{where}: {unknown('sex', sex, SEXES)}")
        here = f"{where}, [sexes.{sex}]"
        _known(_table(told, here), ("quantities",), here)
        yield from _quantities(told.get("quantities", {}), group, sex, f"{where}, [sexes.{sex}.quantities")


def _quantities(content: Any, group: str, sex: str, where: str) -> Iterator[Row]:
    for of, told in _table(content, f"{where}]").items():
        here = f"{where}.{of}]"
        details = {key: _text(told[key], f"{here}: {key}") for key in _DETAILS if key in _table(told, here)}
        for what, given in told.items():
            if what in _DETAILS:
                continue
            if what == "correlation":
                for other, value in _table(given, f"{here}: correlation").items():
                    number = _number(value, f"{here}: correlation with {other}")
                    yield Row(group, sex, of, f"{CORRELATION}{other}", number, "1", **details)
            elif what in CHOICES:
                yield Row(group, sex, of, what, _text(given, f"{here}: {what}"), **details)
            elif what in NUMBERS:
                unit = "year" if what == "at_age" else options().get(of, "year")
                unit += "/year" if what == "per_year" else ""
                yield Row(group, sex, of, what, _number(given, f"{here}: {what}"), unit, **details)
            else:
                raise HipspineError(f"{here}: {unknown('key', what, (*NUMBERS, *CHOICES, 'correlation', *_DETAILS))}")


def _known(content: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in content:
        if key not in keys:
            raise HipspineError(f"{where}: {unknown('key', key, keys)}")


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise HipspineError(f"{where} must be a table, is {value!r}")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise HipspineError(f"{where} must be text, is {value!r}")
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise HipspineError(f"{where} must be a finite number, is {value!r}")
    return float(value)
