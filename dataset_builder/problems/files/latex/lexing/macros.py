r"""Expansion of user-defined macros, ``\newcommand{\R}{\mathbb{R}}``.

Macros are expanded as text, as TeX does, so what is read is what is displayed. Places in the expanded text lead
back to the use of the macro.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, NoReturn

Fail = Callable[[int, str], NoReturn]

_DEFINITION = re.compile(
    r"\\(?P<kind>newcommand|providecommand|renewcommand|DeclareRobustCommand|def"
    r"|DeclareMathOperator|DeclarePairedDelimiter)(?![A-Za-z])\*?\s*"
)
_NAME = re.compile(r"\{\s*\\([A-Za-z]+)\s*\}\s*|\\([A-Za-z]+)\s*")
_COUNT = re.compile(r"\[\s*([1-9])\s*\]\s*")
_PARAMETERS = re.compile(r"((?:#[1-9])*)\s*")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_LIMIT = 200_000  # characters: a problem is shorter, a macro that calls itself is not


class Macro(NamedTuple):
    """Number of arguments, and the body with ``#1`` for the first."""

    arguments: int
    body: str


class Expansion(NamedTuple):
    """A text with its macros expanded.

    Attributes:
        code: the text.
        starts: where its segments begin.
        origins: where they began before.
        moved: whether a segment comes from a macro, so that all of it lies at its origin.
    """

    code: str
    starts: list[int]
    origins: list[int]
    moved: list[bool]


def expand(code: str, fail: Fail) -> Expansion:
    """Expand all macros that a text defines.

    Args:
        code: the text without comments.
        fail: refuses what stands at an offset.
    """
    code, macros = _definitions(code, fail)
    starts, origins, moved, pieces = [0], [0], [False], list[str]()
    length = at = 0
    while (use := _next_use(code, at, macros)) is not None:
        pieces.append(code[at : use.start()])
        text, stop = _expanded(code, use, macros, fail, use.start())
        pieces.append(text)
        length += use.start() - at
        starts += [length, length + len(text)]
        origins += [use.start(), stop]
        moved += [True, False]
        length, at = length + len(text), stop
        if length > _LIMIT:
            fail(use.start(), "this macro expands without end; write it out")
    return Expansion("".join([*pieces, code[at:]]), starts, origins, moved)


def _definitions(code: str, fail: Fail) -> tuple[str, dict[str, Macro]]:
    """The text with spaces for its definitions of macros, and the macros."""
    macros: dict[str, Macro] = {}
    at = 0
    while (found := _DEFINITION.search(code, at)) is not None:
        kind, start = found["kind"], found.start()
        name = _NAME.match(code, found.end())
        if name is None:
            fail(start, "expected the name of a macro, as in \\newcommand{\\R}{\\mathbb{R}}")
        stop, count = name.end(), 0
        if kind == "def":
            parameters = _PARAMETERS.match(code, stop)
            assert parameters is not None
            stop, count = parameters.end(), len(parameters[1]) // 2
        elif kind not in ("DeclareMathOperator", "DeclarePairedDelimiter"):
            number = _COUNT.match(code, stop)
            stop, count = (number.end(), int(number[1])) if number else (stop, 0)
        if code[stop : stop + 1] != "{":
            fail(
                start, "expected {the text of the macro} here; optional and delimited arguments are not read"
            )
        body, stop = _group(code, stop, fail)
        if kind == "DeclareMathOperator":
            body = f"\\operatorname{{{body}}}"
        if kind == "DeclarePairedDelimiter":
            closing = re.compile(r"\s*").match(code, stop)
            assert closing is not None
            right, stop = _group(code, closing.end(), fail)
            body, count = f"\\left{body} #1 \\right{right}", 1
        macro, key = Macro(count, body), name[1] or name[2]
        if macros.setdefault(key, macro) != macro:
            fail(start, f"\\{key} is defined twice; rename one of them")
        code = code[:start] + re.sub(r"[^\n]", " ", code[start:stop]) + code[stop:]
        at = stop
    return code, macros


def _next_use(code: str, at: int, macros: dict[str, Macro]) -> re.Match[str] | None:
    while (found := _COMMAND.search(code, at)) is not None:
        # An even number of backslashes before it is line ends: \\x is not the macro \x.
        before = len(code[: found.start()]) - len(code[: found.start()].rstrip("\\"))
        if found[1] in macros and before % 2 == 0:
            return found
        at = found.end() if before % 2 == 0 else found.start() + 1
    return None


def _expanded(
    code: str, use: re.Match[str], macros: dict[str, Macro], fail: Fail, place: int, depth: int = 0
) -> tuple[str, int]:
    """Expansion of a macro's use at ``place``, nested macros included, and where the use ends."""
    if depth > 20:
        fail(place, f"the macro \\{use[1]} calls itself; write it out")
    macro = macros[use[1]]
    stop = use.end()
    if macro.arguments and code[stop : stop + 1] == "*":
        stop += 1
    arguments = []
    for _ in range(macro.arguments):
        argument, stop = _argument(code, stop, use[1], fail, place)
        arguments.append(argument)
    if not macro.arguments:
        while code[stop : stop + 1].isspace() and code[stop] != "\n":
            stop += 1
    text = re.sub(r"#([1-9])", lambda m: _insert(m, arguments, fail, place), macro.body)
    at = 0
    while (inner := _next_use(text, at, macros)) is not None:
        written, end = _expanded(text, inner, macros, fail, place, depth + 1)
        text = text[: inner.start()] + written + text[end:]
        at = inner.start() + len(written)
        if len(text) > _LIMIT:
            fail(place, "this macro expands without end; write it out")
    return text + " ", stop


def _insert(mark: re.Match[str], arguments: list[str], fail: Fail, place: int) -> str:
    if int(mark[1]) > len(arguments):
        fail(place, f"this macro uses #{mark[1]} but has {len(arguments)} arguments")
    return arguments[int(mark[1]) - 1]


def _argument(code: str, at: int, name: str, fail: Fail, place: int) -> tuple[str, int]:
    """The text of a macro's argument, a group or one token, and where it ends."""
    while code[at : at + 1].isspace():
        at += 1
    if code[at : at + 1] == "{":
        depth, stop = 0, at
        while stop < len(code):
            depth += (code[stop] == "{") - (code[stop] == "}")
            stop += 2 if code[stop] == "\\" else 1
            if depth == 0:
                return code[at + 1 : stop - 1], stop
        fail(place, f"an argument of \\{name} is not closed; add the }}")
    token = re.compile(r"\\[A-Za-z]+|\\.|[^}$&\[]").match(code, at)
    if token is None:
        fail(place, f"an argument of \\{name} is missing; expected \\{name}{{...}}")
    return token[0], token.end()


def _group(code: str, at: int, fail: Fail) -> tuple[str, int]:
    if code[at : at + 1] != "{":
        fail(at, "expected {...} here")
    return _argument(code, at, "newcommand", fail, at)
