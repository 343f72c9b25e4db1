"""Formulas cut into tokens: numbers, names, signs and commands."""

from __future__ import annotations

import re
from decimal import Decimal

from llamoco.dataset_builder.problems.files.latex.lexing import commands, tables
from llamoco.dataset_builder.problems.files.latex.lexing.markup import read_markup
from llamoco.dataset_builder.problems.files.latex.lexing.scanner import TOKEN, Scanner
from llamoco.dataset_builder.problems.files.latex.lexing.source import Aside, Formula, LatexSource

_DECIMAL = re.compile(r"(0|\d+(?=\{,\}(?:\d{1,2}|\d{4,})(?!\d)))\{,\}(\d+)(?!\d|\{,\})")
_OLD_STYLE = re.compile(r"\{\s*\\(?:rm|bf|sf|it|tt)(?![A-Za-z])\s*[A-Za-z][A-Za-z.\s:]*\}")
_RAW = re.compile(
    r"(?:s\.\s?t\.|subject(?:\\[ ,;]|[\s~])*to\b|such(?:\\[ ,;]|[\s~])*that\b|(?:minimi[sz]e|maximi[sz]e|Minimi[sz]e|Maximi[sz]e|min|max|Min|Max)(?![A-Za-z]))"
)
_DEEPEST = 50  # commands in commands
_LONGEST_NUMBER = 100  # characters


class MathLexer(Scanner):
    """A scanner that reads formulas.

    Attributes:
        depth: of commands in commands.
        arrays: what the arrays around a place are.
        commas: what commas in numbers mean, as far as the text showed.
    """

    def __init__(self, source: LatexSource) -> None:
        super().__init__(source)
        self.depth = 0
        self.arrays: list[str] = []
        self.commas: set[str] = set()

    def math(self, at: int, end: int) -> None:
        """Tokens of a formula."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.source.error(at, "commands are nested too deeply here; define parts of it separately")
        braces: list[int] = []
        while at < end:
            match = TOKEN.match(self.code, at, end)
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
                message = "is this comma a decimal or a thousands separator? the file uses both; write numbers without commas"
                raise self.source.error(at, message)
            if text == "{" and _OLD_STYLE.match(self.code, at, end):
                at = read_markup(self, "mathrm", at, at, end)
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
        """Read a plain word such as ``s.t.`` in a formula; returns the end, 0 if there is none."""
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
        """Add the token of a text that is not a command."""
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
                at, f"the sign {text!r} is not supported in a formula; use LaTeX notation"
            )

    def command(self, text: str, at: int, stop: int, end: int) -> int:
        """Read a command and its arguments; returns the end."""
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
            return read_markup(self, name, at, stop, end)
        else:
            reason = commands.UNSUPPORTED.get(name)
            if reason is None:
                message = f"the command {text} is not known; use standard LaTeX mathematics, or define the macro in the file"
            else:
                message = reason if ";" in reason else f"{reason}; state the problem without them"
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
                at, f"{mark!r} is not a known delimiter; expected one of ( ) [ ] \\{{ \\}} |"
            )
        return match.end()

    def environment(self, begin: bool, at: int, stop: int, end: int) -> int:
        """Read the beginning or end of an environment in a formula; returns its end."""
        start, finish = self.argument(stop, end)
        name = self.code[start:finish].rstrip("*")
        after = self.after(finish)
        if name in commands.WITH_COLUMNS and begin:
            after = self.after(self.argument(after, end)[1])
        if name in commands.MATH_ENVIRONMENTS and name not in commands.LAYOUTS:
            name = "aligned"  # as notebooks have it: $$ \begin{align} .. \end{align} $$
        if name == "array" and begin:
            closing = None if self.arrays else self.environment_end(name, after, end)
            formulas = tables.latex_table(self.code[after : closing.start()], True) if closing else None
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
                at, f"the environment {name} is not supported inside a formula; expected one of {known}"
            )
        self.add("begin" if begin else "end", name, at, after)
        return after

    def given(self, formulas: list[str], at: int, end: int) -> None:
        """Add what a table says as displayed formulas, all of which stand where it does."""
        self.formulas.append(Formula(at, at, end, end))
        self.tables.append((at, end))
        for formula in formulas:
            inner = type(self)(LatexSource(formula, self.source.name))
            inner.display = True
            inner.math(0, len(inner.code))
            inner.add("break", "", at, end)
            self.tokens += [t._replace(at=at, end=end) for t in inner.tokens]
