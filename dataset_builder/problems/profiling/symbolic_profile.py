"""Operation profile of a problem in symbols: its expression trees evaluated on ``Traced`` numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.profiling.operation_profile import OperationProfile, trace_functions
from llamoco.dataset_builder.problems.profiling.traced_numpy import elementary
from llamoco.dataset_builder.problems.symbolic.expression import (
    ARITHMETIC,
    Binary,
    Call,
    Expr,
    Extremum,
    Index,
    Item,
    Name,
    Neg,
    Num,
    Pi,
    Reduce,
    Size,
)
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data, Scalar, SymbolicProblem

_REDUCTIONS: dict[str, Callable[[list[Any]], Any]] = {"sum": sum, "prod": math.prod}


def profile_of_symbolic_problem(
    system: SymbolicProblem,
    lower: Sequence[float],
    upper: Sequence[float],
    full: Callable[[np.ndarray], np.ndarray] | None = None,
) -> OperationProfile | None:
    """Operation profile of a problem in symbols.

    Args:
        system: the problem.
        lower, upper: bounds (D,) of the box that is searched.
        full: the system's variables for a vector (D,) of the box; the vector itself if None.
    """
    constraints = (*system.inequalities, *system.equalities)
    return trace_functions(
        lambda x: Interpreter(system, x).value(system.objective, {}),
        [lambda x: [Interpreter(system, x).value(c, {}) for c in constraints]] if constraints else [],
        lower,
        upper,
        full,
    ).profile


class Interpreter:
    """Values of expressions at one point; definitions are computed once, when needed.

    Args:
        system: where names are defined.
        x: the point (D,), of whatever can be calculated with.
    """

    def __init__(self, system: SymbolicProblem, x: Sequence[Any]) -> None:
        self._definitions = {definition.name: definition for definition in system.definitions}
        self._sizes = system.sizes
        self._vectors: dict[str, Sequence[Any]] = {"x": x}
        self._scalars: dict[str, Any] = {}

    def _vector(self, name: str) -> Sequence[Any]:
        if name not in self._vectors:
            definition = self._definitions[name]
            if isinstance(definition, Data):
                self._vectors[name] = definition.values
            else:
                assert not isinstance(definition, Scalar)
                index, entry = definition.index.name, definition.entry
                self._vectors[name] = [self.value(entry, {index: i + 1}) for i in range(definition.size)]
        return self._vectors[name]

    def _scalar(self, name: str) -> Any:
        if name not in self._scalars:
            definition = self._definitions[name]
            assert isinstance(definition, Scalar)
            self._scalars[name] = self.value(definition.value, {})
        return self._scalars[name]

    def value(self, node: Expr, indices: dict[str, int]) -> Any:
        """The value of an expression, a plain or a traced number."""
        match node:
            case Num(value):
                return value
            case Pi():
                return math.pi
            case Name(name):
                return self._scalar(name)
            case Index(name):
                return indices[name]
            case Size(vector):
                return self._sizes[vector]
            case Item(vector, index):
                return self._vector(vector)[int(self.value(index, indices)) - 1]
            case Neg(arg):
                return -self.value(arg, indices)
            case Call(function, arg):
                return self.call(function, self.value(arg, indices))
            case Reduce(kind, index, low, high, body):
                places = range(int(self.value(low, indices)), int(self.value(high, indices)) + 1)
                values = [self.value(body, {**indices, index.name: place}) for place in places]
                return _REDUCTIONS[kind](values) if kind in _REDUCTIONS else self.extremum(kind, values)
            case Binary(left, right):
                return ARITHMETIC[node.symbol](self.value(left, indices), self.value(right, indices))
            case Extremum(kind, left, right):
                return self.extremum(kind, [self.value(left, indices), self.value(right, indices)])
        raise TypeError(f"no such node: {node!r}")

    def call(self, function: str, value: Any) -> Any:
        """An elementary function of a number."""
        if function == "abs":
            return abs(value)
        return math.floor(value) if function == "floor" else elementary(function)(value)

    def extremum(self, kind: str, values: list[Any]) -> Any:
        """The largest ("max") or the least ("min") of some numbers."""
        return max(values) if kind == "max" else min(values)
