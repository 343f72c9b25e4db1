from collections import Counter
from itertools import chain, pairwise, product

import numpy as np
import pytest
from scipy.stats import chisquare

from llamoco.modeling.training.sampler import (
    TwoPhaseBatchSampler,
    balanced_weights,
    length_groups,
    systematic_draw,
)

OPTIMIZERS = ["de"] * 60 + ["cma_es"] * 25 + ["slsqp"] * 10 + ["pso"] * 4 + ["ga"]


def sampler(**changes: object) -> TwoPhaseBatchSampler:
    lengths = np.random.default_rng(1).integers(20, 400, size=len(OPTIMIZERS))
    settings: dict = {
        "optimizers": OPTIMIZERS,
        "prompt_lengths": lengths,
        "lengths": lengths + 40,
        "batch_size": 8,
        "contrastive_batches": 30,
        "tuning_batches": 70,
        "seed": 3,
    }
    return TwoPhaseBatchSampler(**{**settings, **changes})


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
    batches = list(sampler(contrastive_batches=650, tuning_batches=650))
    anchors = Counter(OPTIMIZERS[triplet[0]] for batch in batches[:650] for triplet in batch)
    negatives = Counter(OPTIMIZERS[triplet[2]] for batch in batches[:650] for triplet in batch)
    rows = Counter(OPTIMIZERS[row] for batch in batches[650:] for row in batch)
    for frequencies in (anchors, negatives, rows):
        assert set(frequencies) == set(OPTIMIZERS)
        for count in frequencies.values():
            assert count / 5200 == pytest.approx(0.2, abs=0.025)


def test_batches_are_homogeneous_and_triplets_are_what_they_say() -> None:
    batches = list(sampler())
    assert len(batches) == len(sampler()) == 100
    assert all(isinstance(item, tuple) for batch in batches[:30] for item in batch)
    assert all(isinstance(item, int) for batch in batches[30:] for item in batch)
    assert all(len(batch) == 8 for batch in batches)
    for anchor, positive, negative in (triplet for batch in batches[:30] for triplet in batch):
        assert OPTIMIZERS[anchor] == OPTIMIZERS[positive] != OPTIMIZERS[negative]
        assert anchor != positive or OPTIMIZERS[anchor] == "ga"


def test_order_depends_on_seed_and_epoch_only() -> None:
    assert list(sampler()) == list(sampler())
    assert list(sampler()) != list(sampler(seed=4))
    # A longer run begins as a shorter one: what comes does not depend on where the run will end.
    assert list(sampler(contrastive_batches=0, tuning_batches=90))[:70] == list(sampler())[30:]
    epochs = [sampler().tuning_epoch(epoch) for epoch in range(3)]
    assert all(a != b for a, b in pairwise(epochs))
    assert sampler().contrastive_epoch(0) != sampler().contrastive_epoch(1)


def test_frequencies_of_rows_are_eq_5() -> None:
    """In the tuning exactly, but for rounding; of anchors, positives and negatives by chi-square tests."""
    one = sampler(contrastive_batches=13 * 100, tuning_batches=13 * 100)
    batches = list(one)
    draws = 13 * 100 * 8
    expected = draws * balanced_weights(OPTIMIZERS)
    rows = np.bincount(np.ravel(batches[1300:]), minlength=100)
    anchors, positives, negatives = (
        np.bincount(column, minlength=100) for column in np.array(batches[:1300]).reshape(-1, 3).T
    )
    # Each of the 100 epochs rounds each row's count up or down.
    for counts in (rows, anchors):
        assert np.all(np.abs(counts - expected) < 100) and counts.sum() == draws
        assert chisquare(counts, expected).pvalue > 0.01
    # A positive is uniform among the anchor's optimizer, so balanced, too.
    assert chisquare(positives, expected).pvalue > 0.01
    # A negative is drawn by Eq. 5 among the other optimizers, each of which has the weight 1 / 5.
    assert chisquare(negatives, expected).pvalue > 0.01
    pairs = Counter((OPTIMIZERS[q], OPTIMIZERS[minus]) for q, _, minus in chain.from_iterable(batches[:1300]))
    assert len(pairs) == 20 and chisquare(list(pairs.values())).pvalue > 0.01


def test_no_share_of_a_batch_in_groups_has_less_padding() -> None:
    draw = np.random.default_rng(0)
    for _ in range(60):
        lengths = draw.integers(1, 40, size=draw.integers(1, 7))
        count = int(draw.integers(1, 5))
        groups = length_groups(lengths, count)
        assert len(groups) == min(count, len(lengths))
        assert sorted(np.concatenate(groups)) == list(range(len(lengths)))
        found = sum(len(group) * lengths[group].max() for group in groups)
        for labels in product(range(count), repeat=len(lengths)):
            parts = [lengths[np.array(labels) == label] for label in set(labels)]
            assert found <= sum(len(part) * part.max() for part in parts)


@pytest.mark.parametrize("batch_size", [4, 16, 64])
def test_under_5_percent_of_positions_are_padding(batch_size: int) -> None:
    """Lengths as in the instruction set: prompts of 130 to 1,300 tokens, half as many again of facts alone."""
    draw = np.random.default_rng(1)
    described = np.clip(draw.lognormal(6.15, 0.4, size=4000), 129, 1266).astype(int)
    prompts = np.concatenate([described, draw.integers(65, 122, size=2000)])
    optimizers = draw.choice(
        ["slsqp", "cobyla", "cma_es", "de", "pso"], p=[0.4, 0.3, 0.2, 0.09, 0.01], size=6000
    )
    one = sampler(
        optimizers=optimizers.tolist(),
        prompt_lengths=prompts,
        lengths=prompts + draw.integers(50, 125, size=6000),
        batch_size=batch_size,
        contrastive_batches=100,
        tuning_batches=-(-6000 // batch_size),
        bucket_batches=64,
    )
    padding = one.padding()
    assert set(padding) == {"contrastive warm-up", "instruction tuning"} and max(padding.values()) <= 0.05
    unsorted = sampler(
        optimizers=optimizers.tolist(), prompt_lengths=prompts, lengths=prompts, bucket_batches=1
    )
    assert unsorted.padding()["instruction tuning"] > 0.3


def test_one_optimizer_has_no_negatives() -> None:
    with pytest.raises(ValueError, match=r"'de'.*contrastive_steps"):
        sampler(optimizers=["de"] * 100)
    assert len(list(sampler(optimizers=["de"] * 100, contrastive_batches=0))) == 70
