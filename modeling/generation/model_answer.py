"""Answers and decisions of a model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Generation:
    """One answer.

    Attributes:
        completion: the generated text, end-of-sequence removed.
        confidence: probability (0 to 1) that the model gave to the optimizer's name when it wrote it, after what it had written so
            far; None where the text has no decision line.
        tokens: prompt and generated tokens, by the model's own tokenizer; a quarter of the characters where nobody counted.
        finished: whether the text has its end (else it ran into the length limit).
        kept: where the text was held to the pool: the probability that the model by itself gave to what it was held to, as far as it
            was asked (see ``guides``). None where it wrote freely.
        tokens_out: the generated ones among the tokens, of an answer from a server; None elsewhere.
    """

    completion: str
    confidence: float | None
    tokens: int
    finished: bool
    kept: float | None = None
    tokens_out: int | None = None


@dataclass(frozen=True)
class Decision:
    """Decision of a model on a prompt, before its program.

    Attributes:
        line: the first line it wrote, without its newline.
        optimizer: the name there, None if there is none. It need not be one of the pool.
        probability: what the model gave to that name, after what it had written so far; 0 without a name.
    """

    line: str
    optimizer: str | None
    probability: float
