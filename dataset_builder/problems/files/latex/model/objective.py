r"""The objective among the statements of a LaTeX file, and the direction of optimization."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from llamoco.dataset_builder.problems.files.latex.formulas.declarations import Head, read_head
from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource, Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import (
    Tokens,
    group_end,
    name_of,
    names_in,
    split_commas,
    tuple_parts,
)
from llamoco.dataset_builder.problems.files.latex.statements.chains import Chain
from llamoco.dataset_builder.problems.files.latex.statements.clauses import Clause

MAXIMISE = re.compile(
    r"\bmaximi[sz](?!ation of expectation)"
    r"|\b(?:find|determine|seek|compute|locate|for|has|reaches|attains) (?:the|its|a) (?:global )?maxim(?:um|a)\b(?! (?:number|likelihood))"
    r"|\b(?:largest|greatest|highest|biggest|maximum|maximal) (?:possible )?(?:value|volume|area|profit|revenue|yield|utility|return|benefit|income)\b(?! of the (?:constraint|parameter))"
    r"|\bas (?:large|great|big|high) as possible"
)
_MINIMISE = re.compile(
    r"minimi[sz]|\b(?:smallest|least|lowest|minimum|minimal|cheapest|lightest|shortest)\b|as (?:small|low|cheap|light|short) as possible"
)
_MENTIONED = re.compile(r"minimi[sz]|\b(?:minimum|objective|cost)\b[^.]*$")
_DIRECTLY = re.compile(r"(?:mini|maxi)mi[sz]\w*[^.,;]*$")
_WORD = re.compile(r"(mini|maxi)mi[sz]")


class Goal(NamedTuple):
    """The clause of the objective, and whether it is maximised."""

    clause: Clause
    maximize: bool


def find_goal(source: LatexSource, tokens: list[Token], found: list[Clause]) -> Goal:
    r"""Find the objective: after ``\min`` or ``\max``; else f or F; else after the word minimise or maximise.

    Raises:
        ProblemError: if there is none, there are two, or it is not clear what is asked for.
    """
    marked = [c for c in found if c.marker is not None]
    if len(marked) > 1:
        raise source.error(marked[1].groups[0][0][0], "this is a second objective; expected one")
    if marked and marked[0].marker is not None:
        return Goal(marked[0], marked[0].marker.text in ("\\max", "\\maximize"))
    prose = [t for t in tokens if t.kind == "text"]
    large = next((t for t in prose if MAXIMISE.search(t.text)), None)
    small = any(_MINIMISE.search(t.text) for t in prose)
    clause = _unmarked(source, found, large is not None)
    if large is None or not small:
        return Goal(clause, large is not None)
    words = [m[1] for c in found[: found.index(clause) + 1] for m in _WORD.finditer(c.words)]
    direct = [m[1] for m in _WORD.finditer(clause.words)]
    if direct or (words and not MAXIMISE.search(_WORD.sub("", large.text))):
        senses = set(direct or words)
        if len(senses) == 1:
            return Goal(clause, senses == {"maxi"})
    message = "the text asks for both smallest and largest values; write \\min or \\max before the objective"
    raise source.error(large, message)


def _unmarked(source: LatexSource, found: list[Clause], large: bool) -> Clause:
    """The objective where no ``\\min`` marks it."""
    for clause in found:
        head = _head(clause)
        if (
            head is not None
            and head.arguments is not None
            and _DIRECTLY.search(clause.words)
            and not _plain(clause)
        ):
            return clause
    named = [name for clause in found if (name := _asked_by_name(clause)) is not None]
    for name in (*named, "f", "F"):
        for clause in found:
            head = _head(clause)
            if head is not None and head.key == name and not _plain(clause):
                return clause
    mentioned = [
        k for k, c in enumerate(found) if _MENTIONED.search(c.words) or (large and MAXIMISE.search(c.words))
    ]
    said = mentioned[0] if mentioned else len(found)
    for clause in found[said:]:  # "minimise over x the function J(x) = ...", or a displayed formula
        first = clause.groups[0][0]
        head = read_head(first)
        defined = clause.relations[:1] == ["="] and head is not None and head.arguments is not None
        # "minimise $J = ...$", "minimise $x_1 + x_2$"
        direct = (
            clause is found[said] and _DIRECTLY.search(clause.words) is not None and name_of(first) != "x"
        )
        if direct and clause.relations[:1] == ["="] and head is not None:
            return clause
        if defined or (
            not clause.relations
            and not tuple_parts(first)
            and (first[0].display or (direct and len(first) > 1 and head is None))
        ):
            return clause
    spoken = any(_MENTIONED.search(c.words) or MAXIMISE.search(c.words) for c in found) or large
    unused = _unused_definitions(found) if spoken else []
    if len(unused) == 1:
        return unused[0]
    if len(unused) > 1:
        names = ", ".join(head.key for c in unused if (head := _head(c)))
        message = f"which of {names} is the objective? write \\min or \\max before it"
        raise source.error(unused[1].groups[0][0][0], message)
    raise source.error(0, "no objective found; write it as \\min_{x} f(x) = ... or f(x) = ...")


def _asked_by_name(clause: Clause) -> str | None:
    """The name in "maximise $P$"; None if a clause asks for no name."""
    first = clause.groups[0][0]
    asked = not clause.relations and len(clause.groups) == 1 and len(clause.groups[0]) == 1
    return name_of(first) if asked and _DIRECTLY.search(clause.words) else None


def _head(clause: Clause) -> Head | None:
    """The name that a clause defines."""
    return read_head(clause.groups[0][-1]) if clause.relations[:1] == ["="] else None


def _plain(clause: Clause) -> bool:
    """Whether a definition gives a number."""
    return all(t.kind == "number" or t.text in ("-", "+") for t in clause.groups[1][0])


def _unused_definitions(found: list[Clause]) -> list[Clause]:
    """Definitions by a formula in other names, which no other formula uses."""
    count = Counter(name for c in found for group in c.groups for part in group for name in set(_names(part)))
    result = []
    for clause in found:
        head = _head(clause)
        if (
            head is None
            or head.subscript is not None
            or len(clause.relations) > 1
            or len(clause.groups[1]) > 1
        ):
            continue
        body = clause.groups[1][0]
        formula = len(body) > 1 and any(t.kind == "name" for t in body) and body[0].text not in ("\\{", "[")
        if formula and count[head.base] == 1:
            result.append(clause)
    return result


def _names(part: Tokens) -> list[str]:
    return [base for base, _ in names_in(part)]


def scope_of(clause: Clause, tokens: list[Token]) -> Tokens:
    r"""The subscript of a clause's ``\min``."""
    if clause.marker is None:
        return []
    start = next(k for k, t in enumerate(tokens) if t is clause.marker) + 1
    if start + 1 >= len(tokens) or tokens[start].text != "_":
        return []
    inside = tokens[start + 1 : group_end(tokens, start + 1)]
    return inside[1:-1] if inside and inside[0].text == "{" else inside


def membership(clause: Clause, tokens: list[Token]) -> list[Chain]:
    r"""The statement about bounds in ``\min_{x \in [-5, 5]^{10}}`` or ``\min_{x, y \ge 0}``, if there is one."""
    scope = scope_of(clause, tokens)
    marks = [k for k, t in enumerate(scope) if t.text in ("in", "<=", ">=", "=")]
    ends = [-1, *marks, len(scope)]
    sides = [scope[a + 1 : b] for a, b in pairwise(ends)]
    if not marks or not all(sides):
        return []
    return [Chain([split_commas(side) for side in sides], [scope[k].text for k in marks], clause)]


def under_marker(clause: Clause, tokens: list[Token]) -> list[Tokens]:
    r"""The names under ``\min``, without what is said of their values."""
    scope = scope_of(clause, tokens)
    marks = [k for k, t in enumerate(scope) if t.text in ("in", "<=", ">=", "=")]
    if not marks:
        names = scope
    elif len(marks) == 2 and all(t.kind != "name" for t in scope[: marks[0]]):  # 0 <= x <= 1
        names = scope[marks[0] + 1 : marks[1]]
    else:
        names = scope[: marks[0]]
    return tuple_parts(names) or split_commas(names)
