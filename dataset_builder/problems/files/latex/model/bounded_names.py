"""Variables of a file that names none: names with bounds and without a definition."""

from __future__ import annotations

import re
from collections.abc import Iterator

from llamoco.dataset_builder.problems.files.latex.formulas.declarations import read_head
from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, name_of, names_in
from llamoco.dataset_builder.problems.files.latex.model.starting_point import WORDS
from llamoco.dataset_builder.problems.files.latex.statements.clauses import Clause
from llamoco.dataset_builder.problems.files.latex.statements.index_letters import is_index, subscript_of

_GIVEN = re.compile(r"\b(?:constants?|parameters?|given|coefficients?|known|data)\b")


def bounded_names(
    source: LatexSource, clause: Clause, found: list[Clause], letters: set[str]
) -> list[Tokens]:
    """Names with bounds and without a definition, in the order in which the formulas use them."""
    defined, starts, recursive = _defined(found, letters)
    given: set[str] = set()
    used: set[str] = set()
    for statement in found:
        if _GIVEN.search(statement.words) and statement.relations:
            given |= {
                name
                for group in statement.groups
                for part in group
                for name in (part[0].text, name_of(part) or "")
            }
        for part in (p for group in statement.groups for p in group):
            if name_of(part) is None or len(statement.groups) == 1 or statement is clause:
                used |= {name for names in names_in(part) for name in names}

    def constant(parts: list[Tokens]) -> bool:
        return all(
            {base, key} & (defined | starts) or base in letters for p in parts for base, key in names_in(p)
        )

    bounded: dict[str, Tokens] = {}
    firmly: set[str] = set()  # by more than that they are positive
    for statement in found:
        for left, right, relation in zip(
            statement.groups, statement.groups[1:], statement.relations, strict=False
        ):
            for side, other in [(left, right)] if relation == "in" else [(left, right), (right, left)]:
                beside = [] if relation == "=" else other[:1] if side is left else other[-1:]
                if beside and (relation == "in" or constant(beside)):
                    for part in (p for p in side if name_of(p) is not None):
                        bounded.setdefault(name_of(part) or "", part)
                        if (
                            relation == "in"
                            or len(statement.relations) > 1
                            or not _strict(source, other, side)
                        ):
                            firmly.add(name_of(part) or "")
    families = {
        part[0].text
        for part in bounded.values()
        if is_index(subscript_of(part), letters) and not subscript_of(part)[0].text.isdigit()
    }
    result: dict[str, Tokens] = {}
    for base, key in _appearances(clause, found):
        name = base if base in families or (base in bounded and key not in bounded) else key
        known = {base, key} & (defined | given | (starts & recursive)) or name in letters
        if (
            (name in bounded or name in families)
            and not known
            and {name, base} & used
            and not base.startswith(("cal_", "bb_"))
        ):
            result.setdefault(
                name,
                bounded[name]
                if name in bounded
                else next(p[:1] for p in bounded.values() if p[0].text == base),
            )
    doubtful = [name for name in result if name not in firmly and name not in families]
    if doubtful and len(doubtful) < len(result):
        message = f"is {doubtful[0]} a variable or a number that is not given? name the variables, as in \\min_{{x, y}}"
        raise source.error(result[doubtful[0]][0], f"{message}, or give its value")
    return [*result.values()]


def _strict(source: LatexSource, one: list[Tokens], other: list[Tokens]) -> bool:
    """Whether a strict relation stands between two sides."""
    first, last = sorted((one, other), key=lambda side: side[0][0].at)
    return (
        re.search(r"[<>](?!=)|\\[lg]t(?![A-Za-z])", source.code[first[-1][-1].end : last[0][0].at])
        is not None
    )


def _appearances(clause: Clause, found: list[Clause]) -> Iterator[tuple[str, str]]:
    """Names as they appear: first those of the objective."""
    for statement in (clause, *found):
        for group in statement.groups:
            for part in group:
                yield from names_in(part)


def _defined(found: list[Clause], letters: set[str]) -> tuple[set[str], set[str], set[str]]:
    """Names with a definition; bases of which single members have one; bases with a recursion."""
    defined: set[str] = set()
    recursive: set[str] = set()
    starts: set[str] = set()
    for clause in found:
        for left, right, relation in zip(clause.groups, clause.groups[1:], clause.relations, strict=False):
            head = read_head(left[-1]) if relation == "=" else None
            if head is None or WORDS.search(clause.words.strip()):
                continue
            own = any(base == head.base for base, _ in names_in(right[0]))
            digits = (
                head.subscript is not None and len(head.subscript) == 1 and head.subscript[0].text.isdigit()
            )
            if digits:
                starts.add(head.base)
            elif head.subscript is not None and is_index(head.subscript, letters):
                (recursive if own else defined).add(head.base)
            elif not own:
                defined.add(head.key)
    return defined, starts, recursive
