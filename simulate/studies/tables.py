"""Axes from the tables of a study's file: values of one option, of several side by side, drawn, or of people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from fractions import Fraction
from math import inf, isfinite
from pathlib import Path
from typing import Any

import numpy as np

from kinematics.errors import HipspineError, unknown
from simulate.recording import Recording
from simulate.sampling import Design, Quantity
from simulate.studies.axes import GRID, SAMPLE, ZIP, Axis
from simulate.studies.options import TASK, Option, option_of

#: Places of one axis at most: its values are kept in memory.
MOST_PLACES = 10_000_000
_GRID_KEYS = ("values", "from", "to", "step", "count", "unit")
_SAMPLES_KEYS = ("method", "count", "seed", "second_order", "vary")
_DRAWN_KEYS = ("low", "high", "mean", "sd", "unit")


def grid_axis(task: str, name: str, given: Any) -> Axis:
    """One option along its own dimension."""
    where = f"vary.{name}"
    return Axis(name, GRID, {name: _column(option_of(task, name, where), given, where, twice=False)})


def zip_axis(task: str, name: str, given: Any) -> Axis:
    """Several options side by side along one dimension."""
    where = f"zip.{name}"
    if not isinstance(given, Mapping) or not given:
        raise HipspineError(f"{where}: must be tables of options, such as [{where}.hip_extension_right], is {given!r}")
    columns = {
        option: _column(option_of(task, option, where), own, f"{where}.{option}", twice=True)
        for option, own in given.items()
    }
    counts = {option: len(values) for option, values in columns.items()}
    if len(set(counts.values())) > 1:
        raise HipspineError(f"{where}: options side by side need as many values each, have {counts}")
    return Axis(name, ZIP, columns)


def sample_axis(task: str, given: Any) -> Axis:
    """Samples drawn from distributions; seed 0 if none is given."""
    own = keys_of(given, _SAMPLES_KEYS, "samples")
    quantities = [
        _quantity(option_of(task, name, f"samples.vary.{name}"), table, f"samples.vary.{name}")
        for name, table in table_of(own, "vary", "samples.").items()
    ]
    if not quantities:
        raise HipspineError("samples: nothing to draw; give [samples.vary.OPTION] with low and high, or mean and sd")
    if "count" not in own:
        raise HipspineError("samples: count is missing: how many are drawn")
    whole(own["count"], "samples.count", most=MOST_PLACES)
    try:
        drawn = Design(
            text_of(own, "method", "samples.") or "latin_hypercube",
            own["count"],
            own.get("seed", 0),
            tuple(quantities),
            own.get("second_order", False),
        )
    except HipspineError as error:
        raise HipspineError(f"samples: {error}") from None
    whole(drawn.rows, "samples: count with its crossed rows", most=MOST_PLACES)
    values = drawn.draw()
    columns = {one.name: values[:, k] for k, one in enumerate(quantities)}
    return Axis("sample", SAMPLE, columns, origin=json.loads(drawn.text))


def person_axis(task: str, given: Any, folder: Path) -> Axis:
    """People: of a preset, of a population's file, or real ones of a table."""
    from simulate.studies.people import KEYS, people_axis

    try:
        return people_axis(task, keys_of(given, KEYS, "cohort"), folder)
    except HipspineError as error:
        raise HipspineError(f"cohort: {str(error).removeprefix('cohort: ')}") from None


def _quantity(option: Option, given: Any, where: str) -> Quantity:
    """How one option is distributed."""
    own = keys_of(given, _DRAWN_KEYS, where)
    if option.choices:
        raise HipspineError(f"{where}: {option.name} is a word and cannot be drawn")
    unit = text_of(own, "unit", f"{where}.")
    numbers = {key: option.number(value, unit, f"{where}.{key}") for key, value in own.items() if key != "unit"}
    try:
        drawn = Quantity(option.name, **numbers)
        option.check(drawn.bounds, "low and high")
    except HipspineError as error:
        raise HipspineError(f"{where}: {error}") from None
    return drawn


def _column(option: Option, given: Any, where: str, *, twice: bool) -> Any:
    """Values of one option: a list of them, or evenly spaced; whether a value may stand `twice`."""
    table = {"values": given} if _listed(given) else keys_of(given, _GRID_KEYS, where)
    unit = text_of(table, "unit", f"{where}.")
    if "values" in table:
        if extra := sorted(set(table) - {"values", "unit"}):
            raise HipspineError(f"{where}: values are given, and {', '.join(extra)} beside them")
        values = table["values"]
        if not _listed(values) or len(values) == 0:
            raise HipspineError(f"{where}.values: must be a list of one value or more, is {values!r}")
        found = [option.read(value, unit, f"{where}.values[{k}]") for k, value in enumerate(values)]
    else:
        found = list(_evenly(option, table, unit, where))
    if not twice and len(set(found)) < len(found):
        again = next(value for k, value in enumerate(found) if value in found[:k])
        raise HipspineError(f"{where}: {again} stands there twice")
    return np.array(found)


def _listed(given: Any) -> bool:
    return isinstance(given, (list, tuple)) or (isinstance(given, np.ndarray) and given.ndim == 1)


def _evenly(option: Option, table: Mapping[str, Any], unit: str | None, where: str) -> Sequence[float]:
    """Evenly spaced values from one to another, by a step or a count."""
    if option.choices:
        raise HipspineError(f"{where}: needs values, some of {', '.join(option.choices)}")
    if not {"from", "to"} <= table.keys() or ("step" in table) == ("count" in table):
        raise HipspineError(f"{where}: needs values, or from and to with either step or count")
    first, last = (float(option.read(table[end], unit, f"{where}.{end}")) for end in ("from", "to"))
    if "count" in table:
        count = whole(table["count"], f"{where}.count", least=1 if first == last else 2, most=MOST_PLACES)
        if not isfinite(last - first):
            raise HipspineError(f"{where}: from {first:g} to {last:g} is too far")
        return [float(x) for x in np.linspace(first, last, count)]
    step = option.number(table["step"], unit, f"{where}.step")
    steps = (last - first) / step if step else inf
    if not (0.0 <= steps < MOST_PLACES and abs(steps - round(steps)) < 1e-9 * max(1.0, steps)):
        raise HipspineError(
            f"{where}: step {step:g} does not lead from {first:g} to {last:g}; it must divide the way, have its sign, "
            f"and give no more than {MOST_PLACES:,} values"
        )
    # in the decimals they are written in: three steps of 0.1 from 0 are 0.3
    begin, by = Fraction(repr(first)), Fraction(repr(step))
    return [*(float(begin + k * by) for k in range(round(steps))), last]


def with_their_own(axes: Iterable[Axis], held: Mapping[str, Any]) -> tuple[Axis, ...]:
    """The axes; what describes people and is an option that somebody else gives, describes them no longer."""
    axes = tuple(axes)
    given = {*held, *(name for axis in axes for name in axis.columns)}
    return tuple(
        replace(axis, labels={name: values for name, values in axis.labels.items() if name not in given})
        for axis in axes
    )


def recording_of(table: Mapping[str, Any], folder: Path) -> Recording:
    """Whose movement it is; bodies and standing tilt are options."""
    known = [one.name for one in fields(Recording) if one.name not in ("stature", "mass", "sex", "standing_tilt")]
    own = dict(keys_of(table, known, "recording"))
    for name in known:
        if name == "resample" and name in own:
            own[name] = Option(name, TASK, name, "Hz", least=0.0).read(own[name], None, f"recording.{name}")
        elif name in ("motion", "model", "standing") and name in own:
            own[name] = file_of(own, name, folder, "recording.")
        elif (word := text_of(own, name, "recording.")) is not None and name == "marker_set" and word.endswith(".toml"):
            own[name] = str(file_of(own, name, folder, "recording."))
    return Recording(**own)


def table_of(data: Mapping[str, Any], key: str, within: str = "") -> Mapping[str, Any]:
    """A table within another, empty if it is not there."""
    found = data.get(key, {})
    if not isinstance(found, Mapping):
        raise HipspineError(f"{within}{key}: must be a table, is {found!r}")
    return found


def keys_of(table: Any, known: Sequence[str], where: str) -> Mapping[str, Any]:
    """A table, all of whose keys are known."""
    if not isinstance(table, Mapping):
        raise HipspineError(f"{where}: must be a table of {', '.join(known)}, is {table!r}")
    for key in table:
        if key not in known:
            raise HipspineError(f"{where}: {unknown('key', key, known)}")
    return table


def text_of(table: Mapping[str, Any], key: str, within: str = "") -> str | None:
    """A text within a table; None if it is not there."""
    found = table.get(key)
    if found is not None and not isinstance(found, str):
        raise HipspineError(f"{within}{key}: must be a text, is {found!r}")
    return found


def texts(given: Any, where: str) -> list[str]:
    """One text or a list of texts, none of them twice."""
    words = [given] if isinstance(given, str) else given
    if not isinstance(words, (list, tuple)) or not words or not all(isinstance(word, str) for word in words):
        raise HipspineError(f"{where}: must be a text or a list of texts, is {given!r}")
    for k, word in enumerate(words):
        if word in words[:k]:
            raise HipspineError(f"{where}: {word!r} stands there twice")
    return list(words)


def whole(value: Any, where: str, *, least: int = 1, most: int | None = None) -> int:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise HipspineError(f"{where}: must be a whole number of {least} or more, is {value!r}")
    if most is not None and value > most:
        raise HipspineError(f"{where}: must be at most {most:,}, is {value!r}")
    return int(value)


def file_of(table: Mapping[str, Any], key: str, folder: Path, within: str = "") -> Path:
    """A file that a table names, looked for in a folder."""
    path = folder / (text_of(table, key, within) or "")
    try:
        there = path.is_file()
    except OSError:  # a name that no file can have
        there = False
    if not there:
        raise HipspineError(f"{within}{key}: {path}: no such file")
    return path


__all__ = [
    "MOST_PLACES", "file_of", "grid_axis", "keys_of", "person_axis", "recording_of", "sample_axis", "table_of",
    "text_of", "texts", "whole", "with_their_own", "zip_axis",
]  # fmt: skip
