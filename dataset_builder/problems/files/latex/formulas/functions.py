"""Elementary functions, absolute values and norms, and the extent of their arguments."""

from __future__ import annotations

from functools import partial

from llamoco.dataset_builder.problems.files.latex.formulas import values
from llamoco.dataset_builder.problems.files.latex.formulas.parser_base import ParserBase
from llamoco.dataset_builder.problems.files.latex.formulas.values import Value, VectorValue
from llamoco.dataset_builder.problems.files.latex.lexing.commands import ELEMENTARY
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import script_text
from llamoco.dataset_builder.problems.symbolic.expression import (
    Call,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Pi,
    Pow,
    Size,
    walk,
)


def parse_elementary(parser: ParserBase, name: str, token: Token) -> Value:
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
            parser.fail(f"unexpected subscript of \\{name}; expected its argument", token)
    if exponent is not None and not isinstance(exponent, Num):
        inverse = f"\\arc{name} or " if f"arc{name}" in ELEMENTARY else ""
        parser.fail(f"is this the inverse function? write {inverse}(\\{name}(..))^{{..}}", token)
    result = _applied(name, parse_argument(parser, name, token))
    if base is not None:
        result = result / Call("log", base)
    return parser.power(result) if exponent is None else Pow(result, exponent)


def parse_argument(parser: ParserBase, name: str, token: Token) -> Expr:
    """A bracket; or, by TeX's convention, the product that follows up to a sign or another function."""
    if parser.peek() in ("(", "[", "\\{", "{", "|", "|("):
        opening = parser.tokens[parser.at]
        value = parse_norm(parser, opening) if opening.text in ("|", "|(") else parser.bracket(opening)
        return parser.scalar_of(value, opening)
    if not parser.starts_factor():
        parser.fail(f"expected the argument of \\{name}; put it in brackets")
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
                f"is this bracket part of the argument of \\{name}? put the argument in brackets", token
            )
        part = parser.scalar_of(parser.factor(), token)
        product = part if product is None else product * part
    if parser.peek() in ("*", "times", "/"):
        parser.fail(f"where does the argument of \\{name} end? put it in brackets", token)
    assert product is not None
    return product


def parse_norm(parser: ParserBase, token: Token) -> Value:
    """An absolute value or norm."""
    kind = "||" if token.text.startswith("||") else "|"
    closing = token.text.replace("(", ")")
    parser.at += 1
    parser.bars.append(closing)
    value = parser.total()
    parser.bars.pop()
    parser.take(closing)
    if kind == "|":
        if isinstance(value, VectorValue):
            parser.fail("these bars enclose a vector; write \\lVert .. \\rVert for a norm", token)
        return parser.power(Call("abs", parser.scalar_of(value, token)))
    if not isinstance(value, VectorValue):
        parser.fail("this is the norm of a number; expected a vector, or |..|", token)
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


def _applied(name: str, argument: Expr) -> Expr:
    inverse = {"cot": "tan", "sec": "cos", "csc": "sin"}.get(name)
    return Call(ELEMENTARY[name], argument) if inverse is None else Num(1) / Call(inverse, argument)


def _constant(node: Expr) -> bool:
    return isinstance(node, Num | Pi | Mul | Div | Neg | Pow | Size)
