"""A population: what is told of it, checked and worked out for each group and sex."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.errors import HipspineError, unknown
from kinematics.generic import SEXES
from kinematics.rom import DIRECTIONS, RangeOfMotion, direction_name
from kinematics.tables import rows
from simulate.cohort.marginal import Marginal
from simulate.cohort.told import (
    CHOICES,
    CORRELATION,
    NUMBERS,
    OTHER_SIDE,
    Row,
    base,
    options,
    preset_rows,
    sides,
    unfolded,
)

Array = NDArray[np.float64]

#: Bounds that leave fewer people than this exclude everything.
_FEWEST = 1e-6
#: Rounding that an eigenvalue of a correlation matrix may be below 0.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Stratum:
    """People of one group and sex: how each column is spread, and the root of the correlations of their scores."""

    group: str
    sex: str
    age: Marginal | None
    marginals: Mapping[str, Marginal]
    correlations: Array
    root: Array


@dataclass(frozen=True)
class Population:
    """Whom to draw: marginals, correlations, groups.

    Parameters
    ----------
    name : str
    rows : tuple of Row
        Every number, with its source.
    title : str

    Raises
    ------
    HipspineError
        If numbers are missing or impossible: an sd of 0 or less, a correlation beyond 1, correlations that cannot hold
        together, bounds that exclude everything or allow a joint no range.
    """

    name: str
    rows: tuple[Row, ...] = field(repr=False)
    title: str = ""

    def __post_init__(self) -> None:
        _check(self)
        _ = self.strata

    @cached_property
    def groups(self) -> Mapping[str, float]:
        """Share of each group, in order; none: ``{"": 1}``."""
        told = {row.group: float(row.value) for row in self.rows if row.of == "people"}
        return MappingProxyType({name: share / sum(told.values()) for name, share in told.items()} or {"": 1.0})

    @cached_property
    def women(self) -> Mapping[str, float]:
        """Share of women in each group."""
        return MappingProxyType({group: self._number(group, "", "women", "share") for group in self.groups})

    @property
    def has_age(self) -> bool:
        """Whether people have an age."""
        return any(row.of == "age" for row in self.rows)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The options that are drawn, in order."""
        told = {row.of for row in self.rows if row.what == "mean" or (row.what, row.value) == ("kind", "uniform")}
        found = {column for of in told - {"age"} for column in sides(of)}
        return tuple(column for column in options() if column in found)

    @cached_property
    def strata(self) -> Mapping[tuple[str, str], Stratum]:
        """What holds of each group and sex there are people of."""
        found = {}
        for group in self.groups:
            for sex, share in zip(SEXES, (1.0 - self.women[group], self.women[group]), strict=True):
                if share > 0.0:
                    found[group, sex] = self._stratum(group, sex)
        return MappingProxyType(found)

    def told(self, group: str, sex: str, of: str, what: str) -> Row | None:
        """The row that counts: a side's before both sides', a group's before everyone's, a sex's before both sexes'."""
        for key in ((o, g, s) for o in dict.fromkeys((of, base(of))) for g in (group, "") for s in (sex, "")):
            if (row := self._by_key.get((*key, what))) is not None:
                return row
        return None

    @cached_property
    def _by_key(self) -> Mapping[tuple[str, str, str, str], Row]:
        return {(row.of, row.group, row.sex, row.what): row for row in self.rows}

    def _number(self, group: str, sex: str, of: str, what: str, default: float | None = None) -> float:
        row = self.told(group, sex, of, what)
        if row is not None:
            return float(row.value)
        if default is None:
            raise HipspineError(f"{self.name}: {what} of {of}{_whom(group, sex)} is not told")
        return default

    def _stratum(self, group: str, sex: str) -> Stratum:
        age = self._marginal(group, sex, "age") if self.has_age else None
        ages = np.array([age.low, age.high]) if age else np.zeros(1)
        marginals = {column: self._marginal(group, sex, column) for column in self.columns}
        for column, one in {**({"age": age} if age else {}), **marginals}.items():
            where = f"{self.name}: {column}{_whom(group, sex)}"
            if (one.kind == "lognormal" or one.proportional) and not (one.mean_at(ages) > 0.0).all():
                raise HipspineError(f"{where}: mean must be more than 0 at every age there may be")
            if not (one.kept(ages) >= _FEWEST).all():
                raise HipspineError(
                    f"{where}: bounds {one.low:g} to {one.high:g} exclude everybody at mean "
                    f"{' to '.join(f'{value:g}' for value in dict.fromkeys(one.mean_at(ages)))} and sd {one.sd:g}"
                )
        _check_ranges(self.name, marginals)
        correlations = self._correlations(group, sex)
        values, vectors = np.linalg.eigh(correlations)
        root = (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
        return Stratum(group, sex, age, MappingProxyType(marginals), correlations, root)

    def _marginal(self, group: str, sex: str, of: str) -> Marginal:
        where = f"{self.name}: {of}{_whom(group, sex)}"
        kind, spread = (
            str(row.value) if (row := self.told(group, sex, of, what)) else CHOICES[what][0] for what in CHOICES
        )
        low, high = (self._bound(group, sex, of, what) for what in ("low", "high"))
        if not low < high:
            raise HipspineError(f"{where}: bounds {low:g} to {high:g} exclude everybody")
        if kind == "uniform":
            for what in ("mean", "sd", "per_year", "women_more"):
                if self.told(group, sex, of, what) is not None:
                    raise HipspineError(f"{where}: uniform has low and high alone, not {what}")
            return Marginal(kind, 0.5 * (low + high), 0.0, 0.0, 0.0, False, low, high)
        mean, sd = (self._number(group, sex, of, what) for what in ("mean", "sd"))
        if not sd > 0.0:
            raise HipspineError(f"{where}: sd must be more than 0, is {sd:g}")
        if more := self._number(group, sex, of, "women_more", 0.0):
            by_sex = next(
                (row for row in self.rows if row.of in (of, base(of)) and row.sex and row.what == "mean"), None
            )
            if by_sex is not None:
                raise HipspineError(f"{where}: women_more is told, and a mean of the {by_sex.sex} sex; tell one")
            women = self.women[group]
            mean += more * (1.0 - women if sex == "female" else -women)
            within = sd**2 - women * (1.0 - women) * more**2
            if within <= 0.0:
                raise HipspineError(
                    f"{where}: women_more {more:g} is too much for an sd of {sd:g} of both sexes together"
                )
            sd = float(np.sqrt(within))
        per_year, at_age = (self._number(group, sex, of, what, 0.0) for what in ("per_year", "at_age"))
        if per_year and self.told(group, sex, of, "at_age") is None:
            raise HipspineError(f"{where}: per_year needs at_age, the age that the mean is for")
        if per_year and (of == "age" or not self.has_age):
            raise HipspineError(f"{where}: per_year needs people with an age; tell age")
        return Marginal(kind, mean, sd, at_age, per_year, spread == "proportional", low, high)

    def _bound(self, group: str, sex: str, of: str, what: str) -> float:
        if self.told(group, sex, of, what) is None and base(of) not in _bounds():
            raise HipspineError(f"{self.name}: {of}: no bounds at hand; tell low and high")
        return self._number(group, sex, of, what, _bounds().get(base(of), {}).get(what))

    def _correlations(self, group: str, sex: str) -> Array:
        names = self.columns
        found = np.eye(len(names))
        for i, one in enumerate(names):
            for j, other in enumerate(names[:i]):
                found[i, j] = found[j, i] = self._correlation(group, sex, one, other)
        lowest = np.linalg.eigvalsh(found).min() if names else 0.0
        if lowest < -_ROUNDING:
            nearest = _nearest(found)
            row, column = divmod(int(np.argmax(np.abs(nearest - found))), len(names))
            raise HipspineError(
                f"{self.name}: correlations{_whom(group, sex)} cannot hold together: smallest eigenvalue {lowest:.3g}; "
                f"in the nearest that can, that of {names[row]} with {names[column]} is {nearest[row, column]:.3f} "
                f"instead of {found[row, column]:.3f}"
            )
        return found

    def _correlation(self, group: str, sex: str, one: str, other: str) -> float:
        """Of two columns; across sides what is told of one side, less by how unlike the sides are."""
        stems = base(one), base(other)
        alike = [self._number(group, sex, stem, f"{CORRELATION}{OTHER_SIDE}", np.nan) for stem in stems]
        if stems[0] == stems[1]:
            if np.isnan(alike[0]):
                raise HipspineError(
                    f"{self.name}: {stems[0]}: how alike are the sides? Tell its correlation with other_side, 0 "
                    "(independent) to 1 (the same)"
                )
            return alike[0]
        told = [self.told(group, sex, first, f"{CORRELATION}{second}") for first, second in (stems, stems[::-1])]
        values = {float(row.value) for row in told if row is not None}
        if len(values) > 1:
            raise HipspineError(f"{self.name}: {stems[0]} and {stems[1]} have two correlations; tell one")
        across = one != stems[0] and other != stems[1] and one.removeprefix(stems[0]) != other.removeprefix(stems[1])
        return values.pop() * (np.sqrt(alike[0] * alike[1]) if across else 1.0) if values else 0.0


def _whom(group: str, sex: str) -> str:
    words = ", ".join(part for part in (group, sex) if part)
    return f" ({words})" if words else ""


@cache
def _bounds() -> Mapping[str, Mapping[str, float]]:
    return {
        row["name"]: {what: float(row[what]) for what in ("low", "high")} for row in rows("cohort_bounds", "simulate")
    }


def _check(population: Population) -> None:
    """Names and sizes of what is told, row by row."""
    name, known = population.name, {base(option) for option in options()}
    told = {base(column) for column in population.columns}
    groups = {row.group for row in population.rows if row.of == "people"}
    for row in population.rows:
        if row.what == "like":
            continue
        if row.group and row.group not in groups:
            raise HipspineError(f"{name}: {unknown('group', row.group, groups)}")
        if row.what == "share":
            if row.of == "women" and not 0.0 <= float(row.value) <= 1.0:
                raise HipspineError(f"{name}: share of women must be 0 to 1, is {row.value:g}")
            if row.of == "people" and not float(row.value) > 0.0:
                raise HipspineError(f"{name}: share of group {row.group!r} must be more than 0, is {row.value:g}")
            continue
        if row.of != "age" and row.of not in options():
            raise HipspineError(f"{name}: {unknown('option', row.of, (*options(), 'age'))}")
        if row.what in CHOICES and row.value not in CHOICES[row.what]:
            raise HipspineError(f"{name}: {row.of}: {unknown(row.what, row.value, CHOICES[row.what])}")
        if row.what.startswith(CORRELATION):
            other = row.what.removeprefix(CORRELATION)
            lowest = 0.0 if other == OTHER_SIDE else -1.0
            if base(row.of) != row.of or (other != OTHER_SIDE and base(other) != other):
                raise HipspineError(f"{name}: {row.of}: correlations are told of both sides: {base(row.of)}")
            if other == OTHER_SIDE and len(sides(row.of)) == 1:
                raise HipspineError(f"{name}: {row.of} has no other side")
            if other not in (OTHER_SIDE, *known):
                raise HipspineError(f"{name}: {row.of}: {unknown('correlation with', other, (OTHER_SIDE, *told))}")
            if other == row.of or (other != OTHER_SIDE and not {row.of, other} <= told):
                raise HipspineError(f"{name}: {row.of}: correlation with {other}, which is not drawn beside it")
            if not lowest <= float(row.value) <= 1.0:
                raise HipspineError(
                    f"{name}: {row.of}: correlation with {other} must be {lowest:g} to 1, is {row.value:g}"
                )
        elif row.what not in (*NUMBERS, *CHOICES):
            raise HipspineError(f"{name}: {row.of}: {unknown('key', row.what, (*NUMBERS, *CHOICES))}")
    if not told:
        raise HipspineError(f"{name}: no quantity is told; a population needs at least one with a mean and an sd")


def _check_ranges(name: str, marginals: Mapping[str, Marginal]) -> None:
    """Raise unless every joint is left a range of 0 or more, whoever is drawn."""
    least = dict(RangeOfMotion.normal().reach_deg)
    drawn: dict[tuple[str, int], str] = {}
    for column in (column for column in marginals if column in DIRECTIONS):
        direction = DIRECTIONS[column]
        for end in ((direction.coordinates[0], sign) for sign in ((direction.sign,) if direction.sign else (-1, 1))):
            if end in drawn:
                raise HipspineError(f"{name}: {drawn[end]} and {column} are about the same; tell one")
            drawn[end], least[end] = column, marginals[column].low
    for (coordinate, sign), column in drawn.items():
        if least[coordinate, 1] + least[coordinate, -1] < 0.0:
            raise HipspineError(
                f"{name}: bounds allow a joint without range: {column} {least[coordinate, sign]:g} deg and "
                f"{direction_name(coordinate, -sign)} {least[coordinate, -sign]:g} deg; together they must be 0 or more"
            )


def _nearest(matrix: Array) -> Array:
    """The nearest correlation matrix (alternating projections, Higham 2002)."""
    nearest, correction = matrix, np.zeros_like(matrix)
    for _ in range(200):
        shifted = nearest - correction
        values, vectors = np.linalg.eigh(shifted)
        positive = (vectors * np.clip(values, 0.0, None)) @ vectors.T
        correction = positive - shifted
        nearest = positive.copy()
        np.fill_diagonal(nearest, 1.0)
    return nearest


@cache
def presets() -> Mapping[str, Population]:
    """The populations that come with the package, by name; table ``simulate/data/cohorts.csv``."""
    found: dict[str, Population] = {}
    for name, told in preset_rows().items():
        found[name] = Population(name, _merged(told, found), name.replace("_", " "))
    return MappingProxyType(found)


def _merged(told: tuple[Row, ...], known: Mapping[str, Population]) -> tuple[Row, ...]:
    """Rows with those of the population they are like, save for what is told again."""
    like = next((str(row.value) for row in told if row.what == "like"), None)
    if like is None:
        return told
    if like not in known:
        raise unknown("population", like, known)
    again = {base(row.of) for row in told if row.of}
    return (*(row for row in known[like].rows if base(row.of) not in again and row.what != "like"), *told)


def population(content: Mapping[str, Any], *, name: str = "people") -> Population:
    """A population of your own, from nested mappings.

    Parameters
    ----------
    content : mapping
        ``like``, ``women``, ``groups``, ``sexes``, ``quantities``; see the page on cohorts.
    name : str
        What messages call it.

    Raises
    ------
    HipspineError
        If a name is unknown or a number is missing or impossible.
    """
    told = unfolded(content, name)
    title = content.get("title", name)
    return Population(name, _merged(told, presets()), str(title))


def read_population(path: str | Path) -> Population:
    """A population of your own, from a TOML file.

    Raises
    ------
    HipspineError
        If there is no such file, it is no TOML, or `population` refuses it.
    """
    path = Path(path)
    if not path.is_file():
        raise HipspineError(
            f"{path}: no such file; populations that come with the package: {', '.join(sorted(presets()))}"
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise HipspineError(f"{path}: is no TOML: {error}") from None
    # a refusal says where the file is, people only what it is called
    return replace(population(content, name=str(path)), name=path.name, title=str(content.get("title", path.stem)))
