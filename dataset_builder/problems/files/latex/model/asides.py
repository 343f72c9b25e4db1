"""Statements that do not belong to the problem, and those that only seem to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from llamoco.dataset_builder.problems.files.latex.lexing.tokens import name_of, names_in, tuple_parts
from llamoco.dataset_builder.problems.files.latex.model.bounds import Bounds
from llamoco.dataset_builder.problems.files.latex.model.definitions import is_number
from llamoco.dataset_builder.problems.files.latex.statements.chains import Chain
from llamoco.dataset_builder.problems.files.latex.symbols.symbol_table import SymbolTable


def unrelated_quantities(chain: Chain, bounds: Bounds) -> list[str]:
    """Names in an equation between undefined quantities, none of them a variable: ``F D = 100``; empty for other statements."""
    parts = [p for side in chain.sides for p in side]
    if chain.relations != ["="] or any(bounds.depends(p) for p in parts) or chain.bindings:
        return []
    symbols = bounds.symbols
    names = dict.fromkeys((base, key) for p in parts for base, key in names_in(p))
    known = {
        *symbols.written,
        *symbols.ranged,
        *symbols.templates,
        *symbols.anywhere,
        *symbols.recurrences,
        "e",
    }
    unknown = [key for base, key in names if not {base, key} & known and not symbols.family(base)]
    return unknown if len(unknown) == len(names) else []


def split_tuples(chain: Chain, bounds: Bounds) -> list[Chain]:
    """``(a, b) = (1, 2)`` as two statements."""
    if chain.relations != ["="] or any(len(side) > 1 for side in chain.sides):
        return [chain]
    names, values = (tuple_parts(side[0]) for side in chain.sides)
    if (
        not names
        or len(names) != len(values)
        or any(name_of(n) is None or bounds.is_variable(n) for n in names)
    ):
        return [chain]
    return [replace(chain, sides=[[n], [v]], relations=["="]) for n, v in zip(names, values, strict=True)]


def refuse_solution(found: list[Chain], bounds: Bounds) -> None:
    """Refuse equations that give every variable a number: a solution, or an unlabelled starting point."""
    chains_of = [
        c
        for c in found
        if c.relations == ["="]
        and len(c.sides[0]) == len(c.sides[1]) == 1
        and bounds.is_variable(c.sides[0][0])
    ]
    given = {name_of(c.sides[0][0]) for c in chains_of if is_number(c.sides[1][0])}
    whole = [c for c in chains_of if len(c.sides[0][0]) == 1 and tuple_parts(c.sides[1][0])]
    whole = [c for c in whole if all(is_number(p) for p in tuple_parts(c.sides[1][0]))]
    names = set(bounds.symbols.variable_names)
    if whole or (names and names <= given):
        place = (whole or chains_of)[0].place
        message = "this gives every variable a value: is it a start or a solution? write 'starting point' before it, or remove it"
        raise bounds.source.error(place, message)


def refuse_tables(found: list[Chain], bounds: Bounds, tables: Sequence[tuple[int, int]]) -> None:
    """Refuse a table that gives values of variables: a solution, or a starting point."""
    for chain in found:
        inside = any(a <= chain.place.at < b for a, b in tables)
        if inside and "=" in chain.relations and bounds.is_variable(chain.sides[0][0]):
            message = "this table gives values of variables; remove it, or state a start as in 'starting from $x = (1, 2)$'"
            raise bounds.source.error(chain.place, message)


def is_quantity(key: str, symbols: SymbolTable) -> bool:
    """Whether an unused definition only names a quantity, as ``l = 2w`` does: no function of variables, not called as constraints are."""
    entry = symbols.written.get(key)
    if entry is not None and entry.formals is not None:  # c(t), a curve, but not c(x)
        return not any(symbols.is_member(f.split("_")[0], f) or f in symbols.aliases for f in entry.formals)
    return (
        entry is not None
        and entry.formals is None
        and key.split("_")[0] not in tuple("cfghrCFGHR")
        and not key[-1:].isdigit()
    )
