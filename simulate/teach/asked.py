"""What the page asks for: a task, what the hips have left, why, who may give way, and whose body it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import isfinite
from numbers import Real
from types import MappingProxyType
from typing import Any

from kinematics.errors import HipspineError, unknown
from kinematics.rom import DIRECTIONS, RangeOfMotion
from simulate.recording import Recording
from simulate.restrictions import parse_cause
from simulate.strategies import STRATEGIES, allowances
from simulate.tasks.catalogue import MOVEMENTS

#: Directions that can be limited, as the command line has them without dashes.
LIMITS = tuple(name for name in DIRECTIONS if name.startswith(("hip_", "lumbar_")))
_BODY = {"stature": "m", "mass": "kg"}


@dataclass(frozen=True)
class Asked:
    """What the page asks for; checked as it is made.

    Parameters
    ----------
    task : str
        Of `simulate.tasks.catalogue.MOVEMENTS`.
    options : mapping of str to float or str
        The movement's own, in the units of the catalogue; what is None is as if not given.
    limits_deg : mapping of str to float
        Range available by clinical direction (`LIMITS`): ``hip_extension_right``, ``lumbar_extension`` ...; what is
        absent or None is normal. [deg]
    causes : sequence of str
        ``NAME:SIDE:SEVERITY``, as on the command line.
    strategy : {"predicted", "closure", "least"}
        Who may give way.
    allow : mapping of str to float
        How far ``least`` may depart from the recording, in place of table ``allowances``. [deg, m]
    stature, mass : float, optional
        Of a generic body in place of the recording's own. [m, kg]
    sex : {"male", "female"}, optional
        Of a generic body.

    Raises
    ------
    HipspineError
        If a name is unknown, a value is out of range, or limits cross: names the field, the value and what is allowed.
    """

    task: str = "walk"
    options: Mapping[str, float | str] = field(default_factory=dict)
    limits_deg: Mapping[str, float] = field(default_factory=dict)
    causes: Sequence[str] = ()
    strategy: str = "predicted"
    allow: Mapping[str, float] = field(default_factory=dict)
    stature: float | None = None
    mass: float | None = None
    sex: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.task, str) or self.task not in MOVEMENTS:
            raise unknown("task", self.task, MOVEMENTS)
        if self.strategy not in STRATEGIES:
            raise unknown("strategy", self.strategy, STRATEGIES)
        checked: dict[str, dict[str, Any]] = {
            "options": _options(self.task, _mapping("options", self.options)),
            "limits_deg": _limits(_mapping("limits_deg", self.limits_deg)),
            "allow": {name: _number(f"allow: {name}", given) for name, given in _mapping("allow", self.allow).items()},
        }
        allowances(checked["allow"])
        for name, value in checked.items():
            object.__setattr__(self, name, MappingProxyType(value))
        object.__setattr__(self, "causes", _causes(self.causes))
        for name, unit in _BODY.items():
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _number(name, getattr(self, name), unit))
        self.recording.body()  # a body that the tables cannot carry is refused here

    @property
    def recording(self) -> Recording:
        """The body that was asked for, as a task takes it."""
        return Recording(stature=self.stature, mass=self.mass, sex=self.sex)

    @property
    def rom(self) -> RangeOfMotion:
        """The range of motion with the limits in it."""
        return RangeOfMotion.normal().limited(**{f"{name}_deg": left for name, left in self.limits_deg.items()})

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        return tuple(
            tuple(sorted(value.items())) if isinstance(value, Mapping) else value
            for value in (getattr(self, each.name) for each in fields(self))
        )

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data, for JSON; what was not given is left out."""
        found: dict[str, Any] = {"task": self.task, "strategy": self.strategy}
        for name in ("options", "limits_deg", "allow"):
            if getattr(self, name):
                found[name] = dict(getattr(self, name))
        if self.causes:
            found["causes"] = list(self.causes)
        return found | {
            name: given for name in ("stature", "mass", "sex") if (given := getattr(self, name)) is not None
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Asked:
        """From plain data; the inverse of `to_dict`.

        Raises
        ------
        HipspineError
            If a field is unknown or its value is not allowed.
        """
        known = [each.name for each in fields(cls)]
        for name in _mapping("what is asked", given):
            if name not in known:
                raise unknown("field of what is asked", name, known)
        return cls(**given)


def _mapping(name: str, given: object) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise HipspineError(f"{name} must be values by name, is {given!r}")
    return given


def _number(name: str, given: object, unit: str = "") -> float:
    if isinstance(given, bool) or not isinstance(given, Real) or not isfinite(given):
        raise HipspineError(f"{name} must be a finite number{f' of {unit}' if unit else ''}, is {given!r}")
    return float(given)


def _options(task: str, given: Mapping[str, Any]) -> dict[str, float | str]:
    known = MOVEMENTS[task].options
    for name in given:
        if name not in known:
            raise (
                unknown(f"option of {task}", name, known)
                if known
                else HipspineError(f"unknown option {name!r} of {task}, which has none of its own")
            )
    return {name: known[name].checked(value, task) for name, value in given.items() if value is not None}


def _limits(given: Mapping[str, Any]) -> dict[str, float]:
    for name in given:
        if name not in LIMITS:
            raise unknown("limit", name, LIMITS)
    found = {name: _number(f"limits_deg: {name}", left, "degrees") for name, left in given.items() if left is not None}
    RangeOfMotion.normal().limited(**{f"{name}_deg": left for name, left in found.items()})
    return found


def _causes(given: object) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence) or not all(isinstance(each, str) for each in given):
        raise HipspineError(
            f"causes must be a list of NAME, NAME:SIDE, NAME:SEVERITY or NAME:SIDE:SEVERITY, is {given!r}"
        )
    causes = [parse_cause(each) for each in given]
    return tuple(f"{cause.name}:{cause.side}:{cause.severity:g}" for cause in causes)


__all__ = ["LIMITS", "Asked"]
