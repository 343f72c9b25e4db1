"""Index arithmetic of expression trees: linear index expressions and ranges of sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from llamoco.dataset_builder.problems.symbolic.expression import (
    Add,
    Expr,
    Index,
    Item,
    Mul,
    Neg,
    Num,
    Reduce,
    Size,
    Sub,
    children,
)

ADD, MUL, NEG, POW, ATOM = range(5)  # how tightly a printed text binds
Text = tuple[str, int]


@dataclass
class Affine:
    """An integer combination of names, plus a constant."""

    terms: dict[str, int]
    constant: int

    def plus(self, other: Affine) -> Affine:
        """The sum of two."""
        names = {**self.terms, **other.terms}
        terms = {name: self.terms.get(name, 0) + other.terms.get(name, 0) for name in names}
        return Affine({k: v for k, v in terms.items() if v}, self.constant + other.constant)

    def times(self, factor: int) -> Affine:
        """A multiple."""
        return Affine({k: v * factor for k, v in self.terms.items() if factor}, self.constant * factor)

    def shifted(self, amount: int) -> Affine:
        """With something added to the constant."""
        return Affine(self.terms, self.constant + amount)

    def text(self) -> Text:
        """Python text: positive terms first, the constant last."""
        ordered = sorted(self.terms.items(), key=lambda term: term[1] < 0)
        parts = [
            (name if abs(factor) == 1 else f"{abs(factor)} * {name}", factor < 0) for name, factor in ordered
        ]
        if self.constant or not parts:
            parts.append((str(abs(self.constant)), self.constant < 0))
        text = ("-" if parts[0][1] else "") + parts[0][0]
        text += "".join(f" {'-' if negative else '+'} {part}" for part, negative in parts[1:])
        if len(parts) > 1:
            return text, ADD
        return text, NEG if parts[0][1] else MUL if "*" in text else ATOM


def affine(
    node: Expr, index_value: Callable[[str], Affine | None], size_value: Callable[[str], Affine]
) -> Affine | None:
    """An integer expression of index variables and lengths as a linear combination; None if it is none.

    Args:
        node: the expression.
        index_value: what an index variable stands for, by name.
        size_value: what the length of a vector stands for.
    """

    def go(e: Expr) -> Affine | None:
        return affine(e, index_value, size_value)

    match node:
        case Num(value):
            return Affine({}, int(value)) if float(value).is_integer() else None
        case Index(name):
            return index_value(name)
        case Size(vector):
            return size_value(vector)
        case Neg(a):
            inner = go(a)
            return None if inner is None else inner.times(-1)
        case Add(a, b) | Sub(a, b):
            left, right = go(a), go(b)
            if left is None or right is None:
                return None
            return left.plus(right if isinstance(node, Add) else right.times(-1))
        case Mul(a, b):
            left, right = go(a), go(b)
            if left is None or right is None or (left.terms and right.terms):
                return None
            return right.times(left.constant) if not left.terms else left.times(right.constant)
    return None


def step(node: Expr, index: str, sizes: dict[str, int]) -> int | None:
    """The factor of an index variable in an index expression that is linear in it alone, else None."""
    combination = affine(
        node, lambda name: Affine({name: 1}, 0) if name == index else None, lambda v: Affine({}, sizes[v])
    )
    return None if combination is None else combination.terms.get(index, 0)


def depends(node: Expr, index: str) -> bool:
    """Whether an index variable occurs in a tree."""
    if isinstance(node, Index):
        return node.name == index
    return any(depends(child, index) for child in children(node))


def at(node: Expr, index: str, value: Expr) -> Expr:
    """An index expression with a value in place of an index variable."""
    match node:
        case Index(name) if name == index:
            return value
        case Add(a, b) | Sub(a, b) | Mul(a, b):
            return type(node)(at(a, index, value), at(b, index, value))
        case Neg(a):
            return Neg(at(a, index, value))
    return node


def elements(body: Expr, index: str) -> tuple[list[tuple[str, int]], bool] | None:
    """Replacement of a loop over an index by one over elements.

    Returns:
        The one or two vector entries, as (vector, shift), through which a body uses the index, and whether it
        uses the index's value too; None if there are other uses.
    """
    found: list[tuple[str, int]] = []
    bare = False

    def search(node: Expr) -> bool:
        nonlocal bare
        if isinstance(node, Item) and not isinstance(node.index, Item) and depends(node.index, index):
            match node.index:
                case Index():
                    shift = 0
                case Add(Index(), Num(value)):
                    shift = int(value)
                case Sub(Index(), Num(value)):
                    shift = -int(value)
                case _:
                    return False
            if (node.vector, shift) not in found:
                found.append((node.vector, shift))
            return True
        if isinstance(node, Reduce) and (depends(node.low, index) or depends(node.high, index)):
            return False
        bare = bare or node == Index(index)
        return all(search(child) for child in children(node))

    if not search(body) or not 1 <= len(found) <= 2 or (bare and len(found) > 1):
        return None
    return sorted(found, key=lambda entry: entry[1]), bare
