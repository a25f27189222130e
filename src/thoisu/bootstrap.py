"""Intervals and tests by drawing articles anew.

Sentences of one article resemble each other, so that whatever is drawn at random is an article,
never a sentence. Figures must be functions of sums over articles: confusion matrices, mostly,
with the formulas of :mod:`thoisu.metrics`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thoisu.metrics import FloatArray

Statistic = Callable[[NDArray[np.number]], FloatArray]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its interval; no interval where the data cannot give one."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """How much higher a figure is for one system than for another, on the same sentences.

    Attributes:
        estimate: the difference and its interval.
        p: two-sided p-value of "there is no difference"; ``None`` with fewer than two articles.
    """

    estimate: Estimate
    p: float | None


class Bootstrap:
    """Articles drawn with replacement, as many as there are, again and again.

    The bootstrap (Efron 1979) over whole articles (a cluster bootstrap, Field and Welsh 2007). A
    resample is how often each article was drawn, so that the sums over all resamples are one
    matrix product. Every figure from one ``Bootstrap`` is measured on the same resamples: that
    makes intervals comparable, and differences paired.

    Args:
        articles: how many articles there are.
        resamples: how many times they are drawn.
        seed: of the random generator.
        level: coverage of the intervals.
    """

    def __init__(
        self, articles: int, *, resamples: int = 2000, seed: int = 0, level: float = 0.95
    ) -> None:
        self.level = level
        even = np.full(articles, 1 / articles)
        draws = np.random.default_rng(seed).multinomial(articles, even, size=resamples)
        self._draws = draws.astype(np.float64)

    def sums(self, sums: NDArray[np.number]) -> FloatArray:
        """Add up each resample: ``(articles, ...)`` → ``(resamples, ...)``."""
        flat = sums.reshape(len(sums), -1).astype(np.float64)
        return (self._draws @ flat).reshape(len(self._draws), *sums.shape[1:])

    def estimate(self, sums: NDArray[np.number], statistic: Statistic) -> Estimate:
        """Return a figure and its percentile interval.

        Resamples in which the figure is undefined (NaN: what it measures was not drawn) are left
        out of the interval. There is none where fewer than two articles have anything to measure.

        Args:
            sums: counts or sums of each article. *Shape:* ``(articles, ...)``.
            statistic: their sum, of *shape* ``(..., *sums.shape[1:])``, to the figure, ``(...)``.
        """
        value = float(statistic(sums.sum(axis=0)))
        if not _several(sums):
            return Estimate(value)
        return Estimate(value, *self._interval(statistic(self.sums(sums))))

    def difference(
        self,
        first: NDArray[np.number],
        second: NDArray[np.number],
        statistic: Statistic,
    ) -> Difference:
        """Return ``statistic(second) - statistic(first)``, with interval and p-value.

        A paired bootstrap (Koehn 2004; Berg-Kirkpatrick et al. 2012). The p-value is twice the
        share of resamples in which the difference is 0 or has the other sign, the observed data
        counted as one more resample (Davison and Hinkley 1997): the test that belongs to the
        percentile interval. It is never below ``2 / (resamples + 1)``.

        Args:
            first: sums of each article, of the one system. *Shape:* ``(articles, ...)``.
            second: the same of the other system.
            statistic: as in :meth:`estimate`.

        Raises:
            ValueError: the shapes differ.
        """
        if first.shape != second.shape:
            raise ValueError(f"not the same articles or labels: {first.shape}, {second.shape}")
        value = float(statistic(second.sum(axis=0)) - statistic(first.sum(axis=0)))
        if not _several(first):
            return Difference(Estimate(value), None)
        differences = statistic(self.sums(second)) - statistic(self.sums(first))
        differences = differences[~np.isnan(differences)]
        tail = int(min((differences <= 0).sum(), (differences >= 0).sum()))
        p = min(1.0, 2 * (1 + tail) / (1 + len(differences)))
        return Difference(Estimate(value, *self._interval(differences)), p)

    def _interval(self, values: FloatArray) -> tuple[float, float] | tuple[None, None]:
        values = values[~np.isnan(values)]
        if not values.size:
            return None, None
        outside = (1 - self.level) / 2
        low, high = np.quantile(values, [outside, 1 - outside])
        return float(low), float(high)


def _several(sums: NDArray[np.number]) -> bool:
    """Whether two articles or more have something to measure: less has no spread."""
    return int(np.count_nonzero(sums.reshape(len(sums), -1).any(axis=1))) > 1
