"""Definitions of a SymbolicProblem under construction."""

from __future__ import annotations

import keyword
import re

from llamoco.dataset_builder.problems.files.latex.formulas.constant_folding import check_indices, value
from llamoco.dataset_builder.problems.files.latex.formulas.values import VectorValue, number_of
from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource, Token
from llamoco.dataset_builder.problems.symbolic.expression import Expr, Index, Item, Name, Num, lift, walk
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import (
    Data,
    Definition,
    Scalar,
    Vector,
    names_used,
)

# Names of generated Python: of the compiler, of a problem file, of builtins that formulas use.
_RESERVED = {*keyword.kwlist, "x", "n", "np", "math", "evaluate", "objective", "inequality", "equality"}
_RESERVED |= {"optimize", "lower", "upper", "seed", "max_evals", "LOWER", "UPPER", "MAX_EVALS"}
_RESERVED |= {
    "X0",
    "MAXIMIZE",
    "INTEGER",
    "STEP",
    "ARGS",
    "TIME_LIMIT",
    "bounds",
    "constraints",
    "cons",
    "args",
}
_RESERVED |= {"sum", "abs", "min", "max", "range", "len"}


class Emitter:
    """Definitions of a problem in the order of use.

    Attributes:
        emitted: the definitions so far; known: the same by name.
        positions: names of the data that index other vectors.
    """

    def __init__(self, source: LatexSource, names: set[str]) -> None:
        self.source = source
        self.emitted: list[Definition] = []
        self.known: dict[str, Definition] = {}
        self.positions: set[str] = set()
        self._taken: set[str] = set()
        self._indices = set(names)
        self._changing = {"x": True}

    def fresh(self) -> Index:
        """An index variable that the file does not use."""
        number = 1
        while f"k{number}" in self._indices | self._taken:
            number += 1
        self._indices.add(f"k{number}")
        return Index(f"k{number}")

    def python_name(self, key: str) -> str:
        """A new Python identifier for a name of the file: ``f1`` for ``f_1``, ``lambda_`` for lambda."""
        name = re.sub(r"\W+", "_", re.sub(r"_(\d+)$", r"\1", key)).strip("_") or "c"
        while name in _RESERVED or name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def define_scalar(self, key: str, body: Expr) -> Name:
        """Define a scalar."""
        name = self.python_name(key)
        self._emit(Scalar(name, body), body)
        return Name(name)

    def define_vector(self, key: str, size: int, index: Index, entry: Expr) -> VectorValue:
        """Define a vector by the formula of its entries."""
        name = self.python_name(key)
        self._emit(Vector(name, size, index, entry), entry)
        return VectorValue(size, lambda i: Item(name, i))

    def define_data(self, key: str, terms: list[Expr], places: list[Token], dim: int) -> VectorValue:
        """Define a vector of numbers; a vector of other expressions stays what it is."""
        if any(isinstance(e, Index) for term in terms for e in walk(term)) or any(map(self.changes, terms)):
            return VectorValue(len(terms), lambda i: terms[number_of(i) - 1])
        numbers = tuple(self.constant(t, p, dim) for t, p in zip(terms, places, strict=True))
        same = [d.name for d in self.emitted if isinstance(d, Data) and d.values == numbers and not key]
        name = same[0] if same else self.python_name(key)
        if not same:
            self._emit(Data(name, numbers), Num(0))
        return VectorValue(len(numbers), lambda i: Item(name, i))

    def _emit(self, definition: Definition, body: Expr) -> None:
        self._changing[definition.name] = self.changes(body)
        self.emitted.append(definition)
        self.known[definition.name] = definition

    def constants(self) -> dict[str, Expr]:
        """Scalars that are literal numbers."""
        return {d.name: d.value for d in self.emitted if isinstance(d, Scalar) and isinstance(d.value, Num)}

    def changes(self, expression: Expr) -> bool:
        """Whether an expression depends on the variables."""
        return any(
            (isinstance(e, Item) and self._changing[e.vector])
            or (isinstance(e, Name) and self._changing[e.name])
            for e in walk(expression)
        )

    def constant(self, number: Expr, place: Token, dim: int) -> float:
        """Value of an expression without variables.

        Raises:
            ProblemError: if it depends on the variables, or cannot be computed.
        """
        if self.changes(number):
            raise self.source.error(place, "expected a number here, but it depends on the variables")
        try:
            return value(number, self.known, dim, {})
        except (ArithmeticError, ValueError) as error:
            raise self.source.error(place, f"this cannot be computed: {error}; correct it") from None

    def index(self, expression: Expr, place: Token, dim: int) -> Expr:
        """A constant index as a literal number."""
        number = self.constant(expression, place, dim)
        if not float(number).is_integer():
            raise self.source.error(place, f"an index must be an integer, this is {number:g}")
        return lift(int(number))

    def check(self, definition: Definition, dim: int) -> None:
        """Check the indices of a definition.

        Raises:
            ValueError: if one is not bound or lies outside its vector.
        """
        match definition:
            case Scalar(_, body):
                check_indices(body, self.known, dim, {})
            case Vector(_, size, index, entry):
                check_indices(entry, self.known, dim, {index.name: (1, size)})

    def definitions(self, expressions: list[Expr]) -> tuple[Definition, ...]:
        """The definitions that expressions need, with positions marked as such."""
        used = set().union(*map(names_used, expressions))
        for definition in reversed(self.emitted):
            if definition.name in used and not isinstance(definition, Data):
                used |= names_used(definition.entry if isinstance(definition, Vector) else definition.value)
        return tuple(
            Data(d.name, d.values, True) if isinstance(d, Data) and d.name in self.positions else d
            for d in self.emitted
            if d.name in used
        )
