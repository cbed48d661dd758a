"""Where in the space of some quantities cases are to be solved: points of a design, by the name of its method.

Points are drawn in the unit cube and taken through each quantity's inverse distribution, so every method knows every
distribution. The quantities are independent of each other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import isfinite
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.errors import HipspineError, unknown

Array = NDArray[np.float64]

#: Sobol's sequence and what is built upon it come in powers of two, or lose their balance.
POWERS_OF_TWO = ("sobol", "saltelli")
METHODS = ("latin_hypercube", "sobol", "saltelli", "random")
#: Where a normal distribution ends if nothing else is said: it keeps 99.7 % of itself. [standard deviations]
ENDS_AT = 3.0


@dataclass(frozen=True)
class Quantity:
    """Something that varies, and how: uniformly, or normally between two bounds.

    Parameters
    ----------
    name : str
        Of the option that it is.
    low, high : float
        Bounds, in the option's own unit. Of a normal distribution `ENDS_AT` standard deviations about the mean if not
        given.
    mean, sd : float, optional
        Of the normal distribution before it is cut off at the bounds. Neither of them: uniform.

    Raises
    ------
    HipspineError
        If a number is missing, not finite, or contradicts another.
    """

    name: str
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    sd: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise HipspineError(f"a quantity needs a name, has {self.name!r}")
        for field in ("low", "high", "mean", "sd"):
            object.__setattr__(self, field, self._number(field))
        if (self.mean is None) != (self.sd is None):
            raise HipspineError(f"quantity {self.name!r} has one of mean and sd: a normal distribution needs both")
        if self.mean is not None and self.sd is not None:
            if self.sd <= 0.0:
                raise HipspineError(f"quantity {self.name!r}: sd must be above 0, is {self.sd:g}")
            for field, sign in (("low", -1.0), ("high", 1.0)):
                if getattr(self, field) is None:
                    object.__setattr__(self, field, self.mean + sign * ENDS_AT * self.sd)
        low, high = self.bounds
        if not low < high:
            raise HipspineError(
                f"quantity {self.name!r}: low must be below high, they are {low:g} and {high:g}; "
                "what does not vary is an option that is held"
            )
        if self.mean is not None and not low <= self.mean <= high:
            raise HipspineError(
                f"quantity {self.name!r}: mean {self.mean:g} must be between low and high, {low:g} and {high:g}"
            )

    def _number(self, field: str) -> float | None:
        value = getattr(self, field)
        if value is None:
            return None
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if isinstance(value, (bool, str)) or not isfinite(number):
            raise HipspineError(f"quantity {self.name!r}: {field} must be a finite number, is {value!r}")
        return number

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the largest value."""
        if self.low is None or self.high is None:
            raise HipspineError(
                f"quantity {self.name!r} needs low and high (uniform between them), or mean and sd (normal)"
            )
        return self.low, self.high

    def values(self, shares: Array) -> Array:
        """The values below which these shares of the distribution lie.

        Parameters
        ----------
        shares : ndarray
            From 0 to 1.

        Returns
        -------
        ndarray
            Of the same shape, in the quantity's unit.
        """
        low, high = self.bounds
        if self.mean is None or self.sd is None:
            return np.clip(low + np.asarray(shares) * (high - low), low, high)
        from scipy.stats import truncnorm

        ends = (low - self.mean) / self.sd, (high - self.mean) / self.sd
        return np.clip(truncnorm.ppf(shares, *ends, loc=self.mean, scale=self.sd), low, high)


@dataclass(frozen=True)
class Design:
    """What was drawn, and how: all that is needed to draw it again.

    Parameters
    ----------
    method : {"latin_hypercube", "sobol", "saltelli", "random"}
    count : int
        Of points; of base samples in ``saltelli``.
    seed : int
        0 or more.
    quantities : sequence of Quantity
    second_order : bool
        Whether ``saltelli`` has the rows for pairs of quantities too.

    Raises
    ------
    HipspineError
        If the method is unknown, the count none of the method's, the seed negative, a name there twice.
    """

    method: str
    count: int
    seed: int
    quantities: tuple[Quantity, ...]
    second_order: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantities", tuple(self.quantities))
        if not isinstance(self.second_order, (bool, np.bool_)):
            raise HipspineError(f"second_order must be true or false, is {self.second_order!r}")
        object.__setattr__(self, "second_order", bool(self.second_order))
        names = self.names
        if not names:
            raise HipspineError("a sample needs at least one quantity that varies")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise HipspineError(f"quantities are there twice: {', '.join(twice)}")
        object.__setattr__(self, "count", _counted(self.method, self.count))
        object.__setattr__(self, "seed", _whole("seed", self.seed, least=0))
        if self.second_order and self.method != "saltelli":
            raise HipspineError(f"second_order is of method 'saltelli' alone, the method is {self.method!r}")

    @property
    def names(self) -> tuple[str, ...]:
        """Of the quantities, in their order."""
        return tuple(quantity.name for quantity in self.quantities)

    @property
    def rows(self) -> int:
        """How many cases the sample has."""
        return rows(self.method, self.count, len(self.quantities), self.second_order)

    @property
    def block(self) -> int:
        """How many rows belong to one base sample of ``saltelli``, one after the other; 1 in the other methods."""
        return self.rows // self.count

    def draw(self) -> Array:
        """The sample (rows, quantities), as `sample` gives it."""
        from scipy.stats import qmc

        generator, k = np.random.default_rng(self.seed), len(self.quantities)
        if self.method == "latin_hypercube":
            cube = qmc.LatinHypercube(k, rng=generator).random(self.count)
        elif self.method == "sobol":
            cube = qmc.Sobol(k, scramble=True, rng=generator).random(self.count)
        elif self.method == "saltelli":
            from SALib.sample import sobol

            cube = sobol.sample(problem(self), self.count, calc_second_order=self.second_order, seed=generator)
        else:
            cube = generator.random((self.count, k))
        return np.column_stack([one.values(cube[:, i]) for i, one in enumerate(self.quantities)])

    @property
    def text(self) -> str:
        """The design as JSON, which a data set carries as its attribute ``samples``."""
        parts = {name: getattr(self, name) for name in ("method", "count", "seed", "second_order")}
        return json.dumps({**parts, "quantities": [asdict(one) for one in self.quantities]})

    @classmethod
    def parse(cls, text: str) -> Design:
        """The design that a data set's attribute ``samples`` tells.

        Raises
        ------
        HipspineError
            If it is no JSON, or something is missing or not known.
        """
        try:
            told = json.loads(text)
        except (TypeError, ValueError) as error:
            raise HipspineError(f"attribute 'samples' is no JSON text: {error}") from None
        needed, allowed = {"method", "count", "seed", "quantities"}, {field.name for field in fields(cls)}
        told = _object("attribute 'samples'", told, needed, allowed)
        if not isinstance(told["quantities"], list):
            raise HipspineError("attribute 'samples': quantities must be a list")
        known = {field.name for field in fields(Quantity)}
        each = [_object("a quantity in attribute 'samples'", one, {"name"}, known) for one in told["quantities"]]
        return cls(**{**told, "quantities": tuple(Quantity(**one) for one in each)})


def sample(quantities: Sequence[Quantity], *, method: str, count: int, seed: int, second_order: bool = False) -> Array:
    """Draw a sample of some quantities.

    Parameters
    ----------
    quantities : sequence of Quantity
    method : {"latin_hypercube", "sobol", "saltelli", "random"}
        Latin hypercube (one point in each of `count` slices of every quantity), Sobol's sequence (scrambled), the
        crossed samples by which `simulate.sensitivity.indices` tells shares of variance, or independent points.
    count : int
        Of points. ``sobol`` and ``saltelli``: a power of two; ``saltelli``: of base samples, with `rows` points.
    seed : int
        0 or more.
    second_order : bool
        ``saltelli``: whether pairs of quantities are to be told too, with nearly twice the points.

    Returns
    -------
    ndarray, shape (rows, quantities)
        Each column in its quantity's unit, within its bounds.

    Raises
    ------
    HipspineError
        If the method is unknown, the count none of the method's, the seed negative, a name there twice.

    Notes
    -----
    The same seed gives the same points of the unit cube, bit for bit, on every platform that has the same versions of
    numpy, scipy and SALib; these promise no more between versions. Values of a uniform quantity are these points times
    a width; those of a normal one may differ in their last digits between platforms, where logarithms do. A study
    therefore stores the values, and not the seed alone.
    """
    return Design(method, count, seed, tuple(quantities), second_order).draw()


def rows(method: str, count: int, k: int, second_order: bool = False) -> int:
    """How many points a sample has.

    Parameters
    ----------
    method : {"latin_hypercube", "sobol", "saltelli", "random"}
    count : int
        Of points; of base samples in ``saltelli``.
    k : int
        Of quantities.
    second_order : bool
        Of ``saltelli``.

    Returns
    -------
    int
        `count`; in ``saltelli`` `count` times k + 2, with second order times 2 k + 2.

    Raises
    ------
    HipspineError
        If the method is unknown or the count none of the method's.
    """
    count, k = _counted(method, count), _whole("the number of quantities", k, least=1)
    if method != "saltelli":
        return count
    return count * (2 * k + 2 if second_order else k + 2)


def problem(design: Design) -> dict[str, Any]:
    """The quantities as SALib has them, in the unit cube."""
    return {"num_vars": len(design.names), "names": list(design.names), "bounds": [[0.0, 1.0]] * len(design.names)}


def _counted(method: str, count: int) -> int:
    """The count, if it is one of the method's."""
    if method not in METHODS:
        raise unknown("sampling method", method, METHODS)
    count = _whole("count", count, least=1)
    if method in POWERS_OF_TWO and count & (count - 1):
        below = 1 << (count.bit_length() - 1)
        raise HipspineError(
            f"count of {method} must be a power of two, is {count}: nearest are {below} and {2 * below}"
        )
    return count


def _whole(what: str, value: object, least: int) -> int:
    """A whole number that is not too small."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        raise HipspineError(f"{what} must be a whole number, is {value!r}") from None
    if number < least:
        raise HipspineError(f"{what} must be {least} or more, is {number}")
    return number


def _object(what: str, told: object, needed: set[str], allowed: set[str]) -> Mapping[str, Any]:
    """A JSON object that has what it needs and nothing that is not known."""
    if not isinstance(told, dict):
        raise HipspineError(f"{what} must be an object, is {told!r}")
    lacking = sorted(needed - set(told))
    if lacking:
        raise HipspineError(f"{what} lacks {', '.join(lacking)}")
    for name in told:
        if name not in allowed:
            raise unknown(f"entry of {what}", name, allowed)
    return told


__all__ = ["ENDS_AT", "METHODS", "POWERS_OF_TWO", "Design", "Quantity", "problem", "rows", "sample"]
