"""How many variables there are, and which indices a statement is about, where the file does not say it in so many words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.latex.formulas.parser import Parser
from llamoco.dataset_builder.problems.files.latex.formulas.values import (
    Matrix,
    NeedsUnroll,
    Refusal,
    Value,
    Vectorial,
)
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import (
    Part,
    bound_letters,
    interval_factors,
    name_of,
    tuple_parts,
)
from llamoco.dataset_builder.problems.files.latex.model.bounds import Bounds
from llamoco.dataset_builder.problems.files.latex.statements.chains import Chain, Range
from llamoco.dataset_builder.problems.files.latex.statements.index_letters import subscript_of
from llamoco.dataset_builder.problems.files.latex.symbols.families import Family
from llamoco.dataset_builder.problems.files.latex.symbols.symbol_table import SymbolTable
from llamoco.dataset_builder.problems.symbolic.expression import Item, Num, lift

_MOST = 60  # a greater number of variables than that is stated by those who have it
_Numbers = dict[str, set[tuple[int, ...]]]


def asked(
    bounds: Bounds, parts: Sequence[Part], statements: Sequence[Chain], bases: dict[str, int]
) -> _Numbers:
    """The numbers of members of families that formulas ask for.

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


def _fill(probe: SymbolTable, first: Part, last: Part, scope: dict[str, Value]) -> None:
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


def _try(probe: SymbolTable, part: Part, scope: dict[str, Value]) -> bool:
    """Parse a part; whether that succeeds."""
    try:
        value = Parser(probe, part, scope).parse()
        if isinstance(value, Vectorial):
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


def fitting(bounds: Bounds, parts: Sequence[Part], base: str) -> list[int]:
    """The numbers of entries of a vector of variables with which expressions can be read, of those that data have."""
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
            elif isinstance(value, Vectorial):
                sizes.add(value.size)
    result = []
    for size in sorted(sizes)[:_MOST]:
        trial = _copy(symbols)
        trial.vector, trial.dim = base, size
        if all(_try(trial, part, {}) for part in parts):
            result.append(size)
    return result


def undefined(bounds: Bounds, parts: Sequence[Part], base: str) -> None:
    """Refuse a name without a definition: it may be why the number of variables is not known.

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


def free_letters(chain: Chain, letters: set[str], symbols: SymbolTable) -> list[str]:
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


def bind(chain: Chain, letter: str, bounds: Bounds, known: dict[str, list[list[int]]]) -> None:
    """Give a statement the range of a letter that it uses without one: of what the letter numbers, else the only one that it has.

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
        raise bounds.source.error(place, "indices have to be 0 or more")
    chain.bindings[letter] = Range([letter], values, False, place)


def ranges(
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


def _limits(tokens: Part, symbols: SymbolTable) -> tuple[str, list[int]] | None:
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


def settle(
    bounds: Bounds, order: Sequence[str], numbers: dict[str, set[tuple[int, ...]]], place: Token
) -> None:
    """Give families and scalars their places in x.

    Raises:
        ProblemError: if the members of a family are not known, or have gaps.
    """
    symbols, first = bounds.symbols, 0
    for name in order:
        if name in symbols.aliases:
            symbols.aliases[name] = Item("x", Num(first + 1))
            first += 1
            continue
        members = numbers.get(name, set())
        if not members:
            message = (
                f"how many variables {name} are there? state it, as in ${name}_i \\ge 0$, $i = 1, \\dots, n$"
            )
            raise bounds.source.error(place, message)
        if len({len(m) for m in members}) > 1:
            raise bounds.source.error(
                place, f"{name} has one index here and two there; give it the same number of indices"
            )
        columns = max(m[1] for m in members) if len(next(iter(members))) == 2 else 0
        if columns:
            rows = max(m[0] for m in members)
            wanted: set[tuple[int, ...]] = {*product(range(1, rows + 1), range(1, columns + 1))}
            low, size = 1, rows * columns
        else:
            low, high = min(members)[0], max(members)[0]
            wanted, size = {(k,) for k in range(low, high + 1)}, high - low + 1
        missing = sorted(wanted - members)
        if missing or low < 0:
            label = ",".join(map(str, missing[0])) if missing else str(low)
            message = (
                f"{name}_{{{label}}} does not occur, but others of {name} do; state the range of its index"
            )
            raise bounds.source.error(place, message)
        symbols.families[name] = Family(low, size, first, columns)
        first += size
    bounds.dimension(first, place)
    symbols.dim = first


def one_vector(bounds: Bounds) -> None:
    """Make a single family that counts from 1 the vector of variables."""
    symbols = bounds.symbols
    if len(symbols.families) == 1 and not symbols.aliases:
        base, family = next(iter(symbols.families.items()))
        if family.low == 1 and not family.columns and not symbols.pinned.get(base):
            symbols.families.clear()
            symbols.vector = base
