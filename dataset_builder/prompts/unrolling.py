"""Unrolling of sums: symbolic problems as people write them for a handful of variables."""

from __future__ import annotations

import math
from functools import reduce

from llamoco.dataset_builder.problems.symbolic.expression import (
    Add,
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
    Pow,
    Reduce,
    Size,
    Sub,
    lift,
    map_children,
    substitute,
    walk,
)
from llamoco.dataset_builder.problems.symbolic.index_expressions import evaluate_index
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import (
    Data,
    Definition,
    Scalar,
    SymbolicProblem,
)

_LONGEST = 7  # characters of a number that is computed rather than written as a formula


def unroll(system: SymbolicProblem, limit: int) -> SymbolicProblem:
    """Write a problem without vectors, sums and products of up to ``limit`` terms.

    A vector ``z1`` becomes the scalars ``z1_1``, ``z1_2``, ...; given numbers stand where they are used.

    Args:
        system: a problem of at most ``limit`` variables.
        limit: longest sum that is written out. Given numbers stay a vector where a longer sum runs over them.
    """
    if system.dim > limit:
        raise ValueError(f"a system of {system.dim} variables cannot be written out with {limit} terms")
    expander = _Expander(system, limit)
    definitions: list[Definition] = []
    for definition in system.definitions:
        match definition:
            case Data(name, values):
                expander.entries[name] = [lift(v) for v in values]
            case Scalar(name, value):
                definitions.append(Scalar(name, expander.expand(value, {})))
            case _:
                names = [f"{definition.name}_{k}" for k in range(1, definition.size + 1)]
                for k, name in enumerate(names, 1):
                    definitions.append(
                        Scalar(name, expander.expand(definition.entry, {definition.index.name: k}))
                    )
                expander.entries[definition.name] = [Name(name) for name in names]
    objective = expander.expand(system.objective, {})
    inequalities = tuple(expander.expand(g, {}) for g in system.inequalities)
    equalities = tuple(expander.expand(h, {}) for h in system.equalities)
    kept = [d for d in system.definitions if isinstance(d, Data) and d.name in expander.kept]
    return SymbolicProblem(system.dim, (*kept, *definitions), objective, inequalities, equalities)


class _Expander:
    def __init__(self, system: SymbolicProblem, limit: int) -> None:
        self.sizes, self.limit = system.sizes, limit
        self.data = {d.name for d in system.definitions if isinstance(d, Data)}
        self.positions = {d.name: d.values for d in system.definitions if isinstance(d, Data) and d.positions}
        self.entries: dict[str, list[Expr]] = {}
        self.long: set[str] = set()  # indices of the sums around that are not written out
        self.kept: set[str] = set()  # vectors of given numbers over which these run

    def expand(self, node: Expr, scope: dict[str, int]) -> Expr:
        """A tree with numbers for the index variables in scope."""
        match node:
            case Index(name) if name in scope:
                return Num(scope[name])
            case Size(vector):
                return Num(self.sizes[vector])
            case Item(vector, index):
                if self.long & {e.name for e in walk(index) if isinstance(e, Index)}:
                    if vector not in self.data:
                        raise ValueError(
                            f"a sum over more than {self.limit} entries of {vector!r} cannot be written out"
                        )
                    self.kept.add(vector)
                    return Item(vector, self._index(index, scope))
                number = self._integer(index, scope)
                return Item("x", Num(number)) if vector == "x" else self.entries[vector][number - 1]
            case Reduce(kind, index, low, high, body):
                first, last = self._integer(low, scope), self._integer(high, scope)
                if last - first >= self.limit:
                    self.long.add(index.name)
                    long = Reduce(kind, index, Num(first), Num(last), self.expand(body, scope))
                    self.long.remove(index.name)
                    return long
                terms = [self.expand(body, {**scope, index.name: k}) for k in range(first, last + 1)]
                if not terms:
                    return Num(0 if kind == "sum" else 1)
                join = {"sum": _added, "prod": lambda a, b: _simple(Mul(a, b))}
                return reduce(join.get(kind, lambda a, b: Extremum(kind, a, b)), terms)
        return _simple(map_children(node, lambda child: self.expand(child, scope)))

    def _index(self, node: Expr, scope: dict[str, int]) -> Expr:
        """An index of a sum that is not written out, with numbers for the others."""
        return substitute(node, {Index(name): Num(k) for name, k in scope.items()})

    def _integer(self, node: Expr, scope: dict[str, int]) -> int:
        return int(evaluate_index(node, self.sizes, scope, self.positions))


def _added(a: Expr, b: Expr) -> Expr:
    return Sub(a, b.arg) if isinstance(b, Neg) else _simple(Add(a, b))


def _simple(node: Expr) -> Expr:
    """A node with its arithmetic of short numbers done, and without factors of 1 and terms of 0."""
    match node:
        case Add(Num(0), a) | Add(a, Num(0)) | Sub(a, Num(0)) | Mul(Num(1), a) | Mul(a, Num(1)):
            return a
        case Div(a, Num(1)) | Pow(a, Num(1)):
            return a
        case Add(a, Neg(b)) | Sub(a, Neg(b)):
            return _simple(Sub(a, b) if isinstance(node, Add) else Add(a, b))
        case Call("sqrt", a) if (number := _number(a)) is not None and number >= 0:
            return _short(math.sqrt(number), node)
        case Add(a, b) | Sub(a, b) | Mul(a, b) | Div(a, b) | Pow(a, b):
            left, right = _number(a), _number(b)
            if left is None or right is None or (isinstance(node, Div) and not right):
                return node
            if isinstance(node, Pow):
                return _short(left**right, node) if left > 0 and abs(right) < 20 else node
            operations = {Add: left + right, Sub: left - right, Mul: left * right}
            value = left / right if isinstance(node, Div) else operations[type(node)]
            return _short(value, node)
    return node


def _number(node: Expr) -> float | None:
    match node:
        case Num(value):
            return float(value)
        case Neg(Num(value)):
            return -float(value)
    return None


def _short(value: float, node: Expr) -> Expr:
    text = repr(int(value) if value.is_integer() and abs(value) < 1e15 else value)
    return lift(value) if len(text) <= _LONGEST else node
