"""Problems in LaTeX as people write them, each with independent Python that says what it means (see test_latex_people)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

INF = float("inf")
Truth = Callable[[np.ndarray], tuple[float, list[float], list[float]]]


@dataclass
class Case:
    """A text, and what it means.

    Attributes:
        text: as a person hands it in.
        names: the variables that ``truth`` takes, in its order.
        lower, upper: their bounds.
        budget: the evaluations it states, if it does.
        maximize: whether ``truth`` gives what is to be as large as possible.
        x0: the stated start.
        integer: names of variables that are whole numbers.
        truth: objective, inequalities (<= 0), equalities (= 0) of a point.
        span: from where to draw points, for bounds that are not finite.
        refused: words of the refusal, where its prose asks for a formula; it is read where prose is left out then.
    """

    text: str
    names: list[str]
    lower: list[float]
    upper: list[float]
    budget: int | None = None
    maximize: bool = False
    x0: list[float] | None = None
    integer: tuple[str, ...] = ()
    span: tuple[float, float] = (0.1, 4.0)
    truth: Truth | None = None
    refused: str = ""


def points(case: Case, count: int) -> np.ndarray:
    """Random points (count, A) within the bounds, in the order of ``names``."""
    lower = np.where(np.isfinite(case.lower), case.lower, case.span[0])
    upper = np.where(np.isfinite(case.upper), case.upper, np.maximum(case.span[1], lower + 3))
    return np.random.default_rng(0).uniform(lower, upper, (count, len(lower)))


def case(
    cases: dict[str, Case],
    name: str,
    text: str,
    names: str,
    bounds: list[tuple[float, float]],
    **facts: object,
) -> Callable[[Truth], None]:
    """Note a case with the function that says what it means."""

    def note(truth: Truth) -> None:
        lower, upper = (list(map(float, ends)) for ends in zip(*bounds, strict=True))
        cases[name] = Case(text, names.split(), lower, upper, truth=truth, **facts)  # type: ignore[arg-type]

    return note
