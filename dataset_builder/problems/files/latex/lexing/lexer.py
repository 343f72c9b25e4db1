r"""Lexer of LaTeX documents: formulas token by token, the prose between them as single tokens.

Styles that change looks only (``\mathbf``, ``\left``, spacing, labels) are resolved here: the parsers see
``x`` for ``\mathbf{x}``, ``<=`` for ``\leq`` and ``|(`` for ``\left|``.
"""

from __future__ import annotations

import re

from llamoco.dataset_builder.problems.files.latex.lexing import commands, tables
from llamoco.dataset_builder.problems.files.latex.lexing.math_lexer import MathLexer
from llamoco.dataset_builder.problems.files.latex.lexing.normalization import normalize
from llamoco.dataset_builder.problems.files.latex.lexing.source import Formula, LatexSource, Lexed, Token

_PROSE_STOP = re.compile(
    r"\\\$|\\\\|\\\(|\\\[|\\\)|\\\]|\$\$?|\\(begin|end)\s*\{([A-Za-z]+)\*?\}|(?:^|(?<=\n))[ \t]*\|"
)
_MATH_OUTSIDE = re.compile(
    r"\\(?:d?frac|sum|prod|sqrt|cdot|leq?|geq?|min|in|mathbb)(?![A-Za-z])|(?<!\\)[\^]|[<>≤≥]|[+*]\s*[A-Za-z]\w*\s*="
)


def tokenize(source: LatexSource) -> Lexed:
    """All tokens of the document's body.

    Raises:
        ProblemError: unknown command, unbalanced braces or environments, formulas outside math mode.
    """
    return Lexer(source).run()


class Lexer(MathLexer):
    """Lexer of a document.

    Attributes:
        no_table: up to where no table can be read.
    """

    def __init__(self, source: LatexSource) -> None:
        super().__init__(source)
        self.no_table = 0

    def run(self) -> Lexed:
        """All of the text."""
        begin = re.search(r"\\begin\s*\{document\}", self.code)
        finish = re.search(r"\\end\s*\{document\}", self.code)
        start = at = begin.end() if begin else 0
        end = finish.start() if finish else len(self.code)
        while at < end:
            stop = _PROSE_STOP.search(self.code, at, end)
            self.prose(at, stop.start() if stop else end)
            if stop is None:
                break
            at = self.formula(stop, end)
        tokens, units = normalize(self.source, self.tokens, self.upright)
        return Lexed(tokens, self.formulas, self.asides, start, end, units, self.tables)

    def prose(self, at: int, end: int) -> None:
        """One token for words between formulas."""
        text = self.code[at:end]
        stray = _MATH_OUTSIDE.search(text)
        if stray:
            raise self.source.error(
                at + stray.start(), "formula outside math mode; put it between $...$ or \\[...\\]"
            )
        words = re.sub(r"\\[A-Za-z]+\*?|[{}~]", " ", text)
        words = " ".join(words.lower().split())
        self.tokens.append(Token("text", words, at, end))

    def formula(self, opening: re.Match[str], end: int) -> int:
        """Read one formula that starts at ``opening``; returns the end."""
        mark, kind, environment = opening.group(0), opening.group(1), opening.group(2)
        if mark.endswith("|") or (kind == "begin" and re.fullmatch(tables.TABULAR, environment)):
            return self.table(opening, end)
        if mark in ("\\$", "\\\\") or (kind and environment not in commands.MATH_ENVIRONMENTS):
            return opening.end()
        if kind == "end" or mark in ("\\)", "\\]"):
            raise self.source.error(opening.start(), f"{mark} has no matching opening; add it or remove this")
        if kind == "begin":
            closing_name = f"\\end{{{environment}}}"
            closing = self.environment_end(environment, opening.end(), end)
        else:
            closing_name = {"$": "$", "$$": "$$", "\\(": "\\)", "\\[": "\\]"}[mark]
            pattern = r"(?<!\\)" + re.escape(closing_name) if mark in ("$", "$$") else re.escape(closing_name)
            closing = re.compile(pattern).search(self.code, opening.end(), end)
        if closing is None:
            raise self.source.error(opening.start(), f"this formula is not closed: expected {closing_name}")
        start = opening.end()
        if kind == "begin" and environment in commands.WITH_COLUMNS:
            start = self.argument(start, closing.start())[1] + 1
        if mark in ("$", "\\(") and "\n\n" in self.code[start : closing.start()]:
            raise self.source.error(
                opening.start(), "this formula is not closed: expected $ before the paragraph ends"
            )
        self.display = mark not in ("$", "\\(")
        formulas = (
            tables.latex_table(self.code[start : closing.start()], True) if environment == "array" else None
        )
        if formulas:
            self.given(formulas, opening.start(), closing.end())
            return closing.end()
        self.formulas.append(Formula(opening.start(), start, closing.start(), closing.end()))
        self.math(start, closing.start())
        self.add("break", "", closing.start(), closing.end())
        return closing.end()

    def table(self, opening: re.Match[str], end: int) -> int:
        """Read a table in the prose, or skip its beginning; returns the end."""
        if opening.start() < self.no_table:
            return opening.end()
        if opening.group(0).endswith("|"):
            whole = tables.MARKDOWN.match(self.code, opening.start(), end)
            formulas = tables.markdown_table(whole[0]) if whole else None
            stop = whole.end() if whole else opening.end()
        else:
            closing = self.environment_end(opening.group(2), opening.end(), end)
            start = opening.end()
            while self.code[start : start + 1] in ("{", "["):  # width, placement, columns
                start = (
                    self.after(self.argument(start, end)[1])
                    if self.code[start] == "{"
                    else self.code.find("]", start, end) + 1
                )
                if not start:
                    return opening.end()
            formulas = tables.latex_table(self.code[start : closing.start()], False) if closing else None
            stop = closing.end() if closing else opening.end()
        if not formulas:
            self.no_table = stop if stop > opening.end() else end
            return opening.end()
        outside = f"{self.code[: opening.start()]} {self.code[stop:]}"
        self.given(tables.add_limits(formulas, outside), opening.start(), stop)
        return stop
