"""A problem in symbols: named definitions, then objective and constraints, as expression trees in ``x``.

The evaluator, the Python and LaTeX description patterns and the LaTeX reader all use ``SymbolicProblem``; tests check on random points that all
of them mean the same function.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from llamoco.dataset_builder.problems.symbolic.expression import (
    Expr,
    Index,
    Item,
    Name,
    Reduce,
    Size,
    children,
    walk,
)


@dataclass(frozen=True)
class Vector:
    """``name[i] = entry`` for i = 1..size, ``index`` being the i of ``entry``."""

    name: str
    size: int
    index: Index
    entry: Expr


@dataclass(frozen=True)
class Data:
    """A vector of given numbers. With ``positions`` they are 1-based positions that index another vector: x[p[i]]."""

    name: str
    values: tuple[float, ...]
    positions: bool = False

    @property
    def size(self) -> int:
        """Number of entries."""
        return len(self.values)


@dataclass(frozen=True)
class Scalar:
    """``name = value``."""

    name: str
    value: Expr


Definition = Vector | Data | Scalar


@dataclass(frozen=True)
class SymbolicProblem:
    """Definitions in order of use, the objective (minimised), inequalities (<= 0) and equalities (= 0), all in ``x`` (dim,).

    Names of definitions are Python identifiers, unique, and none of them is ``x``. By convention of the synthesis, component k
    of the objective is the scalar ``f<k>`` (or ``f``), with helper vectors ``z<k>``, ``o<k>`` (shift), ``p<k>`` (positions) and so on.
    """

    dim: int
    definitions: tuple[Definition, ...]
    objective: Expr
    inequalities: tuple[Expr, ...] = ()
    equalities: tuple[Expr, ...] = ()

    @property
    def sizes(self) -> dict[str, int]:
        """Length of every vector, ``x`` included."""
        return {"x": self.dim} | {d.name: d.size for d in self.definitions if not isinstance(d, Scalar)}

    @cached_property
    def used(self) -> dict[str, set[str]]:
        """Names of vectors and scalars that each definition uses."""
        result: dict[str, set[str]] = {}
        for definition in self.definitions:
            match definition:
                case Data(name):
                    result[name] = set()
                case Vector(name, _, _, body) | Scalar(name, body):
                    result[name] = names_used(body)
        return result

    def depends_on_x(self) -> dict[str, bool]:
        """Names of definitions, True for those that change with x (the others are data)."""
        result = {"x": True}
        for name, used in self.used.items():
            result[name] = any(result[other] for other in used)
        return result


def names_used(expression: Expr) -> set[str]:
    """Names of vectors and scalars that occur in a tree."""
    used: set[str] = set()
    for node in walk(expression):
        if isinstance(node, Item | Size):
            used.add(node.vector)
        elif isinstance(node, Name):
            used.add(node.name)
    return used


def nesting(expression: Expr) -> int:
    """Depth of nested reductions."""
    below = max((nesting(child) for child in children(expression)), default=0)
    return below + 1 if isinstance(expression, Reduce) else below
