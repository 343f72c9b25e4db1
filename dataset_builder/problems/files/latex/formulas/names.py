"""Names with their scripts and arguments, limits of sums, and matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from llamoco.dataset_builder.problems.files.latex.formulas.values import Matrix, Value, Vectorial
from llamoco.dataset_builder.problems.files.latex.lexing.commands import CLOSERS, OPENERS
from llamoco.dataset_builder.problems.files.latex.lexing.source import Source, Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import (
    Part,
    group_end,
    script_text,
    split_commas,
)
from llamoco.dataset_builder.problems.files.latex.statements.chains import Range
from llamoco.dataset_builder.problems.symbolic.expression import Call, Expr, Index, Name, Num, Pow

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.files.latex.formulas.parser import Parser

Scope = dict[str, Value]


class Function(NamedTuple):
    """A definition with arguments, such as ``g(t) = t^2``; ``scope`` holds what its own index is bound to."""

    key: str
    formals: list[str]
    body: Part
    scope: Scope


class Written(NamedTuple):
    """A definition as written: arguments, body, and what its index is bound to."""

    formals: list[str] | None
    body: Part
    scope: Scope


class Symbols(Protocol):
    """The names of a file, as the parser asks for them."""

    source: Source
    vector: str

    def named(self, key: str, place: Token) -> Value | Function | None:
        """What a name with its literal subscript denotes; None if it is not defined."""

    def indexed(self, base: str, subscript: Part, place: Token, scope: Scope) -> Value | Function | None:
        """Entry of the vector, matrix or family ``base``; None if there is none of that name."""

    def entry(self, value: Value, subscript: Part, place: Token, scope: Scope) -> Expr:
        """Entry of a vector or matrix."""

    def index(self, value: Expr, place: Token) -> Expr:
        """An expression as an index: constants become integers."""

    def fresh(self) -> Index:
        """An index variable that the file does not use."""

    def spend(self, place: Token) -> None:
        """Count an expression that is parsed; too many are refused."""

    def integers(self, bound: Range, scope: Scope) -> list[int]:
        """The values of a range."""

    def whole_number(self, index: Expr, place: Token) -> int:
        """The number that an index is.

        Raises:
            NeedsUnroll: if it holds an index variable.
        """

    def run_of(self, letter: str, tokens: Part) -> list[int] | None:
        """What a letter runs through in a sum without a range, over these tokens; None if that is not known."""

    def index_set(self, name: str) -> Part | None:
        """The set of indices of that name, with its braces; None if there is none."""

    def literal(self, parts: list[Part], scope: Scope) -> Value:
        """A vector written as a tuple."""

    def constant(self, value: Expr, place: Token) -> float:
        """The number that an expression without variables is."""

    def call(self, function: Function, arguments: list[Part] | None, place: Token, scope: Scope) -> Value:
        """The value of a function for given arguments."""


class Head(NamedTuple):
    """A name on the left of a definition: ``z^{(1)}_i``, ``f_2(x)``."""

    base: str
    subscript: Part | None
    arguments: list[Part] | None

    @property
    def key(self) -> str:
        """Base and literal subscript."""
        return self.base if self.subscript is None else f"{self.base}_{script_text(self.subscript)}"


def read_head(part: Part) -> Head | None:
    """The name that a part consists of, or None if it is any other expression."""
    if not part or part[0].kind != "name":
        return None
    base, subscript, arguments, at = part[0].text, None, None, 1
    while at < len(part):
        stop = _stop(part, at + 1 if part[at].text in ("_", "^") else at)
        inside = part[at + 1 : stop]
        if inside and inside[0].text == "{":
            inside = inside[1:-1]
        if part[at].text == "_" and subscript is None and arguments is None and inside:
            if not split_commas(inside):
                return None
            *leading, subscript = split_commas(inside)
            base += "".join(f"_{script_text(p)}" for p in leading)
        elif part[at].text == "^" and arguments is None and _decoration(inside):
            base += f"^({script_text(inside[1:-1])})"
        elif part[at].text == "(" and arguments is None and stop == len(part):
            arguments = split_commas(part[at + 1 : stop - 1])
        else:
            return None
        at = stop
    return Head(base, subscript, arguments)


def _decoration(tokens: Part) -> bool:
    return (
        len(tokens) >= 3
        and tokens[0].text == "("
        and tokens[-1].text == ")"
        and tokens[1].kind in ("name", "number")
    )


def _stop(part: Part, at: int) -> int:
    """One past the bracket or token at ``at``."""
    depth = 0
    for place in range(at, len(part)):
        token = part[place]
        if token.kind == "symbol":
            depth += (token.text in OPENERS) - (token.text in CLOSERS)
        if depth <= 0:
            return place + 1
    return len(part)


def argument_names(arguments: list[Part]) -> list[str] | None:
    """Canonical names of formal arguments (``\\dots`` included), or None if one is not a name."""
    names = []
    for part in arguments:
        head = read_head(part)
        if part[0].text == "\\dots":
            names.append("\\dots")
        elif head is None or head.arguments is not None:
            return None
        else:
            names.append(head.key)
    return names


def read_name(parser: Parser) -> Value:
    """A name with subscript, superscript and arguments."""
    token = parser.tokens[parser.at]
    parser.at += 1
    base, subscript, exponent = token.text, None, None
    while parser.peek() in ("_", "^"):
        mark = parser.at
        script = parser.peek()
        parser.at += 1
        inside = parser.group()
        if not split_commas(inside):
            parser.fail("an empty script; expected an index or an exponent", token)
        if script == "_" and subscript is None:
            subscript = inside
        elif script == "^" and _decoration(inside):
            base += f"^({script_text(inside[1:-1])})"
        elif script == "^" and subscript is None and exponent is None and parser.peek() == "_":
            exponent = inside
        else:
            parser.at = mark
            break
    if (
        base == "diag"
        and subscript is None
        and parser.peek() == "("
        and parser.symbols.named(base, token) is None
    ):
        return parser.power(_diagonal(parser))
    value = _look_up(parser, base, subscript, token)
    if isinstance(value, Function):
        arguments = split_commas(parser.group()) if parser.peek() == "(" else None
        value = parser.symbols.call(value, arguments, token, parser.scope)
    elif isinstance(value, Name) and [parser.peek(k) for k in range(3)] == ["(", parser.symbols.vector, ")"]:
        parser.at += 3  # sigma(x) for what was defined as sigma
    if base == "e" and subscript is None and value == Call("exp", Num(1)) and parser.peek() == "^":
        parser.at += 1
        return parser.power(Call("exp", parser.sub(parser.group()).scalar()))
    if exponent is not None:
        assert isinstance(value, Expr)
        return Pow(value, parser.sub(exponent).scalar())
    return parser.power(value)


def _look_up(parser: Parser, base: str, subscript: Part | None, token: Token) -> Value | Function:
    symbols, scope = parser.symbols, parser.scope
    key = base if subscript is None else f"{base}_{script_text(subscript)}"
    if key in scope:
        return scope[key]
    if subscript is not None and base in scope:
        inner = scope[base]
        if not isinstance(inner, Vectorial | Matrix):
            parser.fail(f"{base!r} is a number here and has no entries", token)
        return symbols.entry(inner, subscript, token, scope)
    value = symbols.named(key, token)
    if value is None and subscript is not None:
        value = symbols.indexed(base, subscript, token, scope)
        *leading, last = split_commas(subscript)
        if value is None and leading:  # z_{1,i}: entry i of z_1
            return _look_up(parser, f"{base}_{script_text(leading[0])}", last, token)
    if value is not None:
        return value
    if key == "e":
        return Call("exp", Num(1))
    if key in tuple("ijklmpqrst"):
        parser.fail(
            f"{key!r} is not defined here; an index is bound by its sum (brackets show how far it goes) or "
            f"by a range such as ${key} = 1, \\dots, n$ after the statement",
            token,
        )
    hint = f"define it, as in 'where ${key} = ...$'" if len(base) < 3 else "define it, or check the spelling"
    parser.fail(f"{key!r} is not defined; {hint}", token)


def read_limits(parser: Parser, kind: str, token: Token) -> tuple[list[str], Expr, Expr, list[int] | None]:
    """The limits of a sum: index letters, lowest and highest value, or the list of its values."""
    lower: Part | None = None
    upper: Part | None = None
    while parser.peek() in ("_", "^"):
        mark = parser.peek()
        parser.at += 1
        if mark == "_":
            lower = parser.group()
        else:
            upper = parser.group()
    bare = [p[0].text for p in split_commas(lower or []) if len(p) == 1 and p[0].kind == "name"]
    if (
        lower
        and len(bare) == len(split_commas(lower))
        and parser.source.strict(lower[0].at, lower[-1].end) is False
    ):
        if upper is not None:
            return bare, Num(1), _bound(parser, upper), None  # \sum_i^n
        runs = [parser.symbols.run_of(letter, parser.tokens[parser.at :]) for letter in bare]
        if runs[0] and all(run == runs[0] for run in runs):
            values = runs[0]
            if values == list(range(values[0], values[-1] + 1)):
                return bare, Num(values[0]), Num(values[-1]), None
            return bare, Num(0), Num(0), values
    relations = [k for k, t in enumerate(lower or []) if t.kind == "symbol" and t.text in ("=", "<=", "in")]
    if not lower or not relations:
        parser.fail(f"the range of \\{kind} is missing; expected \\{kind}_{{i=1}}^{{n}}", token)
    sides = [lower[a + 1 : b] for a, b in zip([-1, *relations], [*relations, len(lower)], strict=True)]
    marks = [lower[k].text for k in relations]
    zero = Num(0)
    letters_of = sides[1] if marks == ["<=", "<="] else sides[0]
    letters = [p[0].text for p in split_commas(letters_of) if len(p) == 1 and p[0].kind == "name"]
    if len(letters) != len(split_commas(letters_of)) or not letters or any(not s for s in sides):
        parser.fail("expected an index letter and its range, as in i=1", lower[0])
    if parser.source.strict(lower[0].at, lower[-1].end):
        parser.fail("a strict range; write its limits with \\le", lower[0])
    if marks == ["="] and upper is not None:
        low, high = (_bound(parser, side) for side in (sides[1], upper))
        return letters, low, high, None
    if marks == ["<=", "<="] and upper is None:
        return letters, _bound(parser, sides[0]), _bound(parser, sides[2]), None
    if upper is None and marks in (["="], ["in"]):
        inner = sides[1]
        if marks == ["in"]:
            if len(inner) == 1:
                inner = parser.symbols.index_set(inner[0].text) or inner
            if inner[0].text != "\\{" or inner[-1].text != "\\}":
                parser.fail("expected a set such as \\{1, 2, 5\\}", inner[0])
            inner = inner[1:-1]
        parts = split_commas(inner)
        dots = any(t.text == "\\dots" for t in inner)
        if len(parts) == 1 and dots:
            k = next(k for k, t in enumerate(inner) if t.text == "\\dots")
            parts = [p for p in (inner[:k], inner[k : k + 1], inner[k + 1 :]) if p]
        if not dots and marks == ["="] and len(parts) == 1:
            parser.fail(f"the upper limit is missing; expected \\{kind}_{{i=1}}^{{n}}", token)
        values = parser.symbols.integers(Range(letters, parts, dots, lower[0]), parser.scope)
        if values and values == list(range(values[0], values[-1] + 1)) and values[0] >= 0:
            return letters, Num(values[0]), Num(values[-1]), None
        return letters, zero, zero, values
    parser.fail(f"this range is not understood; expected \\{kind}_{{i=1}}^{{n}}", token)


def _bound(parser: Parser, part: Part) -> Expr:
    return parser.symbols.index(parser.sub(part).scalar(), part[0])


def _diagonal(parser: Parser) -> Matrix:
    r"""``\operatorname{diag}(1, 2, 3)``, or of a vector of numbers."""
    place = parser.tokens[parser.at]
    parts = split_commas(parser.group())
    entries = [parser.sub(p).parse() for p in parts]
    if len(entries) == 1 and isinstance(entries[0], Vectorial):
        vector = entries[0]
        entries = [vector.entry(Num(k)) for k in range(1, vector.size + 1)]
    if not all(isinstance(e, Expr) for e in entries) or not entries:
        parser.fail("expected numbers, or a vector of numbers, in diag(..)", place)
    numbers = [parser.symbols.constant(e, place) for e in entries if isinstance(e, Expr)]
    return Matrix(
        tuple(tuple(n if k == j else 0.0 for j in range(len(numbers))) for k, n in enumerate(numbers))
    )


def read_matrix(parser: Parser) -> Value:
    """A matrix of numbers; a single row or column is a vector."""
    begin = parser.tokens[parser.at]
    rows: list[list[Part]] = [[[]]]
    parser.at += 1
    while parser.at < len(parser.tokens) and parser.tokens[parser.at].kind != "end":
        token = parser.tokens[parser.at]
        if token.kind == "break":
            rows.append([[]])
        elif token.kind == "soft":
            rows[-1].append([])
        else:
            rows[-1][-1].append(token)
        parser.at += 1
    parser.at += 1
    rows = [row for row in rows if any(row)]
    if not rows or len({len(row) for row in rows}) > 1 or not all(all(row) for row in rows):
        parser.fail("the rows of this matrix differ in length, or an entry is empty", begin)
    after = parser.tokens[parser.at : group_end(parser.tokens, parser.at + 1)]
    if (
        len(rows) == 1
        and after
        and after[0].text == "^"
        and script_text(after[1:]) in ("T", "top", "intercal")
    ):
        parser.at += len(after)  # a row that is turned into a column
    if len(rows) == 1 or len(rows[0]) == 1:
        return parser.symbols.literal([cell for row in rows for cell in row], parser.scope)
    numbers = tuple(
        tuple(parser.symbols.constant(parser.sub(cell).scalar(), cell[0]) for cell in row) for row in rows
    )
    return Matrix(numbers)
