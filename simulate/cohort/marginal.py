"""How one quantity is spread among people of one group and sex: a marginal that may move with age, cut at bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]

#: Places in a marginal at which its moments are counted.
_GRID = (np.arange(1000) + 0.5) / 1000


@dataclass(frozen=True)
class Marginal:
    """One quantity of one group and sex, in its own unit; `mean` and `sd` are those at `at_age` before the cut."""

    kind: str
    mean: float
    sd: float
    at_age: float
    per_year: float
    proportional: bool
    low: float
    high: float

    def mean_at(self, age: Array) -> Array:
        """Mean of people of an age, before the cut."""
        if self.kind == "uniform":
            return np.full(np.shape(age), 0.5 * (self.low + self.high))
        return self.mean + self.per_year * (age - self.at_age) if self.per_year else np.full(np.shape(age), self.mean)

    def sd_at(self, age: Array) -> Array:
        """Standard deviation of people of an age, before the cut."""
        if self.kind == "uniform":
            return np.full(np.shape(age), (self.high - self.low) / np.sqrt(12.0))
        sd = np.full(np.shape(age), self.sd)
        return sd * self.mean_at(age) / self.mean if self.proportional else sd

    def kept(self, age: Array) -> Array:
        """Share of people of an age that is within the bounds."""
        if self.kind == "uniform":
            return np.ones(np.shape(age))
        low, high = self._scores(age)
        return np.asarray(np.where(low > 0.0, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low)))

    def quantile(self, share: Array, age: Array) -> Array:
        """Value below which a share of the people of an age lies, of those within the bounds."""
        if self.kind == "uniform":
            return self.low + share * (self.high - self.low) + np.zeros(np.shape(age))
        low, high = self._scores(age)
        # each tail is counted from its own end, where its digits are
        below = ndtri(ndtr(low) + share * (ndtr(high) - ndtr(low)))
        above = -ndtri(ndtr(-high) + (1.0 - share) * (ndtr(-low) - ndtr(-high)))
        score = np.where(low > 0.0, above, below)
        place, scale = self._shape(age)
        value = place + scale * score
        return np.clip(np.exp(value) if self.kind == "lognormal" else value, self.low, self.high)

    def moments(self, age: Array) -> tuple[float, float]:
        """Mean and mean square of people of these ages within the bounds; an age counts to the year."""
        ages, count = np.unique(np.round(age), return_counts=True)
        values, weight = self.quantile(_GRID[None, :], ages[:, None]), count / len(age)
        return float(weight @ values.mean(axis=1)), float(weight @ (values**2).mean(axis=1))

    def _shape(self, age: Array) -> tuple[Array, Array]:
        """Place and scale of the normal variable beneath."""
        mean, sd = self.mean_at(age), self.sd_at(age)
        if self.kind == "lognormal":
            variance = np.log1p((sd / mean) ** 2)
            return np.log(mean) - 0.5 * variance, np.sqrt(variance)
        return mean, sd

    def _scores(self, age: Array) -> tuple[Array, Array]:
        """Normal scores of the bounds."""
        place, scale = self._shape(age)
        ends = (self.low, self.high)
        if self.kind == "lognormal":
            ends = (np.log(self.low) if self.low > 0.0 else -np.inf, np.log(self.high) if self.high > 0.0 else -np.inf)
        return (ends[0] - place) / scale, (ends[1] - place) / scale
