"""Balanced sampling (the paper's Eq. 5) and the order of both phases, a pure function of seed and epoch."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

Triplet = tuple[int, int, int]

# Prompts of three roles differ in length: a batch of them in this many parts has less than 5% padding.
LEAST_GROUPS, GROUP_SIZE = 8, 12


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
    """PortableRng `count` rows with expected frequencies count * weights, by systematic sampling.

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


def length_groups(lengths: np.ndarray, count: int | None = None) -> list[np.ndarray]:
    """Parts the sequences of a batch into groups, each padded to its longest one, with the least padding.

    The best groups follow each other in length, and dynamic programming finds where to cut.

    Args:
        lengths: in tokens, shape (n,).
        count: number of groups, cut to n. If not set, it depends on n alone, so that every process of a
            distributed run calls its model equally often.

    Returns:
        Indices of each group's sequences, by length.
    """
    order = np.argsort(lengths, kind="stable")
    n = len(order)
    count = max(LEAST_GROUPS, n // GROUP_SIZE) if count is None else count
    starts, ends = np.arange(n)[:, None], np.arange(n)[None, :]
    # cost[i, j]: positions of the group that holds sequences i to j.
    cost = np.where(starts <= ends, (ends - starts + 1) * lengths[order][None, :], np.inf)
    total, cuts = cost[0], []
    for _ in range(min(count, n) - 1):
        extended = np.concatenate([[np.inf], total[:-1]])[:, None] + cost
        cuts.append(extended.argmin(axis=0))
        total = extended.min(axis=0)
    bounds = [n]
    for cut in reversed(cuts):
        bounds.append(int(cut[bounds[-1] - 1]))
    return np.split(order, bounds[:0:-1])


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
        bucket_batches: int = 64,
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
        triplets = self._triplets(generator.permutation(anchors), generator)
        longest = self.prompt_lengths[triplets].max(axis=1)
        return [
            [(int(q), int(plus), int(minus)) for q, plus, minus in triplets[batch]]
            for batch in self._buckets(longest, generator)
        ]

    def padding(self) -> dict[str, float]:
        """The share of positions that are padding over the whole run, for each phase that the run has."""
        real: Counter[str] = Counter()
        positions: Counter[str] = Counter()
        for batch in self:
            if isinstance(batch[0], tuple):
                phase, lengths = "contrastive warm-up", self.prompt_lengths[np.ravel(batch)]
                groups = [lengths[group] for group in length_groups(lengths)]
            else:
                phase, groups = "instruction tuning", [self.lengths[batch]]
            real[phase] += sum(int(group.sum()) for group in groups)
            positions[phase] += sum(len(group) * int(group.max()) for group in groups)
        return {phase: 1 - real[phase] / positions[phase] for phase in positions}

    def _triplets(self, anchors: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """The anchors with their positives and negatives, shape (n, 3)."""
        positives, negatives = anchors.copy(), anchors.copy()
        for name, members in self._members.items():
            these = np.flatnonzero(self.optimizers[anchors] == name)
            if len(members) > 1:
                drawn = generator.integers(len(members) - 1, size=len(these))
                # All members but the anchor.
                positives[these] = members[drawn + (drawn >= np.searchsorted(members, anchors[these]))]
            others, cumulated = self._others[name], self._other_weights[name]
            drawn = np.searchsorted(cumulated, generator.random(len(these)) * cumulated[-1], side="right")
            negatives[these] = others[np.minimum(drawn, len(others) - 1)]
        return np.stack([anchors, positives, negatives], axis=1)

    def _buckets(self, lengths: np.ndarray, generator: np.random.Generator) -> list[np.ndarray]:
        """Positions of an epoch's draws, cut into batches of similar length, the batches shuffled."""
        window = self.bucket_batches * self.batch_size
        batches = []
        for start in range(0, len(lengths), window):
            order = start + np.argsort(lengths[start : start + window], kind="stable")
            batches += [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]
        return [batches[i] for i in generator.permutation(len(batches))]
