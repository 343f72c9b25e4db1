"""Index letters, and the subscripts that they occur in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import (
    Tokens,
    bound_letters,
    group_end,
    split_commas,
)
from llamoco.dataset_builder.problems.files.latex.statements.clauses import Clause


def index_letters(tokens: Sequence[Token], found: list[Clause]) -> set[str]:
    r"""Letters that sums bind, that have a range (``i = 1, 2, 3``) or that follow ``\forall``."""
    letters = bound_letters(list(tokens))
    for clause in found:
        for group in clause.groups:
            for part in group:
                if part[0].text == "\\forall" and len(part) == 2 and part[1].kind == "name":
                    letters.add(part[1].text)
        for left, right, relation in zip(clause.groups, clause.groups[1:], clause.relations, strict=False):
            bare = [p[-1].text for p in left if len(p) == 1 or (len(p) == 2 and p[0].text == "\\forall")]
            if relation == "=" and (len(right) > 1 or any(t.text in ("\\dots", ":") for t in right[0])):
                if all(len(p) == 1 and (p[0].kind == "number" or p[0].text == "\\dots") for p in right[:2]):
                    letters |= set(bare[-1:])
            elif relation == "in" and (right[0][0].text == "\\{" or right[0][0].text.startswith("cal_")):
                whole = not any(t.kind == "number" and "." in t.text for t in right[0])
                letters |= {x for x in bare if whole and x in _LETTERS}
    return letters & _LETTERS & (_in_subscripts(tokens) | bound_letters(list(tokens)))


def last_indices(found: list[Clause]) -> set[str]:
    r"""Names of last indices: N of ``x_1, \dots, x_N``."""
    names: set[str] = set()
    for clause in found:
        for group in clause.groups:
            for before, part in pairwise(group):
                if before[0].text == "\\dots":
                    names |= {t.text for t in subscript_of(part) if t.kind == "name"}
    return names


def _in_subscripts(tokens: Sequence[Token]) -> set[str]:
    """Letters that occur in subscripts."""
    found: set[str] = set()
    depth = 0
    for number, token in enumerate(tokens):
        if depth:
            depth += (token.text == "{") - (token.text == "}")
        elif number and tokens[number - 1].text == "_":
            depth = token.text == "{"
        else:
            continue
        found.add(token.text)
    return found


_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


def subscript_of(part: Tokens) -> Tokens:
    """The subscript of the name with which a part begins, without braces; empty if it has none."""
    if len(part) < 3 or part[1].text != "_":
        return []
    inside = part[2 : group_end(part, 2)]
    return inside[1:-1] if inside[0].text == "{" else inside


def pair_of_letters(subscript: Tokens, letters: set[str]) -> bool:
    """Whether a subscript is that of a matrix: ``ij``, or ``i,j``."""
    names = [t.text for t in subscript if t.kind == "name"]
    if len(subscript) == 2 and len(names) == 2:
        return set(names) <= letters and names[0] != names[1]
    parts = split_commas(subscript)
    return len(parts) == 2 and all(
        t.kind == "number" or t.text in letters or t.text in "+-" for p in parts for t in p
    )


def is_index(subscript: Tokens, letters: set[str]) -> bool:
    """Whether a subscript is an index: digits, index letters, sums of these."""
    texts = [t.text for t in subscript]
    return bool(texts) and all(x.isdigit() or x in letters or x in ("+", "-", ",") for x in texts)
