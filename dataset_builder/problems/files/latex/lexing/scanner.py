"""Scanner of LaTeX text: braces, arguments and environments."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from llamoco.dataset_builder.problems.files.latex.lexing import commands
from llamoco.dataset_builder.problems.files.latex.lexing.source import (
    Aside,
    Formula,
    Kind,
    LatexSource,
    Token,
)

TOKEN = re.compile(
    r"\\[A-Za-z]+\*?|\\.|\d+(?:(?:\{,\}|\\,)\d{3}(?!\d))*(?:\.\d+)?|\.\d+|\.\.\.|:=|<=|>=|==|[A-Za-z]|\s+|.",
    re.DOTALL,
)


class Scanner(ABC):
    """A text, and its tokens so far.

    Attributes:
        source, code: the text.
        tokens, formulas, asides, tables: see ``source.Lexed``.
        display: whether the formula that is read is a displayed one.
        upright: where upright letters stand.
    """

    def __init__(self, source: LatexSource) -> None:
        self.source = source
        self.code = source.code
        self.tokens: list[Token] = []
        self.formulas: list[Formula] = []
        self.asides: list[Aside] = []
        self.tables: list[tuple[int, int]] = []
        self.display = False
        self.upright: set[int] = set()

    @abstractmethod
    def math(self, at: int, end: int) -> None:
        """Add the tokens of a formula."""

    def add(self, kind: Kind, text: str, at: int, end: int) -> None:
        """Add a token."""
        step = commands.STEPS.get(text, 0) if kind == "symbol" else (kind == "begin") - (kind == "end")
        self.tokens.append(Token(kind, text, at, end, self.display, step))

    def argument(self, at: int, end: int) -> tuple[int, int]:
        """The inside (start, stop) of the argument that begins at or after ``at``: a group, or one token."""
        while at < end and self.code[at].isspace():
            at += 1
        if at >= end:
            raise self.source.error(at - 1, "an argument is missing here; expected {...}")
        if self.code[at] != "{":
            match = TOKEN.match(self.code, at)
            assert match is not None
            return at, match.end() if match.group(0)[0] == "\\" else at + 1
        depth, place = 0, at
        while place < end:
            char = self.code[place]
            if char == "\\":
                place += 1
            elif char == "{":
                depth += 1
            elif char == "}":
                depth -= 1
                if depth == 0:
                    return at + 1, place
            place += 1
        raise self.source.error(at, "unbalanced brace: this { is not closed; add the }")

    def after(self, stop: int) -> int:
        """One past an argument whose inside ends at ``stop``."""
        return stop + 1 if self.code[stop : stop + 1] == "}" else stop

    def environment_end(self, name: str, at: int, end: int) -> re.Match[str] | None:
        r"""The ``\end{name}`` of an environment whose inside begins at ``at``."""
        depth = 1
        for mark in re.compile(rf"\\(begin|end)\s*\{{{name}\*?\}}").finditer(self.code, at, end):
            depth += 1 if mark[1] == "begin" else -1
            if depth == 0:
                return mark
        return None
