"""Decision variables of a LaTeX file: those that it names, else those that it bounds."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from llamoco.dataset_builder.problems.files.latex.formulas.declarations import argument_names, read_head
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import (
    Tokens,
    name_of,
    script_text,
    tuple_parts,
)
from llamoco.dataset_builder.problems.files.latex.model.bounded_names import bounded_names
from llamoco.dataset_builder.problems.files.latex.model.bounds import Bounds
from llamoco.dataset_builder.problems.files.latex.model.objective import scope_of, under_marker
from llamoco.dataset_builder.problems.files.latex.statements.clauses import Clause
from llamoco.dataset_builder.problems.files.latex.statements.index_letters import (
    index_letters,
    is_index,
    pair_of_letters,
    subscript_of,
)
from llamoco.dataset_builder.problems.files.latex.symbols.decision_variables import Family
from llamoco.dataset_builder.problems.symbolic.expression import Item, Num

_SAID = re.compile(
    r"\b(?:variables?(?: (?:are|is|being))?|unknowns?(?: (?:are|is))?|w\.r\.t\.?|with respect to|over|by (?:varying|changing|choosing)|find)(?: the)?:?$"
)
_AND = (",", "and", ", and", "")


class DeclaredVariables(NamedTuple):
    """Names that are variables.

    Attributes:
        named: whether the file names them or bounds them, so that missing bounds are no sign of a wrong reading.
        order: families and names, in the order of x, if their numbers are to be settled; else empty.
        numbers: the members that families were declared with.
        bounded: whether they were found from their bounds.
        said: the clauses that list them.
    """

    named: bool
    order: tuple[str, ...] = ()
    numbers: dict[str, set[int]] = {}  # noqa: RUF012 - never written to
    bounded: bool = False
    said: tuple[Clause, ...] = ()


def find_variables(
    clause: Clause, tokens: list[Token], found: list[Clause], bounds: Bounds
) -> DeclaredVariables:
    """Find the decision variables: the arguments of f, else the names under min, else those said to vary, else those with bounds.

    Raises:
        ProblemError: if they are not named.
    """
    first = clause.groups[0][0]
    head = read_head(first)
    arguments = head.arguments if head is not None else None
    if arguments is not None and argument_names(arguments) is None:
        arguments = None  # a(x_1 + 1) is a product
    scope = scope_of(clause, tokens)
    if scope and not clause.relations:
        arguments = None  # \min_x h(x_1, x_2) calls a function that is defined elsewhere
    if arguments is None and scope:
        arguments = under_marker(clause, tokens)
    said: tuple[Clause, ...] = ()
    if arguments is None:
        arguments, said = _said_to_vary(found)
    letters = index_letters(tokens, found)
    bounded = False
    if arguments is None:
        arguments = bounded_names(bounds.source, clause, found, letters)
        bounded = bool(arguments)
        special = bounded and any(_special(s, letters) for s in _subscripts(tokens).get("x", []))
        only_x = {p[0].text for p in arguments} <= {"x"} and not special
        if only_x and any(t.kind == "name" and t.text == "x" for t in tokens):
            _plain("x", tokens, found, bounds)
            numbered = any(len(s) == 1 and s[0].text.isdigit() for s in _subscripts(tokens).get("x", []))
            return DeclaredVariables(bounded or numbered, bounded=bounded)
    names = argument_names(arguments or [])
    bounds.listed |= set(names or [])
    if not names or names[0] == "\\dots":
        message = "which are the variables? name them, as in \\min_{x} ... or f(x, y) = ..., or state bounds of each"
        raise bounds.source.error(first[0], message)
    assert arguments is not None
    order, numbers = _entries(arguments, tokens, found, letters, bounds)
    families = bounds.symbols.families
    if len(order) == 1 and order[0] in families and not families[order[0]].columns:
        base, given = order[0], sorted(numbers.get(order[0], ()))
        if given == list(range(1, len(given) + 1)):
            del families[base]
            if given:
                bounds.symbols.vector = base
                if not any(p[0].text == "\\dots" for p in arguments) or base in names:
                    bounds.dimension(len(given), first[0])
            else:
                _plain(base, tokens, found, bounds)
            return DeclaredVariables(True, bounded=bounded, said=said)
    if len(order) == 1 and order[0] not in families and name_of(arguments[0]) == arguments[0][0].text:
        bounds.symbols.aliases.clear()
        _plain(order[0], tokens, found, bounds)
        return DeclaredVariables(True, bounded=bounded, said=said)
    if not families:
        _alias(list(order), bounds, first[0])
        return DeclaredVariables(True, bounded=bounded, said=said)
    return DeclaredVariables(True, tuple(order), numbers, bounded, said)


def _special(subscript: Tokens, letters: set[str]) -> bool:
    """Whether an index counts from 0, or is that of a matrix."""
    return [t.text for t in subscript] == ["0"] or pair_of_letters(subscript, letters)


def _entries(
    parts: list[Tokens], tokens: list[Token], found: list[Clause], letters: set[str], bounds: Bounds
) -> tuple[list[str], dict[str, set[int]]]:
    """Families and scalars of a list of names, which are noted in the symbols, and the members that it has of families."""
    symbols, source = bounds.symbols, bounds.source
    order: list[str] = []
    numbers: dict[str, set[int]] = {}
    fill: tuple[str, int] | None = None
    last: tuple[str, int] | None = None
    subscripted = _subscripts(tokens)
    summed = {
        c.groups[0][-1][0].text
        for c in found
        if c.relations[:1] == ["="] and len(c.groups[0][-1]) == 1 and not tuple_parts(c.groups[1][0])
    }
    for part in parts:
        if part[0].text == "\\dots":
            fill, last = last, None
            continue
        base, key = part[0].text, name_of(part) or part[0].text
        subscript = subscript_of(part)
        digits = len(subscript) == 1 and subscript[0].text.isdigit()
        indexed = subscript if subscript and not digits else []
        indices = [s for s in subscripted.get(base, []) if is_index(s, letters)]
        if all([t.text for t in s] == ["0"] for s in indices):
            indices = []  # x_0 is the start of x
        double = any(pair_of_letters(s, letters) for s in [*indices, subscript])
        if base in summed and digits and all(len(s) == 1 and s[0].text.isdigit() for s in indices):
            digits, indexed = False, []  # q = q_1 + q_2: these are names
        as_family = (
            digits or (bool(indexed) and is_index(indexed, letters)) or (not subscript and bool(indices))
        )
        if not as_family:
            if key in symbols.aliases:
                raise source.error(part[0], "expected a list of different variables, or one vector")
            symbols.aliases[key] = Item("x", Num(1))
            order.append(key)
            fill = last = None
            continue
        if base not in symbols.families:
            symbols.families[base] = Family(1, 0, 0, -1 if double else 0)
            order.append(base)
        if digits and not double:
            number = int(subscript[0].text)
            members = numbers.setdefault(base, set())
            if number in members:
                raise source.error(part[0], "expected a list of different variables, or one vector")
            if fill and fill[0] == base and number - fill[1] < 10_000:
                members |= set(range(fill[1], number))
            members.add(number)
            last = (base, number)
        fill = None
    return order, numbers


def _subscripts(tokens: list[Token]) -> dict[str, list[Tokens]]:
    """The subscripts of each name, without their braces; a few of each."""
    result: dict[str, list[Tokens]] = {}
    for number, (token, following) in enumerate(pairwise(tokens)):
        if token.kind == "name" and following.text == "_":
            found = result.setdefault(token.text, [])
            if len(found) < 200:
                found.append(subscript_of(tokens[number : number + 12]))
    return result


def _said_to_vary(found: list[Clause]) -> tuple[list[Tokens] | None, tuple[Clause, ...]]:
    """The names after the word variables: ``with variables $x$, $y$ and $z$``, and where; None if there are none."""
    said = (k for k, c in enumerate(found) if _SAID.search(c.words.strip()))
    for first in said:
        names: list[Tokens] = []
        clauses: list[Clause] = []
        for clause in found[first:]:
            if names and clause.words.strip() not in _AND:
                break
            parts = clause.groups[0]
            if clause.relations or argument_names(parts) is None:
                break
            names += parts
            clauses.append(clause)
        if names:
            return names, tuple(clauses)
    return None, ()


def _alias(names: list[str], bounds: Bounds, place: Token) -> None:
    bounds.symbols.aliases |= {n: Item("x", Num(k)) for k, n in enumerate(names, 1)}
    bounds.dimension(len(names), place)
    bounds.symbols.dim = len(names)


def _plain(name: str, tokens: list[Token], found: list[Clause], bounds: Bounds) -> None:
    """Declare one name: a vector if it has entries, lies in a power or is bounded by vectors; else a scalar."""
    symbols = bounds.symbols
    for clause in found:
        for left, right, relation in zip(clause.groups, clause.groups[1:], clause.relations, strict=False):
            names = argument_names(tuple_parts(right[0]))
            if relation != "=" or name_of(left[-1]) != name or not names:
                continue
            last = names[-1][len(name) + 1 :]
            if not all(n == "\\dots" or n.startswith(name + "_") for n in names):
                _alias(names, bounds, right[0][0])  # x = (h, l, t, b)
                symbols.vector = name
            elif "\\dots" not in names or last.isdigit():  # x = (x_1, ..., x_5)
                bounds.dimension(int(last) if last.isdigit() else len(names), right[0][0])
    defined = {head.key for c in found if c.relations[:1] == ["="] and (head := read_head(c.groups[0][-1]))}
    entries = any(
        f"{name}_{script_text(s)}" not in defined or s[0].text.isdigit()
        for s in _subscripts(tokens).get(name, [])
        if s
    )
    solid = [t for t in tokens if t.kind != "soft"]
    power = any(
        t.text == name and n.text == "in" and any(u.text == "^" for u in solid[k + 2 : k + 24])
        for k, (t, n) in enumerate(pairwise(solid))
    )
    product = _in_matrix_product(name, tokens, found)
    if entries or power or product or symbols.vector or bounds.stated_dim or _bounded_by_vectors(name, found):
        symbols.vector = name
    else:
        _alias([name], bounds, tokens[0])


def _in_matrix_product(name: str, tokens: list[Token], found: list[Clause]) -> bool:
    r"""Whether a name is used as a vector: ``x^\top``, ``c^\top x``, ``A x`` with a matrix A."""
    matrices = {
        c.groups[0][-1][0].text
        for c in found
        if c.relations[:1] == ["="] and any(t.kind == "begin" for t in c.groups[1][0])
    }
    for number, token in enumerate(tokens):
        if token.kind != "name" or token.text != name:
            continue
        after = [t.text for t in tokens[number + 1 : number + 4] if t.text != "{"]
        before = [t.text for t in tokens[max(number - 4, 0) : number] if t.text not in ("{", "}")]
        if after[:2] in (["^", "\\top"], ["^", "\\intercal"], ["^", "T"]) or before[-1:] in (
            ["\\top"],
            ["\\intercal"],
        ):
            return True
        if before[-2:] == ["^", "T"] or (before and before[-1] in matrices):
            return True
    return False


def _bounded_by_vectors(name: str, found: list[Clause]) -> bool:
    r"""Whether ``\ell <= x <= u`` has vectors at its ends."""
    beside = [
        pair
        for c in found
        for relation, pair in zip(c.relations, pairwise(c.groups), strict=False)
        if relation != "in"  # [0, 1] is an interval then, no vector
    ]
    lists = {name_of(left[-1]) for left, right in beside if tuple_parts(right[0])} - {None}
    for left, right in (*beside, *((b, a) for a, b in beside)):
        if name_of(left[0]) == name and (tuple_parts(right[0]) or name_of(right[0]) in lists):
            return True
    return False
