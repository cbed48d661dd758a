"""Everything that may be held or varied in a study, by name: what it is, its unit, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import inf, isfinite, nextafter
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy as np

from kinematics.conventions import SIDE_WORDS, SIDES
from kinematics.errors import HipspineError, unknown
from kinematics.generic import MASS, STATURE
from kinematics.rom import DIRECTIONS
from kinematics.tables import rows
from kinematics.zero import ZEROS
from simulate.restrictions import CAUSES, Cause
from simulate.tasks.catalogue import MOVEMENTS

#: What an option is about. Limits and severities restrict; the tasks of two cases are the same if all of `TASK` are.
LIMIT, SEVERITY, TASK, ALLOWANCE, ZERO = "limit", "severity", "task", "allowance", "zero"
#: A number, and perhaps a unit behind it.
_TEXT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")
#: What units are written with; Pint passes over other signs.
_UNIT_SIGNS = re.compile(r"[\w\s/*^().°%·⁻+-]")


@dataclass(frozen=True)
class Option:
    """One thing that may be held or varied.

    `about` is one of LIMIT, SEVERITY, TASK, ALLOWANCE, ZERO. `choices` is empty for numbers; a number counts in `unit`
    (empty for words) and is from `least` to `most`, as far as that does not depend on other options. `row` names the
    stiffness, the allowance or the cause it stands for, `sides` the hips that the cause acts on.
    """

    name: str
    about: str
    words: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    least: float = -inf
    most: float = inf
    row: str = ""
    sides: tuple[str, ...] = SIDES

    def read(self, value: Any, unit: str | None, where: str) -> float | str:
        """A value as given, in the option's own unit.

        Parameters
        ----------
        value : str or number
            A word, a number, or a number with its unit in a text (``"10 deg"``).
        unit : str, optional
            Of a number without one.
        where : str
            Place in the study, for messages.

        Raises
        ------
        HipspineError
            If it is no such word, no finite number, of another dimension, or out of range.
        """
        if self.choices:
            if unit is not None:
                raise HipspineError(f"{where}: {self.name} is a word and has no unit, is given {unit!r}")
            self.check([value], where)
            return str(value)
        found = self.number(value, unit, where)
        self.check([found], where)
        return found

    def number(self, value: Any, unit: str | None, where: str) -> float:
        """As `read`, of an option that is a number; of any size, such as a step or a spread has."""
        number, own = self._parts(value, where)
        if own and unit is not None:
            raise HipspineError(f"{where}: {value!r} has its own unit, and {unit!r} is given beside it")
        own = own or unit or ""
        if not own and self.unit != "1":
            raise HipspineError(f'{where}: {value!r} has no unit; write for example "{number:g} {self.unit}"')
        return number if not own or own == self.unit else self._converted(number, own, where)

    def check(self, values: Any, where: str) -> None:
        """Refuse values, in the option's own unit, that it cannot have in any case.

        Raises
        ------
        HipspineError
            Names the first of them.
        """
        if self.choices:
            for value in values:
                if not isinstance(value, str) or value not in self.choices:
                    raise HipspineError(f"{where}: {unknown(f'value of {self.name}', value, self.choices)}")
            return
        numbers = np.asarray(values, dtype=np.float64)
        wrong = np.flatnonzero(~(np.isfinite(numbers) & (numbers >= self.least) & (numbers <= self.most)))
        if wrong.size:
            unit = "" if self.unit == "1" else f" {self.unit}"
            ends = [f"{word} {end:.6g}" for word, end in (("from", self.least), ("to", self.most)) if isfinite(end)]
            allowed = f" {' '.join(ends)}{unit}" if ends else ""
            raise HipspineError(
                f"{where}: {self.name} must be a finite number{allowed}, is {float(numbers[wrong[0]]):.6g}{unit}"
            )

    def _parts(self, value: Any, where: str) -> tuple[float, str]:
        """The number, and the unit that stands behind it."""
        example = "0.5" if self.unit == "1" else f"10 {self.unit}"
        if isinstance(value, str):
            found = _TEXT.fullmatch(value)
            if found is None:
                raise HipspineError(f'{where}: must be a number and a unit such as "{example}", is {value!r}')
            return float(found[1]), found[2]
        if isinstance(value, bool) or not isinstance(value, Real):
            raise HipspineError(f"{where}: {self.name} must be a number such as {example}, is {value!r}")
        try:
            return float(value), ""
        except OverflowError:
            raise HipspineError(f"{where}: {self.name} must be a finite number, is far too large") from None

    def _converted(self, number: float, unit: str, where: str) -> float:
        if strange := _UNIT_SIGNS.sub("", unit):
            raise HipspineError(f"{where}: {self.name} cannot be read from {unit!r}: {strange[0]!r} stands in no unit")
        units = _units()
        own = units.Quantity(1.0, "" if self.unit == "1" else self.unit)
        try:
            given = units.Quantity(number, unit)
            found = float(given.to(own.units).magnitude)
            # to pint an angle is a number; a severity in degrees, or a stiffness without radians, is a mistake
            alike, why = given.to_root_units().units == own.to_root_units().units, "it is of another kind"
        except Exception as error:  # pint raises many kinds for a unit that it does not know or cannot convert
            alike, why = False, str(error) or type(error).__name__
        if not alike:
            kind = "a number without a unit" if self.unit == "1" else f"in {self.unit}"
            raise HipspineError(f"{where}: {self.name} is {kind} and cannot be read from {unit!r} ({why})")
        return found


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
        *(Option(name, LIMIT, f"available {_words(name)}", "deg", least=-180.0, most=180.0) for name in DIRECTIONS),
        *(
            Option(own.name, TASK, own.about, own.unit, tuple(own.choices or ()))
            for own in MOVEMENTS[task].options.values()
        ),
        Option("stature", TASK, "body height", "m", least=STATURE[0], most=STATURE[1]),
        Option("mass", TASK, "body mass", "kg", least=MASS[0], most=MASS[1]),
        Option("sex", TASK, "sex", choices=("male", "female")),
        Option("mirror", TASK, "left and right change places", choices=("no", "yes")),
        *(
            Option(
                f"{kind}_{own['name']}", about, f"{words} {_words(own['name'])}", own["unit"], (), 0.0, row=own["name"]
            )
            for kind, about, words, table in (
                ("stiffness", TASK, "stiffness of", "stiffness"),
                ("allow", ALLOWANCE, "allowed", "allowances"),
            )
            for own in rows(table, "simulate")
        ),
        Option("zero", ZERO, "what hip flexion counts from", choices=tuple(ZEROS)),
        Option(
            "standing_tilt",
            ZERO,
            "anterior tilt of the ASIS-PSIS line in standing",
            "deg",
            least=nextafter(-45.0, 0.0),
            most=nextafter(45.0, 0.0),
        ),
        *(option for name in CAUSES for option in _severities(name)),
    ]
    return MappingProxyType({option.name: option for option in found})


def _words(name: str) -> str:
    return name.replace("_", " ")


def _severities(name: str) -> Iterator[Option]:
    """How severe a cause is: of both sides alike, and of either where the cause has sides."""
    about = f"severity of {_words(name)}"
    yield Option(f"severity_{name}", SEVERITY, about, "1", (), 0.0, 1.0, name)
    for side, word in SIDE_WORDS.items():
        try:
            Cause(name, (side,))
        except HipspineError:
            return
        yield Option(f"severity_{name}_{word}", SEVERITY, f"{about}, {word}", "1", (), 0.0, 1.0, name, (side,))


def option_of(task: str, name: str, where: str) -> Option:
    """The option of that name, or an error that names the place and suggests the nearest."""
    known = options(task)
    if name not in known:
        raise HipspineError(f"{where}: {unknown(f'option of task {task}', name, known)}")
    return known[name]


__all__ = ["ALLOWANCE", "LIMIT", "SEVERITY", "TASK", "ZERO", "Option", "option_of", "options"]
