"""Symbol table of a LaTeX file: the value of each name, built when it is first used."""

from __future__ import annotations

import re
from itertools import islice

from llamoco.dataset_builder.problems.files.latex.formulas.constant_folding import LARGEST
from llamoco.dataset_builder.problems.files.latex.formulas.declarations import (
    Declaration,
    Function,
    Scope,
    argument_names,
)
from llamoco.dataset_builder.problems.files.latex.formulas.parser import Parser
from llamoco.dataset_builder.problems.files.latex.formulas.values import (
    ANY,
    Matrix,
    NeedsUnroll,
    Refusal,
    Value,
    VectorValue,
    number_of,
)
from llamoco.dataset_builder.problems.files.latex.lexing.commands import ONES
from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource, Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import (
    Tokens,
    row_and_column,
    split_commas,
    tuple_parts,
)
from llamoco.dataset_builder.problems.files.latex.symbols.indexing import Indexing
from llamoco.dataset_builder.problems.symbolic.expression import (
    Expr,
    Index,
    Item,
    Name,
    Num,
    Size,
    lift,
    walk,
)

_LONGEST = 10_000  # expressions that are parsed, nodes of a function's value: far more than people write


class SymbolTable(Indexing):
    r"""Names of a file and their values (implements ``declarations.Symbols``).

    Attributes:
        built: values of the definitions that have been used; called: functions that have been used.
    """

    def __init__(self, source: LatexSource, names: set[str]) -> None:
        super().__init__(source, names)
        self.built: dict[str, Value] = {}
        self.called: set[str] = set()
        self._building: list[str] = []
        self._depth = 0
        self._parsed = 0

    # What the parser asks

    def fresh(self) -> Index:
        """See ``Symbols``."""
        return self.emitter.fresh()

    def constant(self, value: Expr, place: Token) -> float:
        """See ``Symbols``."""
        return self.emitter.constant(value, place, self.dim)

    def named(self, key: str, place: Token) -> Value | Function | None:
        """See ``Symbols``."""
        if key in self.aliases:
            return self.aliases[key]
        if key in self.families:
            return self.whole(key, place)
        if key == self.vector:
            if not self.dim:
                raise self.source.error(
                    place, f"the number of variables is not known; state ${key} \\in \\mathbb{{R}}^{{10}}$"
                )
            return VectorValue(self.dim, lambda i: Item("x", i))
        if key in self.written and self.written[key].formals is not None:
            entry = self.written[key]
            return Function(key, entry.formals or [], entry.body, entry.scope)
        if key in self.built:
            return self.built[key]
        if key in self.written or key in self.ranged:
            return self._build(key, place)
        if key in self.dimension_names and self.dim:
            return Size("x")
        if key == ONES:
            return VectorValue(ANY, lambda i: Num(1))
        family = self.family(key)
        if family and sorted(family) == list(range(1, len(family) + 1)):
            return VectorValue(len(family), lambda i: self._scalar(family[number_of(i)], place))
        return None

    def indexed(self, base: str, subscript: Tokens, place: Token, scope: Scope) -> Value | Function | None:
        """See ``Symbols``."""
        if base in self.pinned:
            number = self.integer_of(self.subscripts(subscript, place, scope)[0], place)
            if number in self.pinned[base]:
                return self.named(f"{base}_{number}", place)
        if base in self.families:
            parts = row_and_column(subscript, True) if self.families[base].columns else [subscript]
            return self.member(base, [e for p in parts for e in self.subscripts(p, place, scope)], place)
        if base == self.vector:
            index = self.subscripts(subscript, place, scope)
            if len(index) != 1:
                raise self.source.error(place, f"expected one index of {base!r}, found {len(index)}")
            if isinstance(index[0], Num) and self.dim and not 1 <= index[0].value <= self.dim:
                message = f"{base}_{int(index[0].value)} has no bounds (number of variables: {self.dim})"
                raise self.source.error(place, f"{message}; state its bounds or correct the index")
            return Item("x", index[0])
        if base in self.built or base in self.written or base in self.ranged:
            value = self.named(base, place)
        elif base in self.anywhere and not self.family(base):
            letter, body = self.anywhere[base]
            return Parser(self, body, {letter: self.subscripts(subscript, place, scope)[0]}).scalar()
        elif (double := self._double(base, subscript, place, scope)) is not None:
            return double
        else:
            first, *rest = split_commas(subscript)
            value = self._member(base, first, place, scope)
            if not rest:
                return value
            subscript = rest[0]
        if value is None or isinstance(value, Function):
            return None
        return self.entry(value, subscript, place, scope)

    def _double(self, base: str, subscript: Tokens, place: Token, scope: Scope) -> Value | Function | None:
        """The number ``c_12`` or ``c_{1,2}`` of a matrix that is given entry by entry; None if there is no such matrix."""
        parts = row_and_column(subscript, False)
        if len(parts) != 2 or not any(key.startswith(f"{base}_") for key in self.written):
            return None
        if not any(
            re.fullmatch(r"\d\d|\d+_\d+", key[len(base) + 1 :])
            for key in self.written
            if key.startswith(f"{base}_")
        ):
            return None
        row, column = (number_of(self.subscripts(p, place, scope)[0]) for p in parts)
        keys = [k for k in (f"{base}_{row}{column}", f"{base}_{row}_{column}") if k in self.written]
        return self.named(keys[0], place) if len(keys) == 1 else None

    def _member(self, base: str, first: Tokens, place: Token, scope: Scope) -> Value | Function | None:
        """Member of the family ``base_1``, ``base_2``, ...; None if there is no such family."""
        family = self.family(base)
        if not family and base not in self.templates:
            return None
        number = self.integer_of(self.subscripts(first, place, scope)[0], place)
        if number not in family and base in self.recurrences:
            self._step(base, number, place)
        elif number not in family and base in self.anywhere:
            self.write_out(base, self.anywhere[base][0], [number], None, self.anywhere[base][1])
        elif number not in family and base in self.templates:
            letter, formals, body = self.templates[base]
            self.write_out(base, letter, [number], formals, body)
        elif number not in family:
            message = f"{base}_{number} is not defined; defined are {', '.join(family.values())}"
            raise self.source.error(place, message)
        return self.named(f"{base}_{number}", place)

    def _step(self, base: str, number: int, place: Token) -> None:
        """Define member ``number`` of a recursion, after those before it."""
        rule = self.recurrences[base]
        start = min(self.family(base), default=number)
        if number <= start:
            raise self.source.error(
                place, f"{base}_{number} is not given; the recursion of {base} needs its initial values"
            )
        if number - start > LARGEST // 100:
            raise self.source.error(place, f"{base}_{number} is too far from the start of its recursion")
        values = None if rule.bound is None else set(self.integers(rule.bound, {}))
        for k in range(start + 1, number + 1):
            if f"{base}_{k}" in self.written:
                continue
            if values is not None and k - rule.offset not in values:
                message = f"{base}_{k} is not defined: its recursion is stated for other indices"
                raise self.source.error(place, message)
            self.write(f"{base}_{k}", Declaration(None, rule.body, {rule.letter: lift(k - rule.offset)}))
            self.named(f"{base}_{k}", place)

    def entry(self, value: Value, subscript: Tokens, place: Token, scope: Scope) -> Expr:
        """See ``Symbols``."""
        if isinstance(value, Matrix):
            parts = row_and_column(subscript, max(value.shape) < 10)
            if len(parts) != 2:
                message = "expected row and column of an entry of a matrix, as in A_{1,2}"
                raise self.source.error(place, message)
            row, column = (number_of(self.subscripts(p, place, scope)[0]) for p in parts)
            if not (1 <= row <= len(value.rows) and 1 <= column <= len(value.rows[0])):
                raise self.source.error(place, f"entry ({row}, {column}) lies outside the matrix")
            return lift(value.rows[row - 1][column - 1])
        index = self.subscripts(subscript, place, scope)
        if not isinstance(value, VectorValue) or len(index) != 1:
            raise self.source.error(place, "this is a number and has no entries; expected a vector")
        if isinstance(index[0], Num) and not 1 <= index[0].value <= value.size:
            raise self.source.error(
                place, f"entry {int(index[0].value)} does not exist: the vector has {value.size} entries"
            )
        return value.entry(index[0])

    def parsed(self, part: Tokens, scope: Scope) -> Expr:
        """See ``Indexing``."""
        return Parser(self, part, scope).scalar()

    def count_parse(self, place: Token) -> None:
        """See ``Symbols``."""
        self._parsed += 1
        if self._parsed > _LONGEST:
            message = "these formulas are too long when sums and functions are expanded"
            raise self.source.error(place, f"{message}; state them more compactly")

    def literal(self, parts: list[Tokens], scope: Scope, key: str = "") -> Value:
        """See ``Symbols``."""
        numbers = [Parser(self, p, scope).scalar() for p in parts]
        return self.emitter.define_data(key, numbers, [p[0] for p in parts], self.dim)

    def call(self, function: Function, arguments: list[Tokens] | None, place: Token, scope: Scope) -> Value:
        """See ``Symbols``."""
        self.called.add(function.key)
        formals = self.as_vector_name(function.formals)
        actuals = None if arguments is None else argument_names(arguments)
        if all(f not in scope and self._is_global(f, place) for f in formals) and (
            arguments is None or (actuals is not None and self.as_vector_name(actuals) == formals)
        ):
            return self.built.get(function.key) or self._build(function.key, place)
        if arguments is None or len(arguments) != len(formals):
            message = f"{function.key!r} is a function of {len(formals)} arguments"
            raise self.source.error(place, f"{message}; expected {function.key}({', '.join(formals)})")
        if self._depth > 20:
            raise self.source.error(place, f"{function.key!r} calls itself, or calls are nested too deeply")
        actual = {f: Parser(self, a, scope).parse() for f, a in zip(formals, arguments, strict=True)}
        self._depth += 1
        try:
            result = Parser(self, function.body, {**function.scope, **actual}).parse()
            self._limit(result, place)
            return result
        finally:
            self._depth -= 1

    def _limit(self, value: Value, place: Token) -> None:
        """Refuse a function's value that has grown too large: functions of functions double it each time."""
        try:
            tree = value.entry(lift(1)) if isinstance(value, VectorValue) else value
        except (NeedsUnroll, Refusal, ValueError):
            return
        if isinstance(tree, Expr) and next(islice(walk(tree), _LONGEST, None), None) is not None:
            message = "nested functions make this formula too long; define parts of it separately"
            raise self.source.error(place, message)

    def _variable(self, name: str) -> bool:
        return self.is_base(name.rpartition("_")[0])

    def _is_global(self, name: str, place: Token) -> bool:
        """Whether a formal argument is a variable or a definition of the file."""
        return name in self.aliases or self._variable(name) or self.named(name, place) is not None

    def as_vector_name(self, formals: list[str]) -> list[str]:
        r"""``x_1, \dots, x_n`` and ``x_1, x_2`` as the vector that they are."""
        bases = {f.rpartition("_")[0] for f in formals if f != "\\dots"}
        if len(bases) == 1 and all(f == "\\dots" or self._variable(f) for f in formals):
            return [*bases]
        return formals

    # Building

    def _scalar(self, key: str, place: Token) -> Expr:
        value = self.named(key, place)
        if not isinstance(value, Expr):
            raise self.source.error(place, f"{key!r} is not a number")
        return value

    def _build(self, key: str, place: Token) -> Value:
        if key in self._building:
            circle = " -> ".join([*self._building, key])
            raise self.source.error(place, f"{key!r} is defined by itself: {circle}")
        self._building.append(key)
        try:
            value = self._vector(key) if key in self.ranged else self._written(key)
        finally:
            self._building.pop()
        if value is None:
            family = self.named(key, place)
            if family is None or isinstance(family, Function):
                message = f"{key!r} is defined for some indices only; expected all indices from 1 on"
                raise self.source.error(place, message)
            value = family
        if self.dim or not isinstance(value, Num):
            self.built[key] = value
        return value

    def _vector(self, key: str) -> Value | None:
        letter, bound, body = self.ranged[key]
        span = self.integers(bound, {})
        if span == list(range(1, len(span) + 1)) and span:
            try:
                entry = Parser(self, body, {letter: Index(letter)}).scalar()
            except NeedsUnroll:
                pass
            else:
                return self.emitter.define_vector(key, len(span), Index(letter), entry)
        del self.ranged[key]
        self.write_out(key, letter, span, None, body)
        return None

    def _written(self, key: str) -> Value:
        entry = self.written[key]
        body = entry.body
        parts = tuple_parts(body)
        if parts:
            return self.literal(parts, entry.scope, key)
        try:
            value = Parser(self, body, entry.scope).parse()
        except NeedsUnroll:
            message = (
                "an index that depends on two others, or a numbered name, needs a sum over given numbers"
            )
            raise self.source.error(body[0], message) from None
        if isinstance(value, Matrix):
            return value
        if isinstance(value, VectorValue):
            index = self.emitter.fresh()
            try:
                entry_of = value.entry(index)
            except NeedsUnroll:
                names = [
                    self.emitter.define_scalar(f"{key}_{k}", value.entry(lift(k)))
                    for k in range(1, value.size + 1)
                ]
                return VectorValue(value.size, lambda i: names[number_of(i) - 1], value.transposed)
            if isinstance(entry_of, Item) and entry_of.index == index:
                return value
            made = self.emitter.define_vector(key, value.size, index, entry_of)
            return VectorValue(made.size, made.entry, value.transposed)
        if isinstance(value, Item | Name | Size) or (isinstance(value, Num) and not self.dim):
            return value
        if isinstance(value, Num) and key in ("n", "N", "D", "d") and value.value == self.dim:
            return Size("x")
        return self.emitter.define_scalar(key, value)
