"""Constant folding and index checks on expression trees."""

from __future__ import annotations

import math
from collections.abc import Callable

from llamoco.dataset_builder.problems.symbolic.expression import (
    ARITHMETIC,
    Add,
    Binary,
    Call,
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
    children,
)
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data, Definition, Scalar, Vector

_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "arctan": math.atan,
    "arcsin": math.asin,
    "arccos": math.acos,
}
_REDUCTIONS: dict[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "prod": math.prod,
    "max": max,
    "min": min,
}
Span = tuple[int, int]
LARGEST = 100_000  # terms of a sum with the sums around it, values of a range, entries of a vector
_Memo = dict[tuple[str, int], float]


def value(
    node: Expr,
    definitions: dict[str, Definition],
    dim: int,
    scope: dict[str, int],
    memo: _Memo | None = None,
    times: int = 1,
) -> float:
    """Value of an expression without variables.

    Args:
        node: the expression.
        definitions: what names in it stand for.
        dim: the length of x.
        scope: values of index variables.
        memo: values of names and entries that are known already.
        times: how many terms the sums around it have.

    Raises:
        ArithmeticError, ValueError: if it cannot be computed.
    """

    memo = {} if memo is None else memo

    def go(e: Expr) -> float:
        return value(e, definitions, dim, scope, memo, times)

    match node:
        case Num(number):
            return number
        case Pi():
            return math.pi
        case Size(name):
            return float(size_of(name, definitions, dim))
        case Index(name):
            if name not in scope:
                raise ValueError(f"index {name!r} is used outside the sum or definition that binds it")
            return float(scope[name])
        case Name(name):
            scalar = definitions[name]
            assert isinstance(scalar, Scalar)
            if (name, 0) not in memo:
                memo[name, 0] = value(scalar.value, definitions, dim, {}, memo, times)
            return memo[name, 0]
        case Item(name, index):
            return _entry(name, int(go(index)), definitions, dim, memo, times)
        case Pow(a, b):
            result = go(a) ** go(b)
            if isinstance(result, complex):
                raise ValueError("a fractional power of a negative number")
            return float(result)
        case Binary(a, b):
            return float(ARITHMETIC[node.symbol](go(a), go(b)))
        case Neg(a):
            return -go(a)
        case Call(function, a):
            known = _FUNCTIONS.get(function)
            return float(known(go(a)) if known else getattr(math, function)(go(a)))
        case Extremum(kind, a, b):
            return (max if kind == "max" else min)(go(a), go(b))
        case Reduce(kind, index, low, high, body):
            span = range(int(go(low)), int(go(high)) + 1)
            times = few(times * max(len(span), 1), index.name)
            terms = [value(body, definitions, dim, {**scope, index.name: k}, memo, times) for k in span]
            if not terms and kind in ("max", "min"):
                raise ValueError(f"{kind} over {index.name!r} is empty")
            return float(_REDUCTIONS[kind](terms))
    raise TypeError(f"not an expression node: {node!r}")


def size_of(name: str, definitions: dict[str, Definition], dim: int) -> int:
    """The length of a vector."""
    if name == "x":
        return dim
    vector = definitions.get(name)
    if not isinstance(vector, Data | Vector):
        raise ValueError(f"vector {name!r} is not defined")
    return vector.size


def few(count: int, name: str) -> int:
    """Return the number of terms if it is within the limit.

    Raises:
        ValueError: if they are too many.
    """
    if count > LARGEST:
        raise ValueError(
            f"the range of {name!r} is too long: {count} terms in all, expected at most {LARGEST}"
        )
    return count


def _entry(
    name: str, index: int, definitions: dict[str, Definition], dim: int, memo: _Memo, times: int
) -> float:
    size = size_of(name, definitions, dim)
    if not 1 <= index <= size:
        raise ValueError(_missing(name, index, size))
    vector = definitions[name]
    if isinstance(vector, Data):
        return vector.values[index - 1]
    assert isinstance(vector, Vector)
    if (name, index) not in memo:
        memo[name, index] = value(vector.entry, definitions, dim, {vector.index.name: index}, memo, times)
    return memo[name, index]


def _missing(name: str, index: int, size: int) -> str:
    return f"entry {index} of vector {name!r} does not exist: it has entries 1 to {size}"


def check_indices(node: Expr, definitions: dict[str, Definition], dim: int, scope: dict[str, Span]) -> None:
    """Check that indices are bound once and lie inside their vectors, and that no extremum is empty.

    Args:
        node: the expression.
        definitions: what names in it stand for.
        dim: the length of x.
        scope: lowest and highest values of the index variables around it.

    Raises:
        ValueError: if one is not, or there are too many terms; the message names the vector or index.
    """
    match node:
        case Item(name, index):
            low, high = _span(index, definitions, dim, scope)
            size = size_of(name, definitions, dim)
            if low <= high and not (low >= 1 and high <= size):
                raise ValueError(_missing(name, low if low < 1 else high, size))
        case Index(name):
            if name not in scope:
                raise ValueError(f"index {name!r} is used outside the sum or definition that binds it")
        case Reduce(kind, index, low_end, high_end, body):
            if index.name in scope:
                raise ValueError(f"index {index.name!r} is bound twice; rename one of them")
            lows, highs = (_span(e, definitions, dim, scope) for e in (low_end, high_end))
            if kind in ("max", "min") and lows[1] > highs[0]:
                raise ValueError(f"{kind} over {index.name!r} is empty: from {lows[1]} to {highs[0]}")
            if lows[0] <= highs[1]:
                around = [high - low + 1 for low, high in scope.values() if high >= low]
                few(math.prod([*around, highs[1] - lows[0] + 1]), index.name)
                check_indices(body, definitions, dim, {**scope, index.name: (lows[0], highs[1])})
        case _:
            for child in children(node):
                check_indices(child, definitions, dim, scope)


def _span(node: Expr, definitions: dict[str, Definition], dim: int, scope: dict[str, Span]) -> Span:
    """Lowest and highest value of an index expression."""

    def go(e: Expr) -> Span:
        return _span(e, definitions, dim, scope)

    match node:
        case Num(number) if float(number).is_integer():
            return int(number), int(number)
        case Index(name) if name in scope:
            return scope[name]
        case Size(name):
            size = size_of(name, definitions, dim)
            return size, size
        case Item(name, index) if isinstance(vector := definitions.get(name), Data):
            check_indices(node, definitions, dim, scope)
            low, high = go(index)
            return int(min(vector.values[low - 1 : high])), int(max(vector.values[low - 1 : high]))
        case Add(a, b):
            return go(a)[0] + go(b)[0], go(a)[1] + go(b)[1]
        case Sub(a, b):
            return go(a)[0] - go(b)[1], go(a)[1] - go(b)[0]
        case Mul(a, b):
            products = [p * q for p in go(a) for q in go(b)]
            return min(products), max(products)
        case Neg(a):
            low, high = go(a)
            return -high, -low
    raise ValueError(f"an index must be an integer known in advance, got {node}")
