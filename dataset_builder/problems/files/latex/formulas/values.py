"""Values of formulas: a scalar tree, a vector (entry by entry) or a matrix of numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from llamoco.dataset_builder.problems.symbolic.expression import (
    Add,
    Call,
    Expr,
    Extremum,
    Index,
    Item,
    Mul,
    Name,
    Neg,
    Num,
    Pow,
    Reduce,
    Size,
    Sub,
    lift,
)
from llamoco.dataset_builder.problems.symbolic.index_expressions import evaluate_index


class NeedsUnroll(Exception):
    """Signal that an index variable must be a number here, so that the sum around it is expanded."""


class Refusal(Exception):
    """Unreadable input whose place is not known yet."""


ANY = 0  # the size of a vector of ones, which fits any other


@dataclass(frozen=True)
class VectorValue:
    """A vector: its entry for a 1-based index expression. The size ``ANY`` is settled by its surroundings."""

    size: int
    entry: Callable[[Expr], Expr]
    transposed: bool = False


@dataclass(frozen=True)
class Matrix:
    """A matrix of numbers."""

    rows: tuple[tuple[float, ...], ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return len(self.rows), len(self.rows[0])

    @property
    def transposed(self) -> Matrix:
        """The matrix with rows and columns exchanged."""
        return Matrix(tuple(zip(*self.rows, strict=True)))


Value = Expr | VectorValue | Matrix


def number_of(index: Expr) -> int:
    """The number of a constant index.

    Raises:
        NeedsUnroll: if it holds an index variable.
    """
    try:
        return int(evaluate_index(index))
    except ValueError:
        raise NeedsUnroll from None


def add(a: Value, b: Value, subtract: bool = False) -> Value:
    """a + b or a - b."""
    if isinstance(a, Expr) and isinstance(b, Expr):
        return a - b if subtract else a + b
    if isinstance(a, VectorValue) and isinstance(b, VectorValue):
        return VectorValue(
            _common_size(a, b),
            lambda i: a.entry(i) - b.entry(i) if subtract else a.entry(i) + b.entry(i),
            a.transposed,
        )
    if isinstance(a, Matrix) and isinstance(b, Matrix) and a.shape == b.shape:
        sign = -1 if subtract else 1
        return Matrix(
            tuple(
                tuple(p + sign * q for p, q in zip(left, right, strict=True))
                for left, right in zip(a.rows, b.rows, strict=True)
            )
        )
    raise Refusal(f"{_kind(a)} and {_kind(b)} cannot be added; expected two numbers or two vectors")


def multiply(a: Value, b: Value, dot: bool, fresh: Callable[[], Index]) -> Value:
    """a times b; with ``dot`` (or a transposed left side) two vectors make their inner product."""
    match a, b:
        case Expr(), Expr():
            return a * b
        case Expr(), VectorValue():
            return VectorValue(b.size, lambda i: a * b.entry(i), b.transposed)
        case VectorValue(), Expr():
            return VectorValue(a.size, lambda i: a.entry(i) * b, a.transposed)
        case VectorValue(), VectorValue() if (a.transposed and not b.transposed) or dot:
            return reduce("sum", VectorValue(_common_size(a, b), lambda i: a.entry(i) * b.entry(i)), fresh)
        case Num(factor), Matrix():
            return Matrix(tuple(tuple(factor * q for q in row) for row in b.rows))
        case Matrix(), Matrix() if a.shape[1] == b.shape[0]:
            columns = b.transposed.rows
            return Matrix(
                tuple(
                    tuple(sum(p * q for p, q in zip(row, column, strict=True)) for column in columns)
                    for row in a.rows
                )
            )
        case Matrix(), VectorValue() if not b.transposed and len(a.rows[0]) == b.size:
            return VectorValue(len(a.rows), lambda i: _row(a.rows[number_of(i) - 1], b))
        case VectorValue(), Matrix() if a.transposed and len(b.rows) == a.size:
            columns = b.transposed.rows
            return VectorValue(len(columns), lambda i: _row(columns[number_of(i) - 1], a), True)
    raise Refusal(
        f"{_kind(a)} times {_kind(b)} is not supported here; expected numbers, a^\\top b or matching sizes"
    )


def _common_size(a: VectorValue, b: VectorValue) -> int:
    if ANY not in (a.size, b.size) and a.size != b.size:
        raise Refusal(f"these vectors have {a.size} and {b.size} entries; expected equal lengths")
    return a.size or b.size


def _row(row: tuple[float, ...], vector: VectorValue) -> Expr:
    terms = [lift(q) * vector.entry(lift(k)) for k, q in enumerate(row, 1) if q]
    return fold("sum", terms)


def divide(a: Value, b: Value) -> Value:
    """a divided by a number."""
    divisor = scalar(b)
    if isinstance(a, VectorValue):
        return VectorValue(a.size, lambda i: a.entry(i) / divisor, a.transposed)
    return scalar(a) / divisor


def negate(a: Value) -> Value:
    """-a."""
    if isinstance(a, Expr):
        return -a
    if isinstance(a, VectorValue):
        return VectorValue(a.size, lambda i: -a.entry(i), a.transposed)
    return Matrix(tuple(tuple(-q for q in row) for row in a.rows))


def reduce(kind: str, vector: VectorValue, fresh: Callable[[], Index]) -> Expr:
    """Sum, product, maximum or minimum over the entries."""
    if vector.size == ANY:
        raise Refusal("the length of this vector of ones is not known; write its entries out")
    index = fresh()
    try:
        return Reduce(kind, index, Num(1), Num(vector.size), vector.entry(index))
    except NeedsUnroll:
        return fold(kind, [vector.entry(lift(k)) for k in range(1, vector.size + 1)])


def fold(kind: str, terms: list[Expr]) -> Expr:
    """Sum, product, maximum or minimum of given terms, written out."""
    if not terms:
        if kind in ("max", "min"):
            raise Refusal(f"this {kind} is empty")
        return Num(0.0 if kind == "sum" else 1.0)
    result = terms[0]
    for term in terms[1:]:
        match kind:
            case "sum":
                result = Add(result, term)
            case "prod":
                result = Mul(result, term)
            case _:
                result = Extremum(kind, result, term)
    return result


def norm(vector: VectorValue, order: str, squared: bool, fresh: Callable[[], Index]) -> Expr:
    """The 1-, 2- or infinity-norm of a vector; ``squared`` (2-norm only) leaves the root out."""
    if order == "2":
        total = reduce("sum", VectorValue(vector.size, lambda i: Pow(vector.entry(i), Num(2))), fresh)
        return total if squared else Call("sqrt", total)
    kind = {"1": "sum", "infty": "max"}.get(order)
    if kind is None:
        raise Refusal(f"the norm with index {order!r} is not supported; expected 1, 2 or \\infty")
    result = reduce(kind, VectorValue(vector.size, lambda i: Call("abs", vector.entry(i))), fresh)
    return Pow(result, Num(2)) if squared else result


def scalar(value: Value) -> Expr:
    """The value as a scalar.

    Raises:
        Refusal: if it is a vector or matrix.
    """
    if isinstance(value, Expr):
        return value
    if isinstance(value, VectorValue) and value.size == 1:
        return value.entry(Num(1))
    raise Refusal(f"this is {_kind(value)}; expected a number: take an entry x_i, a norm or an inner product")


def _kind(value: Value) -> str:
    match value:
        case Expr():
            return "a number"
        case VectorValue():
            return "a vector"
    return "a matrix"


def substitute_constants(index: Expr, constants: dict[str, Expr]) -> Expr:
    """An index expression with the values of named constants in it."""
    match index:
        case Name(name):
            return constants.get(name, index)
        case Add(a, b) | Sub(a, b) | Mul(a, b):
            return type(index)(substitute_constants(a, constants), substitute_constants(b, constants))
        case Neg(a):
            return Neg(substitute_constants(a, constants))
    return index


def is_integer_expression(node: Expr) -> bool:
    """Whether a tree consists of integers, indices, sizes and positions only, as an index must."""
    match node:
        case Num(value):
            return float(value).is_integer()
        case Index() | Size() | Item():
            return True
        case Add(a, b) | Sub(a, b) | Mul(a, b):
            return is_integer_expression(a) and is_integer_expression(b)
        case Neg(a):
            return is_integer_expression(a)
    return False
