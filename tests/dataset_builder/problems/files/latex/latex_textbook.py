"""Problems as textbooks and reports print them, each with Python that was written from the book (see test_latex_textbooks)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Truth = Callable[[np.ndarray], tuple[float, list[float], list[float]]]
TEXTBOOK: dict[str, tuple[str, Truth, list[float], list[float], int]] = {}


def textbook(
    name: str, text: str, lower: list[float], upper: list[float], budget: int
) -> Callable[[Truth], None]:
    """Note a problem with the function that says what it means."""

    def note(truth: Truth) -> None:
        TEXTBOOK[name] = (text, truth, lower, upper, budget)

    return note
