"""Base of the parser: a position in the tokens of one expression, shared by its productions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NoReturn, Self

from llamoco.dataset_builder.problems.files.latex.formulas import values
from llamoco.dataset_builder.problems.files.latex.formulas.declarations import Scope, Symbols
from llamoco.dataset_builder.problems.files.latex.formulas.values import Refusal, Value
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens
from llamoco.dataset_builder.problems.symbolic.expression import Expr

BRACKETS = {
    "(": ")",
    "[": "]",
    "\\{": "\\}",
    "{": "}",
    "|(": "|)",
    "|": "|",
    "<(": ">)",
    "floor(": "floor)",
    "ceil(": "ceil)",
}


class ParserBase(ABC):
    """A position in the tokens of one expression.

    Args:
        symbols: the names of the file.
        tokens: the tokens.
        scope: values of index variables and formal arguments.

    Attributes:
        at: the position, an index of ``tokens``.
        bars: closing bars that are open here, as these open and close alike.
    """

    def __init__(self, symbols: Symbols, tokens: Tokens, scope: Scope) -> None:
        self.symbols, self.scope = symbols, scope
        self.source, self.tokens = symbols.source, tokens
        self.at = 0
        self.bars: list[str] = []
        if tokens:
            symbols.count_parse(tokens[0])

    def fail(self, message: str, place: Token | None = None) -> NoReturn:
        """Refuse the token at the position, or at ``place``."""
        token = place or self.tokens[min(self.at, len(self.tokens) - 1)]
        raise self.source.error(token, message)

    def peek(self, ahead: int = 0) -> str:
        """Text of an upcoming token, "" at the end."""
        try:
            return self.tokens[self.at + ahead].text
        except IndexError:
            return ""

    def take(self, expected: str) -> Token:
        """Consume a token that must be at the position."""
        if self.peek() != expected:
            self.fail(
                f"expected {expected!r} here"
                + ("" if self.at < len(self.tokens) else ", found the end of the formula")
            )
        self.at += 1
        return self.tokens[self.at - 1]

    def group(self) -> Tokens:
        """Consume a bracket that opens here and return its inside; or one token."""
        if self.at >= len(self.tokens):
            self.fail("expected an argument, found the end of the formula")
        opening = self.tokens[self.at]
        if opening.text not in BRACKETS or opening.kind != "symbol":
            self.at += 1
            if opening.kind == "number" and len(opening.text) > 1:
                self.fail(
                    f"TeX sets only the first digit of {opening.text} here; write {{{opening.text}}}", opening
                )
            return [opening]
        depth, start = 0, self.at + 1
        while self.at < len(self.tokens):
            text, kind = self.tokens[self.at].text, self.tokens[self.at].kind
            if kind == "symbol":
                depth += text in BRACKETS and text != "|"
                depth -= text in (")", "]", "\\}", "}", "|)", ">)", "floor)", "ceil)", "||)")
                depth += text == "||("
            self.at += 1
            if depth == 0:
                if text != BRACKETS[opening.text]:
                    self.fail(
                        f"this {opening.text!r} is closed by {text!r}; expected {BRACKETS[opening.text]!r}",
                        opening,
                    )
                return self.tokens[start : self.at - 1]
        self.fail(f"this {opening.text!r} is not closed; add {BRACKETS[opening.text]!r}", opening)

    def parse(self) -> Value:
        """Value of all tokens.

        Raises:
            ProblemError: what cannot be read, with its place.
            NeedsUnroll: if an index variable has to be a number here.
        """
        value = self.total()
        if self.at < len(self.tokens):
            self.fail(f"expected an operator or the end of the formula, found {self.tokens[self.at].text!r}")
        return value

    def scalar(self) -> Expr:
        """Value of all tokens, which must be a number."""
        return self.scalar_of(self.parse(), self.tokens[0])

    def scalar_of(self, value: Value, place: Token) -> Expr:
        """Convert a value to a number, or refuse it."""
        try:
            return values.scalar(value)
        except Refusal as error:
            self.fail(str(error), place)

    def sub(self, tokens: Tokens, scope: Scope | None = None) -> Self:
        """Create a parser of other tokens, in this scope or another."""
        if not tokens:
            self.fail(
                "expected an expression here, found nothing", self.tokens[min(self.at, len(self.tokens)) - 1]
            )
        return type(self)(self.symbols, tokens, self.scope if scope is None else scope)

    def inner(self) -> Value:
        """The value of an argument: a group or one token."""
        place = self.tokens[min(self.at, len(self.tokens) - 1)]
        tokens = self.group()
        if not tokens:
            self.fail("expected an expression inside this bracket", place)
        return self.sub(tokens).parse()

    def checked(self, place: Token, operation: Callable[[], Value]) -> Value:
        """Result of an operation on values; a refusal gets a place."""
        try:
            return operation()
        except Refusal as error:
            self.fail(str(error), place)

    # Productions, which ``parser.Parser`` defines

    @abstractmethod
    def total(self) -> Value:
        """Parse a sum: terms with signs."""

    @abstractmethod
    def starts_factor(self) -> bool:
        """Whether a factor of an implicit product begins here."""

    @abstractmethod
    def product(self) -> Value:
        """Parse a product: factors with a dot, / or nothing between."""

    @abstractmethod
    def factor(self) -> Value:
        """Parse a factor with its exponent."""

    @abstractmethod
    def bracket(self, token: Token) -> Value:
        """Parse the inside of a bracket, a tuple, a rounding or an inner product."""

    @abstractmethod
    def power(self, base: Value) -> Value:
        """Parse the exponent of a factor, if it has one."""
