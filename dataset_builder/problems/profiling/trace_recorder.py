"""Recorder of a trace: the operations on ``Traced`` numbers, and the interactions of variables."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any

MOST_OPERATIONS = 200_000
TRANSCENDENTAL = 1_000  # degree of what is no polynomial

# Elementary functions of one number, and the name under which they are recorded.
ELEMENTARY: dict[str, tuple[Callable[[float], float], str]] = {
    **{
        name: (getattr(math, name), name)
        for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "sqrt")
    },
    **{name: (getattr(math, name), "log") for name in ("log1p", "log2", "log10")},
    **{name: (getattr(math, name), "exp") for name in ("expm1", "exp2", "erf", "erfc")},
    **{
        f"arc{name}": (getattr(math, f"a{name}"), f"arc{name}")
        for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")
    },
    "cbrt": (math.cbrt, "root"),
}


# All names under which a ``Recorder`` writes operations.
OPERATIONS = (
    "square",
    "power",
    "product",
    "division",
    "root",
    "abs",
    "floor",
    "comparison",
    *sorted({operation for _, operation in ELEMENTARY.values()} - {"root"}),
)


class TraceError(ArithmeticError):
    """A computation that cannot be traced."""


class TooMany(TraceError):
    """Too many operations to trace."""


class Recorder:
    """Arguments of each operation, and the pairs of variables that meet in a nonlinear term.

    Arguments are told apart by their values (9 digits): a term that one person computes once and another one in every pass
    of a loop counts once.

    Args:
        dim: number of variables.
    """

    def __init__(self, dim: int) -> None:
        self.arguments: dict[str, set[Any]] = defaultdict(set)
        self.interactions = [0] * dim  # bit j of entry i: x_i and x_j meet
        self._known: set[tuple[int, int]] = set()
        self._operations = 0

    def step(self) -> None:
        """Count an operation.

        Raises:
            TraceError: there were too many.
        """
        self._operations += 1
        if self._operations > MOST_OPERATIONS:
            raise TooMany(f"more than {MOST_OPERATIONS:,} operations")

    def note(self, operation: str, *values: float) -> None:
        """Record an operation on some values."""
        self.arguments[operation].add(tuple(sorted(f"{value:.9g}" for value in values)))

    def meet(self, some: int, others: int) -> None:
        """Record that each variable of one set interacts with each of another."""
        if (some, others) in self._known:
            return
        self._known.add((some, others))
        for variable in range(len(self.interactions)):
            if some >> variable & 1:
                self.interactions[variable] |= others
            if others >> variable & 1:
                self.interactions[variable] |= some
