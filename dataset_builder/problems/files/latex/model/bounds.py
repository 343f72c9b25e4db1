"""Bounds of the variables, from statements such as ``-5 <= x_i <= 5``, ``x in [0, 1]^n``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from llamoco.dataset_builder.problems.files.latex.formulas.declarations import Scope
from llamoco.dataset_builder.problems.files.latex.formulas.parser import Parser
from llamoco.dataset_builder.problems.files.latex.formulas.values import VectorValue
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import (
    Tokens,
    interval_factors,
    name_of,
    names_in,
    split_commas,
    tuple_parts,
)
from llamoco.dataset_builder.problems.files.latex.model.membership import Membership
from llamoco.dataset_builder.problems.files.latex.statements.chains import Chain
from llamoco.dataset_builder.problems.files.latex.symbols.symbol_table import SymbolTable
from llamoco.dataset_builder.problems.search_maps import SLACK
from llamoco.dataset_builder.problems.symbolic.expression import Expr, Item, Num, lift

Limits = dict[int, float]
_INF = float("inf")


class Bounds(Membership):
    """Lower and upper bounds by variable number (1-based)."""

    def __init__(self, symbols: SymbolTable) -> None:
        super().__init__(symbols)
        self.lower: Limits = {}
        self.upper: Limits = {}
        self.places: dict[int, Token] = {}
        self._everywhere: list[tuple[float | list[float] | None, float | list[float] | None, Token]] = []
        self.named = False  # whether the variables are certain, so that bounds may be missing
        self._loose: Token | None = None  # a box of which nobody said what it is the box of
        self.listed: set[str] = set()  # those that are named one by one

    # What is a bound

    def is_variable(self, part: Tokens) -> bool:
        """Whether a part is a decision variable, the vector of them, or dots between two."""
        name = name_of(part)
        return name is not None and (
            name in self.symbols.aliases or self.symbols.is_member(part[0].text, name)
        )

    def mentions_variables(self, part: Tokens) -> bool:
        """Whether any decision variable occurs."""
        return any(
            self.symbols.is_member(base, key) or base in self.symbols.aliases or key in self.symbols.aliases
            for base, key in names_in(part)
        )

    def take(self, chain: Chain) -> bool:
        """Take a chain if it is a bound or membership; False if it is something else."""
        for k, side in enumerate(chain.sides):
            entries = tuple_parts(side[0]) if len(side) == 1 else []
            if entries and all(self.is_variable(p) or p[0].text == "\\dots" for p in entries):
                chain.sides[k] = entries
        targets = [
            k
            for k, side in enumerate(chain.sides)
            if all(self.is_variable(p) or p[0].text == "\\dots" for p in side)
        ]
        if chain.labelled or not targets or not set(chain.relations) <= {"<=", ">=", "in", "="}:
            return False
        if "in" in chain.relations:
            if chain.relations[0] != "in" or targets[0] != 0:
                raise self.source.error(
                    chain.place, "expected variables on the left of \\in, as in x_1 \\in [0, 1]"
                )
            self._membership(chain)
            return True
        others = [p for k, side in enumerate(chain.sides) if k != targets[0] for p in side]
        if len(targets) != 1 or "=" in chain.relations or len(chain.sides) > 3:
            return False
        if any(self.depends(p) for p in others):
            return False
        target = targets[0]
        for number, relation in enumerate(chain.relations):
            left = number + 1 == target  # the constant stands left of the variable
            if not left and number != target:
                return False
            constant = chain.sides[number if left else number + 1][0]
            is_lower = (relation == "<=") == left
            for scope in self.scopes(chain):
                value = self._number(constant, scope)
                numbers = self._numbers(chain.sides[target], scope)
                values = (
                    value
                    if isinstance(value, list) and len(value) == len(numbers) > 1
                    else [value] * len(numbers)
                )
                for number_of_x, limit in zip(numbers, values, strict=True):
                    self._set(
                        number_of_x, limit if is_lower else None, None if is_lower else limit, chain.place
                    )
        return True

    def take_box(self, part: Tokens, place: Token) -> None:
        """Take an isolated box in prose, as in "on $[-5, 5]^2$", as the bounds of all variables, in their order.

        Call it after ``take``. Where there are other bounds it has to be theirs, and is not looked at if none is missing.

        Raises:
            ProblemError: if it is not clear what it is the box of.
        """
        factors = interval_factors(part) or []
        plural = len(factors) > 1 or any(exponent for _, exponent in factors)
        if not factors or not (part[0].text == "[" or plural):
            return
        if any(len(split_commas(inside)) != 2 or self.mentions_variables(inside) for inside, _ in factors):
            return
        if self.lower or self.upper or self._everywhere:
            self._loose = place
            return
        symbols = self.symbols
        boxes = [box for factor in factors for box in self._interval(factor, {})]
        if symbols.vector and not symbols.aliases and plural:
            self.dimension(len(boxes), place)
        dim = symbols.dim or self.stated_dim or len(symbols.variable_names)
        if len(boxes) != dim:
            message = (
                f"this box has {len(boxes)} side{'s' * (len(boxes) > 1)}, but there are {dim} variables; "
            )
            raise self.source.error(place, f"{message}state the bounds of each, as in $x_1 \\in [0, 10]$")
        for number, box in enumerate(boxes, 1):
            self._set(number, *box, place)

    def depends(self, part: Tokens, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a part depends on the variables, through definitions or not."""
        if self.mentions_variables(part):
            return True
        bodies = {key: entry.body for key, entry in self.symbols.written.items()}
        bodies |= {key: entry[2] for key, entry in self.symbols.ranged.items()}
        used = {name for names in names_in(part) for name in names} & set(bodies) - seen
        return any(self.depends(bodies[name], seen | used) for name in used)

    def scopes(self, chain: Chain) -> list[Scope]:
        """One scope for each combination of the values that the chain's indices run through."""
        letters = list(chain.bindings)
        spans = [self.symbols.integers(chain.bindings[x], {}) for x in letters]
        return [dict(zip(letters, map(lift, values), strict=True)) for values in product(*spans)]

    def _number(self, part: Tokens, scope: Scope) -> float | list[float]:
        if part[-1].text == "\\infty" and len(part) < 3:
            return -_INF if part[0].text == "-" else _INF
        value = Parser(self.symbols, part, scope).parse()
        if isinstance(value, VectorValue):
            return [self.symbols.constant(value.entry(Num(k)), part[0]) for k in range(1, value.size + 1)]
        if not isinstance(value, Expr):
            raise self.source.error(part[0], "this bound is a matrix; expected a number or a vector")
        return self.symbols.constant(value, part[0])

    def _numbers(self, parts: list[Tokens], scope: Scope) -> list[int | None]:
        """Numbers of the variables that a side names; None for the whole vector."""
        result: list[int | None] = []
        for place, part in enumerate(parts):
            if part[0].text == "\\dots":
                if not result or place + 1 >= len(parts) or result[-1] is None:
                    raise self.source.error(part[0], "expected variables on both sides of the dots")
                following = self.number_of(parts[place + 1], scope)
                result += list(range(result[-1] + 1, following or 0))
            elif len(part) == 1 and part[0].text in self.symbols.families:
                result += self.numbers_of(part)
            else:
                result.append(self.number_of(part, scope))
        return result

    def numbers_of(self, part: Tokens) -> list[int]:
        """The numbers of the variables that a name without an index stands for."""
        symbols = self.symbols
        name = name_of(part)
        if len(part) == 1 and name in symbols.families:
            family = symbols.families[name]
            return list(range(family.first + 1, family.first + family.size + 1))
        if len(part) == 1 and name == symbols.vector and name not in symbols.aliases:
            return list(range(1, symbols.dim + 1))
        return [self.number_of(part, {}) or 1]

    def number_of(self, part: Tokens, scope: Scope) -> int | None:
        """The number of a variable; None for the vector of them."""
        name = name_of(part)
        if name in self.symbols.aliases:
            variable = self.symbols.aliases[name]
            assert isinstance(variable, Item) and isinstance(variable.index, Num)
            return int(variable.index.value)
        if len(part) == 1:
            return None
        subscript = part[3:-1] if part[2].text == "{" else part[2:]
        if part[0].text in self.symbols.families:
            member = self.symbols.indexed(part[0].text, subscript, part[0], scope)
            if not isinstance(member, Item) or not isinstance(member.index, Num):
                raise self.source.error(part[0], "expected one variable with a number")
            return int(member.index.value)
        index = self.symbols.subscripts(subscript, part[0], scope)
        if len(index) != 1 or not isinstance(index[0], Num) or index[0].value < 1:
            raise self.source.error(part[0], "expected one variable with a positive number")
        return int(index[0].value)

    def _set(
        self,
        number: int | None,
        low: float | list[float] | None,
        high: float | list[float] | None,
        place: Token,
    ) -> None:
        if number is None:
            self._everywhere.append((low, high, place))
            return
        if isinstance(low, list) or isinstance(high, list):
            raise self.source.error(place, "this bound of one variable is a vector; expected a number")
        self.places.setdefault(number, place)
        if low is not None:
            self.lower[number] = max(low, self.lower.get(number, low))
        if high is not None:
            self.upper[number] = min(high, self.upper.get(number, high))

    # The result

    def finish(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Bounds (D,), lower and upper.

        Raises:
            ProblemError: if one is missing, not finite, or lower is not below upper.
        """
        symbols = self.symbols
        lists = [len(v) for low, high, _ in self._everywhere for v in (low, high) if isinstance(v, list)]
        dim = symbols.dim or self.stated_dim or max([*self.lower, *self.upper, *lists], default=0)
        symbols.dim = dim
        for low, high, place in self._everywhere:
            for ends in (low, high):
                if isinstance(ends, list) and len(ends) != dim:
                    message = f"this bound has {len(ends)} entries; expected {dim}, one for each variable"
                    raise self.source.error(place, message)
            for k in range(1, dim + 1):
                self._set(
                    k,
                    low[k - 1] if isinstance(low, list) else low,
                    high[k - 1] if isinstance(high, list) else high,
                    place,
                )
        if not dim:
            if self.named:
                name = symbols.vector
                message = f"how many variables {name} are there? state it, as in ${name} \\in \\mathbb{{R}}^{{10}}$,"
                raise self.source.error(
                    0, f"{message} or with bounds, ${name}_i \\in [0, 5]$, $i = 1, \\dots, 9$"
                )
            message = "no bounds found; state them for every variable"
            raise self.source.error(0, f"{message}, as in $x_i \\in [0, 5]$, $i = 1, \\dots, 9$")
        names = symbols.variable_names
        partly = self._partly_bounded()
        for k in range(1, max([dim, *self.lower, *self.upper]) + 1):
            self._check(k, dim, names, partly)
        if self._loose is not None and not all(
            k in self.lower and k in self.upper for k in range(1, dim + 1)
        ):
            message = "which variables are in this interval? state it, as in $x_1 \\in [0, 10]$, or remove it"
            raise self.source.error(self._loose, message)
        span = range(1, dim + 1)
        return tuple(self.lower.get(k, -_INF) for k in span), tuple(self.upper.get(k, _INF) for k in span)

    def whole_numbers(self) -> tuple[int, ...]:
        """Places (0-based) of the variables that are whole numbers; call it after ``finish``.

        Raises:
            ProblemError: if it is not clear where natural numbers start, or words that state integers were not read.
        """
        for start, end in self.source.integers:
            if not any(start <= place.at < end for _, place, _ in self.integer):
                message = "these words are not read here; state integers with the formulas, as in $x_1 \\in \\mathbb{Z}$"
                raise self.source.error(start, message)
        found: set[int] = set()
        for number, place, natural in self.integer:
            numbers = range(1, self.symbols.dim + 1) if number is None else [number]
            for k in numbers:
                if natural and self.lower.get(k, -1.0) < 0:
                    message = "do the natural numbers start at 0 or 1? state the lower bound"
                    raise self.source.error(place, message)
            found |= {k - 1 for k in numbers}
        return tuple(sorted(found))

    def steps(self) -> tuple[float, ...]:
        """Steps (D,) of the variables, 0 where there is none; empty if there are none. Call it after ``finish``.

        Raises:
            ProblemError: if the lower bound of such a variable, from which steps are counted, is none of its values.
        """
        found = [0.0] * self.symbols.dim
        for number, place, first, step in self.stepped:
            for k in range(1, self.symbols.dim + 1) if number is None else [number]:
                before = (self.lower[k] - first) / step
                if abs(before - round(before)) > SLACK or found[k - 1] not in (0.0, step):
                    message = "the lower bound of this variable is none of its values; state it once, or as one of them"
                    raise self.source.error(place, message)
                found[k - 1] = step
        return tuple(found) if any(found) else ()

    def _partly_bounded(self) -> set[int]:
        """The variables of families, or of the vector, of which some have bounds."""
        bounded = {*self.lower, *self.upper}
        if self.symbols.vector:
            return set(range(1, self.symbols.dim + 1)) if bounded else set()
        found: set[int] = set()
        for family in self.symbols.families.values():
            members = range(family.first + 1, family.first + family.size + 1)
            if any(k in bounded for k in members):
                found |= set(members)
        return found

    def _check(self, k: int, dim: int, names: Sequence[str], partly: set[int]) -> None:
        """Refuse crossed bounds of variable k, and missing ones unless the variables are certain.

        Args:
            k: its number.
            dim: how many there are.
            names: their names.
            partly: those of families of which some have bounds.
        """
        vector = self.symbols.vector
        own = not vector or bool(self.symbols.aliases)
        name = names[k - 1] if k <= len(names) and own else f"{vector}_{{{k}}}" if k > 9 else f"{vector}_{k}"
        at: int | Token = self.places.get(k, len(self.source.code))
        if k > dim:
            message = f"bounds for {name}, but there are {dim} variables; correct the number or the range"
            raise self.source.error(at, message)
        bare = k not in self.lower and k not in self.upper
        if bare and self.named and not self.free and name not in self.listed and k in partly:
            message = f"{name} has no bounds, but similar variables have; state them, as in ${name} \\ge 0$"
            raise self.source.error(at, f"{message} or ${name} \\in \\mathbb{{R}}$")
        for limits, side in ((self.lower, "lower"), (self.upper, "upper")):
            if k not in limits and not self.named:
                message = f"the {side} bound of {name} is missing; state it, as in ${name} \\in [0, 10]$"
                raise self.source.error(at, f"{message}, or name the variables, as in \\min_{{{name}}}")
        low, high = self.lower.get(k, -_INF), self.upper.get(k, _INF)
        if not low < high:
            message = (
                f"the lower bound of {name}, {low:g}, is not below its upper bound, {high:g}; correct one"
            )
            raise self.source.error(at, message)
