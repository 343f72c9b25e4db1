"""Bounds that a file seems to state outside of its formulas."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource, Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, interval_factors, tuple_parts
from llamoco.dataset_builder.problems.files.latex.model.definitions import is_number
from llamoco.dataset_builder.problems.files.latex.symbols.symbol_table import SymbolTable

_UNBOUNDED = re.compile(
    r"\b(?:un|not |no |without |lacks? |free of )(?:any |finite |explicit )?(?:bound(?:s|ed)?|limits?)\b"
)
# Of variables that have one bound, and of those that have none.
_OF_SIDES = r"(?:lower|upper) (?:bounds?|limits?)|\b[lu]b\b|\bbox\b|\bunit (?:hyper)?(?:square|cube|interval|box)|search (?:space|range|domain)"
_ONE_SIDED = re.compile(_OF_SIDES)
_BARE = re.compile(
    rf"{_OF_SIDES}|\bbounds?\b|\bdomain\b|\bsearch region|\bthe (?:hyper)?(?:square|cube)\b(?! (?:root|of|error))"
    r"|\b(?:quadrant|orthant|octant)\b|\branges?\b|\bintervals?\b"
)


def refuse_missing_bounds(
    source: LatexSource,
    tokens: Sequence[Token],
    symbols: SymbolTable,
    lower: Sequence[float],
    upper: Sequence[float],
) -> None:
    """Refuse a file whose variables lack bounds although its prose or definitions seem to state some.

    Raises:
        ProblemError: at the words, or at a set, an interval or a list of numbers that is defined and that nothing uses.
    """
    sides = [(math.isfinite(low), math.isfinite(high)) for low, high in zip(lower, upper, strict=True)]
    if all(low and high for low, high in sides):
        return
    name = next(n for n, side in zip(symbols.variable_names, sides, strict=False) if not all(side))
    cure = f"state them as formulas, as in $0 \\le {name} \\le 10$"
    pattern = _ONE_SIDED if all(low or high for low, high in sides) else _BARE
    for token in tokens:
        words = _UNBOUNDED.sub(lambda m: " " * len(m[0]), token.text.lower()) if token.kind == "text" else ""
        if found := pattern.search(words):
            raise source.error(
                token, f"{name} is not bounded on both sides, but {found[0]!r} suggests bounds; {cure}"
            )
    for key, entry in symbols.written.items():
        if key in symbols.built or key in symbols.called or not entry.body:
            continue
        if _is_set(entry.body) or _is_list(entry.body, len(lower)):
            message = f"nothing uses {key}; if it says where {name} may lie, {cure}, else remove it"
            raise source.error(entry.body[0], message)


def _is_set(body: Tokens) -> bool:
    return body[0].text == "\\{" or any(
        exponent or len(inside) > 1 for inside, exponent in interval_factors(body) or []
    )


def _is_list(body: Tokens, dim: int) -> bool:
    entries = tuple_parts(body)
    return len(entries) == dim and all(is_number(entry) for entry in entries)
