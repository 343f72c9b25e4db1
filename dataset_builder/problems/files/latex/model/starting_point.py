r"""Starting point of a LaTeX file: ``x^{(0)} = (1, 2)``, ``starting from $x = (1, 2)$``, ``initial guess $a = 1$, $b = 2$``."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.latex.formulas.parser import Parser
from llamoco.dataset_builder.problems.files.latex.formulas.values import NeedsUnroll, Refusal, VectorValue
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, group_end, tuple_parts
from llamoco.dataset_builder.problems.files.latex.model.bounds import Bounds
from llamoco.dataset_builder.problems.files.latex.statements.chains import Chain
from llamoco.dataset_builder.problems.symbolic.expression import Num

WORDS = re.compile(
    r"\b(?:start(?:s|ing|ed)?(?: (?:the )?(?:search|iteration|point|points|vector|value|values|guess|solution|design))?"
    r"|initial (?:guess(?:es)?|points?|values?|estimates?|iterates?|designs?|solutions?|approximations?|parameters?|conditions? for the (?:solver|search)|vector)"
    r"|(?:first|my) guess|guess)"
    r"(?: (?:of|for|from|at|with|is|are|was|were|to|in|the|point|vector|value|values|parameters?|design|variables?|as|be|by|take|use|we|i|guess|set|chosen|given|solver|search|optimi[sz]er|algorithm|optimization|optimisation|:|,))*:?$"
)
Uses = Counter[tuple[str, ...]]
_LONGEST = 12  # tokens of a name with its mark
_ON = (",", "and", ", and", "", "=")


class Start(NamedTuple):
    """A stated start: the variables (None for all) and their values, as written."""

    names: list[Tokens] | None
    values: list[Tokens] | Tokens


def take_starts(found: list[Chain], bounds: Bounds, tokens: list[Token]) -> tuple[list[Chain], list[Start]]:
    """Separate the statements about a starting point from the others."""
    uses = Counter(
        tuple(t.text for t in tokens[k : group_end(tokens, k + 2)][:_LONGEST])
        for k, token in enumerate(tokens)
        if token.kind == "name" and k + 2 < len(tokens) and tokens[k + 1].text in ("_", "^")
    )
    rest: list[Chain] = []
    starts: list[Start] = []
    said = False
    clause = None
    for chain in found:
        if chain.clause is not clause:
            words = chain.clause.words.strip()
            said = WORDS.search(words) is not None or (said and words in _ON)
            clause = chain.clause
        start = (
            _start(chain, bounds, uses, said)
            if chain.relations == ["="] and len(chain.sides[1]) == 1
            else None
        )
        if start is None:
            rest.append(chain)
            said = False
        else:
            starts.append(start)
    return rest, starts


def _start(chain: Chain, bounds: Bounds, uses: Uses, said: bool) -> Start | None:
    left, body = chain.sides[0], chain.sides[1][0]
    listed = tuple_parts(left[0]) if len(left) == 1 else left
    values = tuple_parts(body)
    vector = body[0].kind == "begin"
    if said and not values and not vector and all(bounds.is_variable(p) for p in listed or left):
        names: list[Tokens | None] = [*(listed or left)]  # initial values \\beta_0 = 0 and \\beta_1 = 1
    else:
        names = [_stripped(p, bounds, uses, said) for p in (listed or left)]
    if any(n is None for n in names):
        return None
    plain = all(n is not None and n == p for n, p in zip(names, listed or left, strict=True))
    if plain and not said:
        return None  # x_1 = 3 is a constraint
    kept = [n for n in names if n is not None]
    whole = len(kept) == 1 and len(kept[0]) == 1 and bounds.symbols.is_base(kept[0][0].text)
    if whole:
        if not plain and all(t.kind == "number" or t.text == "-" for t in body):
            return None  # y_0 = 1 is a member of y, if not a number of the formulas
        return Start(kept, values or body) if values or said or not plain else None
    if len(kept) > 1:
        return Start(kept, values) if len(values) == len(kept) else None
    if values or (not said and not plain):
        return None
    return Start(kept, [body])


def _stripped(part: Tokens, bounds: Bounds, uses: Uses, said: bool) -> Tokens | None:
    r"""The variable whose start a name is: x of ``x_0``, ``x^0``, ``x^{(0)}``, ``x_{1,0}`` or ``x`` itself; None if it is none."""
    mark = _mark_of_start(part)
    if mark is None:
        return part if bounds.is_variable(part) else None
    base = part[: mark[0]] + part[mark[1] :]
    if not bounds.is_variable(base):
        return None
    return (
        base if said or uses[tuple(t.text for t in part)] == 1 else None
    )  # x_0 that formulas use is a number of theirs


def _mark_of_start(part: Tokens) -> tuple[int, int] | None:
    """Where the mark of a start stands in a name."""
    if not part or part[0].kind != "name":
        return None
    at = 1
    while at + 1 < len(part) and part[at].text in ("_", "^"):
        stop = group_end(part, at + 1)
        inside = "".join(t.text for t in part[at + 1 : stop]).strip("{}").strip("()").lower()
        if inside in ("0", "init", "initial", "start", "\\text0"):
            return at, stop
        at = stop
    return None


def bare_start(chain: Chain) -> Start | None:
    """Starting point in ``the starting point is $(1, 2)$``; None for other formulas."""
    values = tuple_parts(chain.sides[0][0])
    if (
        chain.relations
        or len(chain.clause.groups[0]) > 1
        or not values
        or not WORDS.search(chain.clause.words.strip())
    ):
        return None
    return Start(None, values)


def start_point(starts: list[Start], bounds: Bounds) -> tuple[float, ...] | None:
    """The starting point in the order of x; None if the file states none.

    Raises:
        ProblemError: if it leaves variables out, has too many entries, or is stated twice.
    """
    if not starts:
        return None
    symbols, source = bounds.symbols, bounds.source
    found: dict[int, float] = {}
    first = starts[0].names or starts[0].values
    place = first[0][0] if isinstance(first[0], list) else first[0]
    for start in starts:
        every = start.names is None
        numbers = [k for name in start.names or [] for k in bounds.numbers_of(name)]
        numbers = [*range(1, symbols.dim + 1)] if every else numbers
        values = _values(start.values, bounds)
        if len(values) == 1 and len(numbers) > 1 and not isinstance(start.values, list):
            values = values * len(numbers)
        if len(values) != len(numbers):
            message = f"this start has {len(values)} entries; expected {len(numbers)}, one for each variable"
            raise source.error(place, message)
        for number, value in zip(numbers, values, strict=True):
            if found.get(number, value) != value:
                raise source.error(place, "two starting points are stated; keep one")
            found[number] = value
    missing = [name for k, name in enumerate(symbols.variable_names, 1) if k not in found]
    if missing:
        raise source.error(
            place, f"the starting point leaves out {missing[0]}; state a value for each variable"
        )
    return tuple(found[k] for k in sorted(found))


def _values(written: list[Tokens] | Tokens, bounds: Bounds) -> list[float]:
    symbols = bounds.symbols
    if isinstance(written[0], list):
        parts: list[Tokens] = written
        dots = [k for k, p in enumerate(parts) if p[0].text == "\\dots"]
        if dots and len({tuple(t.text for t in p) for k, p in enumerate(parts) if k not in dots}) == 1:
            return [symbols.constant(Parser(symbols, parts[0], {}).scalar(), parts[0][0])] * symbols.dim
        return [symbols.constant(Parser(symbols, p, {}).scalar(), p[0]) for p in parts]
    body: Tokens = written
    try:
        value = Parser(symbols, body, {}).parse()
        if isinstance(value, VectorValue):
            count = value.size or symbols.dim
            return [symbols.constant(value.entry(Num(k)), body[0]) for k in range(1, count + 1)]
        return [symbols.constant(Parser(symbols, body, {}).scalar(), body[0])]
    except (NeedsUnroll, Refusal, ValueError) as error:
        if isinstance(error, ProblemError):
            raise
        raise bounds.source.error(body[0], "expected numbers as the starting point") from None
