r"""A LaTeX text cut into tokens with places: formulas token by token, the prose between them in one piece.

Styles that change looks only (``\mathbf``, ``\left``, spacing, labels) are resolved here: the parsers see
``x`` for ``\mathbf{x}``, ``<=`` for ``\leq`` and ``|(`` for ``\left|``.
"""

from __future__ import annotations

import re
from decimal import Decimal

from llamoco.dataset_builder.problems.files.latex.lexing import commands, tables
from llamoco.dataset_builder.problems.files.latex.lexing.markup import styled
from llamoco.dataset_builder.problems.files.latex.lexing.normalization import canonical
from llamoco.dataset_builder.problems.files.latex.lexing.source import (
    Aside,
    Formula,
    Kind,
    Lexed,
    Source,
    Token,
)

_TOKEN = re.compile(
    r"\\[A-Za-z]+\*?|\\.|\d+(?:(?:\{,\}|\\,)\d{3}(?!\d))*(?:\.\d+)?|\.\d+|\.\.\.|:=|<=|>=|==|[A-Za-z]|\s+|.",
    re.DOTALL,
)
_DECIMAL = re.compile(r"(0|\d+(?=\{,\}(?:\d{1,2}|\d{4,})(?!\d)))\{,\}(\d+)(?!\d|\{,\})")
_OLD_STYLE = re.compile(r"\{\s*\\(?:rm|bf|sf|it|tt)(?![A-Za-z])\s*[A-Za-z][A-Za-z.\s:]*\}")
_RAW = re.compile(
    r"(?:s\.\s?t\.|subject(?:\\[ ,;]|[\s~])*to\b|such(?:\\[ ,;]|[\s~])*that\b|(?:minimi[sz]e|maximi[sz]e|Minimi[sz]e|Maximi[sz]e|min|max|Min|Max)(?![A-Za-z]))"
)
_DEEPEST = 50  # commands in commands
_LONGEST_NUMBER = 100  # characters
_PROSE_STOP = re.compile(
    r"\\\$|\\\\|\\\(|\\\[|\\\)|\\\]|\$\$?|\\(begin|end)\s*\{([A-Za-z]+)\*?\}|(?:^|(?<=\n))[ \t]*\|"
)
_MATH_OUTSIDE = re.compile(
    r"\\(?:d?frac|sum|prod|sqrt|cdot|leq?|geq?|min|in|mathbb)(?![A-Za-z])|(?<!\\)[\^]|[<>≤≥]|[+*]\s*[A-Za-z]\w*\s*="
)


def tokenize(source: Source) -> Lexed:
    """All tokens of the document's body.

    Raises:
        ProblemError: unknown command, unbalanced braces or environments, formulas outside math mode.
    """
    return Lexer(source).run()


class Lexer:
    """Cuts a text into tokens, place by place.

    Attributes:
        source, code: the text.
        tokens, formulas, asides, tables: see ``text.Lexed``.
        upright: where upright letters stand.
        no_table: up to where no table can be read.
        commas: what commas in numbers mean, as far as the text showed.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.code = source.code
        self.tokens: list[Token] = []
        self.formulas: list[Formula] = []
        self.asides: list[Aside] = []
        self.display = False
        self.depth = 0  # of styles in styles
        self.arrays: list[str] = []  # what the arrays around a place are
        self.tables: list[tuple[int, int]] = []
        self.commas: set[str] = set()  # what commas in numbers mean
        self.no_table = 0
        self.upright: set[int] = set()

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
        tokens, units = canonical(self.source, self.tokens, self.upright)
        return Lexed(tokens, self.formulas, self.asides, start, end, units, self.tables)

    def prose(self, at: int, end: int) -> None:
        """One token for words between formulas."""
        text = self.code[at:end]
        stray = _MATH_OUTSIDE.search(text)
        if stray:
            raise self.source.error(
                at + stray.start(), "a formula outside math mode; put it between $...$ or \\[...\\]"
            )
        words = re.sub(r"\\[A-Za-z]+\*?|[{}~]", " ", text)
        words = " ".join(words.lower().split())
        self.tokens.append(Token("text", words, at, end))

    def formula(self, opening: re.Match[str], end: int) -> int:
        """Read one formula that starts at ``opening``; returns where prose goes on."""
        mark, kind, environment = opening.group(0), opening.group(1), opening.group(2)
        if mark.endswith("|") or (kind == "begin" and re.fullmatch(tables.TABULAR, environment)):
            return self.table(opening, end)
        if mark in ("\\$", "\\\\") or (kind and environment not in commands.MATH_ENVIRONMENTS):
            return opening.end()
        if kind == "end" or mark in ("\\)", "\\]"):
            raise self.source.error(opening.start(), f"{mark} without its beginning; add it or remove this")
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
        formulas = tables.table(self.code[start : closing.start()], True) if environment == "array" else None
        if formulas:
            self.given(formulas, opening.start(), closing.end())
            return closing.end()
        self.formulas.append(Formula(opening.start(), start, closing.start(), closing.end()))
        self.math(start, closing.start())
        self.add("break", "", closing.start(), closing.end())
        return closing.end()

    def table(self, opening: re.Match[str], end: int) -> int:
        """Read a table in the prose, or go past its beginning; returns where prose goes on."""
        if opening.start() < self.no_table:
            return opening.end()
        if opening.group(0).endswith("|"):
            whole = tables.MARKDOWN.match(self.code, opening.start(), end)
            formulas = tables.pipes(whole[0]) if whole else None
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
            formulas = tables.table(self.code[start : closing.start()], False) if closing else None
            stop = closing.end() if closing else opening.end()
        if not formulas:
            self.no_table = stop if stop > opening.end() else end
            return opening.end()
        outside = f"{self.code[: opening.start()]} {self.code[stop:]}"
        self.given(tables.with_limits(formulas, outside), opening.start(), stop)
        return stop

    def given(self, formulas: list[str], at: int, end: int) -> None:
        """Add what a table says as displayed formulas, all of which stand where it does."""
        self.formulas.append(Formula(at, at, end, end))
        self.tables.append((at, end))
        for formula in formulas:
            inner = Lexer(Source(f"\\[{formula}\\]", self.source.name))
            inner.formula(_PROSE_STOP.match(inner.code), len(inner.code))  # type: ignore[arg-type]
            self.tokens += [t._replace(at=at, end=end) for t in inner.tokens]

    def environment_end(self, name: str, at: int, end: int) -> re.Match[str] | None:
        r"""The ``\end{name}`` of an environment whose inside begins at ``at``."""
        depth = 1
        for mark in re.compile(rf"\\(begin|end)\s*\{{{name}\*?\}}").finditer(self.code, at, end):
            depth += 1 if mark[1] == "begin" else -1
            if depth == 0:
                return mark
        return None

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
            match = _TOKEN.match(self.code, at)
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

    def math(self, at: int, end: int) -> None:
        """Tokens of a formula."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.source.error(at, "commands are nested too deeply here; define parts of it by names")
        braces: list[int] = []
        while at < end:
            match = _TOKEN.match(self.code, at, end)
            assert match is not None
            text, stop = match[0], match.end()
            if text[0] == "\\":
                at = self.command(text, at, stop, end)
                continue
            if text[0].isdigit() and (decimal := _DECIMAL.match(self.code, at, end)):
                text, stop = f"{decimal[1]}.{decimal[2]}", decimal.end()
                self.commas.add("decimal")
            elif text[0].isdigit() and "," in text:
                self.commas.add("thousands")
            elif text.isalpha() and (raw := self.raw_word(at, end)):
                at = raw
                continue
            if len(self.commas) > 1:
                message = (
                    "is this comma one of decimals or of thousands? the file has both; write numbers without"
                )
                raise self.source.error(at, message)
            if text == "{" and _OLD_STYLE.match(self.code, at, end):
                at = styled(self, "mathrm", at, at, end)
                continue
            if text == "{":
                braces.append(at)
            elif text == "}":
                if not braces:
                    raise self.source.error(
                        at, "unbalanced brace: this } closes nothing; remove it or add the {"
                    )
                braces.pop()
            self.plain(text, at, stop)
            at = stop
        if braces:
            raise self.source.error(braces[-1], "unbalanced brace: this { is not closed; add the }")
        self.depth -= 1

    def raw_word(self, at: int, end: int) -> int:
        """Read a word such as ``s.t.`` that stands in a formula as it is; returns where it ends, 0 if there is none."""
        match = _RAW.match(self.code, at, end)
        if match is None or (at and (self.code[at - 1].isalnum() or self.code[at - 1] == "\\")):
            return 0
        word = re.sub(r"\\[ ,;~]|[\s~]+", " ", match[0]).lower()
        before = self.tokens[-1] if self.tokens else None
        opens = (
            before is None
            or before.kind in ("break", "soft", "begin", "end", "text")
            or before.text in ("=", ":")
        )
        task = {"min": "\\min", "max": "\\max"}.get(word) or (
            "\\minimize"
            if commands.MINIMIZE.fullmatch(word)
            else "\\maximize"
            if commands.MAXIMIZE.fullmatch(word)
            else ""
        )
        if task and (opens or self.code[match.end() : match.end() + 1] == "("):
            self.add("command", task, at, match.end())
        elif not task:
            self.asides.append(Aside(at, match.end(), False))
            self.add("text", word, at, match.end())
        else:
            return 0
        return match.end()

    def plain(self, text: str, at: int, stop: int) -> None:
        """The token of a text that is no command."""
        symbol = commands.SYMBOLS.get(text)
        if symbol is not None:
            self.add("symbol", symbol, at, stop)
        elif text.isspace() or text == "~":
            return
        elif text.isalpha() and text.isascii():
            self.add("name", text, at, stop)
        elif text[0].isdigit() or (text[0] == "." and len(text) > 1 and text != "..."):
            if len(text) > _LONGEST_NUMBER:
                raise self.source.error(at, f"a number of {len(text)} characters; write it shorter")
            self.add("number", re.sub(r"\{,\}|\\,", "", text) if "," in text else text, at, stop)
        elif text in ("...", "…"):
            self.add("command", "\\dots", at, stop)
        elif text == "'" and self.tokens and self.tokens[-1].kind == "name":
            self.tokens[-1] = self.tokens[-1]._replace(text=self.tokens[-1].text + "_prime", end=stop)
        elif text in (".", ";"):
            self.add("break", text, at, stop)
        elif text == "&":
            self.add("soft", text, at, stop)
        else:
            raise self.source.error(
                at, f"the sign {text!r} is not known in a formula; write it in LaTeX notation"
            )

    def command(self, text: str, at: int, stop: int, end: int) -> int:
        """Read a command, and its arguments; returns where it ends."""
        name = text[1:].rstrip("*")
        if text == "\\\\":
            spacing = re.compile(r"\*?\s*\[\s*-?[\d.]+\s*[a-z]+\s*\]").match(self.code, stop, end)
            self.add("break", "\\\\", at, stop)
            return spacing.end() if spacing else stop
        if name in commands.IGNORED:
            return stop
        if name == "%" and self.tokens and self.tokens[-1].kind == "number":
            self.tokens[-1] = self.tokens[-1]._replace(
                text=str(Decimal(self.tokens[-1].text) / 100), end=stop
            )
            return stop
        if name in ("quad", "qquad"):
            self.add("soft", text, at, stop)
            return stop
        if name in commands.OPENING or name in commands.CLOSING:
            return self.delimiter(name in commands.OPENING, at, stop, end)
        if name in commands.COMMAND_SYMBOLS:
            self.add("symbol", commands.COMMAND_SYMBOLS[name], at, stop)
        elif name in commands.GREEK:
            self.add("name", "\\" + name, at, stop)
        elif name in commands.FUNCTIONS or name in commands.OPERATORS:
            self.add("command", "\\" + commands.ALIASES.get(name, name), at, stop)
            if name == "xrightarrow":
                return self.after(self.argument(stop, end)[1])
        elif name in ("begin", "end"):
            return self.environment(name == "begin", at, stop, end)
        elif name == "arg" and (
            found := re.compile(r"(?:\s|\\[,;! ])*\\(min|max)(?![A-Za-z])").match(self.code, stop, end)
        ):
            self.add("command", f"\\{found[1]}imize", at, found.end())
            return found.end()
        elif name == "multicolumn":
            inside = self.argument(
                self.after(self.argument(self.after(self.argument(stop, end)[1]), end)[1]), end
            )
            self.math(*inside)
            return self.after(inside[1])
        elif name in commands.WITH_ARGUMENT:
            return styled(self, name, at, stop, end)
        else:
            reason = commands.UNSUPPORTED.get(name)
            message = (
                f"{reason}; state the problem without"
                if reason
                else (
                    f"the command {text} is not known; expected standard LaTeX mathematics: write out your macro"
                )
            )
            raise self.source.error(at, message)
        return stop

    def delimiter(self, opening: bool, at: int, stop: int, end: int) -> int:
        r"""``\left(`` and the like: brackets stay, bars learn their side, the empty ``.`` goes."""
        match = re.compile(r"\s*(\\[A-Za-z]+|\\.|.)", re.DOTALL).match(self.code, stop, end)
        if match is None:
            raise self.source.error(at, "expected a delimiter such as ( after this")
        mark = match.group(1)
        if mark == ".":
            return match.end()
        side = "(" if opening else ")"
        if mark in ("|", "\\vert", "\\lvert", "\\rvert"):
            self.add("symbol", "|" + side, at, match.end())
        elif mark in ("\\|", "\\Vert", "\\lVert", "\\rVert"):
            self.add("symbol", "||" + side, at, match.end())
        elif mark[0] == "\\" and mark[1:] in commands.COMMAND_SYMBOLS:
            self.add("symbol", commands.COMMAND_SYMBOLS[mark[1:]], at, match.end())
        elif mark in "()[]":
            self.add("symbol", mark, at, match.end())
        else:
            raise self.source.error(
                at, f"{mark!r} is not known as a delimiter; expected one of ( ) [ ] \\{{ \\}} |"
            )
        return match.end()

    def environment(self, begin: bool, at: int, stop: int, end: int) -> int:
        """Read the beginning or end of an environment in a formula; returns where it ends."""
        start, finish = self.argument(stop, end)
        name = self.code[start:finish].rstrip("*")
        after = self.after(finish)
        if name in commands.WITH_COLUMNS and begin:
            after = self.after(self.argument(after, end)[1])
        if name in commands.MATH_ENVIRONMENTS and name not in commands.LAYOUTS:
            name = "aligned"  # as notebooks have it: $$ \begin{align} .. \end{align} $$
        if name == "array" and begin:
            closing = None if self.arrays else self.environment_end(name, after, end)
            formulas = tables.table(self.code[after : closing.start()], True) if closing else None
            if closing and formulas and not (self.tokens and self.tokens[-1].text in ("[", "(")):
                self.given(formulas, at, closing.end())
                self.formulas.pop()
                return closing.end()
            # In brackets, an array is a matrix; elsewhere it only lays lines out.
            self.arrays.append("matrix" if self.tokens and self.tokens[-1].text in ("[", "(") else name)
        if name == "array" and self.arrays:
            name = self.arrays[-1] if begin else self.arrays.pop()
        if name not in commands.LAYOUTS and name not in commands.MATRICES:
            known = ", ".join(sorted(commands.LAYOUTS | commands.MATRICES))
            raise self.source.error(
                at, f"the environment {name} is not known inside a formula; expected one of {known}"
            )
        self.add("begin" if begin else "end", name, at, after)
        return after
