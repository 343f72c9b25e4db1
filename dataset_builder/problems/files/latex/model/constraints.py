"""Constraints, as expressions that are <= 0 or = 0: relations of numbers, of vectors, intervals."""

from __future__ import annotations

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.latex.formulas.constant_folding import check_indices
from llamoco.dataset_builder.problems.files.latex.formulas.declarations import Scope
from llamoco.dataset_builder.problems.files.latex.formulas.parser import Parser
from llamoco.dataset_builder.problems.files.latex.formulas.values import (
    ANY,
    NeedsUnroll,
    Refusal,
    Value,
    VectorValue,
    scalar,
)
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, interval_factors, split_commas
from llamoco.dataset_builder.problems.files.latex.model.bounds import Bounds
from llamoco.dataset_builder.problems.files.latex.statements.chains import Chain
from llamoco.dataset_builder.problems.symbolic.expression import Expr, Num, lift


class Constraints:
    """Inequalities (<= 0) and equalities (= 0)."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.symbols, self.source = bounds.symbols, bounds.source
        self.inequalities: list[Expr] = []
        self.equalities: list[Expr] = []
        self._checked = 0  # how many emitted definitions have been checked

    def expression(self, part: Tokens, scope: Scope, place: Token) -> Expr:
        """Parse a scalar expression and check its indices.

        Raises:
            ProblemError: if it cannot be read; the place of its statement is named where no other is known.
        """
        value = self._value(part, scope, place)
        return self._scalar(value, part[0], place)

    def add(self, chain: Chain) -> None:
        """Add the relations of a statement.

        Raises:
            ProblemError: if it cannot be read, or no variable occurs in it.
        """
        for scope in self.bounds.scopes(chain):
            for number, relation in enumerate(chain.relations):
                for left in chain.sides[number]:
                    for right in chain.sides[number + 1]:
                        if relation == "in":
                            low, high = self._interval(right)
                            self._relate(low, "<=", left, scope)
                            self._relate(left, "<=", high, scope)
                        else:
                            self._relate(left, relation, right, scope)

    def _interval(self, part: Tokens) -> list[Tokens]:
        factors = interval_factors(part)
        ends = split_commas(factors[0][0]) if factors and len(factors) == 1 and not factors[0][1] else []
        if len(ends) != 2:
            raise self.source.error(part[0], "expected an interval such as [0, 10] for this expression")
        return ends

    def _relate(self, left: Tokens, relation: str, right: Tokens, scope: Scope) -> None:
        first, second = (self._value(p, scope, p[0]) for p in (left, right))
        changing = False
        for a, b in self._pairs(first, second, left[0]):
            depends = self.symbols.emitter.changes(a) or self.symbols.emitter.changes(b)
            changing = changing or depends
            if relation == ">=":
                a, b = b, a
            difference = a if b == Num(0) else -b if a == Num(0) else a - b
            if not depends and scope and self._holds(difference, relation, left[0]):
                changing = True  # one of many, about a number that is given: the first state of a recursion
                continue
            (self.equalities if relation == "=" else self.inequalities).append(difference)
        if not changing:
            message = "no variable in this relation; expected a constraint on the variables"
            raise self.source.error(left[0], message)

    def _holds(self, difference: Expr, relation: str, place: Token) -> bool:
        """Whether a relation between given numbers is true."""
        value = self.symbols.constant(difference, place)
        return abs(value) <= 1e-9 if relation == "=" else value <= 0

    def _pairs(self, first: Value, second: Value, place: Token) -> list[tuple[Expr, Expr]]:
        """Both sides entry by entry; a number on one side goes with every entry of the other."""
        size = max(v.size if isinstance(v, VectorValue) else ANY for v in (first, second))
        if size <= 1:
            return [(self._scalar(first, place, place), self._scalar(second, place, place))]
        sides = []
        for value in (first, second):
            if isinstance(value, VectorValue):
                if value.size not in (size, ANY):
                    message = f"these vectors have {value.size} and {size} entries; expected equal lengths"
                    raise self.source.error(place, message)
                entries = [self._scalar(value.entry(lift(k)), place, place) for k in range(1, size + 1)]
            else:
                number = self._scalar(value, place, place)
                if self.symbols.emitter.changes(number):
                    message = "a vector on one side and a number on the other; expected two vectors"
                    raise self.source.error(place, message)
                entries = [number] * size
            sides.append(entries)
        return list(zip(*sides, strict=True))

    def _value(self, part: Tokens, scope: Scope, place: Token) -> Value:
        try:
            return Parser(self.symbols, part, scope).parse()
        except NeedsUnroll:
            message = "this use of an index needs explicit numbers; write the terms out"
            raise self.source.error(place, message) from None

    def _scalar(self, value: Value, first: Token, place: Token) -> Expr:
        symbols = self.symbols
        try:
            expression = scalar(value)
            for definition in symbols.emitter.emitted[self._checked :]:
                symbols.emitter.check(definition, symbols.dim)
            self._checked = len(symbols.emitter.emitted)
            check_indices(expression, symbols.emitter.known, symbols.dim, {})
        except ProblemError:
            raise
        except Refusal as error:
            raise self.source.error(first, str(error)) from None
        except ValueError as error:
            raise self.source.error(place, f"{error}; correct the index or its range") from None
        return expression
