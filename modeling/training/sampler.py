"""Balanced sampling (the paper's Eq. 5), bucketed by length; the order is a pure function of seed and epoch."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler


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
    """Draw `count` rows with expected frequencies count * weights, by systematic sampling.

    One uniform number places an even grid on the cumulative weights of the shuffled rows. Row i is thus drawn
    floor(count w_i) or ceil(count w_i) times, which independent draws do not guarantee: with equal weights and as
    many draws as rows, an epoch holds every row once.

    Args:
        weights: shape (N,), sums to one.
        count: number of draws.
        generator: source of the permutation and of the uniform number.

    Returns:
        Row indices, shape (count,), in no particular order.
    """
    rows = generator.permutation(len(weights))
    cumulative = np.cumsum(weights[rows])
    grid = (np.arange(count) + generator.random()) / count * cumulative[-1]
    return rows[np.minimum(np.searchsorted(cumulative, grid, side="right"), len(rows) - 1)]


class BalancedSampler(Sampler[int]):
    """Rows drawn by Eq. 5, anew in each epoch, so that consecutive batches hold rows of similar length.

    An epoch has one draw for each row, filled up to whole batches. It is a function of (seed, epoch) alone, so a
    run that skips the batches it has already seen continues exactly as if it had not been interrupted.

    Args:
        optimizers: the optimizer of each of the N rows.
        lengths: tokens of each row, shape (N,).
        batch_size: rows of a batch.
        seed: of all draws.
        balance_exponent: see `balanced_weights`.
        bucket_batches: number of consecutive batches among which rows are sorted by length.
    """

    stream = 1  # tells the draws of the samplers apart

    def __init__(
        self,
        optimizers: Sequence[str],
        lengths: Sequence[int] | np.ndarray,
        batch_size: int,
        seed: int,
        balance_exponent: float = 1.0,
        bucket_batches: int = 64,
    ) -> None:
        self.weights = balanced_weights(optimizers, balance_exponent)
        self.lengths = np.asarray(lengths)
        self.batch_size = batch_size
        self.seed = seed
        self.bucket_batches = bucket_batches
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Select the epoch whose rows the next iteration yields."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-len(self.weights) // self.batch_size) * self.batch_size

    def __iter__(self) -> Iterator[int]:
        generator = np.random.default_rng([self.seed, self.stream, self.epoch])
        rows = generator.permutation(systematic_draw(self.weights, len(self), generator))
        return iter(rows[self._bucketed(self.lengths[rows], generator)].tolist())

    def _bucketed(self, lengths: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Positions of an epoch's draws in batches of similar length, the batches shuffled."""
        window = self.bucket_batches * self.batch_size
        batches = []
        for start in range(0, len(lengths), window):
            order = start + np.argsort(lengths[start : start + window], kind="stable")
            batches += [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]
        return np.concatenate([batches[i] for i in generator.permutation(len(batches))])


class TripletSampler(BalancedSampler):
    """Triplets for the contrastive warm-up, flat: anchor, positive, negative, anchor, ...

    Anchors are drawn by Eq. 5, as `BalancedSampler` draws rows. A positive is any other row with the anchor's
    optimizer (the anchor itself if there is none); a negative is drawn by Eq. 5 among the rows with another
    optimizer.

    Args:
        optimizers, lengths, batch_size, seed, balance_exponent, bucket_batches: see `BalancedSampler`; a batch
            holds `batch_size` triplets, which are bucketed by their longest prompt.

    Raises:
        ValueError: all rows have the same optimizer.
    """

    stream = 0

    def __init__(self, optimizers: Sequence[str], *args: object, **kwargs: object) -> None:
        if len(set(optimizers)) < 2:
            raise ValueError(
                f"all {len(optimizers)} pairs have the optimizer {optimizers[0]!r}, so the warm-up has no "
                "negatives: set contrastive_steps to 0, or train on pairs of several optimizers"
            )
        super().__init__(optimizers, *args, **kwargs)  # type: ignore[arg-type]
        self.optimizers = np.asarray(optimizers)
        names = sorted(set(optimizers))
        self._members = {name: np.flatnonzero(self.optimizers == name) for name in names}
        self._others = {name: np.flatnonzero(self.optimizers != name) for name in names}

    def __len__(self) -> int:
        return 3 * super().__len__()

    def __iter__(self) -> Iterator[int]:
        generator = np.random.default_rng([self.seed, self.stream, self.epoch])
        anchors = generator.permutation(systematic_draw(self.weights, super().__len__(), generator))
        triplets = self._triplets(anchors, generator)
        order = self._bucketed(self.lengths[triplets].max(axis=1), generator)
        return iter(triplets[order].ravel().tolist())

    def _triplets(self, anchors: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """The anchors with their positives and negatives, shape (n, 3)."""
        positives, negatives = anchors.copy(), anchors.copy()
        for name, members in self._members.items():
            these = np.flatnonzero(self.optimizers[anchors] == name)
            if len(members) > 1:
                drawn = generator.integers(len(members) - 1, size=len(these))
                # All members but the anchor.
                positives[these] = members[drawn + (drawn >= np.searchsorted(members, anchors[these]))]
            others = self._others[name]
            cumulative = np.cumsum(self.weights[others])
            drawn = np.searchsorted(cumulative, generator.random(len(these)) * cumulative[-1], side="right")
            negatives[these] = others[np.minimum(drawn, len(others) - 1)]
        return np.stack([anchors, positives, negatives], axis=1)
