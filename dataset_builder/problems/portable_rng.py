"""Random seeds and draws that are the same on every machine and NumPy version: from SHA-256 and raw output of PCG64."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def named_seed(*parts: object) -> int:
    """A 64-bit seed from a name such as ("problem", 7, 12): the first bytes of SHA-256 of its parts."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def run_seed(seed: int, problem_id: str, run: int) -> int:
    """Seed of a run of somebody's program on a problem, in [0, 2**31).

    Args:
        seed: of the evaluation.
        problem_id: the problem's id.
        run: number of the run.
    """
    digest = hashlib.sha256(f"{seed}/{problem_id}/{run}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4]) >> 1


def race_seed(seed: int, problem_id: str, race: int, optimizer: str, config: str, number: int) -> int:
    """Seed of a benchmark run, in [0, 2**31), named by everything that tells it from other runs.

    Args:
        seed: of the benchmark.
        problem_id: the problem's id.
        race: 0 for the race that gives the label, 1 for its independent repeat.
        optimizer, config: what runs, and its configuration as canonical JSON.
        number: of the run of this configured optimizer.
    """
    return named_seed("run", seed, problem_id, race, optimizer, config, number) % 2**31


class PortableRng:
    """A named stream of draws, such as ``PortableRng("problem", seed, number)``."""

    def __init__(self, *name: object) -> None:
        self._bits = np.random.PCG64(named_seed(*name))

    def unit(self) -> float:
        """Uniform in [0, 1), 53 bits."""
        return (int(self._bits.random_raw()) >> 11) / 9007199254740992.0

    def uniform(self, low: float, high: float, digits: int | None = None) -> float:
        """Uniform in [low, high), rounded to ``digits`` decimals if given."""
        value = low + (high - low) * self.unit()
        return value if digits is None else round(value, digits)

    def integer(self, low: int, high: int) -> int:
        """Uniform integer in [low, high], both included."""
        return low + int(self.unit() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.unit() < probability

    def choice(self, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """One of the options, uniformly or by weights."""
        if weights is None:
            return options[self.integer(0, len(options) - 1)]
        mark = self.unit() * sum(weights)
        for option, weight in zip(options, weights, strict=True):
            mark -= weight
            if mark < 0:
                return option
        return options[-1]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """A random permutation (Fisher-Yates)."""
        items = list(options)
        for last in range(len(items) - 1, 0, -1):
            other = self.integer(0, last)
            items[last], items[other] = items[other], items[last]
        return items

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """``count`` different options in random order."""
        return self.shuffled(options)[:count]

    def points(self, count: int, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Uniform points (count, D) in a box."""
        raw = self._bits.random_raw(count * len(lower)).reshape(count, len(lower))
        return lower + (upper - lower) * ((raw >> np.uint64(11)) / 9007199254740992.0)
