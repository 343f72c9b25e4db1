"""Confidence intervals and tests of scores, over problems.

Predictions of one problem, and runs of one prediction, resemble each other: five descriptions of a problem say
little more about a model than one. So problems are resampled and compared, never predictions or runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats

RESAMPLES = 5000
SEED = 0
LEVEL = 0.95
TIE = 1e-9

Interval = tuple[float, float]


@dataclass(frozen=True)
class ByProblem:
    """The values of a score, gathered by problem.

    Attributes:
        problems: ids of the P problems that have values, sorted.
        sums, counts: of each problem's values, (P,).
    """

    problems: tuple[str, ...]
    sums: np.ndarray
    counts: np.ndarray

    @classmethod
    def gather(cls, values: Iterable[tuple[str, float | None]]) -> ByProblem:
        """Gather (problem id, value) pairs; None is no value."""
        totals: dict[str, list[float]] = {}
        for problem, value in values:
            if value is not None:
                total = totals.setdefault(problem, [0.0, 0.0])
                total[0] += value
                total[1] += 1.0
        problems = tuple(sorted(totals))
        table = np.array([totals[problem] for problem in problems]).reshape(-1, 2)
        return cls(problems, table[:, 0], table[:, 1])

    @property
    def mean(self) -> float | None:
        """The mean of all values; None if there are none."""
        return float(self.sums.sum() / self.counts.sum()) if self.problems else None

    @property
    def means(self) -> np.ndarray:
        """Each problem's mean, (P,)."""
        return np.asarray(self.sums / self.counts)

    def resampled(self) -> np.ndarray:
        """Means of all values of P problems drawn with replacement, (RESAMPLES,).

        The same problems are drawn for the same P, so that resamples of several scores belong together.
        """
        drawn = _drawn(len(self.problems))
        return np.asarray(drawn @ self.sums / (drawn @ self.counts))


@lru_cache(maxsize=1)
def _drawn(problems: int) -> np.ndarray:
    """How often each problem is in each resample, (RESAMPLES, P)."""
    rng = np.random.default_rng(SEED)
    return rng.multinomial(problems, np.full(problems, 1 / problems), size=RESAMPLES).astype(float)


def interval(values: ByProblem, limits: tuple[float, float] | None = None) -> Interval | None:
    """95% interval for the mean of a score: expanded percentile bootstrap over problems.

    Where all values are at one end of the score's range, no resample differs. Were the mean m away from that end, a
    problem would be at it with probability 1 - m at most, all P with (1 - m)^P; the m where this is 2.5% is the
    interval's other end (exact for shares of problems: Clopper & Pearson, 1934).

    Args:
        values: the score's values.
        limits: least and greatest possible value; None if there are none.

    Returns:
        None with fewer than two problems.
    """
    if len(values.problems) < 2:
        return None
    if limits is not None:
        low, high = limits
        reach = (high - low) * (1 - ((1 - LEVEL) / 2) ** (1 / len(values.problems)))
        if (values.sums == low * values.counts).all():
            return low, low + reach
        if (values.sums == high * values.counts).all():
            return high - reach, high
    return percentiles(values.resampled(), len(values.problems))


def percentiles(resampled: np.ndarray, problems: int) -> Interval:
    """Percentile interval from resamples (B,) of a number of problems.

    Plain percentiles are too narrow by about sqrt((P - 1) / P) and the difference between normal and t quantiles;
    their levels are moved outward by that much (Hesterberg, 2015, doi:10.1080/00031305.2015.1089789, section 4.4).
    """
    low, high = np.quantile(resampled, [_tail(problems), 1 - _tail(problems)])
    return float(low), float(high)


def _tail(problems: int) -> float:
    t = stats.t.ppf((1 + LEVEL) / 2, problems - 1)
    return float(stats.norm.cdf(-np.sqrt(problems / (problems - 1)) * t))


def wilcoxon(differences: np.ndarray) -> float:
    """p-value of the Wilcoxon signed-rank test, two-sided, of paired differences (P,); 1 if they are all zero.

    Zeros are left out, as Wilcoxon did; scipy computes exactly up to 50 differences without ties.
    """
    differing = differences[differences != 0]
    return float(stats.wilcoxon(differing).pvalue) if len(differing) else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for their number (Holm, 1979): the k-th smallest of n times n - k + 1, never falling."""
    n, adjusted, reached = len(p_values), [1.0] * len(p_values), 0.0
    for rank, number in enumerate(sorted(range(n), key=lambda i: p_values[i])):
        reached = max(reached, min(1.0, (n - rank) * p_values[number]))
        adjusted[number] = reached
    return adjusted
