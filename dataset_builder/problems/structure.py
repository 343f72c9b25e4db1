"""What can be known of a problem for free: which operations it does on its variables, found by tracing one point.

The point is not counted: nothing of its value is told, only what was done. A computation that cannot be followed (a compiled
simulator, scipy's solvers, millions of operations) has no known structure, and that is all that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.traced import OPERATIONS, TRANSCENDENTAL, Recorder, Traced

GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Part:
    """The structure of the objective, or of all constraints together.

    Attributes:
        operations: how often each operation is done on values that depend on variables; terms with equal arguments count
            once, so that a value computed anew in every pass of a loop does, too. Names as ``traced`` records them.
        degrees: of each function as a polynomial of the variables; None where it is none.
        partners: with how many others a variable meets in nonlinear terms, on average; 0 is separable.
    """

    operations: dict[str, int]
    degrees: tuple[int | None, ...]
    partners: float

    def numbers(self) -> list[float]:
        """The same as numbers: partners, a count for each of ``OPERATIONS``, and the degrees, -1 where there is none."""
        counts = [self.operations.get(name, 0) for name in OPERATIONS]
        return [self.partners, *counts, *(-1 if degree is None else degree for degree in self.degrees)]

    @classmethod
    def from_numbers(cls, numbers: Sequence[float]) -> Part:
        """What ``numbers`` gave."""
        counts = {name: int(count) for name, count in zip(OPERATIONS, numbers[1:], strict=False) if count > 0}
        degrees = [None if degree < 0 else int(degree) for degree in numbers[1 + len(OPERATIONS) :]]
        return cls(dict(sorted(counts.items())), tuple(degrees), float(numbers[0]))


@dataclass(frozen=True)
class Structure:
    """The structure of a problem; without constraints that part has no functions."""

    objective: Part
    constraints: Part


def trace_point(lower: Sequence[float], upper: Sequence[float]) -> list[float]:
    """A point of the box (D,) without symmetries, away from its faces."""
    return [
        float(low + (0.2 + 0.6 * (GOLDEN * (i + 1) % 1)) * (high - low))
        for i, (low, high) in enumerate(zip(lower, upper, strict=True))
    ]


def structure_of_functions(
    objective: Callable[[Any], Any],
    constraints: Iterable[Callable[[Any], Any] | None],
    lower: Sequence[float],
    upper: Sequence[float],
) -> Structure | None:
    """The structure of functions of a vector (D,) of ``Traced`` numbers; None if they cannot be followed.

    Args:
        objective: returns one number.
        constraints: return a number or a sequence of them; None is left out.
        lower, upper: bounds (D,).
    """
    try:
        with np.errstate(all="ignore"):
            first = _trace([objective], lower, upper)
            return Structure(first, _trace([f for f in constraints if f is not None], lower, upper))
    except (Exception, SystemExit):  # whatever a person's code does when it is given no plain floats
        return None


def _trace(functions: Sequence[Callable[[Any], Any]], lower: Sequence[float], upper: Sequence[float]) -> Part:
    recorder = Recorder(len(lower))
    point = trace_point(lower, upper)
    results: list[Any] = []
    for function in functions:
        x = np.empty(len(point), dtype=object)
        for number, value in enumerate(point):
            x[number] = Traced(value, 1 << number, 1, recorder)
        results += np.ravel(np.array(function(x), dtype=object)).tolist()
    degrees = [result.degree if isinstance(result, Traced) else 0 for result in results]
    partners = sum((mask & ~(1 << number)).bit_count() for number, mask in enumerate(recorder.partners))
    return Part(
        {name: len(arguments) for name, arguments in sorted(recorder.arguments.items())},
        tuple(None if degree >= TRANSCENDENTAL else degree for degree in degrees),
        partners / len(point),
    )
