"""Functions and sums inside a formula: how far their arguments go."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from llamoco.dataset_builder.problems.files.latex.formulas import values
from llamoco.dataset_builder.problems.files.latex.formulas.names import Scope, read_limits
from llamoco.dataset_builder.problems.files.latex.formulas.values import NeedsUnroll, Value, Vectorial
from llamoco.dataset_builder.problems.files.latex.lexing.commands import ELEMENTARY
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import script_text, split_commas
from llamoco.dataset_builder.problems.symbolic.expression import (
    Call,
    Div,
    Expr,
    Index,
    Mul,
    Neg,
    Num,
    Pi,
    Pow,
    Reduce,
    Size,
    walk,
)

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.files.latex.formulas.parser import Parser

UNROLL_LIMIT = 5000


def elementary(parser: Parser, name: str, token: Token) -> Value:
    r"""An elementary function with its exponent, ``\sin^2 x``, or base, ``\log_{10} x``."""
    exponent: Expr | None = None
    base: Expr | None = None
    while parser.peek() in ("^", "_"):
        mark = parser.peek()
        parser.at += 1
        script = parser.sub(parser.group()).scalar()
        if mark == "^":
            exponent = script
        elif name == "log":
            base = script
        else:
            parser.fail(f"a subscript of \\{name}; expected its argument", token)
    if exponent is not None and not isinstance(exponent, Num):
        inverse = f"\\arc{name} or " if f"arc{name}" in ELEMENTARY else ""
        parser.fail(f"is this the inverse function? write {inverse}(\\{name}(..))^{{..}}", token)
    result = _applied(name, argument(parser, name, token))
    if base is not None:
        result = result / Call("log", base)
    return parser.power(result) if exponent is None else Pow(result, exponent)


def argument(parser: Parser, name: str, token: Token) -> Expr:
    """A bracket; or, by TeX's convention, the product that follows up to a sign or another function."""
    if parser.peek() in ("(", "[", "\\{", "{", "|", "|("):
        opening = parser.tokens[parser.at]
        value = bars(parser, opening) if opening.text in ("|", "|(") else parser.bracket(opening)
        return parser.scalar_of(value, opening)
    if not parser.starts_factor():
        parser.fail(f"expected the argument of \\{name}; put it into brackets")
    product: Expr | None = None
    while parser.starts_factor():
        upcoming = parser.tokens[parser.at]
        if product is not None and (
            upcoming.text in ("\\sum", "\\prod")
            or (upcoming.text[1:] in ELEMENTARY and upcoming.kind == "command")
        ):
            break
        if (
            product is not None
            and upcoming.text in ("(", "[", "\\{")
            and not all(_constant(e) for e in walk(product))
        ):
            parser.fail(
                f"is this bracket part of the argument of \\{name}? put the argument into brackets", token
            )
        part = parser.scalar_of(parser.factor(), token)
        product = part if product is None else product * part
    if parser.peek() in ("*", "times", "/"):
        parser.fail(f"where does the argument of \\{name} end? put it into brackets", token)
    assert product is not None
    return product


def extremum(parser: Parser, kind: str, token: Token) -> Value:
    r"""``\max\{a, b\}``, or the maximum over an index."""
    if parser.peek() == "_":
        return big(parser, kind, token)
    if parser.peek() not in ("(", "[", "\\{", "{"):
        parser.fail(f"expected \\{kind}\\{{a, b\\}} or \\{kind}_{{i=1,\\dots,n}} here", token)
    terms = [parser.sub(p).scalar() for p in split_commas(parser.group())]
    return parser.power(parser.checked(token, lambda: values.folded(kind, terms)))


def bars(parser: Parser, token: Token) -> Value:
    """An absolute value or norm."""
    kind = "||" if token.text.startswith("||") else "|"
    closing = token.text.replace("(", ")")
    parser.at += 1
    parser.bars.append(closing)
    value = parser.total()
    parser.bars.pop()
    parser.take(closing)
    if kind == "|":
        if isinstance(value, Vectorial):
            parser.fail("the bars stand around a vector; write \\lVert .. \\rVert for a norm", token)
        return parser.power(Call("abs", parser.scalar_of(value, token)))
    if not isinstance(value, Vectorial):
        parser.fail("the norm of a number; expected a vector, or |..|", token)
    order = "2"
    if parser.peek() == "_":
        parser.at += 1
        order = script_text(parser.group())
    squared = parser.peek() == "^" and (
        parser.peek(1) == "2" or (parser.peek(1) == "{" and parser.peek(2) == "2" and parser.peek(3) == "}")
    )
    if squared:
        parser.at += 1
        parser.group()
    if parser.peek() == "_":
        parser.at += 1
        order = script_text(parser.group())
    norm = partial(values.norm, value, order, squared, parser.symbols.fresh)
    return parser.power(parser.checked(token, norm))


def big(parser: Parser, kind: str, token: Token) -> Value:
    """A sum, product or extremum over indices; a sum extends over the product, an extremum over the factor.

    Where an index variable has to be a number (``a_{ij}``, ``f_k(x)``), the sum is written out term by term.
    """
    letters, low, high, listed = read_limits(parser, kind, token)
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
                    message = (
                        "does this product extend over its last factor? put what belongs to it into brackets"
                    )
                    parser.fail(message, token)
                return Reduce(kind, Index(letter), low, high, inner)
            except NeedsUnroll:
                pass
        if listed is None:
            first, last = (parser.symbols.whole_number(bound, token) for bound in (low, high))
            span: Sequence[int] = range(first, last + 1)
        else:
            span = listed
        if len(span) > UNROLL_LIMIT:
            parser.fail("this sum is too long to be written out", token)
        if not span:
            body({**scope, letter: Num(1)})  # moves on to the end of the body
        terms = [over(depth + 1, {**scope, letter: values.lift(v)}) for v in span]
        return parser.scalar_of(parser.checked(token, lambda: values.folded(kind, terms)), token)

    return over(0, parser.scope)


def _applied(name: str, argument: Expr) -> Expr:
    inverse = {"cot": "tan", "sec": "cos", "csc": "sin"}.get(name)
    return Call(ELEMENTARY[name], argument) if inverse is None else Num(1) / Call(inverse, argument)


def _varies(node: Expr, letter: str) -> bool:
    return any(isinstance(e, Index) and e.name == letter for e in walk(node))


def _constant(node: Expr) -> bool:
    return isinstance(node, Num | Pi | Mul | Div | Neg | Pow | Size)
