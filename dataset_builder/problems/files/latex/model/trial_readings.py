"""Trial readings of formulas: which members of families they use, and which sizes of a vector fit."""

from __future__ import annotations

from collections.abc import Sequence

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.latex.formulas.parser import Parser
from llamoco.dataset_builder.problems.files.latex.formulas.values import (
    Matrix,
    NeedsUnroll,
    Refusal,
    Value,
    VectorValue,
)
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, interval_factors, tuple_parts
from llamoco.dataset_builder.problems.files.latex.model.bounds import Bounds
from llamoco.dataset_builder.problems.files.latex.statements.chains import Chain
from llamoco.dataset_builder.problems.files.latex.statements.index_letters import subscript_of
from llamoco.dataset_builder.problems.files.latex.symbols.decision_variables import Family
from llamoco.dataset_builder.problems.files.latex.symbols.symbol_table import SymbolTable
from llamoco.dataset_builder.problems.symbolic.expression import lift

_MOST = 60  # a greater number of variables than that is stated by those who have it
_Numbers = dict[str, set[tuple[int, ...]]]


def members_in_use(
    bounds: Bounds, parts: Sequence[Tokens], statements: Sequence[Chain], bases: dict[str, int]
) -> _Numbers:
    """Numbers of the family members that formulas use.

    Args:
        bounds: the symbols.
        parts: expressions.
        statements: statements.
        bases: families by name, with 0, or -1 for a matrix.
    """
    probe = _copy(bounds.symbols)
    probe.asked = {}
    probe.dim = 1
    probe.vector = ""
    probe.families = {base: Family(1, 0, 0, columns) for base, columns in bases.items()}
    own = Bounds(probe)
    for chain in statements:
        _powers(chain, probe)
        _ranged(chain, probe)
    for part in parts:
        _try(probe, part, {})
    for chain in statements:
        for scope in _scopes(own, chain):
            for side in chain.sides:
                for part in side:
                    _try(probe, part, scope)
                for before, dots, after in zip(side, side[1:], side[2:], strict=False):
                    if dots[0].text == "\\dots":
                        _fill(probe, before, after, scope)
    return probe.asked


def _ranged(chain: Chain, probe: SymbolTable) -> None:
    """Note the numbers of plain members, ``u_t`` for t = 1, ..., n, however many they are."""
    for part in (p for side in chain.sides for p in side):
        subscript = subscript_of(part)
        family = probe.families.get(part[0].text)
        if family is None or family.columns or len(subscript) != 1 or subscript[0].text not in chain.bindings:
            continue
        try:
            numbers = {(k,) for k in probe.integers(chain.bindings[subscript[0].text], {})}
        except (ProblemError, NeedsUnroll, Refusal, ValueError):
            continue
        probe.asked = (probe.asked or {}) | {
            part[0].text: (probe.asked or {}).get(part[0].text, set()) | numbers
        }


def _fill(probe: SymbolTable, first: Tokens, last: Tokens, scope: dict[str, Value]) -> None:
    r"""Note the members between the ends of ``x_1, \dots, x_n``."""
    base = first[0].text
    if base not in probe.families or last[0].text != base:
        return
    try:
        ends = [probe.subscripts(subscript_of(p), p[0], scope)[0] for p in (first, last)]
        low, high = (int(probe.constant(e, first[0])) for e in ends)
    except (ProblemError, NeedsUnroll, Refusal, ValueError, IndexError):
        return
    if 0 <= low <= high < low + 10_000:
        numbers = {(k,) for k in range(low, high + 1)}
        probe.asked = (probe.asked or {}) | {base: (probe.asked or {}).get(base, set()) | numbers}


def _copy(symbols: SymbolTable) -> SymbolTable:
    """The symbols with the same definitions, of which none is built."""
    copy = SymbolTable(symbols.source, set())
    copy.written, copy.ranged, copy.templates = (
        dict(symbols.written),
        dict(symbols.ranged),
        dict(symbols.templates),
    )
    copy.recurrences, copy.anywhere = dict(symbols.recurrences), dict(symbols.anywhere)
    copy.aliases, copy.dimension_names = dict(symbols.aliases), set(symbols.dimension_names)
    copy.known_ranges = symbols.known_ranges
    copy.vector, copy.letters, copy.pinned = symbols.vector, symbols.letters, symbols.pinned
    return copy


def _try(probe: SymbolTable, part: Tokens, scope: dict[str, Value]) -> bool:
    """Parse a part; whether that succeeds."""
    try:
        value = Parser(probe, part, scope).parse()
        if isinstance(value, VectorValue):
            value.entry(lift(1))
    except (ProblemError, NeedsUnroll, Refusal, ValueError, AssertionError):
        return False
    return True


def _scopes(bounds: Bounds, chain: Chain) -> list[dict[str, Value]]:
    try:
        return bounds.scopes(chain)
    except (ProblemError, NeedsUnroll, Refusal, ValueError):
        return []


def _powers(chain: Chain, probe: SymbolTable) -> None:
    r"""Note the numbers of ``u \in [0, 1]^3`` and ``u \in \mathbb{R}^3``."""
    if chain.relations != ["in"]:
        return
    names = [p[0].text for p in chain.sides[0] if len(p) == 1 and p[0].text in probe.families]
    body = chain.sides[1][0]
    factors = interval_factors(body)
    exponent = (
        factors[0][1]
        if factors and len(factors) == 1
        else body[2:]
        if len(body) > 2 and body[1].text == "^"
        else []
    )
    inside = exponent[1:-1] if exponent and exponent[0].text == "{" else exponent
    if not names or not inside:
        return
    try:
        count = Parser(probe, inside, {}).scalar()
        number = probe.constant(count, inside[0])
    except (ProblemError, NeedsUnroll, Refusal, ValueError):
        return
    if number.is_integer() and 0 < number <= 10_000:
        for name in names:
            probe.asked = (probe.asked or {}) | {name: {(k,) for k in range(1, int(number) + 1)}}


def fitting_sizes(bounds: Bounds, parts: Sequence[Tokens], base: str) -> list[int]:
    """Lengths of the vector of variables with which expressions can be read, among the lengths of the data."""
    symbols = bounds.symbols
    probe = _copy(symbols)
    probe.dim = 1
    sizes: set[int] = set()
    for key, entry in symbols.written.items():
        if entry.formals is None and not bounds.depends(entry.body):
            entries = tuple_parts(entry.body)
            if entries:
                sizes.add(len(entries))
                continue
            if not any(t.kind == "begin" for t in entry.body):
                continue
            try:
                value = probe.named(key, entry.body[0])
            except (ProblemError, NeedsUnroll, Refusal, ValueError):
                continue
            if isinstance(value, Matrix):
                sizes |= set(value.shape)
            elif isinstance(value, VectorValue):
                sizes.add(value.size)
    result = []
    for size in sorted(sizes)[:_MOST]:
        trial = _copy(symbols)
        trial.vector, trial.dim = base, size
        if all(_try(trial, part, {}) for part in parts):
            result.append(size)
    return result


def refuse_undefined(bounds: Bounds, parts: Sequence[Tokens], base: str) -> None:
    """Refuse an undefined name, which may be why the number of variables is not known.

    Raises:
        ProblemError: if there is one.
    """
    trial = _copy(bounds.symbols)
    trial.vector, trial.dim = base, 2
    for part in parts:
        try:
            Parser(trial, part, {}).parse()
        except ProblemError as error:
            if "is not defined;" in str(error):
                raise
        except (NeedsUnroll, Refusal, ValueError, AssertionError):
            continue
