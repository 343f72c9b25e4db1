"""A place in the tokens of one expression, and how it moves on."""

from __future__ import annotations

from typing import NoReturn

from llamoco.dataset_builder.problems.files.latex.lexing.source import Source, Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Part

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


class Cursor:
    """A place in a list of tokens."""

    def __init__(self, source: Source, tokens: Part) -> None:
        self.source, self.tokens = source, tokens
        self.at = 0

    def fail(self, message: str, place: Token | None = None) -> NoReturn:
        """Refuse what stands here, or at ``place``."""
        token = place or self.tokens[min(self.at, len(self.tokens) - 1)]
        raise self.source.error(token, message)

    def peek(self, ahead: int = 0) -> str:
        """The text of a coming token, "" at the end."""
        try:
            return self.tokens[self.at + ahead].text
        except IndexError:
            return ""

    def take(self, expected: str) -> Token:
        """Go past a token that has to be here."""
        if self.peek() != expected:
            self.fail(
                f"expected {expected!r} here"
                + ("" if self.at < len(self.tokens) else ", found the end of the formula")
            )
        self.at += 1
        return self.tokens[self.at - 1]

    def group(self) -> Part:
        """The tokens of a bracket that opens here, without it; or one token."""
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
