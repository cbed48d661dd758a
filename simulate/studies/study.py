"""A study: one task, what is held and what varies, read from a short file or made in Python."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from kinematics.conventions import ROTATIONS
from kinematics.errors import HipspineError, unknown
from kinematics.rom import DIRECTIONS
from simulate.recording import Recording
from simulate.relief import SUMMARISED
from simulate.sampling import Design, Quantity
from simulate.strategies import STRATEGIES
from simulate.studies.axes import GRID, SAMPLE, ZIP, Axis, shape
from simulate.studies.options import LIMIT, Option, option_of

_KEYS = (
    "title", "task", "strategy", "coordinates", "trajectories", "block", "recording", "held", "vary", "zip", "samples",
    "cohort",
)  # fmt: skip
_GRID_KEYS = ("values", "from", "to", "step", "count", "unit")
_DRAWN_KEYS = ("low", "high", "mean", "sd", "unit")
#: Names of dimensions and variables that a data set has of its own.
_TAKEN = (
    "strategy", "coordinate", "status", "yielding", "frame", "angle", "translation", "block", "added", "at_percent",
    "peak", "range", "share_of_range", "lumbar", "frames", "kkt", "restricted", "free", "percent", "check",
)  # fmt: skip
#: Fields of a recording that name files.
_FILES = ("motion", "model", "standing", "marker_set")


@dataclass(frozen=True, eq=False)
class Study:
    """One task, what is held and what varies.

    Parameters
    ----------
    task : str
        A movement of the catalogue.
    axes : tuple of Axis
        What varies, in the order of the dimensions.
    held : mapping of str to float or str
        Options that stay, in their own units.
    strategies : tuple of str
        The answers that are asked for.
    coordinates : tuple of str
        Coordinates that are summarised.
    trajectories : bool
        Whether motions are kept, and not only what they come to.
    block : int, optional
        How many cases are computed and written as one; chosen by the study's size if not given.
    recording : Recording
        The recording it runs on; the bundled one if not given.
    title, text : str
        What it is about, and the file it was read from.
    """

    task: str
    axes: tuple[Axis, ...]
    held: Mapping[str, float | str] = field(default_factory=dict)
    strategies: tuple[str, ...] = ("predicted",)
    coordinates: tuple[str, ...] = SUMMARISED
    trajectories: bool = False
    block: int | None = None
    recording: Recording = field(default_factory=Recording)
    title: str = ""
    text: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """How many places each axis has."""
        return shape(self.axes)

    @property
    def cases(self) -> int:
        """How many bodies there are; each is asked for every strategy."""
        return prod(self.shape)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every option that is held or varies."""
        return frozenset(self.held) | {name for axis in self.axes for name in axis.columns}

    def option(self, name: str) -> Option:
        """What the option of that name is."""
        return option_of(self.task, name, name)

    @cached_property
    def statement(self) -> dict[str, Any]:
        """Everything that decides the values, as plain data: two studies are the same if their statements are."""
        return {
            "task": self.task,
            "held": dict(sorted(self.held.items())),
            "strategy": list(self.strategies),
            "coordinates": list(self.coordinates),
            "trajectories": self.trajectories,
            "block": self.block,
            "recording": {
                one.name: _file_digest(value) if one.name in _FILES else value
                for one in fields(self.recording)
                if (value := getattr(self.recording, one.name)) is not None
            },
            "axes": [
                {
                    "name": axis.name,
                    "kind": axis.kind,
                    "origin": dict(axis.origin),
                    "columns": {name: _values_or_digest(values) for name, values in axis.columns.items()},
                }
                for axis in self.axes
            ],
        }


def _values_or_digest(values: Any) -> Any:
    """A few values as they are; of many, how many there are and their digest."""
    if len(values) <= 64:
        return values.tolist()
    return f"{len(values)} values, sha256 {hashlib.sha256(json.dumps(values.tolist()).encode()).hexdigest()}"


def _file_digest(path: Any) -> str:
    """Name and digest of a file; a word that is no file's name as it is."""
    place = Path(path)
    if not place.is_file():
        return str(path)
    return f"{place.name}, sha256 {hashlib.sha256(place.read_bytes()).hexdigest()}"


def read_study(path: str | Path) -> Study:
    """Read a study from its file.

    Parameters
    ----------
    path : str or Path
        A TOML file; files it names are looked for beside it.

    Raises
    ------
    HipspineError
        If the file cannot be read, or holds an unknown name, a value that is not allowed, or a wrong unit. The message
        names the file and the place.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise HipspineError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise HipspineError(f"{path}: is no TOML file: {error}") from None
    try:
        return replace(make_study(data, folder=path.parent), text=text)
    except HipspineError as error:
        raise HipspineError(f"{path}: {error}") from None


def make_study(data: Mapping[str, Any], *, folder: Path | None = None) -> Study:
    """Make a study from plain data of the same form as a study's file.

    Parameters
    ----------
    data : mapping
        As the file has it, see the guide.
    folder : Path, optional
        Where files it names are looked for.

    Raises
    ------
    HipspineError
        As `read_study`.
    """
    for key in data:
        if key not in _KEYS:
            raise unknown("key", key, _KEYS)
    if not isinstance(data.get("task"), str):
        raise HipspineError('task: missing; write for example task = "walk"')
    task = data["task"]
    option_of(task, "zero", "task")
    folder = folder or Path()
    held = {
        name: option_of(task, name, "held").read(value, None, f"held.{name}")
        for name, value in _table(data, "held").items()
    }
    vary, strategies = dict(_table(data, "vary")), data.get("strategy", "predicted")
    if "strategy" in vary:
        strategies = _keys(vary.pop("strategy"), ("values",), "vary.strategy")["values"]
    axes = [*(_grid(task, name, table) for name, table in vary.items())]
    axes += [_zip(task, name, table) for name, table in _table(data, "zip").items()]
    if "samples" in data:
        axes.append(_samples(task, _table(data, "samples")))
    if "cohort" in data:
        axes.append(_cohort(task, _table(data, "cohort"), folder))
    study = Study(
        task=task,
        axes=tuple(axes),
        held=held,
        strategies=_several(strategies, "strategy", STRATEGIES),
        coordinates=tuple(ROTATIONS)
        if data.get("coordinates") == "all"
        else _several(data.get("coordinates", list(SUMMARISED)), "coordinate", ROTATIONS),
        trajectories=_flag(data, "trajectories"),
        block=_whole(data["block"], "block") if "block" in data else None,
        recording=_recording(_table(data, "recording"), folder),
        title=str(data.get("title", "")),
    )
    _check(study)
    return study


def _check(study: Study) -> None:
    """Refuse what no case can mean: the same option twice, an axis without places, an unknown word."""
    if not study.axes:
        raise HipspineError("nothing varies: give [vary.OPTION], [zip.NAME.OPTION], [samples] or [cohort]")
    seen: dict[str, str] = dict.fromkeys(study.held, "held")
    for axis in study.axes:
        for name in axis.columns:
            if name in seen:
                raise HipspineError(f"{name} is given twice: by {seen[name]} and by {axis.name}")
            seen[name] = axis.name
    for axis in study.axes:
        if axis.kind != GRID and axis.name in (*seen, *_TAKEN):
            raise HipspineError(f"an axis cannot be called {axis.name}: the name is taken")
    for name in seen:  # an allowance is asked of one strategy alone
        if name.startswith("allow_") and "least" not in study.strategies:
            raise HipspineError(f'{name}: only strategy "least" knows allowances; it is not among {study.strategies}')


def _grid(task: str, name: str, table: Any) -> Axis:
    """One option along its own dimension."""
    where = f"vary.{name}"
    option = option_of(task, name, where)
    return Axis(name, GRID, {name: _column(option, table, where)})


def _column(option: Option, table: Any, where: str) -> Any:
    """Values of one option: a list of them, or evenly spaced."""
    if isinstance(table, list):
        table = {"values": table}
    table = _keys(table, _GRID_KEYS, where)
    unit = table.get("unit")
    if "values" in table:
        if extra := set(table) - {"values", "unit"}:
            raise HipspineError(f"{where}: values are given, and {', '.join(sorted(extra))} beside them")
        values = table["values"]
        if not isinstance(values, (list, tuple, np.ndarray)) or len(values) == 0:
            raise HipspineError(f"{where}.values: must be a list of one value or more, is {values!r}")
        values = values.tolist() if isinstance(values, np.ndarray) else values
        found = [option.read(value, unit, f"{where}.values[{k}]") for k, value in enumerate(values)]
    else:
        found = list(_evenly(option, table, unit, where))
    if len(set(found)) < len(found):
        raise HipspineError(f"{where}: a value stands twice in {found}")
    return np.array(found)


def _evenly(option: Option, table: Mapping[str, Any], unit: str | None, where: str) -> Sequence[float]:
    """Evenly spaced values from one to another, by a step or a count."""
    if option.choices:
        raise HipspineError(f"{where}: needs values, some of {', '.join(option.choices)}")
    if not {"from", "to"} <= table.keys() or ("step" in table) == ("count" in table):
        raise HipspineError(f"{where}: needs values, or from and to with either step or count")
    first, last = (float(option.read(table[end], unit, f"{where}.{end}")) for end in ("from", "to"))
    if "count" in table:
        return [float(x) for x in np.linspace(first, last, _whole(table["count"], f"{where}.count"))]
    step = float(option.read(table["step"], unit, f"{where}.step"))
    count = (last - first) / step if step else np.nan
    if not (count >= 0.0 and abs(count - round(count)) < 1e-9 * max(1.0, count)):
        raise HipspineError(
            f"{where}: step {step:g} does not lead from {first:g} to {last:g}; it must divide the way and have its sign"
        )
    return [first + k * step for k in range(round(count) + 1)]


def _zip(task: str, name: str, tables: Any) -> Axis:
    """Several options side by side along one dimension."""
    where = f"zip.{name}"
    if not isinstance(tables, Mapping) or not tables:
        raise HipspineError(f"{where}: must be tables of options, such as [{where}.hip_extension_right]")
    columns = {}
    for option, table in tables.items():
        one = option_of(task, option, where)
        columns[option] = _repeating(one, table, f"{where}.{option}")
    counts = {option: len(values) for option, values in columns.items()}
    if len(set(counts.values())) > 1:
        raise HipspineError(f"{where}: options side by side need as many values each, have {counts}")
    return Axis(name, ZIP, columns)


def _repeating(option: Option, table: Any, where: str) -> Any:
    """As `_column`, but a value may stand twice."""
    values = table if isinstance(table, list) else _keys(table, _GRID_KEYS, where).get("values")
    unit = table.get("unit") if isinstance(table, Mapping) else None
    if isinstance(values, (list, tuple, np.ndarray)):
        values = values.tolist() if isinstance(values, np.ndarray) else values
        return np.array([option.read(value, unit, f"{where}.values[{k}]") for k, value in enumerate(values)])
    return _column(option, table, where)


def _samples(task: str, table: Mapping[str, Any]) -> Axis:
    """Samples drawn from distributions."""
    table = _keys(table, ("method", "count", "seed", "second_order", "vary"), "samples")
    quantities = []
    for name, own in _table(table, "vary", "samples.").items():
        where = f"samples.vary.{name}"
        option, own = option_of(task, name, where), _keys(own, _DRAWN_KEYS, where)
        if option.choices:
            raise HipspineError(f"{where}: {name} is a word and cannot be drawn")
        unit = own.get("unit")
        numbers = {
            key: float(option.read(value, unit, f"{where}.{key}")) for key, value in own.items() if key != "unit"
        }
        try:
            quantities.append(Quantity(name, **numbers))
        except HipspineError as error:
            raise HipspineError(f"{where}: {error}") from None
    if not quantities:
        raise HipspineError("samples: nothing to draw; give [samples.vary.OPTION] with low and high, or mean and sd")
    drawn = Design(
        str(table.get("method", "latin_hypercube")),
        table.get("count", 0),
        table.get("seed", 0),
        tuple(quantities),
        _flag(table, "second_order"),
    )
    values = drawn.draw()
    columns = {one.name: values[:, k] for k, one in enumerate(quantities)}
    return Axis("sample", SAMPLE, columns, origin=json.loads(drawn.text))


def _cohort(task: str, table: Mapping[str, Any], folder: Path) -> Axis:
    """People: of a preset, of a population's file, or real ones of a table."""
    from simulate.studies.people import KEYS, people_axis

    return people_axis(task, _keys(table, KEYS, "cohort"), folder)


def _recording(table: Mapping[str, Any], folder: Path) -> Recording:
    known = [one.name for one in fields(Recording) if one.name not in ("stature", "mass", "sex", "standing_tilt")]
    own = dict(_keys(table, known, "recording"))
    for name in _FILES:
        if name in own and (name != "marker_set" or (folder / str(own[name])).is_file()):
            own[name] = folder / str(own[name])
    return Recording(**own)


def _several(given: Any, kind: str, known: Sequence[str] | Mapping[str, Any]) -> tuple[str, ...]:
    """One word or a list of words, each known."""
    words = [given] if isinstance(given, str) else given
    if not isinstance(words, (list, tuple)) or not words:
        raise HipspineError(f"{kind}: must be one or a list of {', '.join(known)}, is {given!r}")
    for word in words:
        if word not in known:
            raise unknown(kind, word, known)
    return tuple(dict.fromkeys(words))


def _table(data: Mapping[str, Any], key: str, within: str = "") -> Mapping[str, Any]:
    found = data.get(key, {})
    if not isinstance(found, Mapping):
        raise HipspineError(f"{within}{key}: must be a table, is {found!r}")
    return found


def _keys(table: Any, known: Sequence[str], where: str) -> Mapping[str, Any]:
    if not isinstance(table, Mapping):
        raise HipspineError(f"{where}: must be a table of {', '.join(known)}, is {table!r}")
    for key in table:
        if key not in known:
            raise HipspineError(f"{where}: {unknown('key', key, known)}")
    return table


def _whole(value: Any, where: str, *, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise HipspineError(f"{where}: must be a whole number of {least} or more, is {value!r}")
    return value


def _flag(table: Mapping[str, Any], key: str) -> bool:
    found = table.get(key, False)
    if not isinstance(found, bool):
        raise HipspineError(f"{key}: must be true or false, is {found!r}")
    return found


def limits_of(study: Study) -> list[str]:
    """The limits that are held or vary: those of both sides before those of one."""
    names = [name for name in study.names if study.option(name).about == LIMIT]
    return sorted(names, key=lambda name: (-len(DIRECTIONS[name].coordinates), name))


__all__ = ["Study", "limits_of", "make_study", "read_study"]
