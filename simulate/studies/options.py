"""Everything that may be held or varied in a study, by name: what it is, its unit, and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from kinematics.conventions import SIDE_WORDS
from kinematics.errors import HipspineError, unknown
from kinematics.rom import DIRECTIONS
from kinematics.tables import rows
from kinematics.zero import ZEROS
from simulate.restrictions import CAUSES
from simulate.tasks.catalogue import MOVEMENTS

#: What an option is about. Limits and severities restrict; the tasks of two cases are the same if all of `TASK` are.
LIMIT, SEVERITY, TASK, ALLOWANCE, ZERO = "limit", "severity", "task", "allowance", "zero"
#: Words before the rows of a table that an option stands for.
_STIFFNESS, _ALLOW, _SEVERITY = "stiffness_", "allow_", "severity_"


@dataclass(frozen=True)
class Option:
    """One thing that may be held or varied.

    `unit` is empty for words; `choices` is empty for numbers; `about` is one of LIMIT, SEVERITY, TASK, ALLOWANCE, ZERO.
    """

    name: str
    about: str
    words: str
    unit: str = ""
    choices: tuple[str, ...] = ()

    def read(self, value: Any, unit: str | None, where: str) -> float | str:
        """A value as given, in the option's own unit.

        Parameters
        ----------
        value : str, int or float
            A word, a number, or a number with its unit in a text (``"10 deg"``).
        unit : str, optional
            Of a number without one.
        where : str
            Place in the study, for messages.

        Raises
        ------
        HipspineError
            If it is no such word, no finite number, or of another dimension.
        """
        if self.choices:
            if unit is not None:
                raise HipspineError(f"{where}: {self.name} is a word and has no unit, is given {unit!r}")
            if value not in self.choices:
                raise HipspineError(f"{where}: {unknown(f'value of {self.name}', value, self.choices)}")
            return str(value)
        number, own = self._parts(value, where)
        if own is not None and unit is not None:
            raise HipspineError(f"{where}: {value!r} has its own unit, and {unit!r} is given beside it")
        own = own if own is not None else unit
        if own is None and self.unit != "1":
            raise HipspineError(f'{where}: {value!r} has no unit; write for example "{number:g} {self.unit}"')
        found = number if own is None or own == self.unit else self._converted(number, own, where)
        if not math.isfinite(found):
            raise HipspineError(f"{where}: {self.name} must be a finite number, is {value!r}")
        return found

    def _parts(self, value: Any, where: str) -> tuple[float, str | None]:
        """The number, and the unit that stands behind it."""
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise HipspineError(f"{where}: {self.name} must be a number in {self.unit}, is {value!r}")
        if not isinstance(value, str):
            return float(value), None
        number, _, unit = value.strip().partition(" ")
        try:
            return float(number), unit.strip() or None
        except ValueError:
            raise HipspineError(
                f'{where}: must be a number and a unit such as "10 {self.unit}", is {value!r}'
            ) from None

    def _converted(self, number: float, unit: str, where: str) -> float:
        try:
            return float(_units().Quantity(number, unit).to("" if self.unit == "1" else self.unit).magnitude)
        except Exception as error:  # pint raises many kinds for a unit that it does not know or cannot convert
            raise HipspineError(
                f"{where}: {self.name} is in {self.unit} and cannot be read from {unit!r} ({error})"
            ) from None


@cache
def _units() -> Any:
    """The registry of units; it takes a moment to read its tables."""
    from pint import UnitRegistry

    return UnitRegistry()


@cache
def options(task: str) -> Mapping[str, Option]:
    """Every option of a task by its name.

    Raises
    ------
    HipspineError
        If the task is unknown; the message lists the known ones.
    """
    if task not in MOVEMENTS:
        raise unknown("task", task, MOVEMENTS)
    found = [
        *(Option(name, LIMIT, f"available {name.replace('_', ' ')}", "deg") for name in DIRECTIONS),
        *(
            Option(own.name, TASK, own.about, own.unit, tuple(own.choices or ()))
            for own in MOVEMENTS[task].options.values()
        ),
        Option("stature", TASK, "body height", "m"),
        Option("mass", TASK, "body mass", "kg"),
        Option("sex", TASK, "sex", choices=("male", "female")),
        Option("mirror", TASK, "left and right change places", choices=("no", "yes")),
        *(
            Option(_STIFFNESS + row["name"], TASK, f"stiffness of {row['name'].replace('_', ' ')}", row["unit"])
            for row in rows("stiffness", "simulate")
        ),
        *(
            Option(_ALLOW + row["name"], ALLOWANCE, f"allowed {row['name'].replace('_', ' ')}", row["unit"])
            for row in rows("allowances", "simulate")
        ),
        Option("zero", ZERO, "what hip flexion counts from", choices=tuple(ZEROS)),
        Option("standing_tilt", ZERO, "anterior tilt of the ASIS-PSIS line in standing", "deg"),
    ]
    for name in CAUSES:
        for side in ("", *(f"_{word}" for word in SIDE_WORDS.values())):
            words = f"severity of {name.replace('_', ' ')}{side.replace('_', ', ')}"
            found.append(Option(f"{_SEVERITY}{name}{side}", SEVERITY, words, "1"))
    return MappingProxyType({option.name: option for option in found})


def option_of(task: str, name: str, where: str) -> Option:
    """The option of that name, or an error that names the place and suggests the nearest."""
    known = options(task)
    if name not in known:
        raise HipspineError(f"{where}: {unknown(f'option of task {task}', name, known)}")
    return known[name]


def row_of(option: Option) -> str:
    """The row of its table that a stiffness or an allowance stands for."""
    return option.name.removeprefix(_STIFFNESS).removeprefix(_ALLOW)


def is_stiffness(name: str) -> bool:
    """Whether the option of that name is a stiffness."""
    return name.startswith(_STIFFNESS)


def cause_of(name: str) -> tuple[str, str]:
    """Name and side of the cause whose severity the option of that name is."""
    name = name.removeprefix(_SEVERITY)
    for word in SIDE_WORDS.values():
        if name not in CAUSES and name.endswith(f"_{word}"):
            return name.removesuffix(f"_{word}"), word
    return name, "both"


__all__ = [
    "ALLOWANCE", "LIMIT", "SEVERITY", "TASK", "ZERO", "Option", "cause_of", "is_stiffness", "option_of", "options",
    "row_of",
]  # fmt: skip
