"""Balanced sampling (the paper's Eq. 5) and the order of both phases, a pure function of seed and epoch."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

Triplet = tuple[int, int, int]


def balanced_weights(optimizers: Sequence[str], exponent: float = 1.0) -> np.ndarray:
    """Sampling probabilities rho(q, a) = 1 / (N_a N_{q,a}) of Eq. 5, for exponent 1.

    N_a is the number of optimizers that label a pair, N_{q,a} the number of pairs with the pair's optimizer.

    Args:
        optimizers: the optimizer of each of the N pairs.
        exponent: probabilities are proportional to N_{q,a} ** -exponent.

    Returns:
        Shape (N,), sums to one.
    """
    counts = Counter(optimizers)
    weights = np.array([float(counts[name]) ** -exponent for name in optimizers])
    return weights / weights.sum()


def systematic_draw(weights: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Draws `count` rows with expected frequencies count * weights, by systematic sampling.

    One uniform number places an even grid on the cumulated weights of the shuffled rows. So row i comes
    floor(count w_i) or ceil(count w_i) times, which independent draws would not do: with equal weights and as
    many draws as rows, an epoch holds every row once.

    Args:
        weights: shape (N,), sums to one.
        count: number of draws.
        generator: source of the permutation and of the uniform number.

    Returns:
        Row indices, shape (count,), in no particular order.
    """
    rows = generator.permutation(len(weights))
    cumulated = np.cumsum(weights[rows])
    grid = (np.arange(count) + generator.random()) / count * cumulated[-1]
    return rows[np.minimum(np.searchsorted(cumulated, grid, side="right"), len(rows) - 1)]


class TwoPhaseBatchSampler(Sampler[list[int] | list[Triplet]]):
    """Batches of triplets for the contrastive warm-up, then batches of rows for the instruction tuning.

    No batch mixes the phases. Anchors and rows are drawn by Eq. 5, anew in each epoch. A positive is any
    other pair with the anchor's optimizer (the anchor itself if there is none), a negative is drawn by Eq. 5
    among the pairs with another optimizer. Epoch e of a phase is a function of (seed, phase, e) alone, so a
    run that skips the batches it has already seen goes on exactly as if it had not been interrupted.

    Args:
        optimizers: the optimizer of each of the N pairs.
        prompt_lengths: tokens of each prompt, shape (N,), by which triplets are bucketed.
        lengths: tokens of prompt and completion, shape (N,), by which rows are bucketed.
        batch_size: triplets or rows of a batch.
        contrastive_batches: number of batches of triplets.
        tuning_batches: number of batches of rows.
        seed: of all draws.
        balance_exponent: see `balanced_weights`.
        bucket_batches: number of consecutive batches among which rows are sorted by length.

    Raises:
        ValueError: triplets are asked for, and all pairs have the same optimizer.
    """

    drop_last = False

    def __init__(
        self,
        optimizers: Sequence[str],
        prompt_lengths: Sequence[int],
        lengths: Sequence[int],
        batch_size: int,
        contrastive_batches: int,
        tuning_batches: int,
        seed: int,
        balance_exponent: float = 1.0,
        bucket_batches: int = 32,
    ) -> None:
        if contrastive_batches and len(set(optimizers)) < 2:
            raise ValueError(
                f"all {len(optimizers)} pairs have the optimizer {optimizers[0]!r}, so the warm-up has no "
                "negatives: set contrastive_steps to 0, or train on pairs of several optimizers"
            )
        self.batch_size = batch_size
        self.contrastive_batches = contrastive_batches
        self.tuning_batches = tuning_batches
        self.seed = seed
        self.bucket_batches = bucket_batches
        self.weights = balanced_weights(optimizers, balance_exponent)
        self.prompt_lengths = np.asarray(prompt_lengths)
        self.lengths = np.asarray(lengths)
        self.optimizers = np.asarray(optimizers)
        self.batches_per_epoch = -(-len(self.weights) // batch_size)
        self._members = {name: np.flatnonzero(self.optimizers == name) for name in sorted(set(optimizers))}
        self._others = {name: np.flatnonzero(self.optimizers != name) for name in self._members}
        self._other_weights = {name: np.cumsum(self.weights[rows]) for name, rows in self._others.items()}

    def __len__(self) -> int:
        return self.contrastive_batches + self.tuning_batches

    def __iter__(self) -> Iterator[list[int] | list[Triplet]]:
        for start in range(0, self.contrastive_batches, self.batches_per_epoch):
            epoch = self.contrastive_epoch(start // self.batches_per_epoch)
            yield from epoch[: self.contrastive_batches - start]
        for start in range(0, self.tuning_batches, self.batches_per_epoch):
            yield from self.tuning_epoch(start // self.batches_per_epoch)[: self.tuning_batches - start]

    def tuning_epoch(self, epoch: int) -> list[list[int]]:
        """The batches of one epoch of instruction tuning: a draw for each pair, filled to whole batches."""
        generator = np.random.default_rng([self.seed, 1, epoch])
        rows = systematic_draw(self.weights, self.batches_per_epoch * self.batch_size, generator)
        rows = generator.permutation(rows)
        return [rows[batch].tolist() for batch in self._buckets(self.lengths[rows], generator)]

    def contrastive_epoch(self, epoch: int) -> list[list[Triplet]]:
        """The batches of one epoch of the warm-up: an anchor for each pair, filled to whole batches."""
        generator = np.random.default_rng([self.seed, 0, epoch])
        anchors = systematic_draw(self.weights, self.batches_per_epoch * self.batch_size, generator)
        triplets = [self._triplet(int(anchor), generator) for anchor in generator.permutation(anchors)]
        longest = self.prompt_lengths[np.array(triplets)].max(axis=1)
        return [[triplets[i] for i in batch] for batch in self._buckets(longest, generator)]

    def _triplet(self, anchor: int, generator: np.random.Generator) -> Triplet:
        name = str(self.optimizers[anchor])
        positives = self._members[name]
        positives = positives[positives != anchor] if len(positives) > 1 else positives
        positive = positives[generator.integers(len(positives))]
        others, cumulated = self._others[name], self._other_weights[name]
        index = np.searchsorted(cumulated, generator.random() * cumulated[-1], side="right")
        return anchor, int(positive), int(others[min(int(index), len(others) - 1)])

    def _buckets(self, lengths: np.ndarray, generator: np.random.Generator) -> list[np.ndarray]:
        """Positions of an epoch's draws, cut into batches of similar length, the batches shuffled."""
        window = self.bucket_batches * self.batch_size
        batches = []
        for start in range(0, len(lengths), window):
            order = start + np.argsort(lengths[start : start + window], kind="stable")
            batches += [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]
        return [batches[i] for i in generator.permutation(len(batches))]
