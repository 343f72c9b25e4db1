"""What an engine and what guides its decoding share: a text as it is written, and what may be written next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

DECISION_TOKENS = 80  # the decision line ends within so many


class Guide(Protocol):
    """What may be written in one row, and what is left once nothing is to be chosen (see ``guides``)."""

    @property
    def settled(self) -> bool:
        """Whether all that follows is decided."""

    def take(self, scores: np.ndarray, best: int) -> int:
        """The token that is written next, by the model's logits (V,) and its likeliest token."""

    def proposal(self) -> list[int]:
        """Tokens that are likely to follow, up to where the model is asked for the last time."""

    def rest(self) -> list[int]:
        """Write what is left."""


@dataclass
class Continuation:
    """What a model wrote after one prompt.

    Attributes:
        ids: its tokens, without the end of the sequence.
        probabilities: those that the model gave to the first ``DECISION_TOKENS`` of them; fewer if it was not asked for these.
        finished: whether the text has its end: by the model itself, or by its guide.
    """

    ids: list[int] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)
    finished: bool = False

    def add(self, token: int, probability: float) -> None:
        """One more token."""
        if len(self.ids) < DECISION_TOKENS:
            self.probabilities.append(probability)
        self.ids.append(token)


def log_sum_exp(scores: np.ndarray) -> float:
    """The logarithm of the sum of exponentials of logits (V,)."""
    top = float(scores.max())
    return top + float(np.log(np.exp(scores.astype(np.float64) - top).sum()))
