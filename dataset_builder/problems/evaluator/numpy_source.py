"""A ``SymbolicProblem`` as NumPy source, for where Numba is not installed, or not worth its loading time.

It is also the second implementation that the compiled evaluator is tested against: it shares nothing but ``evaluate_index`` with it.

Every value has 1 + R axes: the batch first, then one axis for each level of nested reductions (R is the deepest nesting of the
expression at hand); reductions keep their axis with length one, so no bookkeeping of shapes is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.symbolic.expression import (
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
    walk,
)
from llamoco.dataset_builder.problems.symbolic.index_expressions import columns_of, evaluate_index
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data, SymbolicProblem, Vector, nesting

Evaluator = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def numpy_evaluator(system: SymbolicProblem) -> Evaluator:
    """Compile a system to ``evaluate(X) -> (f, g, h)``.

    Returns:
        A function of X (N, D) float64 that returns f (N,), g (N, Mg) and h (N, Mh). Overflow and invalid operations give
        non-finite values, no warnings.

    Raises:
        ValueError: if an index is out of range, unbound or of an unsupported form; the message names the vector.
    """
    writer = _Writer(system)
    changing = system.depends_on_x()
    constant_lines: list[str] = []
    lines: list[str] = []
    for definition in system.definitions:
        if isinstance(definition, Data):
            writer.constants[definition.name] = np.asarray(definition.values, dtype=float)[None, :]
            continue
        text = (
            writer.vector(definition) if isinstance(definition, Vector) else writer.scalar(definition.value)
        )
        (lines if changing[definition.name] else constant_lines).append(f"{definition.name} = {text}")
    outputs = []
    for label, expressions in (
        ("f", (system.objective,)),
        ("g", system.inequalities),
        ("h", system.equalities),
    ):
        columns = []
        for number, expression in enumerate(expressions, 1):
            lines.append(f"_{label}{number} = {writer.scalar(expression)}")
            columns.append(f"_{label}{number}")
        outputs.append(columns)
    body = "".join(f"        {line}\n" for line in lines)
    source = (
        "".join(f"{line}\n" for line in constant_lines)
        + "def evaluate(x):\n    n = x.shape[0]\n    with np.errstate(all='ignore'):\n"
        + body
        + f"    return np.broadcast_to(_f1, (n, 1))[:, 0].copy(), {_stack(outputs[1])}, {_stack(outputs[2])}\n"
    )
    namespace: dict[str, Any] = {"np": np, **writer.constants}
    with np.errstate(all="ignore"):
        exec(compile(source, "<system>", "exec"), namespace)
    return namespace["evaluate"]


def _stack(columns: list[str]) -> str:
    if not columns:
        return "np.empty((n, 0))"
    return f"np.hstack([{', '.join(f'np.broadcast_to({c}, (n, 1))' for c in columns)}])"


class _Writer:
    """Turns trees into source text; index ranges and column numbers become constants of the namespace."""

    def __init__(self, system: SymbolicProblem) -> None:
        self.sizes = system.sizes
        self.positions = {d.name: d.values for d in system.definitions if isinstance(d, Data)}
        self.constants: dict[str, np.ndarray | np.float64] = {}
        self.numbers: dict[float, str] = {}

    def scalar(self, expression: Expr) -> str:
        """Source of a value (N, 1) or (1, 1)."""
        levels = max(nesting(expression), 1)
        text = self.source(expression, levels, {}, 0)
        return f"np.reshape({text}, (-1, 1))"

    def vector(self, definition: Vector) -> str:
        """Source of a value (N, size): the entry is an expression whose own index takes the first axis."""
        levels = 1 + nesting(definition.entry)
        scope = {definition.index.name: (1, 1, definition.size)}
        text = self.source(definition.entry, levels, scope, 1)
        text = f"({text} + np.zeros({(1, definition.size) + (1,) * (levels - 1)}))"
        return text if levels == 1 else f"{text}[(...,) + (0,) * {levels - 1}]"

    def source(self, node: Expr, levels: int, scope: dict[str, tuple[int, int, int]], depth: int) -> str:
        """Source of one node.

        Args:
            node: the tree.
            levels: R, the number of index axes.
            scope: axis (1-based), first and last value of each index variable in scope.
            depth: number of reductions around the node.
        """

        def go(e: Expr) -> str:
            return self.source(e, levels, scope, depth)

        match node:
            case Num(value):
                return self.number(float(value))
            case Pi():
                return self.number(np.pi)
            case Size(vector):
                return self.number(float(self.sizes[vector]))
            case Name(name):
                return name if levels == 1 else f"{name}.reshape({(-1,) + (1,) * levels})"
            case Index(name):
                if name not in scope:
                    raise ValueError(f"index {name!r} is used outside the sum or definition that binds it")
                axis, low, high = scope[name]
                shape = [1] * (1 + levels)
                shape[axis] = -1
                return self.constant(np.arange(low, high + 1, dtype=float).reshape(shape))
            case Item(vector, index):
                return self.item(vector, index, levels, scope)
            case Binary(a, b):
                return f"({go(a)} {node.symbol} {go(b)})"
            case Neg(a):
                return f"(-{go(a)})"
            case Call(function, a):
                return f"np.{function}({go(a)})"
            case Extremum(kind, a, b):
                return f"np.{kind}imum({go(a)}, {go(b)})"
            case Reduce():
                return self.reduction(node, levels, scope, depth)
        raise TypeError(f"not an expression node: {node!r}")

    def number(self, value: float) -> str:
        """A number of NumPy: Python's own would raise on overflow and make complex roots."""
        if value not in self.numbers:
            self.numbers[value] = self.constant(np.float64(value))
        return self.numbers[value]

    def constant(self, value: np.ndarray | np.float64) -> str:
        name = f"_c{len(self.constants)}"
        self.constants[name] = value
        return name

    def item(self, vector: str, index: Expr, levels: int, scope: dict[str, tuple[int, int, int]]) -> str:
        """Source of entry ``index`` of a vector: a slice, or a gather by constant columns."""
        if vector not in self.sizes:
            raise ValueError(f"vector {vector!r} is not defined")
        variables = {e.name for e in walk(index) if isinstance(e, Index)}
        if len(variables) > 1:
            raise ValueError(
                f"an entry of {vector!r} is indexed by several index variables: {', '.join(sorted(variables))}"
            )
        shape = [-1] + [1] * levels
        if variables:
            name = variables.pop()
            if name not in scope:
                raise ValueError(
                    f"index {name!r} of {vector!r} is used outside the sum or definition that binds it"
                )
            axis, low, high = scope[name]
            values = np.arange(low, high + 1)
            entries = np.broadcast_to(self.integer(index, {name: values}), values.shape)
            shape[axis] = len(values)
        else:
            entries = np.array([self.integer(index)])
        columns = columns_of(vector, entries, self.sizes[vector])
        if len(columns) and np.array_equal(columns, np.arange(columns[0], columns[0] + len(columns))):
            text = f"{vector}[:, {columns[0]}:{columns[-1] + 1}]"
        else:
            text = f"{vector}[:, {self.constant(columns)}]"
        return text if levels == 1 else f"{text}.reshape({tuple(shape)})"

    def integer(self, node: Expr, scope: Mapping[str, np.ndarray] = MappingProxyType({})) -> Any:
        """The value of an index expression, for each value of the index variable in scope if there is one."""
        return evaluate_index(node, self.sizes, scope, self.positions)

    def reduction(self, node: Reduce, levels: int, scope: dict[str, tuple[int, int, int]], depth: int) -> str:
        """Source of a sum, product or extremum; inner bounds that depend on an outer index are honoured by a mask (sums only)."""
        name = node.index.name
        if name in scope:
            raise ValueError(f"index {name!r} is bound twice; rename one of them")
        axis = depth + 1
        outer = {e.name for bound in (node.low, node.high) for e in walk(bound) if isinstance(e, Index)}
        if not outer:
            low, high = self.integer(node.low), self.integer(node.high)
            mask = ""
        elif node.kind == "sum" and len(outer) == 1:
            (other,) = outer
            if other not in scope:
                raise ValueError(f"index {other!r} is used outside the sum or definition that binds it")
            other_axis, first, last = scope[other]
            outer_values = np.arange(first, last + 1)
            lows, highs = (
                np.broadcast_to(self.integer(bound, {other: outer_values}), outer_values.shape).tolist()
                for bound in (node.low, node.high)
            )
            low, high = min(lows), max(highs)
            own = np.arange(low, high + 1)
            rows = np.array([(own >= a) & (own <= b) for a, b in zip(lows, highs, strict=True)])
            shape = [1] * (1 + levels)
            shape[other_axis], shape[axis] = rows.shape
            mask = self.constant(rows.reshape(shape))
        else:
            raise ValueError(f"the bounds of {name!r} may depend on one other index, in sums only")
        if high < low:
            if node.kind in ("max", "min"):
                raise ValueError(f"{node.kind} over {name!r} is empty: from {low} to {high}")
            return self.number(0.0 if node.kind == "sum" else 1.0)
        body = self.source(node.body, levels, {**scope, name: (axis, low, high)}, depth + 1)
        ones = [1] * (1 + levels)
        ones[axis] = high - low + 1
        # The body may not mention the index: give it the axis, so that a constant is summed as often as it should be.
        terms = f"np.where({mask}, {body}, 0.0)" if mask else f"({body})"
        return f"({terms} + {self.constant(np.zeros(ones))}).{node.kind}(axis={axis}, keepdims=True)"
