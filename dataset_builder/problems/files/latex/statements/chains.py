r"""Statements: chains of relations such as ``a <= b <= c``, with the ranges that bind their indices."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource, Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import (
    Tokens,
    bound_letters,
    name_of,
    split_commas,
)
from llamoco.dataset_builder.problems.files.latex.statements.clauses import Clause

_FOR_ALL = re.compile(r"\bfor (?:all|each|every|any)$")


@dataclass
class IndexRange:
    """``letters = first, second, ..., last`` (``dots``) or a set of values."""

    letters: list[str]
    values: list[Tokens]
    dots: bool
    place: Token


@dataclass
class Chain:
    """A statement: sides with relations between them; a side of several parts is a list of variables.

    ``bindings`` are the ranges of its indices; ``labelled``: it had a name as a constraint, ``g_1(x) = ...``.
    """

    sides: list[list[Tokens]]
    relations: list[str]
    clause: Clause
    bindings: dict[str, IndexRange] = field(default_factory=dict)
    labelled: bool = False

    @property
    def place(self) -> Token:
        """Its first token."""
        return self.sides[0][0][0]

    def mentions(self, letter: str) -> bool:
        """Whether ``letter`` occurs as a name that no sum, product or extremum of the statement binds."""
        tokens = [t for side in self.sides for part in side for t in part]
        return letter not in bound_letters(tokens) and any(
            t.kind == "name" and t.text == letter for t in tokens
        )


def chains(source: LatexSource, found: list[Clause], variables: set[str]) -> list[Chain]:
    """Split clauses at the commas that separate statements, and bind index ranges.

    Args:
        source: the file.
        found: the clauses of a file.
        variables: base names of the decision variables: ``0 <= x_1, x_2 <= 10`` is about both.
    """
    taken = variables | _defined(found)
    result: list[Chain] = []
    ahead: list[IndexRange] = []
    sets = _sets(found)
    for clause in found:
        letters = _FOR_ALL.search(clause.words) is not None and len(clause.groups) == 1
        for piece in _pieces(clause, variables):
            first = piece.sides[0][0]
            if first[0].text == "\\forall":
                letters = True
                piece.sides[0][0] = first = first[1:] or [first[0]]
            if letters and not piece.relations and len(first) == 1 and first[0].text not in variables:
                continue  # \forall i: where i runs is said elsewhere
            if piece.relations == ["in", "="] and piece.sides[1][0][0].text in sets:
                del piece.sides[1], piece.relations[1]  # i \in I = \{1, 2, 3\}
            bound = _as_range(piece, variables, taken, sets) if piece.relations else None
            if bound is None:
                for early in ahead:
                    for letter in early.letters:
                        if piece.mentions(letter):
                            piece.bindings.setdefault(letter, early)
                result.append(piece)
                continue
            if len(piece.sides) == 3 and source.strict(piece.sides[0][0][0].at, piece.sides[2][0][0].at):
                raise source.error(
                    piece.place,
                    "strict inequalities are not supported in a range; write its limits with \\le",
                )
            if not _bind_backwards(result, bound):
                ahead.append(bound)
    return result


def _sets(found: list[Clause]) -> dict[str, Tokens]:
    r"""Sets of indices by name: ``I = \{1, 2, 3\}``."""
    sets = {}
    for clause in found:
        for left, right, relation in zip(clause.groups, clause.groups[1:], clause.relations, strict=False):
            body, name = right[0], left[-1]
            braced = body[0].text == "\\{" and body[-1].text == "\\}"
            if relation == "=" and braced and len(name) == 1 and name[0].kind == "name":
                sets[name[0].text] = body
    return sets


def _defined(found: list[Clause]) -> set[str]:
    """Names that have a definition: ``1 <= k <= 5`` is then no range of an index."""
    names = set()
    for clause in found:
        for left, right, relation in zip(clause.groups, clause.groups[1:], clause.relations, strict=False):
            ranged = len(right) > 1 or any(t.text in ("\\dots", ":") for t in right[0])
            if relation == "=" and not ranged and len(left[-1]) == 1:
                names.add(left[-1][0].text)
    return names


def _pieces(clause: Clause, variables: set[str]) -> list[Chain]:
    """The statements of one clause."""

    def is_variable(part: Tokens) -> bool:
        base = part[0].text
        return base == "\\dots" or (
            name_of(part) is not None and (name_of(part) in variables or base in variables)
        )

    def run(group: list[Tokens]) -> int:
        """How many parts at the end of a group are variables; at least one."""
        others = [k for k, part in enumerate(group) if not is_variable(part)]
        return max(len(group) - 1 - max(others, default=-1), 1)

    if not clause.relations:
        return [Chain([[part]], [], clause) for part in clause.groups[0]]
    pieces: list[Chain] = []
    start = clause.groups[0]
    letters = all(len(part) == 1 and part[0].kind == "name" for part in start)
    if not letters:
        pieces = [Chain([[part]], [], clause) for part in start[: len(start) - run(start)]]
        start = start[len(start) - run(start) :]
    sides, links = [start], list[str]()
    for relation, upcoming, group in zip(
        clause.relations, [*clause.relations[1:], ""], clause.groups[1:], strict=True
    ):
        links.append(relation)
        listed = relation == upcoming and relation in ("<=", ">=") and all(is_variable(p) for p in group)
        if len(group) == 1 or listed:
            sides.append(group)
            continue
        numbered = relation == "=" and len(sides[-1][0]) == 1 and not is_variable(sides[-1][0])
        count = _range_length(group) if numbered else 1
        after = 0
        if upcoming:
            count = min(count, len(group) - 1)
            after = 1 if upcoming == "=" else min(run(group), len(group) - count)
        pieces.append(Chain([*sides, group[:count]], links, clause))
        pieces += [Chain([[part]], [], clause) for part in group[count : len(group) - after]]
        sides, links = [group[len(group) - after :]], []
    if links:
        pieces.append(Chain(sides, links, clause))
    return pieces


def _bind_backwards(result: list[Chain], bound: IndexRange) -> bool:
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


def _range_length(group: list[Tokens]) -> int:
    """How many parts at the start of a group are values of a range ``1, 2, \\dots, n``."""
    for number, part in enumerate(group):
        if part[0].text == "\\dots" and len(part) == 1:
            return min(number + 2, len(group))
    count = 0
    while count < len(group) and len(group[count]) == 1 and group[count][0].kind == "number":
        count += 1
    return max(count, 1)


def _as_range(
    chain: Chain, variables: set[str], taken: set[str], sets: dict[str, Tokens]
) -> IndexRange | None:
    r"""The chain as a range ``i = 1, \dots, n``, ``1 <= i <= n`` or ``i in \{1, 3\}``; None if it is none."""
    if chain.relations == ["<=", "<="] and len(chain.sides[1]) == 1:
        low, middle, high = (side[0] for side in chain.sides)
        whole = all(t.text not in variables and t.kind in ("number", "name", "symbol") for t in low + high)
        if len(middle) == 1 and middle[0].text in tuple("ijklm") and middle[0].text not in taken and whole:
            return IndexRange([middle[0].text], [low, _dots(middle[0]), high], True, middle[0])
        return None
    letters = [part[0].text for part in chain.sides[0] if len(part) == 1 and part[0].kind == "name"]
    if len(chain.sides) != 2 or len(letters) != len(chain.sides[0]) or any(x in variables for x in letters):
        return None
    values = chain.sides[1]
    if chain.relations == ["in"]:
        inner = sets.get(values[0][0].text, values[0]) if len(values[0]) == 1 else values[0]
        if inner[0].text != "\\{" or inner[-1].text != "\\}":
            return None
        values = split_commas(inner[1:-1])
    elif chain.relations != ["="] or values[0][0].text == "\\{":
        return None
    flat = [t for part in values for t in part]
    marks = [k for k, t in enumerate(flat) if t.text in ("\\dots", ":")]
    if len(marks) == 1 and (len(values) > 1 or flat[0].text != "("):
        first, last = flat[: marks[0]], flat[marks[0] + 1 :]  # 1 \dots n, or 1:n, without commas
        parts = values if len(values) > 1 else [first, _dots(chain.place), last]
        return IndexRange(letters, [p for p in parts if p], True, chain.place)
    if len(values) > 1 or chain.relations == ["in"]:
        return IndexRange(letters, values, False, chain.place)
    return None


def _dots(place: Token) -> Tokens:
    return [Token("command", "\\dots", place.at, place.end)]
