"""Interface between the parser and the names of a LaTeX file."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from llamoco.dataset_builder.problems.files.latex.formulas.values import Value
from llamoco.dataset_builder.problems.files.latex.lexing.commands import CLOSERS, OPENERS
from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource, Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import (
    Tokens,
    script_text,
    split_commas,
)
from llamoco.dataset_builder.problems.files.latex.statements.chains import IndexRange
from llamoco.dataset_builder.problems.symbolic.expression import Expr, Index

Scope = dict[str, Value]


class Function(NamedTuple):
    """A definition with arguments, such as ``g(t) = t^2``; ``scope`` holds what its own index is bound to."""

    key: str
    formals: list[str]
    body: Tokens
    scope: Scope


class Declaration(NamedTuple):
    """A definition as written: arguments, body, and what its index is bound to."""

    formals: list[str] | None
    body: Tokens
    scope: Scope


class Symbols(Protocol):
    """Names of a file, as the parser looks them up."""

    source: LatexSource
    vector: str

    def named(self, key: str, place: Token) -> Value | Function | None:
        """Value of a name with its literal subscript; None if it is not defined."""

    def indexed(self, base: str, subscript: Tokens, place: Token, scope: Scope) -> Value | Function | None:
        """Entry of the vector, matrix or family ``base``; None if there is none of that name."""

    def entry(self, value: Value, subscript: Tokens, place: Token, scope: Scope) -> Expr:
        """Entry of a vector or matrix."""

    def index(self, value: Expr, place: Token) -> Expr:
        """An expression as an index: constants become integers."""

    def fresh(self) -> Index:
        """An index variable that the file does not use."""

    def count_parse(self, place: Token) -> None:
        """Count an expression that is parsed; too many are refused."""

    def integers(self, bound: IndexRange, scope: Scope) -> list[int]:
        """The values of a range."""

    def integer_of(self, index: Expr, place: Token) -> int:
        """Number of an index.

        Raises:
            NeedsUnroll: if it holds an index variable.
        """

    def range_of_letter(self, letter: str, tokens: Tokens) -> list[int] | None:
        """Values of a letter in a sum without a range, over these tokens; None if they are not known."""

    def index_set(self, name: str) -> Tokens | None:
        """The set of indices of that name, with its braces; None if there is none."""

    def literal(self, parts: list[Tokens], scope: Scope) -> Value:
        """A vector written as a tuple."""

    def constant(self, value: Expr, place: Token) -> float:
        """Value of an expression without variables."""

    def call(self, function: Function, arguments: list[Tokens] | None, place: Token, scope: Scope) -> Value:
        """The value of a function for given arguments."""


class Head(NamedTuple):
    """A name on the left of a definition: ``z^{(1)}_i``, ``f_2(x)``."""

    base: str
    subscript: Tokens | None
    arguments: list[Tokens] | None

    @property
    def key(self) -> str:
        """Base and literal subscript."""
        return self.base if self.subscript is None else f"{self.base}_{script_text(self.subscript)}"


def read_head(part: Tokens) -> Head | None:
    """Read a part that consists of one name; None for any other expression."""
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
        elif part[at].text == "^" and arguments is None and is_decoration(inside):
            base += f"^({script_text(inside[1:-1])})"
        elif part[at].text == "(" and arguments is None and stop == len(part):
            arguments = split_commas(part[at + 1 : stop - 1])
        else:
            return None
        at = stop
    return Head(base, subscript, arguments)


def is_decoration(tokens: Tokens) -> bool:
    """Whether a superscript belongs to a name: the ``(1)`` of ``z^{(1)}``."""
    return (
        len(tokens) >= 3
        and tokens[0].text == "("
        and tokens[-1].text == ")"
        and tokens[1].kind in ("name", "number")
    )


def _stop(part: Tokens, at: int) -> int:
    """One past the bracket or token at ``at``."""
    depth = 0
    for place in range(at, len(part)):
        token = part[place]
        if token.kind == "symbol":
            depth += (token.text in OPENERS) - (token.text in CLOSERS)
        if depth <= 0:
            return place + 1
    return len(part)


def argument_names(arguments: list[Tokens]) -> list[str] | None:
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
