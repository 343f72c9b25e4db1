"""What the answers of a server took: tokens in and out, and money at the prices given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from llamoco.modeling.generation.model_answer import Generation

A_MILLION = 1e6  # tokens, which prices are of


class Spending(TypedDict):
    """Tokens of answers, their prices in US dollars a million (in, out), and what that makes; None where prices are not known."""

    answers: int
    tokens_in: int
    tokens_out: int
    prices: list[float] | None
    us_dollars: float | None


def spending(answers: Sequence[Generation], prices: Sequence[float] | None) -> Spending | None:
    """Tokens and costs of answers, repairs among them; None where nobody counted what was written.

    Args:
        answers: of a model.
        prices: US dollars for a million tokens in, and for a million out; None if they are not known.
    """
    if not answers or any(answer.tokens_out is None for answer in answers):
        return None
    out = sum(answer.tokens_out or 0 for answer in answers)
    read = sum(answer.tokens for answer in answers) - out
    dollars = None
    if prices is not None:
        dollars = round((read * prices[0] + out * prices[1]) / A_MILLION, 6)
    return {
        "answers": len(answers),
        "tokens_in": read,
        "tokens_out": out,
        "prices": None if prices is None else list(prices),
        "us_dollars": dollars,
    }
