"""Which statement of a LaTeX file is the objective, and which names are the decision variables."""

from __future__ import annotations

import re
from itertools import pairwise

from llamoco.dataset_builder.problems.expression import Item, Num
from llamoco.dataset_builder.problems.latex.bounds import Bounds
from llamoco.dataset_builder.problems.latex.clauses import Clause
from llamoco.dataset_builder.problems.latex.names import argument_names, read_head
from llamoco.dataset_builder.problems.latex.statements import Chain
from llamoco.dataset_builder.problems.latex.text import Source, Token
from llamoco.dataset_builder.problems.latex.tokens import Part, group_end, name_of, split_commas, tuple_parts

_MAXIMUM = re.compile(
    r"\bmaximi[sz]|\b(?:find|determine|seek|compute|locate|for|has) (?:the|its|a) (?:global )?maxim(?:um|a)\b(?! number)"
    r"|\b(?:largest|greatest|highest|biggest) (?:possible )?value"
)
_MINIMISED = re.compile(r"minimi[sz]|\b(?:minimum|objective|cost)\b[^.]*$")
_DIRECTLY = re.compile(r"minimi[sz]\w*[^.,;]*$")
_MAXIMISED = "this is a maximisation; minimise the negative instead: \\min -f(x)"


def objective_clause(source: Source, tokens: list[Token], found: list[Clause]) -> Clause:
    r"""The clause after ``\min``; else the definition of f or F; else the formula after the word minimise.

    Raises:
        ProblemError: if there is none, there are two, or something is maximised.
    """
    marked = [c for c in found if c.marker is not None]
    for clause in marked:
        if clause.marker is not None and clause.marker.text in ("\\max", "\\maximize"):
            raise source.error(clause.marker, _MAXIMISED)
    if len(marked) > 1:
        raise source.error(marked[1].groups[0][0][0], "a second objective; expected one")
    if marked:
        return marked[0]
    prose = [t for t in tokens if t.kind == "text"]
    maximised = next((t for t in prose if _MAXIMUM.search(t.text)), None)
    if maximised is not None and not any("minimi" in t.text for t in prose):
        raise source.error(maximised, _MAXIMISED)
    for name in ("f", "F"):
        for clause in found:
            head = read_head(clause.groups[0][0]) if clause.relations[:1] == ["="] else None
            if head is not None and head.key == name:
                return clause
    said = next((k for k, c in enumerate(found) if _MINIMISED.search(c.words)), len(found))
    for clause in found[said:]:  # "minimise over x the function J(x) = ...", or a displayed formula
        first = clause.groups[0][0]
        head = read_head(first)
        named = clause.relations[:1] == ["="] and head is not None and head.arguments is not None
        # "minimise $J = ...$", "minimise $x_1 + x_2$"
        direct = (
            clause is found[said] and _DIRECTLY.search(clause.words) is not None and name_of(first) != "x"
        )
        if direct and clause.relations[:1] == ["="] and head is not None:
            return clause
        if named or (
            not clause.relations and (first[0].display or (direct and len(first) > 1 and head is None))
        ):
            return clause
    raise source.error(0, "no objective found; write it as \\min_{x} f(x) = ... or f(x) = ...")


def scope_of(clause: Clause, tokens: list[Token]) -> Part:
    r"""The subscript of a clause's ``\min``."""
    if clause.marker is None:
        return []
    start = next(k for k, t in enumerate(tokens) if t is clause.marker) + 1
    if start + 1 >= len(tokens) or tokens[start].text != "_":
        return []
    inside = tokens[start + 1 : group_end(tokens, start + 1)]
    return inside[1:-1] if inside and inside[0].text == "{" else inside


def membership(clause: Clause, tokens: list[Token]) -> list[Chain]:
    r"""The statement about bounds in ``\min_{x \in [-5, 5]^{10}}``, if there is one."""
    scope = scope_of(clause, tokens)
    for place, token in enumerate(scope):
        if token.text == "in" and 0 < place < len(scope) - 1:
            return [Chain([[scope[:place]], [scope[place + 1 :]]], ["in"], clause)]
    return []


def find_variables(clause: Clause, tokens: list[Token], found: list[Clause], bounds: Bounds) -> None:
    """Settle the decision variables: the arguments of f, else the subscript of min, else x.

    Raises:
        ProblemError: if they are not named.
    """
    symbols = bounds.symbols
    first = clause.groups[0][0]
    head = read_head(first)
    arguments = head.arguments if head is not None else None
    if arguments is not None and argument_names(arguments) is None:
        arguments = None  # a(x_1 + 1) is a product
    scope = scope_of(clause, tokens)
    if scope and not clause.relations:
        arguments = None  # \min_x h(x_1, x_2) calls a function that is defined elsewhere
    if arguments is None and scope:
        stop = next((k for k, t in enumerate(scope) if t.text == "in"), len(scope))
        arguments = split_commas(scope[:stop])
    if arguments is None:
        arguments = _said_to_vary(found)
    if arguments is None and any(t.kind == "name" and t.text == "x" for t in tokens):
        _vector_or_scalar("x", tokens, found, bounds)
        return
    names = argument_names(arguments or [])
    if not names or names[0] == "\\dots":
        message = "which are the variables? name them: \\min_{x} ... or f(x, y) = ..."
        raise bounds.source.error(first[0], message)
    bases = {part[0].text for part in arguments or [] if part[0].text != "\\dots"}
    base = next(iter(bases))
    if names == [base]:
        _vector_or_scalar(base, tokens, found, bounds)
    elif len(bases) == 1 and base not in names:
        symbols.vector = base
        if "\\dots" not in names:
            bounds.dimension(len(names), first[0])
    elif "\\dots" in names or len(set(names)) < len(names):
        raise bounds.source.error(first[0], "expected a list of different variables, or one vector")
    else:
        _alias(names, bounds, first[0])


def _said_to_vary(found: list[Clause]) -> list[Part] | None:
    """The names after the word variables: ``with variables $x$, $y$ and $z$``; None if there are none."""
    said = (k for k, c in enumerate(found) if re.search(r"\bvariables?:?$", c.words.strip()))
    for first in said:
        names: list[Part] = []
        for clause in found[first:]:
            if names and clause.words.strip() not in (",", "and", ", and"):
                break
            parts = clause.groups[0]
            if clause.relations or argument_names(parts) is None:
                break
            names += parts
        if names:
            return names
    return None


def _alias(names: list[str], bounds: Bounds, place: Token) -> None:
    bounds.symbols.aliases |= {n: Item("x", Num(k)) for k, n in enumerate(names, 1)}
    bounds.dimension(len(names), place)
    bounds.symbols.dim = len(names)


def _vector_or_scalar(name: str, tokens: list[Token], found: list[Clause], bounds: Bounds) -> None:
    """One name: a vector if it has entries, lies in a power or is bounded by vectors; else the variable."""
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
    entries = any(t.kind == "name" and t.text == name and n.text == "_" for t, n in pairwise(tokens))
    solid = [t for t in tokens if t.kind != "soft"]
    power = any(
        t.text == name and n.text == "in" and any(u.text == "^" for u in solid[k + 2 : k + 24])
        for k, (t, n) in enumerate(pairwise(solid))
    )
    if entries or power or symbols.vector or bounds.stated_dim or _bounded_by_vectors(name, found):
        symbols.vector = name
    else:
        _alias([name], bounds, tokens[0])


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
