"""Soft labels: how likely each optimizer is to be chosen by its scores on a problem."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp


def soft_label(scores: Mapping[str, float], temperature: float) -> dict[str, float]:
    """Probabilities of optimizers, proportional to exp(AOCC / temperature).

    Args:
        scores: AOCC by optimizer.
        temperature: in AOCC, above 0.
    """
    best = max(scores.values())
    weights = {name: exp((score - best) / temperature) for name, score in scores.items()}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}
