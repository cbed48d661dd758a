"""A study: one task, what is held and what varies, read from a short file or made in Python."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

from kinematics.conventions import ROTATIONS
from kinematics.errors import HipspineError, unknown
from simulate.recording import Recording
from simulate.relief import SUMMARISED
from simulate.strategies import STRATEGIES
from simulate.studies.axes import GRID, NAME, Axis, shape
from simulate.studies.options import ALLOWANCE, Option, option_of, options
from simulate.studies.tables import (
    MOST_PLACES,
    grid_axis,
    keys_of,
    person_axis,
    recording_of,
    sample_axis,
    table_of,
    text_of,
    texts,
    whole,
    with_their_own,
    zip_axis,
)

_KEYS = (
    "title", "task", "strategy", "coordinates", "trajectories", "block", "recording", "held", "vary", "zip", "samples",
    "cohort",
)  # fmt: skip
#: Names of dimensions and variables that a data set has of its own.
_TAKEN = (
    "strategy", "coordinate", "status", "yielding", "frame", "joint_angle", "translation", "block", "added",
    "at_percent", "peak", "range", "share_of_range", "lumbar", "lumbar_at_percent", "frames", "short_mm", "short_deg",
    "kkt", "restricted", "restricted_translation", "free", "free_translation", "percent", "check",
)  # fmt: skip
#: Fields of a recording that name files.
_FILES = ("motion", "model", "standing", "marker_set")
#: How many values of an axis are told one by one where a study is compared with another.
_TOLD = 64


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

    Raises
    ------
    HipspineError
        If a name is unknown or there twice, or a value is one that its option cannot have.
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

    def __post_init__(self) -> None:
        _check(self)

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
                    "columns": {name: _told(values) for name, values in axis.columns.items()},
                }
                for axis in self.axes
            ],
        }


def _told(values: Any) -> Any:
    """A few values as they are; of many, how many there are and their digest."""
    if len(values) <= _TOLD:
        return values.tolist()
    return f"{len(values)} values, sha256 {hashlib.sha256(json.dumps(values.tolist()).encode()).hexdigest()}"


def _file_digest(path: Any) -> str:
    """Name and digest of a file; a word that is no file's name, or a file that is gone, by name."""
    place = Path(path)
    if not place.is_file():
        return place.name
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
    except OSError as error:
        raise HipspineError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise HipspineError(f"{path}: is no text: {error}") from None
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
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
        Where files it names are looked for; here if not given.

    Raises
    ------
    HipspineError
        As `read_study`.
    """
    keys_of(data, _KEYS, "study")
    task, folder = text_of(data, "task"), folder or Path()
    if task is None:
        raise HipspineError('task: missing; write for example task = "walk"')
    options(task)
    held = {
        name: option_of(task, name, "held").read(value, None, f"held.{name}")
        for name, value in table_of(data, "held").items()
    }
    vary = dict(table_of(data, "vary"))
    strategies = _strategies(data, vary)
    axes = [grid_axis(task, name, table) for name, table in vary.items()]
    axes += [zip_axis(task, name, table) for name, table in table_of(data, "zip").items()]
    if "samples" in data:
        axes.append(sample_axis(task, data["samples"]))
    if "cohort" in data:
        axes.append(person_axis(task, data["cohort"], folder))
    trajectories = data.get("trajectories", False)
    if not isinstance(trajectories, bool):
        raise HipspineError(f"trajectories: must be true or false, is {trajectories!r}")
    coordinates = texts(data.get("coordinates", list(SUMMARISED)), "coordinates")
    return Study(
        task=task,
        axes=with_their_own(axes, held),
        held=held,
        strategies=tuple(strategies),
        coordinates=ROTATIONS if coordinates == ["all"] else tuple(coordinates),
        trajectories=trajectories,
        block=whole(data["block"], "block") if "block" in data else None,
        recording=recording_of(table_of(data, "recording"), folder),
        title=text_of(data, "title") or "",
    )


def _strategies(data: Mapping[str, Any], vary: dict[str, Any]) -> list[str]:
    """The answers that are asked for; they may stand among what varies."""
    if "strategy" not in vary:
        return texts(data.get("strategy", "predicted"), "strategy")
    if "strategy" in data:
        raise HipspineError("strategy is given twice: by itself and in vary")
    given = vary.pop("strategy")
    if isinstance(given, Mapping):
        given = keys_of(given, ("values",), "vary.strategy").get("values")
    return texts(given, "vary.strategy")


def _check(study: Study) -> None:
    """Refuse what no case can mean: a name twice or unknown, an axis without places, a value nobody has."""
    if not study.axes:
        raise HipspineError("nothing varies: give [vary.OPTION], [zip.NAME.OPTION], [samples] or [cohort]")
    _known(study.strategies, "strategy", STRATEGIES)
    _known(study.coordinates, "coordinate", ROTATIONS)
    given = dict.fromkeys(study.held, "held")
    for name, value in study.held.items():
        option_of(study.task, name, "held").check([value], "held")
    for axis in study.axes:
        for name, values in axis.columns.items():
            if name in given:
                raise HipspineError(f"{name} is given twice: by {given[name]} and by {axis.name}")
            given[name] = axis.name
            option_of(study.task, name, axis.name).check(values, axis.name)
        if len(axis) > MOST_PLACES:
            raise HipspineError(f"{axis.name}: has {len(axis):,} places, may have {MOST_PLACES:,}")
    _check_names(study)
    for name, by in given.items():
        if study.option(name).about == ALLOWANCE and "least" not in study.strategies:
            raise HipspineError(f'{name} ({by}): only strategy "least" knows allowances; it is not asked for')


def _check_names(study: Study) -> None:
    """Refuse names of axes that the data set, an option or another axis has."""
    own, found = {*_TAKEN, *options(study.task)}, set[str]()
    for axis in study.axes:
        if (axis.kind != GRID and axis.name in own) or axis.name in found:
            raise HipspineError(f"an axis cannot be called {axis.name}: the name is taken")
        if not NAME.fullmatch(axis.name):
            raise HipspineError(f"an axis cannot be called {axis.name!r}: letters, digits and _ make a name")
        found.add(axis.name)
    for axis in study.axes:
        if taken := sorted(set(axis.labels) & (found | set(_TAKEN) | study.names)):
            raise HipspineError(f"{axis.name}: {taken[0]} is also the name of something else")


def _known(words: Sequence[str], kind: str, known: Iterable[str]) -> None:
    """Refuse words that are not known, none, or one twice."""
    texts(words, kind)
    for word in words:
        if word not in known:
            raise unknown(kind, word, known)


__all__ = ["Study", "make_study", "read_study"]
