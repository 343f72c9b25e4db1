"""Expression trees, shared by evaluators, description patterns and the LaTeX reader.

A tree is built of frozen dataclasses. Vectors are indexed from 1, as in mathematics; printers for Python subtract one.
Operators are overloaded, so a function of the set reads like its formula::

    i = Index("i")
    z = Vec("z")
    Sum(i, 1, N, z[i] ** 2 - 10 * cos(2 * PI * z[i]) + 10)

``SymbolicProblem`` puts trees together to a problem; ``compile_problem`` makes it a function of points.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

FUNCTIONS = (
    "sin",
    "cos",
    "tan",
    "exp",
    "log",
    "sqrt",
    "abs",
    "tanh",
    "floor",
    "arctan",
    "arcsin",
    "arccos",
    "sinh",
    "cosh",
)


@dataclass(frozen=True)
class Expr:
    """A node. Arithmetic on nodes and plain numbers builds trees."""

    def __add__(self, other: Expr | float) -> Expr:
        return Add(self, lift(other))

    def __radd__(self, other: Expr | float) -> Expr:
        return Add(lift(other), self)

    def __sub__(self, other: Expr | float) -> Expr:
        return Sub(self, lift(other))

    def __rsub__(self, other: Expr | float) -> Expr:
        return Sub(lift(other), self)

    def __mul__(self, other: Expr | float) -> Expr:
        return Mul(self, lift(other))

    def __rmul__(self, other: Expr | float) -> Expr:
        return Mul(lift(other), self)

    def __truediv__(self, other: Expr | float) -> Expr:
        return Div(self, lift(other))

    def __rtruediv__(self, other: Expr | float) -> Expr:
        return Div(lift(other), self)

    def __pow__(self, other: Expr | float) -> Expr:
        return Pow(self, lift(other))

    def __neg__(self) -> Expr:
        return Neg(self)


@dataclass(frozen=True)
class Num(Expr):
    """A literal number (>= 0; negative values are ``Neg(Num)`` so that every printer puts the sign in one way)."""

    value: float

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError(f"Num holds non-negative values, got {self.value}; use lift()")


@dataclass(frozen=True)
class Pi(Expr):
    """The constant pi."""


@dataclass(frozen=True)
class Name(Expr):
    """A defined scalar of the problem, by its name."""

    name: str


@dataclass(frozen=True)
class Index(Expr):
    """An index variable bound by Sum, Prod, Max or a vector definition; runs from 1."""

    name: str


@dataclass(frozen=True)
class Size(Expr):
    """The length of a vector (``n`` of a sum over all of its entries)."""

    vector: str


@dataclass(frozen=True)
class Item(Expr):
    """Entry ``index`` (1-based expression of index variables and integers) of a vector."""

    vector: str
    index: Expr


@dataclass(frozen=True)
class Binary(Expr):
    """An arithmetic operation on two expressions; ``symbol`` is its operator in Python, a key of ``ARITHMETIC``."""

    left: Expr
    right: Expr
    symbol: ClassVar[str]


class Add(Binary):
    """left + right."""

    symbol = "+"


class Sub(Binary):
    """left - right."""

    symbol = "-"


class Mul(Binary):
    """left * right."""

    symbol = "*"


class Div(Binary):
    """left / right."""

    symbol = "/"


class Pow(Binary):
    """left ** right."""

    symbol = "**"


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}


@dataclass(frozen=True)
class Neg(Expr):
    """-arg."""

    arg: Expr


@dataclass(frozen=True)
class Call(Expr):
    """An elementary function, one of FUNCTIONS (``log`` is natural)."""

    function: str
    arg: Expr

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise ValueError(f"unknown function {self.function!r}; known: {', '.join(FUNCTIONS)}")


@dataclass(frozen=True)
class Extremum(Expr):
    """max or min of two expressions (``kind`` is 'max' or 'min')."""

    kind: str
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Reduce(Expr):
    """``kind`` in {'sum', 'prod', 'max', 'min'} of ``body`` for index = low..high, both included."""

    kind: str
    index: Index
    low: Expr
    high: Expr
    body: Expr


PI = Pi()


def lift(value: Expr | float) -> Expr:
    """A number as a node; a negative one as ``Neg(Num)``."""
    if isinstance(value, Expr):
        return value
    return Neg(Num(-value)) if value < 0 else Num(value)


@dataclass(frozen=True)
class Vec:
    """Handle for writing formulas: ``Vec("z")[i]`` is Item, ``Vec("z").size`` is Size."""

    name: str

    def __getitem__(self, index: Expr | int) -> Item:
        return Item(self.name, lift(index))

    @property
    def size(self) -> Size:
        """The vector's length as a node."""
        return Size(self.name)


def Sum(index: Index, low: Expr | float, high: Expr | float, body: Expr) -> Reduce:
    """sum of body over index = low..high."""
    return Reduce("sum", index, lift(low), lift(high), body)


def Prod(index: Index, low: Expr | float, high: Expr | float, body: Expr) -> Reduce:
    """product of body over index = low..high."""
    return Reduce("prod", index, lift(low), lift(high), body)


def Max(index: Index, low: Expr | float, high: Expr | float, body: Expr) -> Reduce:
    """maximum of body over index = low..high."""
    return Reduce("max", index, lift(low), lift(high), body)


def sin(a: Expr) -> Call:
    """sin a."""
    return Call("sin", a)


def cos(a: Expr) -> Call:
    """cos a."""
    return Call("cos", a)


def exp(a: Expr) -> Call:
    """e to the a."""
    return Call("exp", a)


def log(a: Expr) -> Call:
    """Natural logarithm."""
    return Call("log", a)


def sqrt(a: Expr) -> Call:
    """Square root."""
    return Call("sqrt", a)


def absolute(a: Expr) -> Call:
    """Absolute value."""
    return Call("abs", a)


def tanh(a: Expr) -> Call:
    """Hyperbolic tangent."""
    return Call("tanh", a)


_CHILDREN = {
    kind: tuple(f.name for f in fields(kind) if f.type in ("Expr", "Index"))
    for kind in (*Expr.__subclasses__(), *Binary.__subclasses__())
}


def children(node: Expr) -> list[Expr]:
    """The direct sub-expressions of a node."""
    return [getattr(node, name) for name in _CHILDREN[type(node)]]


def walk(node: Expr) -> Iterator[Expr]:
    """The node and all nodes below it, depth first."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        for name in reversed(_CHILDREN[type(current)]):
            pending.append(getattr(current, name))


def map_children(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The node with ``change`` of each direct sub-expression in its place."""
    old = {name: getattr(node, name) for name in _CHILDREN[type(node)]}
    new = {name: change(child) for name, child in old.items()}
    return node if all(new[name] is old[name] for name in old) else replace(node, **new)


def substitute(node: Expr, values: dict[Expr, Expr]) -> Expr:
    """The tree with every occurrence of a key replaced by its value."""
    return values[node] if node in values else map_children(node, lambda child: substitute(child, values))


def rename_vector(node: Expr, old: str, new: str) -> Expr:
    """The tree with vector ``old`` (its items and size) called ``new``."""
    node = map_children(node, lambda child: rename_vector(child, old, new))
    return replace(node, vector=new) if isinstance(node, Item | Size) and node.vector == old else node
