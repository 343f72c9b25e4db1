"""Where the model that ships with the project lies. Apart from ``generation``, so that to know it takes no engine."""

from __future__ import annotations

from pathlib import Path

SHIPPED_MODEL = Path(__file__).parents[1] / "llamoco-xs"


def name_of(place: str) -> str:
    """The name of a model for people and records: a record names the shipped model, not where it is installed."""
    return SHIPPED_MODEL.name if place == str(SHIPPED_MODEL) else place
