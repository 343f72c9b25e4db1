"""Text that a model writes after a prompt, with the probabilities of its first tokens."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

DECISION_TOKENS = 80  # the decision line ends within these


@dataclass
class Continuation:
    """Text after one prompt.

    Attributes:
        ids: its tokens, without the end of the sequence.
        probabilities: the model's, of the first ``DECISION_TOKENS`` of them; fewer where it was not asked for these.
        finished: whether the text has its end: by the model itself, or by its guide.
    """

    ids: list[int] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)
    finished: bool = False

    def add(self, token: int, probability: float) -> None:
        """Append a token."""
        if len(self.ids) < DECISION_TOKENS:
            self.probabilities.append(probability)
        self.ids.append(token)

    def end(self, eos_token_ids: set[int], limit: int) -> None:
        """Cut the text at its end, if it has one, and at a limit of tokens."""
        end = next((place for place, token in enumerate(self.ids) if token in eos_token_ids), None)
        self.finished = self.finished or (end is not None and end <= limit)
        del self.ids[limit if end is None else min(end, limit) :]
        del self.probabilities[len(self.ids) :]


def log_sum_exp(scores: np.ndarray) -> float:
    """The logarithm of the sum of exponentials of logits (V,)."""
    top = float(scores.max())
    return top + float(np.log(np.exp(scores.astype(np.float64) - top).sum()))


def probability(scores: np.ndarray, token: int) -> float:
    """Probability of a token by logits (V,)."""
    return float(np.exp(float(scores[token]) - log_sum_exp(scores)))
