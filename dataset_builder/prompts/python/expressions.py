"""Expression trees as Python expressions: operators, numbers, functions, subscripts and slices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

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
    Pi,
    Pow,
    Reduce,
    Size,
    Sub,
    walk,
)
from llamoco.dataset_builder.problems.symbolic.index_expressions import evaluate_index
from llamoco.dataset_builder.prompts.python.index_arithmetic import (
    ADD,
    ATOM,
    MUL,
    NEG,
    POW,
    Affine,
    Text,
    affine,
    at,
    step,
)
from llamoco.dataset_builder.prompts.python.numbers import number

NUMPY_NAMES = {"abs": "abs"}
MATH_NAMES = {"abs": "abs", "arctan": "atan", "arcsin": "asin", "arccos": "acos"}


@dataclass(frozen=True)
class Notation:
    """Notation of code.

    Attributes:
        mode: "vector" (NumPy over whole arrays), "loop" (for statements) or "generator" (comprehensions).
        library: prefix of elementary functions, "np." or "math.".
        names: Python text of every vector and scalar.
        sizes: Python text of a vector's length; its value where it is missing.
        indices: Python names of index variables.
        from_zero: loops run from 0, not from 1.
        elements: loops run over elements (``for v in z``) where they can.
        statements: whether the body may have statements before its expression (a lambda's may not).
        times, power: operators with or without spaces around them.
        floats: whole numbers are printed as 2.0, not 2.
        sum_name: name of accumulators.
        inner: how sums of products of whole arrays are written: "sum" (np.sum), "method" (.sum()), "@", "dot" or
            "einsum".
        entries: names of single entries, such as ``x{}``, by vector: for those who unpack x.
        functional: sums of comprehensions are written with map, lambda and reduce.
        whiles: loops are while statements with counters of their own.
    """

    mode: Literal["vector", "loop", "generator"]
    library: str
    names: Mapping[str, str]
    sizes: Mapping[str, str] = field(default_factory=dict)
    indices: Mapping[str, str] = field(default_factory=dict)
    from_zero: bool = True
    elements: bool = False
    statements: bool = True
    times: str = " * "
    power: str = "**"
    floats: bool = False
    sum_name: str = "s"
    inner: Literal["sum", "method", "@", "dot", "einsum"] = "sum"
    entries: Mapping[str, str] = field(default_factory=dict)
    functional: bool = False
    whiles: bool = False


@dataclass(frozen=True)
class Bound:
    """An index variable in scope, worth ``text`` plus ``offset``; ``elements`` stand for vector entries."""

    kind: Literal["scalar", "array", "element"]
    text: str = ""
    offset: int = 0
    low: Expr | None = None
    high: Expr | None = None
    elements: Mapping[tuple[str, int], str] = field(default_factory=dict)


COUNTED = Index | Size
_LINEAR = Index | Size | Add | Sub
Scope = dict[str, Bound]


class Printer(ABC):
    """Printer of expressions; ``Writer`` decides how sums are printed.

    Args:
        sizes: lengths of all vectors.
        notation: how to write.
        taken: names that new variables must avoid.
    """

    def __init__(self, sizes: Mapping[str, int], notation: Notation, taken: Iterable[str] = ()) -> None:
        self.sizes, self.notation = dict(sizes), notation
        self._taken = set(taken) | set(notation.names.values()) | set(notation.indices.values())
        self._aranges: dict[str, str] = {}

    @property
    @abstractmethod
    def lines(self) -> list[str]:
        """The statements so far."""

    @abstractmethod
    def _reduce(self, node: Reduce, scope: Scope) -> Text:
        """A sum, product or extremum."""

    def fresh(self, *names: str) -> str:
        """Reserve the first free name of some, or the first with a number."""
        numbered = (f"{names[0]}{count}" for count in range(2, 1000))
        name = next(n for n in chain(names, numbered) if n not in self._taken)
        self._taken.add(name)
        return name

    def _print(self, node: Expr, scope: Scope) -> Text:
        notation = self.notation
        linear = self._affine(node, scope) if isinstance(node, _LINEAR) else None
        if linear is not None and any(isinstance(e, COUNTED) for e in walk(node)):
            return linear.text()
        match node:
            case Num(value):
                return number(value, notation.floats), ATOM
            case Pi():
                return f"{notation.library}pi", ATOM
            case Name(name):
                return notation.names[name], ATOM
            case Item():
                return self._item(node, scope)
            case Add(a, b) | Sub(a, b):
                minus = isinstance(node, Sub)
                if isinstance(b, Neg):
                    minus, b = not minus, b.arg
                left = self._print(a, scope)[0]  # first, since it may put statements in front
                right = self._within(b, scope, MUL if minus else ADD, no_sign=True)
                return f"{left} {'-' if minus else '+'} {right}", ADD
            case Mul(a, b):
                left, right = self._within(a, scope, MUL), self._within(b, scope, MUL, no_sign=True)
                return f"{left}{notation.times}{right}", MUL
            case Div(a, b):
                sign = notation.times.replace("*", "/")
                return f"{self._within(a, scope, MUL)}{sign}{self._within(b, scope, POW)}", MUL
            case Pow(a, b):
                return f"{self._base(a, b, scope)}{notation.power}{self._exponent(b, scope)}", POW
            case Neg(a):
                return f"-{self._within(a, scope, MUL)}", NEG
            case Call(function, a):
                return f"{self._function(function)}({self._print(a, scope)[0]})", ATOM
            case Extremum(kind, a, b):
                array = any(
                    isinstance(e, Index) and e.name in scope and scope[e.name].kind == "array"
                    for e in walk(node)
                )
                function = f"np.{kind}imum" if array else kind
                return f"{function}({self._print(a, scope)[0]}, {self._print(b, scope)[0]})", ATOM
            case Reduce():
                return self._reduce(node, scope)
        raise TypeError(f"not an expression node: {node!r}")

    def _within(self, node: Expr, scope: Scope, least: int, no_sign: bool = False) -> str:
        """Text, in parentheses if it binds less tightly than ``least`` or a sign would stand in a term."""
        text, level = self._print(node, scope)
        return f"({text})" if level < least or (no_sign and text.startswith("-")) else text

    def _base(self, node: Expr, exponent: Expr, scope: Scope) -> str:
        if isinstance(node, Num) and not isinstance(exponent, Num):
            return number(node.value, True)  # an integer to the power of an integer array overflows
        text, level = self._print(node, scope)
        return text if level == ATOM else f"({text})"

    def _exponent(self, node: Expr, scope: Scope) -> str:
        if isinstance(node, Num):
            return number(node.value, False)
        text, level = self._print(node, scope)
        return text if level >= NEG else f"({text})"

    def _function(self, function: str) -> str:
        if self.notation.library == "np.":
            return NUMPY_NAMES.get(function, f"np.{function}")
        name = MATH_NAMES.get(function, function)
        return name if name == "abs" else f"{self.notation.library}{name}"

    # Subscripts

    def _affine(self, node: Expr, scope: Scope) -> Affine | None:
        """An integer expression of index variables and lengths; None if it is none."""

        def index_value(name: str) -> Affine | None:
            bound = scope[name]
            if bound.kind == "array":
                return Affine({self._arange(bound, scope): 1}, 0)
            return Affine({bound.text: 1}, bound.offset) if bound.kind == "scalar" else None

        def size_value(vector: str) -> Affine:
            text = self.notation.sizes.get(vector)
            return Affine({}, self.sizes[vector]) if text is None else Affine({text: 1}, 0)

        return affine(node, index_value, size_value)

    def _item(self, node: Item, scope: Scope) -> Text:
        name, index = self.notation.names[node.vector], node.index
        if node.vector in self.notation.entries and isinstance(index, Num):
            return self.notation.entries[node.vector].format(int(index.value)), ATOM
        if isinstance(index, Item):  # positions, which are printed as they are counted in Python
            return f"{name}[{self._item(index, scope)[0]}]", ATOM
        indices = [e.name for e in walk(index) if isinstance(e, Index)]
        bound = scope[indices[0]] if len(set(indices)) == 1 else None
        if bound is not None:
            factor, rest = (
                step(index, indices[0], self.sizes),
                self._affine(at(index, indices[0], Num(0)), scope),
            )
            if factor == 1 and rest is not None and (node.vector, rest.constant) in bound.elements:
                return bound.elements[(node.vector, rest.constant)], ATOM
            if bound.kind == "array" and factor is not None and factor >= 1 and rest is not None:
                return f"{name}{self._slice(node, indices[0], bound, factor, scope)}", ATOM
        linear = self._affine(index, scope)
        if linear is None:
            raise ValueError(f"an entry of {node.vector!r} has an index that is not linear: {index}")
        if isinstance(index, Size) and self.sizes[index.vector] == self.sizes[node.vector]:
            return f"{name}[-1]", ATOM
        return f"{name}[{linear.shifted(-1).text()[0]}]", ATOM

    def _slice(self, node: Item, index: str, bound: Bound, factor: int, scope: Scope) -> str:
        """The slice of entries that an array index runs over; empty for the whole vector."""
        assert bound.low is not None and bound.high is not None
        size = self.sizes[node.vector]
        first, last = at(node.index, index, bound.low), at(node.index, index, bound.high)
        start, stop = self._affine(first, scope), self._affine(last, scope)
        assert start is not None and stop is not None
        begin = start.shifted(-1).text()[0]
        begin = "" if begin == "0" else begin
        end = stop.text()[0]
        if not any(isinstance(e, Index) for e in walk(last)):
            missing = size - evaluate_index(last, self.sizes)
            end = "" if missing == 0 else f"-{missing}" if missing <= 3 and factor == 1 else end
        if not begin and not end and factor == 1:
            return ""
        return f"[{begin}:{end}]" if factor == 1 else f"[{begin}:{end}:{factor}]"

    def _array(self, index: str, low: Expr, high: Expr) -> Bound:
        return Bound("array", self.notation.indices.get(index, index), 0, low, high)

    def _arange(self, bound: Bound, scope: Scope) -> str:
        """The values of an array index: a variable defined in front, else np.arange itself."""
        assert bound.low is not None and bound.high is not None
        low, high = self._affine(bound.low, scope), self._affine(bound.high, scope)
        assert low is not None and high is not None
        values = f"np.arange({low.text()[0]}, {high.shifted(1).text()[0]})"
        if not self.notation.statements or any(
            isinstance(e, Index) for b in (bound.low, bound.high) for e in walk(b)
        ):
            return values
        if values not in self._aranges:
            name = bound.text if bound.text not in self._aranges.values() else self.fresh(bound.text)
            self._taken.add(name)
            self._aranges[values] = name
            self.lines.append(f"{name} = {values}")
        return self._aranges[values]
