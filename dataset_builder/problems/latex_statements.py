r"""Clauses cut into statements: chains such as ``a <= b <= c``, with the ranges (``i = 1, \dots, n``) that bind their indices."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from llamoco.dataset_builder.problems.latex_clauses import Clause
from llamoco.dataset_builder.problems.latex_lexer import Token
from llamoco.dataset_builder.problems.latex_tokens import Part, name_of, split_commas


@dataclass
class Range:
    """``letters = first, second, ..., last`` (``dots``) or a set of values."""

    letters: list[str]
    values: list[Part]
    dots: bool
    place: Token


@dataclass
class Chain:
    """A statement: sides with relations between them; a side of several parts is a list of variables."""

    sides: list[list[Part]]
    relations: list[str]
    clause: Clause
    bindings: dict[str, Range] = field(default_factory=dict)

    @property
    def place(self) -> Token:
        """Its first token."""
        return self.sides[0][0][0]

    def mentions(self, letter: str) -> bool:
        """Whether ``letter`` occurs as a name that no sum of the statement binds."""
        tokens = [t for side in self.sides for part in side for t in part]
        if any(
            a.text == "_"
            and b.text == "{"
            and letter in [t.text for t in tokens[k + 3 : k + 8]]
            and o.text in ("\\sum", "\\prod")
            for k, (o, a, b) in enumerate(zip(tokens, tokens[1:], tokens[2:], strict=False))
        ):
            return False
        return any(t.kind == "name" and t.text == letter for t in tokens)


def chains(source: Source, found: list[Clause], variables: set[str]) -> list[Chain]:
    """Cut clauses at the commas that separate statements, and give the ranges to the statements that they bind.

    Args:
        source: the file.
        found: its clauses.
        variables: base names of the decision variables: ``0 <= x_1, x_2 <= 10`` is about both, ``0 <= 1, x_2 <= 10`` is not.
    """

    def is_variable(part: Part) -> bool:
        name = name_of(part)
        return part[0].text == "\\dots" or (
            name is not None and (name in variables or part[0].text in variables)
        )

    result: list[Chain] = []
    ahead: list[Range] = []
    for clause in found:
        groups, relations = clause.groups, clause.relations
        start = groups[0] if relations else []
        if not relations:
            result += [Chain([[part]], [], clause) for part in groups[0]]
            continue
        if not all(is_variable(p) for p in start) and not all(
            len(p) == 1 and p[0].kind == "name" for p in start
        ):
            run = _run(start, is_variable)
            result += [Chain([[part]], [], clause) for part in start[: len(start) - run]]
            start = start[len(start) - run :]
        sides, links = [start], []
        pieces: list[Chain] = []
        for number, relation in enumerate(relations):
            group = groups[number + 1]
            last = number == len(relations) - 1
            upcoming = "" if last else relations[number + 1]
            inside = relation == upcoming and relation in ("<=", ">=") and all(is_variable(p) for p in group)
            if len(group) == 1 or inside:
                sides.append(group)
                links.append(relation)
                continue
            numbered = relation == "=" and len(sides[-1][0]) == 1 and not is_variable(sides[-1][0])
            count = _range_length(group) if numbered else 1
            run = 0
            if not last:
                run = 1 if upcoming == "=" else min(_run(group, is_variable), len(group) - count)
            sides.append(group[:count])
            links.append(relation)
            pieces.append(Chain(sides, links, clause))
            pieces += [Chain([[part]], [], clause) for part in group[count : len(group) - run]]
            sides, links = [group[len(group) - run :]], []
        if links:
            pieces.append(Chain(sides, links, clause))
        for piece in pieces:
            bound = _as_range(piece, variables)
            if bound is None:
                for early in list(ahead):
                    if any(piece.mentions(letter) for letter in early.letters):
                        _bind(piece, early)
                result.append(piece)
            elif not _bind_backwards(result, bound):
                ahead.append(bound)
    return result


def _bind(chain: Chain, bound: Range) -> None:
    for letter in bound.letters:
        if chain.mentions(letter):
            chain.bindings.setdefault(letter, bound)


def _bind_backwards(result: list[Chain], bound: Range) -> bool:
    """Give a range to the statements just before that use its letter and have no range for it yet."""
    any_bound = False
    for chain in reversed(result):
        free = [x for x in bound.letters if chain.mentions(x) and x not in chain.bindings]
        if not free:
            if chain.relations:
                break
            continue
        for letter in free:
            chain.bindings[letter] = bound
        any_bound = True
    return any_bound


def _run(group: list[Part], is_variable: object) -> int:
    assert callable(is_variable)
    count = 0
    while count < len(group) and is_variable(group[len(group) - 1 - count]):
        count += 1
    return max(count, 1)


def _range_length(group: list[Part]) -> int:
    """How many parts at the start of a group are values of a range ``1, 2, \\dots, n``."""
    for number, part in enumerate(group):
        if part[0].text == "\\dots" and len(part) == 1:
            return min(number + 2, len(group))
    count = 0
    while count < len(group) and len(group[count]) == 1 and group[count][0].kind == "number":
        count += 1
    return max(count, 1)


def _as_range(chain: Chain, variables: set[str]) -> Range | None:
    letters = [part[0].text for part in chain.sides[0] if len(part) == 1 and part[0].kind == "name"]
    if len(chain.sides) == 3 and chain.relations == ["<=", "<="] and len(chain.sides[1]) == 1:
        middle = chain.sides[1][0]
        low, high = chain.sides[0][0], chain.sides[2][0]
        whole = all(
            t.text not in variables and re.fullmatch(r"[A-Za-z]+|\d+|[-+{}]", t.text) for t in low + high
        )
        if len(middle) == 1 and middle[0].text in "ijklmpqrst" and middle[0].text not in variables and whole:
            dots = [Token("command", "\\dots", middle[0].at, middle[0].end)]
            return Range([middle[0].text], [low, dots, high], True, middle[0])
        return None
    if len(chain.sides) != 2 or len(letters) != len(chain.sides[0]) or any(x in variables for x in letters):
        return None
    values, place = chain.sides[1], chain.place
    if chain.relations == ["in"]:
        inner = values[0]
        if inner[0].text != "\\{" or inner[-1].text != "\\}":
            return None
        values = split_commas(inner[1:-1])
    elif chain.relations != ["="]:
        return None
    flat = [t for part in values for t in part]
    marks = [k for k, t in enumerate(flat) if t.text == "\\dots"]
    if len(marks) == 1 and len(values) <= 4 and (len(values) > 1 or flat[0].text != "("):
        colon = flat[: marks[0]], [flat[marks[0]]], flat[marks[0] + 1 :]
        values = values if len(values) > 1 else [p for p in colon if p]
        return Range(letters, values, True, place)
    if (
        len(values) == 1
        and len(chain.relations) == 1
        and chain.relations[0] == "="
        and any(t.text == ":" for t in flat)
    ):
        k = next(k for k, t in enumerate(flat) if t.text == ":")
        return Range(
            letters,
            [flat[:k], [Token("command", "\\dots", flat[k].at, flat[k].end)], flat[k + 1 :]],
            True,
            place,
        )
    if len(values) > 1 or chain.relations == ["in"]:
        return Range(letters, values, False, place)
    return None


