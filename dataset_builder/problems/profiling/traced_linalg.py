"""Linear algebra on ``Traced`` numbers, by elimination."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.profiling.traced import Traced
from llamoco.dataset_builder.problems.profiling.traced_array import traced_array
from llamoco.dataset_builder.problems.profiling.traced_complex import TracedComplex


def solve(a: Any, b: Any) -> Any:
    """x of A x = b, for A (N, N) and b (N,) or (N, K)."""
    right = np.array(b, dtype=object)
    columns = right.reshape(len(right), -1)
    _, solution = _eliminated(a, columns)
    return traced_array(solution.reshape(right.shape))


def inv(a: Any) -> Any:
    """The inverse of a matrix (N, N)."""
    return solve(a, np.eye(len(a)))


def det(a: Any) -> Any:
    """The determinant of a matrix (N, N)."""
    rows = np.array(a, dtype=object)
    if rows.shape == (2, 2):
        return rows[0, 0] * rows[1, 1] - rows[0, 1] * rows[1, 0]
    return _eliminated(rows, np.empty((len(rows), 0), dtype=object))[0]


def with_traces(function: Callable[..., Any], traced: Callable[..., Any]) -> Callable[..., Any]:
    """A function of matrices, and its replacement for traced numbers."""

    def call(*args: Any, **options: Any) -> Any:
        holds = any(
            isinstance(entry, Traced | TracedComplex)
            for value in args
            for entry in np.ravel(np.asarray(value, dtype=object)).tolist()
        )
        return traced(*args) if holds else function(*args, **options)

    return call


def _eliminated(a: Any, columns: np.ndarray) -> tuple[Any, np.ndarray]:
    """The determinant of a matrix (N, N), and its inverse times columns (N, K)."""
    rows = np.array(a, dtype=object)
    if rows.ndim != 2 or rows.shape[0] != rows.shape[1] or len(rows) != len(columns):
        raise np.linalg.LinAlgError(f"shapes {rows.shape} and {columns.shape} do not fit")
    work = np.hstack([rows, columns])
    size, determinant = len(rows), 1.0
    for place in range(size):
        pivot = max(range(place, size), key=lambda row: abs(_value(work[row, place])))
        if _value(work[pivot, place]) == 0:
            raise np.linalg.LinAlgError("Singular matrix")
        if pivot != place:
            work[[place, pivot]] = work[[pivot, place]]
            determinant = -determinant
        determinant = determinant * work[place, place]
        work[place, place + 1 :] = work[place, place + 1 :] / work[place, place]
        for row in range(size):
            factor = work[row, place]
            if row != place and (isinstance(factor, Traced | TracedComplex) or factor != 0):
                work[row, place + 1 :] = work[row, place + 1 :] - work[place, place + 1 :] * factor
    return determinant, work[:, size:]


def _value(entry: Any) -> complex:
    return entry.value if isinstance(entry, Traced | TracedComplex) else entry
