"""Sums, products and extrema over indices: their limits and extent."""

from __future__ import annotations

from collections.abc import Sequence

from llamoco.dataset_builder.problems.files.latex.formulas import values
from llamoco.dataset_builder.problems.files.latex.formulas.declarations import Scope
from llamoco.dataset_builder.problems.files.latex.formulas.parser_base import ParserBase
from llamoco.dataset_builder.problems.files.latex.formulas.values import NeedsUnroll, Value
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, split_commas
from llamoco.dataset_builder.problems.files.latex.statements.chains import IndexRange
from llamoco.dataset_builder.problems.symbolic.expression import Div, Expr, Index, Mul, Num, Reduce, walk

UNROLL_LIMIT = 5000


def parse_extremum(parser: ParserBase, kind: str, token: Token) -> Value:
    r"""``\max\{a, b\}``, or the maximum over an index."""
    if parser.peek() == "_":
        return parse_reduction(parser, kind, token)
    if parser.peek() not in ("(", "[", "\\{", "{"):
        parser.fail(f"expected \\{kind}\\{{a, b\\}} or \\{kind}_{{i=1,\\dots,n}} here", token)
    terms = [parser.sub(p).scalar() for p in split_commas(parser.group())]
    return parser.power(parser.checked(token, lambda: values.fold(kind, terms)))


def parse_reduction(parser: ParserBase, kind: str, token: Token) -> Value:
    """A sum, product or extremum over indices; a sum extends over the product, an extremum over the factor.

    Where an index variable has to be a number (``a_{ij}``, ``f_k(x)``), the sum is written out term by term.
    """
    letters, low, high, listed = parse_limits(parser, kind, token)
    start = parser.at

    def body(scope: Scope) -> Expr:
        inside = parser.sub(parser.tokens, scope)
        inside.at, inside.bars = start, list(parser.bars)
        value = inside.product() if kind in ("sum", "prod") else inside.factor()
        parser.at = inside.at
        return parser.scalar_of(value, parser.tokens[min(start, len(parser.tokens) - 1)])

    def over(depth: int, scope: Scope) -> Expr:
        if depth == len(letters):
            return body(scope)
        letter = letters[depth]
        if isinstance(scope.get(letter), Index):
            parser.fail(f"index {letter!r} is bound twice; rename one of them", token)
        dependent = any(isinstance(e, Index) for bound in (low, high) for e in walk(bound))
        if listed is None and (kind == "sum" or not dependent):
            try:
                inner = over(depth + 1, {**scope, letter: Index(letter)})
                if kind == "prod" and isinstance(inner, Mul | Div) and not _varies(inner.right, letter):
                    message = "does this product extend over its last factor? put all its factors in brackets"
                    parser.fail(message, token)
                return Reduce(kind, Index(letter), low, high, inner)
            except NeedsUnroll:
                pass
        if listed is None:
            first, last = (parser.symbols.integer_of(bound, token) for bound in (low, high))
            span: Sequence[int] = range(first, last + 1)
        else:
            span = listed
        if len(span) > UNROLL_LIMIT:
            parser.fail("this sum is too long to be written out", token)
        if not span:
            body({**scope, letter: Num(1)})  # moves on to the end of the body
        terms = [over(depth + 1, {**scope, letter: values.lift(v)}) for v in span]
        return parser.scalar_of(parser.checked(token, lambda: values.fold(kind, terms)), token)

    return over(0, parser.scope)


def _varies(node: Expr, letter: str) -> bool:
    return any(isinstance(e, Index) and e.name == letter for e in walk(node))


def parse_limits(
    parser: ParserBase, kind: str, token: Token
) -> tuple[list[str], Expr, Expr, list[int] | None]:
    """The limits of a sum: index letters, lowest and highest value, or the list of its values."""
    lower: Tokens | None = None
    upper: Tokens | None = None
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
        runs = [parser.symbols.range_of_letter(letter, parser.tokens[parser.at :]) for letter in bare]
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
        parser.fail("strict inequalities are not supported in a range; write its limits with \\le", lower[0])
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
        values = parser.symbols.integers(IndexRange(letters, parts, dots, lower[0]), parser.scope)
        if values and values == list(range(values[0], values[-1] + 1)) and values[0] >= 0:
            return letters, Num(values[0]), Num(values[-1]), None
        return letters, zero, zero, values
    parser.fail(f"cannot read this range; expected \\{kind}_{{i=1}}^{{n}}", token)


def _bound(parser: ParserBase, part: Tokens) -> Expr:
    return parser.symbols.index(parser.sub(part).scalar(), part[0])
