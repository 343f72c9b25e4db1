"""Text and tokens of a LaTeX file, and places in it for messages."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal, NamedTuple, NoReturn

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.latex.lexing.integer_words import rewrite_integers
from llamoco.dataset_builder.problems.files.latex.lexing.macros import Expansion, expand

Kind = Literal["number", "name", "command", "symbol", "text", "break", "soft", "begin", "end", "unit"]
_UNSEEN = re.compile(  # what TeX does not set
    r"\\begin\s*\{comment\}.*?\\end\s*\{comment\}|\\iffalse(?![A-Za-z]).*?\\fi(?![A-Za-z])", re.DOTALL
)
_QUOTED = re.compile(r"(?:(?<=\n\n)|\A)>[ \t][^\n]*(?:\n>[^\n]*)*")  # Markdown
_DEFINES = re.compile(
    r"\\(?:def|[a-z]*newcommand|renewcommand|providecommand|Declare[A-Z][A-Za-z]+)(?![A-Za-z])"
)


class Token(NamedTuple):
    """A token.

    Attributes:
        at, end: offsets in the code.
        display: whether it stands in a displayed formula.
        step: by how much it changes the depth of brackets.
    """

    kind: Kind
    text: str
    at: int
    end: int
    display: bool = False
    step: int = 0


class Formula(NamedTuple):
    """Where a formula stands: ``at`` to ``end`` with its delimiters, ``start`` to ``stop`` without."""

    at: int
    start: int
    stop: int
    end: int


class Aside(NamedTuple):
    r"""Words inside a formula, from ``at`` to ``end``; ``name``: they may be a name, as in ``\text{cost}(x)``."""

    at: int
    end: int
    name: bool


class Lexed(NamedTuple):
    """A document's body, from ``start`` to ``stop``: its tokens, its formulas, the words inside of them, units that were dropped,
    and where tables stand that were read as formulas.
    """

    tokens: list[Token]
    formulas: list[Formula]
    asides: list[Aside]
    start: int
    stop: int
    units: frozenset[str] = frozenset()
    tables: Sequence[tuple[int, int]] = ()


class LatexSource:
    """Text of a file, and places in it for messages.

    Attributes:
        name: the file's name.
        text: as written.
        code: without comments and what is not set, with macros and integrality in words written out; places are offsets in it.
        integers: where statements of integrality stand that were words.
    """

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.text = text
        self._expansions: list[Expansion] = []
        text = _QUOTED.sub(lambda m: re.sub(r"(?m)^>", " ", m.group(0)), text)
        blank = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")
        self.code = blank.sub(lambda m: m.group(1) + " " * (len(m.group(0)) - len(m.group(1))), text)
        self.code = _UNSEEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), self.code)
        if _DEFINES.search(self.code):
            self._expansions.append(expand(self.code, self._refuse))
            self.code = self._expansions[-1].code
        rewritten = rewrite_integers(self.code)
        self.integers = rewritten.statements
        if rewritten.expansion is not None:
            self._expansions.append(rewritten.expansion)
            self.code = rewritten.expansion.code

    def error(self, place: int | Token, message: str) -> ProblemError:
        """A ProblemError that names file, line and column, and quotes the text there."""
        at = place.at if isinstance(place, Token) else min(place, max(len(self.code) - 1, 0))
        return self._error(self._origin(at), message)

    def line(self, at: int) -> int:
        """The line of the file, from 1, on which a place in the code lies."""
        return self.text.count("\n", 0, self._origin(at)) + 1

    def strict(self, at: int, end: int) -> bool:
        r"""Whether a ``<`` (or ``\lt``), not a ``\le``, stands between two places."""
        return re.search(r"<(?!=)|\\lt(?![A-Za-z])", self.code[at:end]) is not None

    def _origin(self, at: int) -> int:
        """The place in the file of a place in the code."""
        for expansion in reversed(self._expansions):
            segment = bisect_right(expansion.starts, at) - 1
            inside = 0 if expansion.moved[segment] else at - expansion.starts[segment]
            at = expansion.origins[segment] + inside
        return at

    def _refuse(self, at: int, message: str) -> NoReturn:
        raise self._error(at, message)

    def _error(self, at: int, message: str) -> ProblemError:
        line = self.text.count("\n", 0, at) + 1
        start = self.text.rfind("\n", 0, at) + 1
        piece = self.text[at : at + 40].split("\n")[0].strip()
        return ProblemError(f"{self.name}, line {line}, column {at - start + 1}, at {piece!r}: {message}")
