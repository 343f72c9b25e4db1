from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from llamoco.modeling.training.collators import length_groups
from llamoco.modeling.training.sampler import (
    BalancedSampler,
    TripletSampler,
    balanced_weights,
    systematic_draw,
)

OPTIMIZERS = ["de"] * 60 + ["cma_es"] * 25 + ["slsqp"] * 10 + ["pso"] * 4 + ["ga"]


LENGTHS = np.random.default_rng(1).integers(20, 400, size=len(OPTIMIZERS))


def sampler(kind: type[BalancedSampler], **changes: object) -> BalancedSampler:
    settings: dict = {"optimizers": OPTIMIZERS, "lengths": LENGTHS, "batch_size": 8, "seed": 3}
    return kind(**{**settings, **changes})


def epochs(one: BalancedSampler, count: int) -> np.ndarray:
    """The rows of several epochs."""
    drawn = []
    for epoch in range(count):
        one.set_epoch(epoch)
        drawn.append(list(one))
        assert len(drawn[-1]) == len(one)
    return np.concatenate(drawn)


def test_weights_are_eq_5() -> None:
    weights = balanced_weights(OPTIMIZERS)
    counts = Counter(OPTIMIZERS)
    assert weights == pytest.approx([1 / (len(counts) * counts[name]) for name in OPTIMIZERS])
    assert balanced_weights(OPTIMIZERS, exponent=0.0) == pytest.approx(
        [1 / len(OPTIMIZERS)] * len(OPTIMIZERS)
    )


def test_draws_are_unbiased_and_as_even_as_can_be() -> None:
    weights = balanced_weights(OPTIMIZERS)
    generator = np.random.default_rng(0)
    draws = np.array(
        [np.bincount(systematic_draw(weights, 100, generator), minlength=100) for _ in range(4000)]
    )
    assert np.all(np.abs(draws - 100 * weights) < 1)
    # Counts are floor or ceil of the expectation: their variance is at most 1/4.
    assert draws.mean(axis=0) == pytest.approx(100 * weights, abs=4 * 0.5 / 4000**0.5)


def test_both_phases_draw_each_optimizer_equally_often() -> None:
    triplets = epochs(sampler(TripletSampler), 50).reshape(-1, 3)
    for rows in (triplets[:, 0], triplets[:, 2], epochs(sampler(BalancedSampler), 50)):
        frequencies = Counter(OPTIMIZERS[row] for row in rows)
        assert set(frequencies) == set(OPTIMIZERS)
        for count in frequencies.values():
            assert count / 5200 == pytest.approx(0.2, abs=0.025)


def test_triplets_are_what_they_say() -> None:
    one = sampler(TripletSampler)
    assert len(one) == 3 * 104, "an anchor for each row, filled to whole batches"
    for anchor, positive, negative in epochs(one, 2).reshape(-1, 3):
        assert OPTIMIZERS[anchor] == OPTIMIZERS[positive] != OPTIMIZERS[negative]
        assert anchor != positive or OPTIMIZERS[anchor] == "ga"


@pytest.mark.parametrize("kind", [BalancedSampler, TripletSampler])
def test_order_depends_on_seed_and_epoch_only(kind: type[BalancedSampler]) -> None:
    one = sampler(kind)
    assert list(one) == list(one) == list(sampler(kind)) != list(sampler(kind, seed=4))
    drawn = [epochs(one, count)[-len(one) :].tolist() for count in (1, 2, 3)]
    assert all(a != b for a, b in pairwise(drawn))
    one.set_epoch(1)
    assert list(one) == drawn[1]


def test_frequencies_of_rows_are_eq_5() -> None:
    """In the tuning exactly, but for rounding; of anchors, positives and negatives by chi-square tests."""
    triplets = epochs(sampler(TripletSampler), 100).reshape(-1, 3)
    draws = len(triplets)
    expected = draws * balanced_weights(OPTIMIZERS)
    rows = np.bincount(epochs(sampler(BalancedSampler), 100), minlength=100)
    anchors, positives, negatives = (np.bincount(column, minlength=100) for column in triplets.T)
    # Each of the 100 epochs rounds each row's count up or down.
    for counts in (rows, anchors):
        assert np.all(np.abs(counts - expected) < 100) and counts.sum() == draws
        assert chisquare(counts, expected).pvalue > 0.01
    # A positive is uniform among the anchor's optimizer, so balanced, too.
    assert chisquare(positives, expected).pvalue > 0.01
    # A negative is drawn by Eq. 5 among the other optimizers, each of which has the weight 1 / 5.
    assert chisquare(negatives, expected).pvalue > 0.01
    pairs = Counter((OPTIMIZERS[q], OPTIMIZERS[minus]) for q, _, minus in triplets)
    assert len(pairs) == 20 and chisquare(list(pairs.values())).pvalue > 0.01


@pytest.mark.parametrize("batch_size", [4, 16, 64])
def test_under_5_percent_of_positions_are_padding(batch_size: int) -> None:
    """Lengths as in the instruction set: prompts of 130 to 1,300 tokens, half as many again of facts only."""
    draw = np.random.default_rng(1)
    described = np.clip(draw.lognormal(6.15, 0.4, size=4000), 129, 1266).astype(int)
    prompts = np.concatenate([described, draw.integers(65, 122, size=2000)])
    lengths = prompts + draw.integers(50, 125, size=6000)
    optimizers = draw.choice(
        ["slsqp", "cobyla", "cma_es", "de", "pso"], p=[0.4, 0.3, 0.2, 0.09, 0.01], size=6000
    ).tolist()

    def padding(groups: Iterable[np.ndarray]) -> float:
        groups = list(groups)
        return 1 - sum(group.sum() for group in groups) / sum(len(group) * group.max() for group in groups)

    settings: dict = {"optimizers": optimizers, "batch_size": batch_size}
    rows = list(sampler(BalancedSampler, **settings, lengths=lengths))
    assert padding(lengths[rows].reshape(-1, batch_size)) <= 0.05
    unsorted = list(sampler(BalancedSampler, **settings, lengths=lengths, bucket_batches=1))
    assert batch_size > 4 or padding(lengths[unsorted].reshape(-1, batch_size)) > 0.2
    triplets = list(sampler(TripletSampler, **settings, lengths=prompts))[: 300 * batch_size]
    batches = torch.from_numpy(prompts[triplets].reshape(-1, 3 * batch_size))
    groups = (batch[group].numpy() for batch in batches for group in length_groups(batch))
    assert padding(groups) <= 0.09


def test_one_optimizer_has_no_negatives() -> None:
    with pytest.raises(ValueError, match=r"'de'.*contrastive_steps"):
        sampler(TripletSampler, optimizers=["de"] * 100)
    assert len(list(sampler(BalancedSampler, optimizers=["de"] * 100))) == 104
