"""Which label is which point of the body: TOML maps, those of ``simulate/data/marker_sets`` or the user's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kinematics.conventions import SEGMENTS, SIDES
from kinematics.errors import HipspineError, unknown
from simulate.io.markers import Markers

#: Segment of each anatomical point; those of a leg also exist with ``_r`` and ``_l``.
_CENTRAL = {"sacral": "pelvis", "c7": "thorax", "t10": "thorax", "clavicle": "thorax", "sternum": "thorax"}
_SIDED = {
    "asis": "pelvis",
    "psis": "pelvis",
    "shoulder": "thorax",
    "clavicle": "thorax",
    "sternum": "thorax",
    "knee_lateral": "thigh",
    "knee_medial": "thigh",
    "thigh_wand": "thigh",
    "ankle_lateral": "shank",
    "ankle_medial": "shank",
    "shank_wand": "shank",
    "heel": "foot",
    "forefoot": "foot",
    "toe": "foot",
}
_ON_TRUNK = ("pelvis", "thorax")
POINT_SEGMENT: Mapping[str, str] = MappingProxyType(
    _CENTRAL
    | {
        f"{name}_{side}": segment if segment in _ON_TRUNK else f"{segment}_{side}"
        for name, segment in _SIDED.items()
        for side in SIDES
    }
)
#: Points that move on their segment: the shoulder girdle.
LOOSE = tuple(f"{name}_{side}" for name in ("shoulder", "clavicle") for side in SIDES)
#: The least that a fit needs: of each entry one alternative, all of its points.
NEEDED: tuple[tuple[tuple[str, ...], ...], ...] = (
    *(((f"asis_{side}",),) for side in SIDES),
    (("psis_r", "psis_l"), ("sacral",)),
    *(((f"{name}_{side}",),) for name in ("knee_lateral", "ankle_lateral", "heel") for side in SIDES),
    *(((f"forefoot_{side}",), (f"toe_{side}",)) for side in SIDES),
)
LEAST_ON_THORAX = 3
FOLDER = files("simulate") / "data" / "marker_sets"


def plain(label: str) -> str:
    """A label without case and punctuation."""
    return "".join(letter for letter in label.lower() if letter.isalnum())


@dataclass(frozen=True)
class MarkerSet:
    """Labels of anatomical points, of technical markers by segment, and of the head.

    `points` and `technical` map a name to the labels it goes by; of a point the first label that a file has counts, of
    a segment all do.
    """

    name: str
    points: Mapping[str, tuple[str, ...]]
    technical: Mapping[str, tuple[str, ...]]
    head: tuple[str, ...] = ()

    def found(self, markers: Markers) -> dict[str, str]:
        """Point -> the name that `markers` has for it, of the points that it has."""
        return {point: name for point, labels in self.points.items() if (name := _first(labels, markers))}

    def found_technical(self, markers: Markers) -> dict[str, str]:
        """Name in `markers` -> segment, of its technical markers."""
        return {
            name: segment
            for segment, labels in self.technical.items()
            for label in labels
            if (name := _first((label,), markers))
        }

    def missing(self, markers: Markers) -> list[str]:
        """What a fit needs and `markers` lack, in words."""
        found = self.found(markers)
        lacking = [
            " or ".join(" and ".join(self._words(point) for point in points) for points in alternatives)
            for alternatives in NEEDED
            if not any(set(points) <= set(found) for points in alternatives)
        ]
        on_thorax = [point for point in self.points if POINT_SEGMENT[point] == "thorax"]
        if sum(point in found for point in on_thorax) < LEAST_ON_THORAX:
            lacking.append(f"{LEAST_ON_THORAX} of {', '.join(self._words(point) for point in on_thorax)}")
        return lacking

    def _words(self, point: str) -> str:
        labels = self.points.get(point, ())
        return f"{' / '.join(labels) or 'no label'} ({point})"


def _first(labels: Sequence[str], markers: Markers) -> str:
    """The name in `markers` of the first of the labels it has; empty if it has none."""
    names = {plain(name): name for name in reversed(markers.names)}
    return next((names[plain(label)] for label in labels if plain(label) in names), "")


def known_sets() -> tuple[str, ...]:
    """Names of the marker sets that come with the package."""
    return tuple(sorted(Path(str(entry)).stem for entry in FOLDER.iterdir() if str(entry).endswith(".toml")))


def marker_set(name: str | Path) -> MarkerSet:
    """A marker set: one that comes with the package, by name, or a TOML file of the same form, by path.

    Raises
    ------
    HipspineError
        If there is no such set or file, or the file is not of that form.
    """
    text = str(name)
    if not text.endswith(".toml"):
        if text not in known_sets():
            raise unknown("marker set", text, (*known_sets(), "a .toml file of your own"))
        return _read(Path(str(FOLDER / f"{text}.toml")))
    return _read(Path(text))


def _read(path: Path) -> MarkerSet:
    if not path.is_file():
        raise HipspineError(f"{path}: no such file; marker sets that come with the package: {', '.join(known_sets())}")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise HipspineError(f"{path}: is no TOML: {error}") from None
    for key in content:
        if key not in ("name", "points", "technical", "head"):
            raise HipspineError(f"{path}: {unknown('key', key, ('name', 'points', 'technical', 'head'))}")
    return MarkerSet(
        str(content.get("name", path.stem)),
        _labels(path, content.get("points", {}), "points", POINT_SEGMENT),
        _labels(path, content.get("technical", {}), "technical", SEGMENTS),
        _labels(path, content.get("head", {}), "head", ("labels",)).get("labels", ()),
    )


def _labels(path: Path, table: Any, what: str, known: Any) -> dict[str, tuple[str, ...]]:
    """One table of the file, name to labels, checked."""
    if not isinstance(table, dict):
        raise HipspineError(f"{path}: [{what}] must be a table of names and lists of labels")
    for key, labels in table.items():
        if key not in known:
            raise HipspineError(f"{path}, [{what}]: {unknown('name', key, known)}")
        if not isinstance(labels, list) or not all(isinstance(label, str) and plain(label) for label in labels):
            raise HipspineError(f"{path}, [{what}], {key}: must be a list of labels, is {labels!r}")
    return {key: tuple(labels) for key, labels in table.items()}


def detect(markers: Markers, given: str | Path | MarkerSet | None = None) -> MarkerSet:
    """The marker set of a recording: the given one, or the one of the package's that fits best.

    Raises
    ------
    HipspineError
        If it lacks what a fit needs; names the missing markers.
    """
    if isinstance(given, MarkerSet):
        best = given
    elif given is not None:
        best = marker_set(given)
    else:
        sets = [marker_set(name) for name in known_sets()]
        best = min(sets, key=lambda one: (len(one.missing(markers)), -len(one.found(markers))))
    missing = best.missing(markers)
    if missing:
        raise HipspineError(
            f"{markers.source}: markers that the fit needs are missing: {'; '.join(missing)}. Marker set "
            f"{best.name!r}{'' if given else ', the nearest of ' + ', '.join(known_sets())}; in the file: "
            f"{', '.join(markers.names[:40])}{' ...' if len(markers.names) > 40 else ''}. Labels of another set: a "
            "TOML map of your own"
        )
    return best


__all__ = ["LOOSE", "POINT_SEGMENT", "MarkerSet", "detect", "known_sets", "marker_set"]
