"""Indices: the numbers of subscripts and the ranges of letters."""

from __future__ import annotations

from typing import NamedTuple

from llamoco.dataset_builder.problems.files.latex.formulas.constant_folding import LARGEST
from llamoco.dataset_builder.problems.files.latex.formulas.declarations import Declaration, Scope
from llamoco.dataset_builder.problems.files.latex.formulas.values import (
    NeedsUnroll,
    is_integer_expression,
    number_of,
    substitute_constants,
)
from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource, Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, split_commas, tuple_parts
from llamoco.dataset_builder.problems.files.latex.statements.chains import IndexRange
from llamoco.dataset_builder.problems.files.latex.statements.index_letters import subscript_of
from llamoco.dataset_builder.problems.files.latex.symbols.decision_variables import DecisionVariables
from llamoco.dataset_builder.problems.symbolic.expression import Expr, Index, Item, Num, Size, lift, walk
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data

_SPAN = 60  # tokens after a sum in which its letter is looked for


class Recurrence(NamedTuple):
    """``base_{letter + offset} = body``, for the values of a range, or (None) for all that are asked for."""

    letter: str
    offset: int
    body: Tokens
    bound: IndexRange | None


class Indexing(DecisionVariables):
    r"""Meaning of indices.

    Attributes:
        written: definitions by canonical name; ranged: those of vectors, ``z_i = ..., i = 1..n``, by base;
            templates: functions numbered by a letter, ``f_k(x) = ...``, by base; anywhere: numbers numbered by a letter
            without a range, ``m_i = 2``, by base.
        recurrences: what is defined step by step, ``V_{t+1} = V_t + ...``, by base.
        known_ranges: the ranges that letters have in the file, as far as they are stated.
        pinned: numbers of members of vectors of variables that have a definition, as ``y_0 = 0``, by base.
    """

    def __init__(self, source: LatexSource, names: set[str]) -> None:
        super().__init__(source, names)
        self.written: dict[str, Declaration] = {}
        self.ranged: dict[str, tuple[str, IndexRange, Tokens]] = {}
        self.templates: dict[str, tuple[str, list[str], Tokens]] = {}
        self.anywhere: dict[str, tuple[str, Tokens]] = {}
        self.recurrences: dict[str, Recurrence] = {}
        self.pinned: dict[str, set[int]] = {}
        self.known_ranges: dict[str, list[list[int]]] = {}

    def parsed(self, part: Tokens, scope: Scope) -> Expr:
        """Value of a part, which must be a number."""
        raise NotImplementedError

    def family(self, base: str) -> dict[int, str]:
        """Keys of the definitions ``base_1``, ``base_2``, ... by number."""
        prefix = base + "_"
        numbers = {k: k.removeprefix(prefix) for k in (*self.written, *self.ranged) if k.startswith(prefix)}
        return {int(number): k for k, number in numbers.items() if number.isdigit()}

    def subscripts(self, subscript: Tokens, place: Token, scope: Scope) -> list[Expr]:
        """The indices of a subscript."""
        if len(subscript) == 1:  # most are one letter or number
            bound = scope.get(subscript[0].text)
            if isinstance(bound, Index):
                return [bound]
            if subscript[0].text.isdigit():
                return [Num(int(subscript[0].text))]
        return [self.index(self.parsed(part, scope), place) for part in split_commas(subscript)]

    def index(self, value: Expr, place: Token) -> Expr:
        """See ``Symbols``."""
        if isinstance(value, Index) or (isinstance(value, Num) and float(value.value).is_integer()):
            return value
        value = substitute_constants(value, self.emitter.constants())
        indices = {e.name for e in walk(value) if isinstance(e, Index)}
        if not indices and not any(isinstance(e, Size) and not self.dim for e in walk(value)):
            return value if isinstance(value, Size) else self.emitter.index(value, place, self.dim)
        if not is_integer_expression(value) or not indices:
            raise self.source.error(
                place, "an index must be an integer, or an index variable plus an integer"
            )
        if len(indices) > 1:
            raise NeedsUnroll
        positions = {e.vector for e in walk(value) if isinstance(e, Item)}
        if not positions <= {d.name for d in self.emitter.emitted if isinstance(d, Data)}:
            raise self.source.error(place, "an index may be taken from a list of given positions only")
        self.emitter.positions |= positions
        return value

    def integers(self, bound: IndexRange, scope: Scope) -> list[int]:
        """See ``Symbols``."""
        given = [p for p in bound.values if p[0].text != "\\dots"]
        found: list[int] = []
        for part in given:
            whole = self.index(self.parsed(part, scope), part[0])
            found.append(self.dim if isinstance(whole, Size) else number_of(whole))
        if not bound.dots:
            return found
        if not len(found) >= 2 or bound.values[-1][0].text == "\\dots":
            raise self.source.error(bound.place, "expected a range such as i = 1, \\dots, n")
        if found[-1] - found[0] >= LARGEST:
            message = f"this range is too long; expected at most {LARGEST} values"
            raise self.source.error(bound.place, message)
        step = found[1] - found[0] if len(found) > 2 else 1
        if step < 1 or found[:-1] != list(range(found[0], found[0] + step * (len(found) - 1), step)):
            raise self.source.error(bound.place, "the values of this range are not equally spaced; list them")
        return list(range(found[0], found[-1] + 1, step))

    def integer_of(self, index: Expr, place: Token) -> int:
        """See ``Symbols``."""
        if any(isinstance(e, Size) for e in walk(index)) and not any(
            isinstance(e, Index) for e in walk(index)
        ):
            return int(self.emitter.constant(index, place, self.dim))
        return number_of(index)

    def index_set(self, name: str) -> Tokens | None:
        """See ``Symbols``."""
        body = self.written[name].body if name in self.written else []
        return body if body and body[0].text == "\\{" else None

    def members(self, base: str, subscript: Tokens, letter: str) -> list[int] | None:
        """Numbers of a letter as an index of a name; None if they are not known."""
        if base in self.families and self.families[base].size:
            family = self.families[base]
            if family.columns:
                names = [t.text for t in subscript if t.text != ","]
                count = family.size // family.columns if names[:1] == [letter] else family.columns
                return list(range(1, count + 1))
            return list(range(family.low, family.low + family.size))
        if base == self.vector and base:
            return list(range(1, self.dim + 1)) if self.dim else None
        if base in self.written and tuple_parts(self.written[base].body):
            return list(range(1, len(tuple_parts(self.written[base].body)) + 1))
        if base in self.ranged:
            return self.integers(self.ranged[base][1], {})
        numbers = self.family(base)
        return sorted(numbers) if numbers and base not in self.recurrences else None

    def range_of_letter(self, letter: str, tokens: Tokens) -> list[int] | None:
        """Values of a letter in a sum without a range, over these tokens; None if they are not known."""
        found: list[list[int]] = []
        for number, token in enumerate(tokens[:_SPAN]):
            if token.kind == "name" and number + 1 < len(tokens) and tokens[number + 1].text == "_":
                subscript = subscript_of(tokens[number : number + 12])
                if any(t.text == letter for t in subscript) and not any(
                    t.text in ("+", "-") for t in subscript
                ):
                    members = self.members(token.text, subscript, letter)
                    found += [members] if members else []
        if found:
            return found[0] if all(f == found[0] for f in found) else None
        known = self.known_ranges.get(letter, [])
        return known[0] if len(known) == 1 else None

    def states(self, base: str) -> list[int]:
        """The numbers that a recursion with a range defines, its start included; empty if it has none."""
        rule = self.recurrences[base]
        if rule.bound is None:
            return []
        stepped = [k + rule.offset for k in self.integers(rule.bound, {})]
        return sorted({*stepped, *self.family(base)})

    def write(self, key: str, entry: Declaration) -> None:
        """Store a definition.

        Raises:
            ProblemError: if there is another one of that name.
        """
        earlier = self.written.get(key)
        texts = [[t.text for t in e.body] for e in (earlier, entry) if e]
        if earlier and (texts[0] != texts[1] or earlier.scope != entry.scope):
            raise self.source.error(entry.body[0], f"{key!r} is defined twice; rename one of them")
        self.written[key] = entry

    def write_out(
        self, base: str, letter: str, span: list[int], formals: list[str] | None, body: Tokens
    ) -> None:
        """Define ``base_1``, ``base_2``, ... one by one."""
        for number in span:
            self.write(f"{base}_{number}", Declaration(formals, body, {letter: lift(number)}))
