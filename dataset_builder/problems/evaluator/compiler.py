"""Compiler from a ``SymbolicProblem`` to bytecode for the ``interpreter``.

Every value belongs to the ranges of the index variables that it changes with: it has one entry for each combination of theirs. In
``sum_i (x_i sum_(j <= i) x_j^2)`` the squares are over the range of j alone, the inner sum over that of i. Only what changes with
several indices is computed for all combinations, and of those only for the ones that occur. What does not change with x is folded
here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.evaluator import bytecode as op
from llamoco.dataset_builder.problems.evaluator.assembler import Assembler, Program
from llamoco.dataset_builder.problems.evaluator.index_sets import IndexRange, IndexRanges, IndexSets
from llamoco.dataset_builder.problems.symbolic.expression import (
    FUNCTIONS,
    Add,
    Binary,
    Call,
    Div,
    Expr,
    Extremum,
    Index,
    Item,
    Mul,
    Name,
    Neg,
    Num,
    Pi,
    Pow,
    Reduce,
    Size,
    Sub,
    walk,
)
from llamoco.dataset_builder.problems.symbolic.index_expressions import columns_of, evaluate_index
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data, Scalar, SymbolicProblem, Vector

_OPERATIONS: dict[type[Expr], int] = {
    Add: op.ADD,
    Sub: op.SUBTRACT,
    Mul: op.MULTIPLY,
    Div: op.DIVIDE,
    Pow: op.POWER,
}
_SWAPPED = {
    op.ADD: op.ADD,
    op.MULTIPLY: op.MULTIPLY,
    op.MAXIMUM: op.MAXIMUM,
    op.MINIMUM: op.MINIMUM,
    op.SUBTRACT: op.SUBTRACT_FROM,
    op.DIVIDE: op.DIVIDE_INTO,
    op.POWER: op.POWER_OF,
}
_FOLD: dict[int, Callable[[Any, Any], Any]] = {
    op.ADD: lambda a, b: a + b,
    op.MULTIPLY: lambda a, b: a * b,
    op.SUBTRACT: lambda a, b: a - b,
    op.DIVIDE: lambda a, b: a / b,
    op.POWER: lambda a, b: a**b,
    op.MAXIMUM: np.maximum,
    op.MINIMUM: np.minimum,
}
_REDUCTIONS: dict[str, tuple[int, np.ufunc]] = {
    "sum": (op.SUM, np.add),
    "prod": (op.PRODUCT, np.multiply),
    "max": (op.LARGEST, np.maximum),
    "min": (op.SMALLEST, np.minimum),
}
_CALLS = {name: getattr(op, name.upper()) for name in FUNCTIONS}

_Scope = dict[str, IndexRange]  # of the index variables, outermost first


@dataclass(slots=True)
class _Operand:
    """Operand of an instruction, with an entry for each combination of ranges: constants (a number without ranges), or a register."""

    ranges: IndexRanges
    constant: Any = None
    address: int = -1


def compile_to_bytecode(system: SymbolicProblem) -> Program:
    """Bytecode of a symbolic problem.

    Raises:
        ValueError: if an index is out of range, unbound or of an unsupported form; the message names the vector.
        ArithmeticError: if a number of the formulas cannot be computed, such as 1 / 0.
    """
    with np.errstate(all="ignore"):
        return _Compiler(system).program()


class _Compiler:
    def __init__(self, system: SymbolicProblem) -> None:
        self.system = system
        self.sizes = system.sizes
        self.positions = {d.name: d.values for d in system.definitions if isinstance(d, Data)}
        self.names: dict[str, _Operand] = {"x": _Operand((IndexRange(0, 1, system.dim),), address=0)}
        self.assembler = Assembler(system.dim)
        self.index_sets = IndexSets()

    def program(self) -> Program:
        for definition in self.system.definitions:
            match definition:
                case Data(name, values):
                    self.names[name] = _Operand(
                        (IndexRange(0, 1, len(values)),), np.array(values, dtype=float)
                    )
                case Vector(name, size, index, entry):
                    own = IndexRange(0, 1, size)
                    self.names[name] = self.expand(self.operand(entry, {index.name: own}), (own,))
                case Scalar(name, expression):
                    value = self.operand(expression, {})
                    if value.constant is not None:
                        value = _Operand((), np.float64(value.constant))
                    self.names[name] = value
        inequalities, equalities = self.system.inequalities, self.system.equalities
        outputs = [self.output(e) for e in (self.system.objective, *inequalities, *equalities)]
        return self.assembler.finish(outputs, len(inequalities), len(equalities))

    def output(self, expression: Expr) -> tuple[int, int]:
        """The form and address of an output."""
        value = self.operand(expression, {})
        if value.constant is None:
            return op.REGISTER, value.address
        return op.NUMBER, self.assembler.constants(np.array([value.constant], dtype=float))

    def expand(self, value: _Operand, ranges: IndexRanges) -> _Operand:
        """The value over more ranges."""
        if value.ranges == ranges:
            return value
        if not value.ranges:
            n = self.index_sets.size(ranges)
            if value.constant is not None:
                return _Operand(ranges, np.full(n, value.constant))
            return _Operand(ranges, address=self.assembler.emit(op.BROADCAST, n, value.address))
        rows = self.index_sets.projection(value.ranges, ranges)
        if value.constant is not None:
            return _Operand(ranges, value.constant[rows])
        address = self.assembler.emit_with_table(op.GATHER, len(rows), value.address, rows)
        return _Operand(ranges, address=address)

    def operand(self, node: Expr, scope: _Scope) -> _Operand:
        """The operand that holds the value of a tree."""
        match node:
            case Num(value):
                return _Operand((), float(value))
            case Item(vector, index):
                return self.item(vector, index, scope)
            case Pow(a, b):
                return self.power(self.operand(a, scope), self.operand(b, scope))
            case Binary(a, b):
                return self.binary(_OPERATIONS[type(node)], self.operand(a, scope), self.operand(b, scope))
            case Call(function, a):
                return self.call(function, self.operand(a, scope))
            case Reduce():
                return self.reduction(node, scope)
            case Neg(a):
                return self.binary(op.MULTIPLY, self.operand(a, scope), _Operand((), -1.0))
            case Name(name):
                return self.names[name]
            case Index(name):
                if name not in scope:
                    raise ValueError(f"index {name!r} is used outside the sum or definition that binds it")
                return _Operand((scope[name],), scope[name].values.astype(float))
            case Pi():
                return _Operand((), np.pi)
            case Size(vector):
                return _Operand((), float(self.sizes[vector]))
            case Extremum(kind, a, b):
                operation = op.MAXIMUM if kind == "max" else op.MINIMUM
                return self.binary(operation, self.operand(a, scope), self.operand(b, scope))
        raise TypeError(f"not an expression node: {node!r}")

    # Entry by entry

    def binary(self, operation: int, a: _Operand, b: _Operand) -> _Operand:
        """a and b, over the ranges of both."""
        if a.ranges != b.ranges and a.ranges and b.ranges:
            both = tuple(sorted({*a.ranges, *b.ranges}, key=lambda r: r.depth))
            a, b = self.expand(a, both), self.expand(b, both)
        ranges = a.ranges or b.ranges
        if a.constant is not None and b.constant is not None:
            # Numbers are Python's here, as in the formulas: 1 / 0 is an error, not infinite.
            folded = _FOLD[operation](a.constant, b.constant)
            return _Operand(ranges, np.nan if isinstance(folded, complex) else folded)
        if a.constant is not None:
            a, b, operation = b, a, _SWAPPED[operation]
        n = self.index_sets.size(ranges)
        a = self.expand(a, ranges)
        if b.constant is None:
            second, form = self.expand(b, ranges).address, op.REGISTER
        else:
            if operation == op.SUBTRACT:
                operation, b = op.ADD, _Operand(b.ranges, -b.constant)
            second = self.assembler.constants(np.array(b.constant, dtype=float).reshape(-1))
            form = op.ENTRIES if b.ranges else op.NUMBER
        return _Operand(ranges, address=self.assembler.emit(operation, n, a.address, second, form))

    def power(self, base: _Operand, exponent: _Operand) -> _Operand:
        """base ** exponent; 2, 3 and 4 by multiplication and 1/2 by a root, as NumPy does 2 and 1/2."""
        if base.constant is None and exponent.constant is not None and not exponent.ranges:
            match float(exponent.constant):
                case 2.0:
                    return self.binary(op.MULTIPLY, base, base)
                case 3.0:
                    return self.binary(op.MULTIPLY, self.binary(op.MULTIPLY, base, base), base)
                case 4.0:
                    square = self.binary(op.MULTIPLY, base, base)
                    return self.binary(op.MULTIPLY, square, square)
                case 0.5:
                    return self.call("sqrt", base)
        return self.binary(op.POWER, base, exponent)

    def call(self, function: str, argument: _Operand) -> _Operand:
        """An elementary function."""
        if argument.constant is not None:
            return _Operand(argument.ranges, getattr(np, function)(argument.constant))
        n = self.index_sets.size(argument.ranges)
        return _Operand(argument.ranges, address=self.assembler.emit(_CALLS[function], n, argument.address))

    # Entries of vectors

    def item(self, vector: str, index: Expr, scope: _Scope) -> _Operand:
        """Entry ``index`` of a vector, over the range of the index variable in it."""
        if vector not in self.sizes:
            raise ValueError(f"vector {vector!r} is not defined")
        whole = self.names[vector]
        variables = {e.name for e in walk(index) if isinstance(e, Index)}
        if not variables:
            column = int(self.columns(vector, self.integer(index)))
            if whole.constant is not None:
                return _Operand((), whole.constant[column])
            return _Operand((), address=whole.address + column)
        if len(variables) > 1:
            names = ", ".join(sorted(variables))
            raise ValueError(f"an entry of {vector!r} is indexed by several index variables: {names}")
        (name,) = variables
        if name not in scope:
            raise ValueError(
                f"index {name!r} of {vector!r} is used outside the sum or definition that binds it"
            )
        own = scope[name]
        entries = self.integer(index, {name: own.values})
        columns = self.columns(vector, np.broadcast_to(entries, own.size))
        if whole.constant is not None:
            return _Operand((own,), whole.constant[columns])
        first = int(columns[0])
        if np.array_equal(columns, np.arange(first, first + own.size)):
            return _Operand((own,), address=whole.address + first)
        address = self.assembler.emit_with_table(op.GATHER, own.size, whole.address, columns)
        return _Operand((own,), address=address)

    def columns(self, vector: str, entries: Any) -> np.ndarray:
        """The 0-based columns of 1-based entries."""
        return columns_of(vector, entries, self.sizes[vector])

    def integer(self, node: Expr, scope: Mapping[str, np.ndarray] = MappingProxyType({})) -> Any:
        """The value of an index expression, for each value of the index variable in scope if there is one."""
        return evaluate_index(node, self.sizes, scope, self.positions)

    # Reductions

    def bounds(self, node: Reduce, scope: _Scope) -> IndexRange:
        """The range of a reduction's index."""
        name = node.index.name
        if name in scope:
            raise ValueError(f"index {name!r} is bound twice; rename one of them")
        outer = {e.name for bound in (node.low, node.high) for e in walk(bound) if isinstance(e, Index)}
        if not outer:
            return IndexRange(len(scope), self.integer(node.low), self.integer(node.high))
        if node.kind != "sum" or len(outer) > 1:
            raise ValueError(f"the bounds of {name!r} may depend on one other index, in sums only")
        (other,) = outer
        if other not in scope:
            raise ValueError(f"index {other!r} is used outside the sum or definition that binds it")
        around = scope[other]
        lows, highs = (
            tuple(np.broadcast_to(self.integer(bound, {other: around.values}), around.size).tolist())
            for bound in (node.low, node.high)
        )
        return IndexRange(len(scope), min(lows), max(highs), around, lows, highs)

    def reduction(self, node: Reduce, scope: _Scope) -> _Operand:
        """A sum, product or extremum."""
        own = self.bounds(node, scope)
        if own.high < own.low:
            if node.kind in ("max", "min"):
                raise ValueError(
                    f"{node.kind} over {node.index.name!r} is empty: from {own.low} to {own.high}"
                )
            return _Operand((), 0.0 if node.kind == "sum" else 1.0)
        inner = {**scope, node.index.name: own}
        if isinstance(node.body, Mul):
            left, right = self.operand(node.body.left, inner), self.operand(node.body.right, inner)
            product = self.matrix_product(left, right, own) if node.kind == "sum" else None
            if product is not None:
                return product
            body = self.binary(op.MULTIPLY, left, right)
        else:
            body = self.operand(node.body, inner)
        rest = tuple(r for r in body.ranges if r != own)
        if own.outer is not None and own.outer not in rest:
            if body.ranges == (own,):
                # Sums from a first to a last one of the same terms, for each value of the outer index.
                return self.reduced(node.kind, body, (own.outer,), own.bounds - own.low)
            rest = tuple(sorted((*rest, own.outer), key=lambda r: r.depth))
        body = self.expand(body, (*rest, own))
        starts = self.index_sets.of((*rest, own)).starts
        return self.reduced(node.kind, body, rest, np.array([starts[:-1], starts[1:]]).T)

    def reduced(self, kind: str, body: _Operand, ranges: IndexRanges, table: np.ndarray) -> _Operand:
        """Reduce entries table[e, 0] to table[e, 1] - 1 of a body, for each combination e of ranges."""
        operation, fold = _REDUCTIONS[kind]
        if body.constant is None:
            table = np.ascontiguousarray(table)
            return _Operand(
                ranges, address=self.assembler.emit_with_table(operation, len(table), body.address, table)
            )
        values = np.array([fold.reduce(body.constant[a:b]) for a, b in table.tolist()])
        return _Operand(ranges, values if ranges else values[0])

    def matrix_product(self, vector: _Operand, matrix: _Operand, own: IndexRange) -> _Operand | None:
        """sum_j (c_ij v_j) with constants c: the entries of a matrix times a vector. None if it is another product."""
        if vector.constant is not None:
            vector, matrix = matrix, vector
        if vector.constant is not None or matrix.constant is None or vector.ranges != (own,):
            return None
        if own not in matrix.ranges or any(r.outer is not None for r in matrix.ranges):
            return None
        rest = tuple(r for r in matrix.ranges if r != own)
        rows = matrix.constant.reshape(-1, own.size)
        second = self.assembler.constants(rows.T.reshape(-1))
        return _Operand(
            rest, address=self.assembler.emit(op.DOT, len(rows), vector.address, second, own.size)
        )
