from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from llamoco.modeling.sampler import TwoPhaseBatchSampler, balanced_weights, systematic_draw

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


def test_a_batch_holds_rows_of_similar_length() -> None:
    def padding(one: TwoPhaseBatchSampler) -> float:
        real = sum(one.lengths[batch].sum() for batch in one.tuning_epoch(0))
        padded = sum(one.lengths[batch].max() * len(batch) for batch in one.tuning_epoch(0))
        return 1 - real / padded

    assert padding(sampler(bucket_batches=32)) < 0.12
    assert padding(sampler(bucket_batches=1)) > 0.25


def test_one_optimizer_has_no_negatives() -> None:
    with pytest.raises(ValueError, match=r"'de'.*contrastive_steps"):
        sampler(optimizers=["de"] * 100)
    assert len(list(sampler(optimizers=["de"] * 100, contrastive_batches=0))) == 70
