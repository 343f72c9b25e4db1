r"""Clauses: tokens split at line ends, words and full stops.

What a space, ``&`` or a line end means is settled here: whether it separates, or the formula goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llamoco.dataset_builder.problems.files.latex.lexing.commands import (
    CLOSERS,
    LAYOUTS,
    MATRICES,
    OPENERS,
    RELATIONS,
)
from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource, Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, group_end

_BRACED = frozenset(("cases", "rcases", "array"))  # environments that may be cases of a function
_DEEPEST = 100  # brackets in brackets
_GOALS = ("\\min", "\\max", "\\minimize", "\\maximize")
_JOINING = RELATIONS | {"+", "*", "times", "/"}


@dataclass
class Clause:
    """Groups of comma-separated parts with relations between them: ``0 <= x_1, x_2 <= 10`` has three groups.

    ``marker`` is the ``\\min`` (or ``\\max``) before it, ``words`` the prose before.
    """

    groups: list[list[Tokens]]
    relations: list[str]
    words: str = ""
    marker: Token | None = None


def clauses(source: LatexSource, tokens: Sequence[Token]) -> list[Clause]:
    """Split the tokens at line ends, words and full stops."""
    result: list[Clause] = []
    line: Tokens = []
    words = ""
    depth = matrices = 0
    pending: Clause | None = None

    def finish() -> None:
        nonlocal line, words, pending
        if any(t.kind != "soft" for t in line):
            clause = _clause(source, line, words)
            if pending is not None and clause.marker is None:
                clause.marker = pending.marker
            pending = None
            if clause.groups:
                result.append(clause)
            else:
                pending = clause
            words = ""
        line = []

    for number, token in enumerate(tokens):
        if token.kind == "symbol" and token.text == "\\{" and _next_text(tokens, number) in LAYOUTS:
            continue
        if token.kind not in ("begin", "end") or token.text in MATRICES:
            depth += token.step
            if depth < 0:
                raise source.error(
                    token, f"this {token.text!r} closes nothing; remove it or add its opening one"
                )
            if depth > _DEEPEST:
                raise source.error(
                    token, "brackets are nested too deeply here; define parts of it separately"
                )
        if token.kind == "begin" and token.text in _BRACED and _unfinished(line):
            message = (
                "piecewise definitions are not supported; use \\max, \\min or |..| if they are equivalent"
            )
            raise source.error(token, message)
        if token.text in MATRICES and token.kind in ("begin", "end"):
            matrices += 1 if token.kind == "begin" else -1
        is_break = token.kind in ("break", "begin", "end") and not (
            token.kind != "break" and token.text in MATRICES
        )
        if token.kind == "text" or (is_break and token.text == "" and token.kind == "break"):
            if depth and token.kind == "text":
                raise source.error(
                    token, "found words inside the brackets of a formula; expected mathematics"
                )
            if depth:
                raise source.error(
                    _unclosed(line), "a bracket in this formula is not closed; add the closing one"
                )
            finish()
            if token.kind == "text":
                words = f"{words} {token.text}"
        elif is_break and matrices and token.text == "\\\\":
            line.append(token)
        elif is_break:
            if depth == 0 and not _continues(line, tokens[number + 1 :]):
                finish()
        else:
            line.append(token)
    finish()
    return result


def _unfinished(line: Tokens) -> bool:
    """Whether a formula cannot end here."""
    last = next((t for t in reversed(line) if t.kind != "soft"), None)
    return (
        last is not None and last.kind == "symbol" and (last.text in _JOINING | {"-"} or last.text in OPENERS)
    )


def _unclosed(line: Tokens) -> Token:
    opened: Tokens = []
    for token in line:
        if token.kind == "symbol" and token.text in OPENERS:
            opened.append(token)
        elif token.kind == "symbol" and token.text in CLOSERS:
            opened.pop()
    return (opened or line)[-1]


def _next_text(tokens: Sequence[Token], number: int) -> str:
    following = tokens[number + 1] if number + 1 < len(tokens) else None
    return following.text if following is not None and following.kind == "begin" else ""


def _continues(line: Tokens, rest: Sequence[Token]) -> bool:
    """Whether a formula goes on after a line end."""
    solid = [t for t in line if t.kind != "soft"]
    if not solid:
        return False
    if solid[-1].kind == "symbol" and solid[-1].text in _JOINING | {"-"}:
        return True
    following = [t for t in rest[:12] if t.kind != "soft" and t.kind not in ("begin", "end")]
    if not following or following[0].kind != "symbol":
        return False
    if following[0].text in _JOINING - {"in"}:
        return True
    if following[0].text != "-":
        return False
    depth = 0
    for (
        token
    ) in rest:  # A line that begins with a minus goes on with the formula unless it is a relation of its own.
        depth += (token.text in OPENERS) - (token.text in CLOSERS)
        if depth == 0 and (token.kind in ("break", "text", "end") or token.text == ","):
            return True
        if depth == 0 and token.kind == "symbol" and token.text in RELATIONS:
            return False
    return True


def _clause(source: LatexSource, line: Tokens, words: str) -> Clause:
    tokens = line
    while tokens and tokens[0].kind == "soft":
        tokens = tokens[1:]
    clause = Clause([], [], words)
    arrow = next((k for k, t in enumerate(tokens) if t.text == "\\to"), None)
    marked = [k for k, t in enumerate(tokens) if t.text in ("\\minimize", "\\maximize") and arrow is None]
    if marked:  # x^* = \argmin_x f(x): what stands before is the name of the solution
        tokens = tokens[marked[0] :]
    if arrow is not None:
        goal = [k for k in range(arrow + 1, len(tokens)) if tokens[k].kind != "soft"][:1]
        if goal and tokens[goal[0]].text in _GOALS:  # f(x) -> min, and what is said behind it
            clause.marker, rest = tokens[goal[0]], tokens[goal[0] + 1 :]
            rest = rest[group_end(rest, 1) :] if rest and rest[0].text == "_" else rest
            comma = [Token("symbol", ",", tokens[arrow].at, tokens[arrow].end)]
            tokens = tokens[:arrow] + (comma + rest if any(t.kind != "soft" for t in rest) else [])
        elif any(t.kind == "symbol" and t.text in RELATIONS for t in tokens):
            raise source.error(
                tokens[arrow], "unexpected arrow in a formula; expected \\to \\min, or a relation"
            )
        else:
            return clause  # A -> B, a reaction or a mapping, says nothing of the problem
    if tokens and clause.marker is None and (marked or _is_marker(tokens)):
        clause.marker, tokens = tokens[0], tokens[1:]
        if tokens and tokens[0].text == "_":
            stop = group_end(tokens, 1)
            tokens = tokens[stop:]
    while tokens and (tokens[0].kind == "soft" or tokens[0].text == ":"):
        tokens = tokens[1:]  # min: f(x)
    tokens = _separate(tokens)
    part: Tokens = []
    group: list[Tokens] = []
    depth = 0
    for token in tokens:
        depth += token.step
        if depth == 0 and token.kind == "symbol" and token.text in RELATIONS:
            if part:
                group.append(part)
            if not group:
                raise source.error(token, f"expected an expression before {token.text!r}")
            clause.groups.append(group)
            clause.relations.append(token.text)
            part, group = [], []
        elif depth == 0 and token.text == "," and token.kind in ("symbol", "soft"):
            if part:
                group.append(part)
            part = []
        else:
            part.append(token)
    if part:
        group.append(part)
    if clause.relations and not group:
        raise source.error(tokens[-1], "expected an expression after this")
    if group:
        clause.groups.append(group)
    return clause


def _is_marker(tokens: Tokens) -> bool:
    r"""Whether ``\min`` or ``\max`` at the start marks the objective rather than being a function."""
    if tokens[0].text not in ("\\min", "\\max"):
        return False
    following = [t for t in tokens[1:] if t.kind != "soft"]
    if not following or following[0].text == ":":
        return True
    if following[0].text == "_":
        limits = following[2 : group_end(following, 1)]
        if any(t.text in ("<=", ">=") for t in limits) and not any(t.text in tuple("ijklmt") for t in limits):
            return True  # \min_{x \ge 0}
        return not any(t.text in ("=", "<=") for t in following[: group_end(following, 1)])
    if following[0].text not in ("(", "\\{", "["):
        return True
    depth = 0
    for token in following:
        depth += token.step
        if depth == 1 and token.text == ",":
            return False
        if depth == 0:
            break
    return True


def _separate(tokens: Tokens) -> Tokens:
    r"""Spaces and ``&`` become commas where they separate; ``\forall`` and brackets around a range go."""
    result: Tokens = []
    depth = 0
    inequality = False
    skip: set[int] = set()
    for number, token in enumerate(tokens):
        before = result[-1] if result else None
        if number in skip:
            continue
        comma = Token("symbol", ",", token.at, token.end)
        if depth == 0 and token.text == "(":
            close = _closing(tokens, number)
            if close is not None and _holds_relation(tokens[number + 1 : close]):
                skip.add(close)
                result.append(comma)
                continue
        depth += token.step
        if token.text == "\\forall":
            result += [comma, token]
        elif token.kind == "soft" and not (depth and any(t.kind == "begin" for t in result)):
            following = next((t for t in tokens[number + 1 :] if t.kind != "soft"), None)
            if depth or before is None or following is None:
                continue
            if before.kind == "symbol" and before.text in _JOINING | {"-", ","} | OPENERS:
                continue
            if following.kind == "symbol" and following.text in _JOINING | {","} | CLOSERS:
                continue
            if following.text == "-" and not inequality:
                continue
            result.append(comma)
            inequality = False
        else:
            if depth == 0 and token.kind == "symbol" and token.text in ("<=", ">=", "in"):
                inequality = True
            result.append(token)
    return result


def _holds_relation(tokens: Tokens) -> bool:
    depth = 0
    for token in tokens:
        depth += token.step
        if depth == 0 and token.kind == "symbol" and token.text in RELATIONS:
            return True
    return False


def _closing(tokens: Tokens, at: int) -> int | None:
    depth = 0
    for place in range(at, len(tokens)):
        depth += tokens[place].step
        if depth == 0:
            return place
    return None
