"""Names inside a formula, with their scripts and arguments."""

from __future__ import annotations

from llamoco.dataset_builder.problems.files.latex.formulas.declarations import Function, is_decoration
from llamoco.dataset_builder.problems.files.latex.formulas.matrices import parse_diagonal
from llamoco.dataset_builder.problems.files.latex.formulas.parser_base import ParserBase
from llamoco.dataset_builder.problems.files.latex.formulas.values import Matrix, Value, VectorValue
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, script_text, split_commas
from llamoco.dataset_builder.problems.symbolic.expression import Call, Expr, Name, Num, Pow


def parse_name(parser: ParserBase) -> Value:
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
            parser.fail("empty subscript or superscript; expected an index or an exponent", token)
        if script == "_" and subscript is None:
            subscript = inside
        elif script == "^" and is_decoration(inside):
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
        return parser.power(parse_diagonal(parser))
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


def _look_up(parser: ParserBase, base: str, subscript: Tokens | None, token: Token) -> Value | Function:
    symbols, scope = parser.symbols, parser.scope
    key = base if subscript is None else f"{base}_{script_text(subscript)}"
    if key in scope:
        return scope[key]
    if subscript is not None and base in scope:
        inner = scope[base]
        if not isinstance(inner, VectorValue | Matrix):
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
