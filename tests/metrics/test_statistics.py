"""Intervals and tests of scores against scipy, formulas, simulation and hand computation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from llamoco.metrics.statistics import ByProblem, holm, interval, wilcoxon


def gathered(values: np.ndarray) -> ByProblem:
    """Values (P, N) of N predictions of each of P problems; NaN is no value."""
    pairs = [(f"{p:04}", None if np.isnan(v) else float(v)) for p, row in enumerate(values) for v in row]
    return ByProblem.gather(pairs)


def test_values_are_gathered_by_problem() -> None:
    values = ByProblem.gather([("b", 1.0), ("a", 0.5), ("b", 0.0), ("c", None), ("b", 0.5)])
    assert values.problems == ("a", "b")
    assert values.sums.tolist() == [0.5, 1.5] and values.counts.tolist() == [1, 3]
    assert values.means.tolist() == [0.5, 0.5] and values.mean == 2.0 / 4
    nothing = ByProblem.gather([("a", None)])
    assert nothing.mean is None and interval(nothing) is None and interval(ByProblem.gather([])) is None
    assert interval(ByProblem.gather([("a", 1.0), ("a", 0.0)])) is None  # one problem: nothing to resample


@pytest.mark.parametrize("problems", [15, 60, 300])
def test_the_interval_is_scipys_percentile_bootstrap_at_levels_moved_outward(problems: int) -> None:
    values = np.random.default_rng(1).beta(4, 1, (problems, 1))
    found = interval(gathered(values))
    # Hesterberg: alpha' / 2 = Phi(-sqrt(n / (n - 1)) t_{alpha / 2, n - 1})
    tail = stats.norm.cdf(np.sqrt(problems / (problems - 1)) * stats.t.ppf(0.025, problems - 1))
    other = stats.bootstrap(
        (values[:, 0],),
        np.mean,
        confidence_level=1 - 2 * tail,
        method="percentile",
        n_resamples=20_000,
        rng=2,
    )
    error = values.std() / np.sqrt(problems)
    assert found == pytest.approx(tuple(other.confidence_interval), abs=0.15 * error)


def test_the_interval_of_a_ratio_is_scipys_of_paired_sums_and_counts() -> None:
    rng = np.random.default_rng(3)
    values = rng.beta(2, 1, (80, 6))
    values[np.arange(6) >= rng.integers(1, 7, 80)[:, None]] = np.nan  # 1 to 6 predictions a problem
    sums, counts = np.nansum(values, axis=1), np.isfinite(values).sum(axis=1)
    other = stats.bootstrap(
        (sums, counts),
        lambda s, c, axis: s.sum(axis=axis) / c.sum(axis=axis),
        paired=True,
        method="percentile",
        n_resamples=20_000,
        rng=4,
    )
    found = interval(gathered(values))
    assert found == pytest.approx(tuple(other.confidence_interval), abs=0.2 * other.standard_error)


def test_the_interval_of_many_problems_is_the_normal_one_of_the_problems_residuals() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(0.5, 0.1, (1000, 4)) + rng.normal(0, 0.2, (1000, 1))
    values[rng.random((1000, 4)) < 0.2] = np.nan
    sums, counts = np.nansum(values, axis=1), np.isfinite(values).sum(axis=1)
    mean = sums.sum() / counts.sum()
    # Linearised ratio: se = sqrt(sum_p (s_p - mean c_p)^2) / sum_p c_p
    error = np.sqrt(((sums - mean * counts) ** 2).sum()) / counts.sum()
    found = interval(gathered(values))
    assert found == pytest.approx((mean - 1.96 * error, mean + 1.96 * error), abs=0.15 * error)
    naive = np.nanstd(values) / np.sqrt(counts.sum())
    assert error > 1.5 * naive


@pytest.mark.parametrize("kind", ["normal", "skewed", "errors"])
@pytest.mark.parametrize("problems", [20, 60])
def test_the_interval_covers_the_true_mean_in_95_of_100_samples(kind: str, problems: int) -> None:
    rng = np.random.default_rng(6)
    predictions = rng.integers(1, 7, (600, problems))
    if kind == "normal":
        means, truth = rng.normal(0.5, 0.2, (600, problems)), 0.5
    elif kind == "skewed":
        means, truth = rng.beta(3, 1, (600, problems)), 3 / 4
    else:  # a program that fails tends to fail on all descriptions and runs
        means, truth = rng.binomial(5, rng.beta(0.4, 1.2, (600, problems))) / 5, 0.4 / 1.6
    names = tuple(map(str, range(problems)))
    ends = [
        interval(ByProblem(names, mean * count, count.astype(float)))
        for mean, count in zip(means, predictions, strict=True)
    ]
    covered = np.mean([found is not None and found[0] <= truth <= found[1] for found in ends])
    assert 0.92 <= covered <= 0.98


def test_copies_of_predictions_change_nothing_and_treating_them_as_problems_would() -> None:
    values = np.random.default_rng(7).beta(2, 2, (40, 1))
    once, five_times = interval(gathered(values)), interval(gathered(np.repeat(values, 5, axis=1)))
    naive = interval(gathered(np.repeat(values, 5, axis=0)))
    assert once is not None and five_times is not None and naive is not None
    assert once == pytest.approx(five_times, abs=1e-12)
    # Five times the problems: sqrt(5) = 2.24 times narrower.
    assert (once[1] - once[0]) / (naive[1] - naive[0]) == pytest.approx(np.sqrt(5), rel=0.1)


def test_the_order_of_predictions_does_not_matter() -> None:
    rng = np.random.default_rng(8)
    pairs = [(f"p{rng.integers(9)}", float(value)) for value in rng.random(50)]
    shuffled = [pairs[i] for i in rng.permutation(50)]
    assert interval(ByProblem.gather(pairs)) == pytest.approx(interval(ByProblem.gather(shuffled)))


@pytest.mark.parametrize("problems", [2, 10, 50])
def test_scores_at_the_end_of_their_range_have_the_exact_interval_of_a_share(problems: int) -> None:
    none, all_ = gathered(np.zeros((problems, 3))), gathered(np.ones((problems, 3)))
    low = stats.binomtest(0, problems).proportion_ci(0.95)  # Clopper-Pearson
    assert interval(none, (0.0, 1.0)) == pytest.approx((low.low, low.high))
    assert interval(all_, (0.0, 1.0)) == pytest.approx((1 - low.high, 1.0))
    # By hand: (1 - m)^10 = 0.025, m = 1 - 0.025^0.1 = 0.3085.
    if problems == 10:
        assert interval(none, (0.0, 1.0)) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert interval(none) == (0.0, 0.0)


def test_wilcoxon_is_scipys() -> None:
    rng = np.random.default_rng(9)
    for size in (5, 30, 200):
        differences = rng.normal(0.2, 1.0, size)
        assert wilcoxon(differences) == pytest.approx(stats.wilcoxon(differences).pvalue)
        assert wilcoxon(-differences) == pytest.approx(wilcoxon(differences))
    assert wilcoxon(np.zeros(4)) == wilcoxon(np.array([])) == 1.0
    # 1, 2 and 3 have ranks 1, 2, 3: of the 8 patterns of signs two are as extreme, 2 / 8. Zeros are left out.
    assert wilcoxon(np.array([1.0, 0.0, 2.0, 3.0, 0.0])) == 0.25
    assert wilcoxon(np.array([0.3])) == 1.0


def test_wilcoxon_finds_a_false_difference_in_5_of_100_samples() -> None:
    rng = np.random.default_rng(10)
    rejected = np.mean([wilcoxon(rng.normal(0, 1, 40)) < 0.05 for _ in range(1000)])
    assert 0.03 <= rejected <= 0.07


def test_holm_by_hand() -> None:
    # Sorted 0.005, 0.01, 0.03, 0.04: times 4, 3, 2, 1 gives 0.02, 0.03, 0.06, 0.04; the last is raised to 0.06.
    for order in itertools.permutations(range(4)):
        p_values = np.array([0.005, 0.01, 0.03, 0.04])[list(order)]
        expected = np.array([0.02, 0.03, 0.06, 0.06])[list(order)]
        assert holm(p_values.tolist()) == pytest.approx(expected)
    assert holm([0.5, 0.9, 0.4]) == [1.0, 1.0, 1.0]  # 1.2, 1.0, 0.9, none above 1 nor below what came before
    assert holm([0.03]) == [0.03] and holm([]) == []
