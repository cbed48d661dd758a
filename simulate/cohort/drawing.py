"""People drawn from a population."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from kinematics.errors import HipspineError, unknown
from kinematics.generic import SEXES
from simulate.cohort.population import Population, presets
from simulate.cohort.told import base, options

Array = NDArray[np.float64]

#: Digits that are kept of a column, by its unit.
_DIGITS = {"m": 4, "kg": 2, "deg": 3, "year": 2}
#: Shares cut that are worth telling, and by how many sd they must move mean or sd.
_CUT, _MOVED = 0.01, 0.03
#: A uniform draw is kept off 0 and 1, whose normal scores are infinite.
_SMALLEST = 2.0**-54


def people(preset: str | Population, *, count: int, seed: int, groups: Sequence[str] | None = None) -> pd.DataFrame:
    """Draw people from a population.

    Person k is the same however many are drawn. Groups take turns by their shares; sex, age and all else are drawn.

    Parameters
    ----------
    preset : str or Population
        Name of `presets`, or a population of your own.
    count : int
        How many people.
    seed : int
        The same seed, the same people.
    groups : sequence of str, optional
        Only these groups of the population.

    Returns
    -------
    pandas.DataFrame
        One row a person: ``group`` (where there are groups), ``sex``, ``age`` [years], then options of a study in
        their units. ``attrs`` has population, seed, groups, units, sources and notices: which numbers are assumed or
        from memory, and what the bounds cut.

    Raises
    ------
    HipspineError
        If the population or a group is unknown, or `count` or `seed` is not a whole number that can be meant.
    """
    if isinstance(preset, str) and preset not in presets():
        raise unknown("population", preset, presets())
    drawn = presets()[preset] if isinstance(preset, str) else preset
    count, seed = _whole("count", count, 1), _whole("seed", seed, 0)
    shares = _shares(drawn, groups)
    uniform = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed))).random(
        (count, 2 + len(drawn.columns))
    )
    uniform = np.clip(uniform, _SMALLEST, 1.0 - 2.0**-53)
    group = _turns(shares, count)
    women = np.array([drawn.women[name] for name in group])
    sex = np.where(uniform[:, 0] < women, SEXES[1], SEXES[0])
    values = np.empty((count, 1 + len(drawn.columns)))
    for (of_group, of_sex), stratum in drawn.strata.items():
        here = np.flatnonzero((np.asarray(group) == of_group) & (sex == of_sex))
        age = np.zeros(len(here))
        if stratum.age is not None:
            drawn_age = _rounded(stratum.age.quantile(uniform[here, 1], age), "year")
            age = np.clip(drawn_age, stratum.age.low, stratum.age.high)
        scores = ndtri(uniform[here, 2:])
        values[here, 0] = age
        for k, (column, marginal) in enumerate(stratum.marginals.items()):
            # added up one by one: a matrix product may round otherwise for another count
            score = sum((scores[:, j] * stratum.root[j, k] for j in range(len(drawn.columns))), np.zeros(len(here)))
            value = _rounded(marginal.quantile(ndtr(score), age), options()[column])
            values[here, 1 + k] = np.clip(value, marginal.low, marginal.high)
    frame = pd.DataFrame(values, columns=["age", *drawn.columns])
    if not drawn.has_age:
        frame = frame.drop(columns="age")
    frame.insert(0, "sex", sex)
    if set(shares) != {""}:
        frame.insert(0, "group", group)
    frame.index.name = "person"
    frame.attrs = {
        "population": drawn.name,
        "title": drawn.title,
        "count": count,
        "seed": seed,
        "groups": [name for name in shares if name],
        "units": {column: options().get(column, "year") for column in frame.columns if column not in ("group", "sex")},
        "sources": sorted({row.source for row in drawn.rows} - {"assumption", "given"}),
        "notices": [*_doubts(drawn), *_cuts(frame, drawn)],
    }
    return frame


def describe(frame: pd.DataFrame, preset: str | Population | None = None) -> pd.DataFrame:
    """People beside what was published of them.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `people`.
    preset : str or Population, optional
        What they were drawn from; the preset named in ``frame.attrs`` if not given.

    Returns
    -------
    pandas.DataFrame
        By group and column: ``asked_mean`` and ``asked_sd``, what the published numbers give for people of these ages
        and sexes; ``bounded_mean`` and ``bounded_sd``, what the bounds leave of that, and ``cut``, the share of people
        that would be beyond them; ``mean`` and ``sd`` of these very people.

    Raises
    ------
    HipspineError
        If the population is unknown.
    """
    name = frame.attrs.get("population", "") if preset is None else preset
    if isinstance(name, str) and name not in presets():
        raise unknown("population", name, presets())
    drawn = presets()[name] if isinstance(name, str) else name
    found = []
    for group in drawn.groups:
        here = frame[frame["group"] == group] if group else frame
        for column in (*(("age",) if drawn.has_age else ()), *drawn.columns) if len(here) else ():
            realised = {"mean": here[column].mean(), "sd": here[column].std()}
            found.append({"group": group, "column": column, **_expected(here, drawn, group, column), **realised})
    return pd.DataFrame(found).set_index(["group", "column"])


def _expected(here: pd.DataFrame, drawn: Population, group: str, column: str) -> dict[str, float]:
    """What the numbers ask of people of one group with these ages and sexes, and what the bounds leave of it."""
    sums = np.zeros(5)
    for sex in SEXES:
        of_sex = here[here["sex"] == sex]
        if len(of_sex):
            stratum = drawn.strata[group, sex]
            marginal = stratum.age if column == "age" and stratum.age else stratum.marginals[column]
            age = of_sex["age"].to_numpy() if drawn.has_age else np.zeros(len(of_sex))
            mean, sd = marginal.mean_at(age), marginal.sd_at(age)
            kept = marginal.kept(age)
            sums += len(of_sex) * np.array(
                [mean.mean(), (mean**2 + sd**2).mean(), *marginal.moments(age), 1.0 - kept.mean()]
            )
    asked, asked_square, bounded, bounded_square, cut = (float(value) for value in sums / len(here))
    return {
        "asked_mean": asked,
        "asked_sd": float(np.sqrt(asked_square - asked**2)),
        "bounded_mean": bounded,
        "bounded_sd": float(np.sqrt(bounded_square - bounded**2)),
        "cut": cut,
    }


def _whole(name: str, value: int, least: int) -> int:
    try:
        found = index(value)
    except TypeError:
        found = least - 1
    if found < least or isinstance(value, bool):
        raise HipspineError(f"{name} must be a whole number, {least} or more, is {value!r}")
    return found


def _shares(drawn: Population, groups: Sequence[str] | None) -> dict[str, float]:
    """Share of each group that is drawn."""
    if groups is None:
        return dict(drawn.groups)
    known = [name for name in drawn.groups if name]
    wanted = [groups] if isinstance(groups, str) else list(groups)
    for name in wanted:
        if name not in known:
            raise unknown("group", name, known) if known else HipspineError(f"{drawn.name} has no groups")
    if not wanted:
        raise HipspineError(f"no group is asked for; {drawn.name} has {', '.join(known) or 'none'}")
    return {name: share for name, share in drawn.groups.items() if name in wanted}


def _turns(shares: dict[str, float], count: int) -> list[str]:
    """The group of each person: whichever is furthest behind its share."""
    total = sum(shares.values())
    behind = dict.fromkeys(shares, 0.0)
    turns = []
    for _ in range(count):
        for name, share in shares.items():
            behind[name] += share / total
        turn = max(behind, key=lambda name: round(behind[name], 9))
        behind[turn] -= 1.0
        turns.append(turn)
    return turns


def _rounded(value: Array, unit: str) -> Array:
    return np.round(value, _DIGITS.get(unit, 6))


def _doubts(drawn: Population) -> list[str]:
    """One line a quantity with the numbers that rest on nothing or on memory."""
    found: dict[str, list[str]] = {}
    for row in drawn.rows:
        if row.confidence in ("assumption", "unverified"):
            words = f"as {row.value} [{row.confidence}]: {row.note}" if row.what == "like" else row.words()
            found.setdefault(base(row.of) or "what is not told", []).append(words)
    return [f"{drawn.name}: {of}: {', '.join(words)}" for of, words in found.items()]


def _cuts(frame: pd.DataFrame, drawn: Population) -> list[str]:
    """One line a group and column whose bounds cut enough to be told."""
    found = []
    for row in describe(frame, drawn).reset_index().to_dict("records"):
        moved = max(abs(row[f"bounded_{what}"] - row[f"asked_{what}"]) for what in ("mean", "sd"))
        if row["cut"] > _CUT or moved > _MOVED * row["asked_sd"]:
            whom, unit = f" ({row['group']})" if row["group"] else "", options().get(row["column"], "years")
            found.append(
                f"{drawn.name}: {row['column']}{whom}: bounds cut {100.0 * row['cut']:.2g} %: mean "
                f"{row['bounded_mean']:.4g} instead of {row['asked_mean']:.4g} {unit}, sd "
                f"{row['bounded_sd']:.3g} instead of {row['asked_sd']:.3g}"
            )
    return found
