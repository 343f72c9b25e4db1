"""Ranges of indices that a statement uses without stating them."""

from __future__ import annotations

from collections.abc import Sequence

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.latex.formulas.parser import Parser
from llamoco.dataset_builder.problems.files.latex.formulas.values import NeedsUnroll, Refusal
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, bound_letters, name_of
from llamoco.dataset_builder.problems.files.latex.model.bounds import Bounds
from llamoco.dataset_builder.problems.files.latex.statements.chains import Chain, IndexRange
from llamoco.dataset_builder.problems.files.latex.statements.index_letters import subscript_of
from llamoco.dataset_builder.problems.files.latex.symbols.symbol_table import SymbolTable


def unbound_letters(chain: Chain, letters: set[str], symbols: SymbolTable) -> list[str]:
    """Letters in subscripts of a statement that nothing binds."""
    tokens = [t for side in chain.sides for part in side for t in part]
    inner = bound_letters(tokens)
    found: dict[str, None] = {}
    for number, token in enumerate(tokens):
        if token.kind != "name" or number + 2 >= len(tokens) or tokens[number + 1].text != "_":
            continue
        subscript = subscript_of(tokens[number:])
        key = name_of(
            tokens[number : number + 3]
            if tokens[number + 2].text != "{"
            else tokens[number : number + len(subscript) + 4]
        )
        if key in symbols.aliases or key in symbols.written:
            continue
        usual = "ijk" if symbols.is_base(token.text) else ""
        for part in subscript:
            if (
                part.kind == "name"
                and (part.text in letters or part.text in tuple(usual))
                and part.text not in inner
                and part.text not in chain.bindings
            ):
                found[part.text] = None
    return list(found)


def bind_letter(chain: Chain, letter: str, bounds: Bounds, known: dict[str, list[list[int]]]) -> None:
    """Bind a letter that a statement uses without a range: to the indices of what it numbers, else to its only range elsewhere.

    Args:
        chain: the statement.
        letter: the letter.
        bounds: the symbols, with the variables settled.
        known: the ranges that letters have elsewhere.

    Raises:
        ProblemError: if there is none, or several.
    """
    tokens = [t for side in chain.sides for part in side for t in part]
    exact: list[list[int]] = []
    moved = False
    for number, token in enumerate(tokens):
        subscript = subscript_of(tokens[number : number + 12]) if token.kind == "name" else []
        if not any(t.text == letter for t in subscript):
            continue
        members = bounds.symbols.members(token.text, subscript, letter)
        if members is None or (len(subscript) > 2 and not any(t.text == "," for t in subscript)):
            moved = moved or any(t.text in ("+", "-") for t in subscript)
        else:
            exact.append(members)
    choices = [] if moved else exact
    if not choices:
        choices = known.get(letter, [])
    for base in (b for b in bounds.symbols.recurrences if any(t.text == b for t in tokens)):
        defined = bounds.symbols.states(base)
        if defined and choices and choices != [defined]:
            message = f"for which {letter} does this hold? {base} has the numbers {defined[0]} to {defined[-1]}, {letter} runs from "
            message += (
                f"{choices[0][0]} to {choices[0][-1]} elsewhere; add it, as in ${letter} = 1, \\dots, n$"
            )
            raise bounds.source.error(chain.place, message)
    if not choices or any(c != choices[0] for c in choices):
        reason = "no range is stated" if not choices else "several ranges are possible"
        message = f"for which {letter} does this hold? {reason}; add it, as in ${letter} = 1, \\dots, n$"
        raise bounds.source.error(chain.place, message)
    place = chain.place
    values = [[Token("number", str(k), place.at, place.end)] for k in choices[0]]
    if min(choices[0]) < 0:
        raise bounds.source.error(place, "indices must not be negative")
    chain.bindings[letter] = IndexRange([letter], values, False, place)


def stated_ranges(
    bounds: Bounds, tokens: Sequence[Token], statements: Sequence[Chain]
) -> dict[str, list[list[int]]]:
    """The ranges that letters have in sums and statements of the file."""
    symbols = bounds.symbols
    found: dict[str, list[list[int]]] = {}
    for chain in statements:
        for letter, bound in chain.bindings.items():
            try:
                values = symbols.integers(bound, {})
            except (ProblemError, NeedsUnroll, Refusal, ValueError):
                continue
            if values not in found.setdefault(letter, []):
                found[letter].append(values)
    for number, token in enumerate(tokens):
        if token.text in ("\\sum", "\\prod"):
            limits = _limits(list(tokens[number : number + 40]), symbols)
            if limits is not None and limits[1] not in found.setdefault(limits[0], []):
                found[limits[0]].append(limits[1])
    return found


def _limits(tokens: Tokens, symbols: SymbolTable) -> tuple[str, list[int]] | None:
    r"""Letter and values of ``\sum_{i=1}^{n}``."""
    below, above = subscript_of(tokens), []
    after = 2 + (len(below) + 2 if len(tokens) > 2 and tokens[2].text == "{" else len(below))
    if len(tokens) > after + 1 and tokens[after].text == "^":
        above = subscript_of([tokens[after], tokens[after]._replace(text="_"), *tokens[after + 1 :]])
    if len(below) < 3 or below[1].text != "=" or not above:
        return None
    try:
        low, high = (
            int(symbols.constant(symbols.index(Parser(symbols, p, {}).scalar(), p[0]), p[0]))
            for p in (below[2:], above)
        )
    except (ProblemError, NeedsUnroll, Refusal, ValueError, ArithmeticError):
        return None
    return (below[0].text, list(range(low, high + 1))) if 0 <= low <= high < low + 10_000 else None
