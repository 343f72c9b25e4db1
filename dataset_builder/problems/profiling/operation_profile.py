"""Operation profile of a problem: the operations on its variables, found by tracing one point at no cost in evaluations.

The point is not counted: its value is not used, only the operations are. A computation that cannot be traced (a compiled simulator,
scipy's solvers, millions of operations) has no known profile; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from llamoco.dataset_builder.problems.profiling.trace_recorder import (
    OPERATIONS,
    TRANSCENDENTAL,
    Recorder,
    TraceError,
)
from llamoco.dataset_builder.problems.profiling.traced import Traced
from llamoco.dataset_builder.problems.profiling.traced_array import TracedArray
from llamoco.dataset_builder.problems.profiling.untraceable import why_not

GOLDEN = 0.6180339887498949
# Points to try for functions without a value at the centre of the box: on its diagonal, then everywhere.
DIAGONAL = (0.25, 0.75, 0.1, 0.9, 0.03, 0.97, 0.01, 0.99)
SPREAD = 54
TRACE_STARTS = 8


@dataclass(frozen=True)
class FunctionProfile:
    """Profile of the objective, or of all constraints together.

    Attributes:
        operations: how often each operation is done on values that depend on variables; terms with equal arguments count
            once, so that a value computed anew in every pass of a loop does, too. Names as ``traced`` records them.
        degrees: of each function as a polynomial of the variables; None where it is none.
        mean_interactions: with how many others a variable meets in nonlinear terms, on average; 0 is separable.
    """

    operations: dict[str, int]
    degrees: tuple[int | None, ...]
    mean_interactions: float

    def to_list(self) -> list[float]:
        """The same as numbers: mean interactions, a count for each of ``OPERATIONS``, and the degrees, -1 where there is none."""
        counts = [self.operations.get(name, 0) for name in OPERATIONS]
        return [
            self.mean_interactions,
            *counts,
            *(-1 if degree is None else degree for degree in self.degrees),
        ]

    @classmethod
    def from_list(cls, numbers: Sequence[float]) -> FunctionProfile:
        """The inverse of ``to_list``."""
        counts = {name: int(count) for name, count in zip(OPERATIONS, numbers[1:], strict=False) if count > 0}
        degrees = [None if degree < 0 else int(degree) for degree in numbers[1 + len(OPERATIONS) :]]
        return cls(dict(sorted(counts.items())), tuple(degrees), float(numbers[0]))


@dataclass(frozen=True)
class OperationProfile:
    """Operations of a problem; without constraints, that profile has no functions."""

    objective: FunctionProfile
    constraints: FunctionProfile


class Trace(NamedTuple):
    """Result of tracing a problem's functions.

    Attributes:
        profile: their operations; None if they cannot be traced.
        obstacle: the expression that cannot be traced, and its line; None if all can be.
    """

    profile: OperationProfile | None
    obstacle: str | None


def trace_point(lower: Sequence[float], upper: Sequence[float]) -> list[float]:
    """A point (D,) of the box that lies off its faces and its planes of symmetry."""
    return [
        float(low + (0.2 + 0.6 * (GOLDEN * (i + 1) % 1)) * (high - low))
        for i, (low, high) in enumerate(zip(lower, upper, strict=True))
    ]


def starting_points(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Points (64, D) at which to look for a value of a function: the centre of the box, ``trace_point``, then all over the box.

    The spread is the additive recurrence whose steps are the powers of 1 / g, g ** (D + 1) = g + 1: of low discrepancy, the same
    on every machine.
    """
    dim, g = len(lower), 2.0
    for _ in range(60):
        g = (1 + g) ** (1 / (dim + 1))
    steps = np.array([g ** -(i + 1) for i in range(dim)])
    spread = (0.5 + np.arange(1, SPREAD + 1)[:, None] * steps) % 1
    shares = np.vstack([np.repeat(np.array(DIAGONAL)[:, None], dim, axis=1), spread])
    first = np.array([(lower + upper) / 2, trace_point(lower.tolist(), upper.tolist())])
    return np.vstack([first, lower + shares * (upper - lower)])


def trace_functions(
    objective: Callable[[Any], Any],
    constraints: Iterable[Callable[[Any], Any] | None],
    lower: Sequence[float],
    upper: Sequence[float],
    full: Callable[[np.ndarray], np.ndarray] | None = None,
    file: str = "",
) -> Trace:
    """Trace functions of a vector (D,) of ``Traced`` numbers, at ``trace_point`` if they have values there, else at another one.

    Args:
        objective: returns one number.
        constraints: return a number or a sequence of them; None is left out.
        lower, upper: bounds (D,).
        full: what the functions are given for a vector (D,); the vector itself if None.
        file: what their file is called in tracebacks.
    """
    given = [function for function in constraints if function is not None]
    spread = starting_points(np.array(lower), np.array(upper))[: TRACE_STARTS + 1]
    points = [trace_point(lower, upper), *spread[[0, *range(2, len(spread))]].tolist()]
    obstacle: str | None = None
    for point in points:
        try:
            with np.errstate(all="ignore"):
                return Trace(
                    OperationProfile(_trace([objective], point, full), _trace(given, point, full)), None
                )
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever a person's code does when it is given no plain floats
            obstacle = obstacle or why_not(error, file)
            if isinstance(error, TraceError) or not isinstance(error, ArithmeticError | ValueError):
                break
    return Trace(None, obstacle)


def _trace(
    functions: Sequence[Callable[[Any], Any]],
    point: Sequence[float],
    full: Callable[[np.ndarray], np.ndarray] | None,
) -> FunctionProfile:
    recorder = Recorder(len(point))
    results: list[Any] = []
    for function in functions:
        x = np.empty(len(point), dtype=object)
        for number, value in enumerate(point):
            x[number] = Traced(value, 1 << number, 1, recorder)
        results += _numbers(function((x if full is None else full(x)).view(TracedArray)))
    degrees = [result.degree if isinstance(result, Traced) else 0 for result in results]
    mean_interactions = sum(
        (mask & ~(1 << number)).bit_count() for number, mask in enumerate(recorder.interactions)
    )
    return FunctionProfile(
        {name: len(arguments) for name, arguments in sorted(recorder.arguments.items())},
        tuple(None if degree >= TRANSCENDENTAL else degree for degree in degrees),
        mean_interactions / len(point),
    )


def _numbers(returned: Any) -> list[Any]:
    """The numbers that a function returned, those of nested sequences included."""
    if isinstance(returned, Mapping):
        returned = list(returned.values())
    if isinstance(returned, np.ndarray):
        returned = returned.ravel().tolist()
    if isinstance(returned, list | tuple):
        return [entry for part in returned for entry in _numbers(part)]
    if isinstance(returned, Iterable) and not isinstance(returned, str | bytes):
        return _numbers(list(returned))
    return [returned]
