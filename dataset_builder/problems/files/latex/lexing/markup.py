r"""Markup commands with an argument: fonts, accents and words, ``\mathbf{x}``, ``\text{s.t.}``, ``\operatorname{minimize}``."""

from __future__ import annotations

import re

from llamoco.dataset_builder.problems.files.latex.lexing import commands
from llamoco.dataset_builder.problems.files.latex.lexing.scanner import Scanner
from llamoco.dataset_builder.problems.files.latex.lexing.source import Aside, Token

_STYLE = re.compile(r"\\(?:mathrm|operatorname|text|mbox|textrm|rm|sf|bf|mathbf|mathsf)\*?|[{}]")
_OLD_FONT = re.compile(r"\s*\\(?:rm|bf|sf|it|tt)(?![A-Za-z])\s*")
_NAMED = re.compile(r"\s*&?\s*(?::?=|[_^(]|\\left\()")  # what follows a name
_LONGEST_NAME = 3  # words


def read_markup(lexer: Scanner, name: str, at: int, stop: int, end: int) -> int:
    """Read a markup command with its argument; returns the end."""
    start, finish = lexer.argument(stop, end)
    after = lexer.after(finish)
    old = _OLD_FONT.match(lexer.code, start, finish)
    start = old.end() if old else start
    inside = lexer.code[start:finish]
    if name in commands.DROPPED:
        if name == "tag":
            lexer.asides.append(Aside(start, finish, True))
        return after
    if name in ("underset", "overset", "stackrel"):
        second = lexer.argument(after, end)
        lexer.math(*second)
        if name != "underset":
            lexer.asides.append(Aside(start, finish, True))  # it is shown, but means nothing to the parser
        else:
            lexer.add("symbol", "_", at, at)
            lexer.add("symbol", "{", at, at)
            lexer.math(start, finish)
            lexer.add("symbol", "}", finish, finish)
        return lexer.after(second[1])
    words = " ".join(
        inside.replace("~", " ").replace("\\ ", " ").replace("\\,", " ").replace("$", " ").lower().split()
    ).strip(" ,:")
    script = lexer.tokens and (
        lexer.tokens[-1].text == "_"
        or (len(lexer.tokens) > 1 and lexer.tokens[-1].text == "{" and lexer.tokens[-2].text in "_^")
    )
    task = _STYLE.sub("", words).strip(" ,:") if name in commands.WITH_WORDS and not script else ""
    for pattern, command in ((commands.MINIMIZE, "\\minimize"), (commands.MAXIMIZE, "\\maximize")):
        if pattern.fullmatch(task):
            if " " in task and not task.startswith("arg"):
                lexer.asides.append(Aside(start, finish, False))
            lexer.add("command", command, at, after)
            return after
    timed = lexer.tokens and (lexer.tokens[-1].kind == "number" or lexer.tokens[-1].text == "/")
    if task in ("min", "min.", "max", "max.") and not timed and lexer.code[after : after + 1] != "^":
        lexer.add("command", "\\" + task[:3], at, after)
        return after
    letters = "".join(inside.split())
    if name in commands.TEXT or (name in commands.ROMAN and len(letters) > 2 and not script):
        count = len(words.split())
        named = count == 1 or _NAMED.match(lexer.code, after) is not None
        single = letters.isalnum() and letters[:1].isalpha() and words not in commands.CONNECTIVES and named
        if not script:
            lexer.asides.append(Aside(start, finish, single))
    if name in commands.TEXT:
        if (
            letters.isalnum()
            and letters[:1].isalpha()
            and (script or (words not in commands.CONNECTIVES and len(words.split()) <= _LONGEST_NAME))
        ):
            lexer.upright.add(at)
            lexer.add("name", letters, at, after)
        else:
            lexer.add("text", words, at, after)
        return after
    unit = letters in ("min", "max") and (timed or lexer.code[after : after + 1] == "^")
    if (
        name in ("operatorname", "mathrm", "mathop")
        and letters in commands.FUNCTIONS
        and not (script or unit)
    ):
        lexer.add("command", "\\" + commands.ALIASES.get(letters, letters), at, after)
        return after
    if name in commands.ROMAN and words in commands.CONNECTIVES and not script and len(words) > 1:
        lexer.add("text", words, at, after)
        return after
    if name in commands.PAIRS:
        bar = commands.PAIRS[name]
        lexer.add("symbol", bar + "(", at, start)
        lexer.math(start, finish)
        lexer.add("symbol", bar + ")", finish, after)
        return after
    if name in commands.BOLD and letters == "1":
        lexer.add("name", commands.ONES, at, after)
        return after
    before = len(lexer.tokens)
    lexer.math(start, finish)
    made = lexer.tokens[before:]
    if name in commands.ROMAN:
        lexer.upright |= {at, *(t.at for t in made)}
    if made and all(t.kind in ("name", "number") for t in made) and made[0].kind == "name":
        joined = "".join(t.text for t in made)
        suffix, prefix = commands.ACCENTS.get(name, ""), commands.FONTS.get(name, "")
        lexer.tokens[before:] = [Token("name", prefix + joined + suffix, at, after, lexer.display)]
    elif name in commands.ACCENTS or name in commands.FONTS:
        raise lexer.source.error(at, f"expected a letter under \\{name}")
    return after
