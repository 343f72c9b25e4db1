"""Values of index expressions, such as ``2 i - 1`` in ``x[2 i - 1]`` or ``n - 1`` as the end of a sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.symbolic.expression import (
    ARITHMETIC,
    Add,
    Expr,
    Index,
    Item,
    Mul,
    Neg,
    Num,
    Size,
    Sub,
)

_NONE: Mapping[str, Any] = MappingProxyType({})


def evaluate_index(
    node: Expr,
    sizes: Mapping[str, int] = _NONE,
    scope: Mapping[str, Any] = _NONE,
    positions: Mapping[str, Sequence[float]] = _NONE,
) -> Any:
    """The value of an index expression: an integer that follows without any point x.

    Args:
        node: integers, sizes, index variables and entries of position vectors under +, - and *.
        sizes: lengths of vectors.
        scope: values of index variables, each an integer, or integers (n,) to evaluate the expression for all of them at once.
        positions: entries of the vectors that hold positions, p in x[p[i]].

    Returns:
        An integer, or integers (n,).

    Raises:
        ValueError: if the expression is not such an integer, or a position vector has no such entry.
    """
    match node:
        case Num(value) if float(value).is_integer():
            return int(value)
        case Index(name) if name in scope:
            return scope[name]
        case Size(vector):
            return sizes[vector]
        case Item(vector, index) if vector in positions:
            values = positions[vector]
            columns = columns_of(vector, evaluate_index(index, sizes, scope, positions), len(values))
            found = np.asarray(values)[columns].astype(int)
            return found if found.ndim else int(found)
        case Neg(a):
            return -evaluate_index(a, sizes, scope, positions)
        case Add(a, b) | Sub(a, b) | Mul(a, b):
            left, right = (evaluate_index(side, sizes, scope, positions) for side in (a, b))
            return ARITHMETIC[node.symbol](left, right)
    raise ValueError(f"an index has to be an integer known in advance, got {node}")


def columns_of(vector: str, entries: Any, size: int) -> np.ndarray:
    """The 0-based columns of 1-based entries of a vector, integers in an array of the same shape.

    Raises:
        ValueError: if the vector has no such entry.
    """
    entries = np.asarray(entries)
    wrong = entries[(entries < 1) | (entries > size)]
    if wrong.size:
        raise ValueError(
            f"entry {wrong.flat[0]} of vector {vector!r} does not exist: it has entries 1 to {size}"
        )
    return np.asarray(entries - 1)
