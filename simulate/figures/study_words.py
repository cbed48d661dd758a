"""What pictures of a study share: the data set's axes, outcomes in clinical words, which cases have no whole answer.

Zero is what the data set counts from; OpenSim's signs become clinical ones where people count the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from kinematics.conventions import SIDE_WORDS
from kinematics.errors import HipspineError, unknown
from kinematics.rom import DIRECTIONS
from simulate.report.table import words_of

Array = NDArray[np.float64]

#: Dimensions that a variable has of its own; every other one is an axis of the study.
OWN = ("strategy", "coordinate", "status", "yielding", "frame", "joint_angle", "translation")
#: Axes along which cases stand in no order.
UNORDERED = ("sample", "person")
MINUS = "\u2212"
#: States of a case.
WHOLE, SHORT, NOT_SOLVED, NOT_COMPUTED = 0, 1, 2, 3
#: What each state is called.
STATES = {SHORT: "falls short of the task", NOT_SOLVED: "frames not solved", NOT_COMPUTED: "not computed yet"}


class Sense(NamedTuple):
    """A coordinate in words: a phrase with room for the way it goes, and either way; ``sign`` times OpenSim's."""

    phrase: str
    plus: str
    minus: str
    sign: float = 1.0

    def way(self, sign: int) -> str:
        """One way: lumbar flexion, anterior pelvic tilt."""
        return self.phrase.format(self.plus if sign > 0 else self.minus)

    @property
    def both(self) -> str:
        """Both ways: lumbar extension (+) / flexion (−)."""
        return self.phrase.format(f"{self.plus} (+) / {self.minus} ({MINUS})")


SENSES = {
    "pelvis_tilt": Sense("{} pelvic tilt", "anterior", "posterior", -1.0),
    "pelvis_list": Sense("pelvic list, {}", "right side down", "left side down"),
    "pelvis_rotation": Sense("pelvic rotation {}", "to the left", "to the right"),
    "hip_flexion": Sense("hip {}", "flexion", "extension"),
    "hip_adduction": Sense("hip {}", "adduction", "abduction"),
    "hip_rotation": Sense("hip {} rotation", "internal", "external"),
    "knee_angle": Sense("knee {}", "flexion", "extension"),
    "ankle_angle": Sense("ankle {}", "dorsiflexion", "plantarflexion"),
    "subtalar_angle": Sense("subtalar {}", "inversion", "eversion"),
} | {
    f"{part}_{name}": Sense(f"{part} {phrase}", plus, minus)
    for part in ("lumbar", "thoracic")
    for name, phrase, plus, minus in (
        ("extension", "{}", "extension", "flexion"),
        ("bending", "bending {}", "to the right", "to the left"),
        ("rotation", "rotation {}", "to the left", "to the right"),
    )
}


def sense(name: str) -> Sense:
    """The words of a rotation by OpenSim's name, with its side: ``hip_flexion_r``."""
    side = SIDE_WORDS.get(name[-1]) if name[-2:-1] == "_" else None
    found = SENSES.get(name[:-2] if side else name)
    if found is None:
        return Sense(f"{name.replace('_', ' ')}, {{}}", "positive", "negative")
    return found._replace(phrase=f"{side} {found.phrase}") if side else found


def capital(words: str) -> str:
    """The first letter as a capital, the others as they are."""
    return words[:1].upper() + words[1:]


class Outcome(NamedTuple):
    """What a picture shows of each case: its values, a title, words for either sign (or none), and its unit."""

    values: xr.DataArray
    title: str
    words: Sense | None
    unit: str

    def labelled(self) -> str:
        """Title, both ways if it has two, and unit."""
        what = f"Added {self.words.both}" if self.words else self.title
        return f"{what} ({self.unit})" if self.unit else what


def axes_of(ds: xr.Dataset) -> list[str]:
    """The study's axes, in its order."""
    dims = ds["frames"].dims if "frames" in ds else tuple(ds.dims)
    return [str(dim) for dim in dims if dim not in OWN]


def strategy_of(ds: xr.Dataset, strategy: str | None) -> str:
    """The strategy asked for; else `predicted`, or the first there is."""
    names = [str(name) for name in ds["strategy"].values]
    if strategy is None:
        return "predicted" if "predicted" in names else names[0]
    if strategy not in names:
        raise unknown("strategy of this study", strategy, names)
    return strategy


def outcome(ds: xr.Dataset, name: str) -> Outcome:
    """An outcome of each case by name.

    A coordinate (``lumbar_extension``) means what is added to it; a variable without dimensions of its own
    (``lumbar``) itself; ``variable:place`` one place of a variable along its own dimension
    (``share_of_range:lumbar_rotation``).
    """
    variable, _, place = name.partition(":")
    coordinates = [str(c) for c in ds["coordinate"].values] if "coordinate" in ds.coords else []
    if name in coordinates and "added" in ds:
        words = sense(name)
        values = words.sign * ds["added"].sel(coordinate=name)
        return Outcome(values, f"Added {name.replace('_', ' ')}", words, _unit(ds["added"]))
    own = [str(dim) for dim in ds[variable].dims if dim in OWN[1:]] if variable in ds.data_vars else None
    if own is None or len(own) != bool(place):
        plain = [str(v) for v in ds.data_vars if not set(OWN[1:]) & set(ds[v].dims)]
        raise unknown("coordinate or outcome", name, [*coordinates, *plain])
    values = ds[variable]
    title = str(values.attrs.get("long_name", variable)).split(";")[0]
    if place:
        known = [str(c) for c in ds[own[0]].values]
        if place not in known:
            raise unknown(own[0], place, known)
        values = values.sel({own[0]: place})
        title = f"{title}: {place.replace('_', ' ')}"
    return Outcome(values, capital(title), None, _unit(ds[variable]))


def one_sign(values: Array, found: Outcome, nothing: float) -> tuple[Array, str, bool]:
    """The values to show, their label, and whether both signs occur by more than `nothing`.

    What is only ever negative is shown as a positive amount of the other way round, which is then named.
    """
    unit = f" ({found.unit})" if found.unit else ""
    there = values[np.isfinite(values)]
    if found.words is None:
        return values, f"{found.title}{unit}", bool(there.size and there.min() < -nothing)
    both = bool(there.size and there.min() < -nothing and there.max() > nothing)
    if both:
        return values, f"Added {found.words.both}{unit}", True
    flip = bool(there.size and there.min() < -nothing)
    return (-values if flip else values), f"Added {found.words.way(-1 if flip else 1)}{unit}", False


def option_words(ds: xr.Dataset, name: str) -> str:
    """An option as the label of an axis, with its unit."""
    values = ds[name]
    unit = _unit(values) or ("deg" if name in DIRECTIONS else "")
    words = f"available {words_of(name)}" if name in DIRECTIONS else str(values.attrs.get("long_name", ""))
    words = words or name.replace("_", " ")
    return f"{words} ({unit})" if unit and not words.endswith(f"({unit})") else words


def coordinate_of(ds: xr.Dataset, name: str, kind: str = "axis or option of this study") -> tuple[str, NDArray[Any]]:
    """The axis that an axis or an option along one belongs to, and its values."""
    axes = axes_of(ds)
    if name in axes:
        return name, ds[name].values if name in ds.coords else np.arange(ds.sizes[name])
    options = {str(c): str(ds[c].dims[0]) for c in ds.coords if ds[c].ndim == 1 and ds[c].dims[0] in axes}
    if name not in options:
        raise unknown(kind, name, dict.fromkeys([*axes, *options]))
    return options[name], ds[name].values


def fixed(ds: xr.Dataset, *, keep: Iterable[str], held: Mapping[str, Any] | None) -> tuple[xr.Dataset, list[str]]:
    """The cases with every other axis held, and what is held in words.

    Raises
    ------
    HipspineError
        If an axis that is not kept has several values and none is given, or a given one is not among them.
    """
    keep, at, words = set(keep), dict[str, int](), list[str]()
    for name, value in (held or {}).items():
        dim, values = coordinate_of(ds, name)
        if dim in keep:
            raise HipspineError(f"{name} is held at {value} and shown as well; leave it out of what is held")
        at[dim] = _place(name, values, value)
    for dim in axes_of(ds):
        if dim in keep:
            continue
        values = coordinate_of(ds, dim)[1]
        if dim not in at and len(values) > 1:
            raise HipspineError(
                f"this study varies {dim} too: hold it at one of its values, held={{{dim!r}: ...}}: {_listed(values)}"
            )
        at.setdefault(dim, 0)
        if len(values) > 1:
            words += _held_words(ds, dim, at[dim])
    return ds.isel(at), words


def _held_words(ds: xr.Dataset, dim: str, k: int) -> list[str]:
    """What an axis is held at: its value, or those of the options along it."""
    options = [str(c) for c in ds.coords if ds[c].dims == (dim,) and c != dim]
    names = options if options and dim not in DIRECTIONS else [dim]
    found = []
    for name in names:
        value = coordinate_of(ds, name)[1][k]
        unit = _unit(ds[name]) or ("deg" if name in DIRECTIONS else "")
        said = f"{value:g}" if isinstance(value, (float, np.floating)) else f"{value}"
        found.append(f"{words_of(name)} {said.replace('-', MINUS)} {unit}".strip())
    return found


def _place(name: str, values: NDArray[Any], wanted: Any) -> int:
    if np.issubdtype(values.dtype, np.number) and isinstance(wanted, (int, float, np.number)):
        match = np.flatnonzero(np.isclose(values.astype(float), float(wanted), rtol=1e-9, atol=1e-9))
    else:
        match = np.flatnonzero([str(value) == str(wanted) for value in values])
    if not match.size:
        raise HipspineError(f"{name} is nowhere {wanted} in this study; its values: {_listed(values)}")
    return int(match[0])


def _listed(values: NDArray[Any], most: int = 12) -> str:
    said = [f"{v:g}" if isinstance(v, (float, np.floating)) else str(v) for v in values]
    if len(said) > most:
        said = [*said[: most - 2], "...", said[-1]]
    return ", ".join(said)


def states(ds: xr.Dataset) -> xr.DataArray:
    """Of each case and strategy whether its answer is whole, falls short, is not solved, or not computed yet."""
    frames = ds["frames"].fillna(0)
    short, lost = (frames.sel(status=name) > 0 for name in ("shortfall", "unsolved"))
    found = xr.full_like(short, WHOLE, dtype=int).where(~short, SHORT).where(~lost, NOT_SOLVED)
    return found.where(frames.sum("status") > 0, NOT_COMPUTED)


def percent_words(ds: xr.Dataset) -> str:
    """What percentages count over, in the data set's words."""
    words = str(ds["percent"].attrs.get("long_name", "")).removeprefix("part ").removeprefix("% ") or "of the cycle"
    return f"% {words}" if words.startswith("of ") else f"{words} (%)"


def title_of(ds: xr.Dataset, *words: str) -> str:
    """The study's title, and below it what is shown of it."""
    first = str(ds.attrs.get("title") or ds.attrs.get("task") or "Study")
    said = capital("; ".join(word for word in words if word))
    return f"{first}\n{said}" if said else first


def zero_words(ds: xr.Dataset, *names: str) -> str:
    """From which zero the hip's degrees count, if any of these options is about its flexion or extension."""
    hip = any(name.startswith(("hip_flexion", "hip_extension")) for name in names)
    return f"hip flexion and extension from the {ds.attrs['zero']} zero" if hip and ds.attrs.get("zero") else ""


def _unit(values: xr.DataArray) -> str:
    unit = str(values.attrs.get("units", ""))
    return "" if unit == "1" else unit


__all__ = [
    "MINUS", "NOT_COMPUTED", "NOT_SOLVED", "OWN", "SENSES", "SHORT", "STATES", "UNORDERED", "WHOLE", "Outcome", "Sense",
    "axes_of", "capital", "coordinate_of", "fixed", "one_sign", "option_words", "outcome", "percent_words", "sense",
    "states", "strategy_of", "title_of", "zero_words",
]  # fmt: skip
