"""Bounds of the variables, from statements such as ``-5 <= x_i <= 5``, ``x in [0, 1]^n``."""

from __future__ import annotations

from itertools import product

from llamoco.dataset_builder.problems.expression import Expr, Item, Num, lift
from llamoco.dataset_builder.problems.latex.check import LARGEST
from llamoco.dataset_builder.problems.latex.names import Scope
from llamoco.dataset_builder.problems.latex.parser import Parser
from llamoco.dataset_builder.problems.latex.statements import Chain
from llamoco.dataset_builder.problems.latex.symbols import SymbolTable
from llamoco.dataset_builder.problems.latex.text import Token
from llamoco.dataset_builder.problems.latex.tokens import (
    Part,
    group_end,
    interval_factors,
    name_of,
    names_in,
    split_commas,
    tuple_parts,
)
from llamoco.dataset_builder.problems.latex.values import Vectorial

_POSITIVE = ("+", "++", ">=0", ">0", "\\ge0")
Limits = dict[int, float]
_INF = float("inf")


class Bounds:
    """Collects lower and upper bounds by variable number (1-based)."""

    def __init__(self, symbols: SymbolTable) -> None:
        self.symbols = symbols
        self.source = symbols.source
        self.lower: Limits = {}
        self.upper: Limits = {}
        self.places: dict[int, Token] = {}
        self._everywhere: list[tuple[float | list[float] | None, float | list[float] | None, Token]] = []
        self.stated_dim = 0
        self.integer: list[
            tuple[int | None, Token, bool]
        ] = []  # number, place, whether 0 may be meant or not
        self.named = False  # whether the variables are certain, so that bounds may be missing
        self.free = False  # whether it is said that they are any real numbers
        self.listed: set[str] = set()  # those that are named one by one

    # What is a bound

    def is_variable(self, part: Part) -> bool:
        """Whether a part is a decision variable, the vector of them, or dots between two."""
        name = name_of(part)
        return name is not None and (
            name in self.symbols.aliases or self.symbols.is_member(part[0].text, name)
        )

    def mentions_variables(self, part: Part) -> bool:
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

    def depends(self, part: Part, seen: frozenset[str] = frozenset()) -> bool:
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

    def _number(self, part: Part, scope: Scope) -> float | list[float]:
        if part[-1].text == "\\infty" and len(part) < 3:
            return -_INF if part[0].text == "-" else _INF
        value = Parser(self.symbols, part, scope).parse()
        if isinstance(value, Vectorial):
            return [self.symbols.constant(value.entry(Num(k)), part[0]) for k in range(1, value.size + 1)]
        if not isinstance(value, Expr):
            raise self.source.error(part[0], "a matrix as a bound; expected a number or a vector")
        return self.symbols.constant(value, part[0])

    def _numbers(self, parts: list[Part], scope: Scope) -> list[int | None]:
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

    def numbers_of(self, part: Part) -> list[int]:
        """The numbers of the variables that a name without an index stands for."""
        symbols = self.symbols
        name = name_of(part)
        if len(part) == 1 and name in symbols.families:
            family = symbols.families[name]
            return list(range(family.first + 1, family.first + family.size + 1))
        if len(part) == 1 and name == symbols.vector and name not in symbols.aliases:
            return list(range(1, symbols.dim + 1))
        return [self.number_of(part, {}) or 1]

    def number_of(self, part: Part, scope: Scope) -> int | None:
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
            raise self.source.error(place, "a vector as the bound of one variable; expected a number")
        self.places.setdefault(number, place)
        if low is not None:
            self.lower[number] = max(low, self.lower.get(number, low))
        if high is not None:
            self.upper[number] = min(high, self.upper.get(number, high))

    # Membership

    def _membership(self, chain: Chain) -> None:
        part = chain.sides[-1][0] if len(chain.sides[-1]) == 1 else None
        if part is None:
            raise self.source.error(chain.sides[-1][0][0], "expected one set here, such as [-5, 5]^{10}")
        while len(part) > 0 and part[0].text in self.symbols.written and len(part) == 1:
            part = self.symbols.written[part[0].text].body
        base = part[0].text
        if base == "\\{":
            self._discrete(part, chain)
            return
        if base in ("bb_R", "bb_Z", "bb_N") or (base in ("R", "Z") and base not in self.symbols.written):
            self._numbers_set(part, chain)
            return
        if base == "cal_" or part[0].kind == "name":
            raise self.source.error(
                part[0], "this set is not defined; expected an interval such as [-5, 5]^{10}"
            )
        factors = interval_factors(part)
        if factors is None:
            raise self.source.error(part[0], "expected an interval such as [0, 10], or [-5, 5]^{10}")
        if not all(split_commas(inside) for inside, _ in factors):
            raise self.source.error(part[0], "an empty interval; expected two ends, as in [0, 10]")
        for scope in self.scopes(chain):
            boxes = [b for f in factors for b in self._interval(f, scope)]
            numbers = self._numbers(chain.sides[0], scope)
            if len(boxes) == len(numbers) > 1 and None not in numbers:
                for number, box in zip(numbers, boxes, strict=True):
                    self._set(number, *box, chain.place)
                continue
            for number in numbers:
                if number is not None and (len(boxes) == 1 or len(boxes) == len(numbers)):
                    self._set(number, *boxes[0], chain.place)
                elif number is None:
                    powers = any(len(f[1]) > 0 for f in factors) or len(boxes) > 1
                    if powers:
                        self.dimension(len(boxes), chain.place)
                        for k, box in enumerate(boxes, 1):
                            self._set(k, *box, chain.place)
                    else:
                        self._set(None, *boxes[0], chain.place)
                else:
                    raise self.source.error(part[0], "expected one interval for one variable")

    def _numbers_set(self, part: Part, chain: Chain) -> None:
        r"""Membership in ``\mathbb{R}^n``, ``\mathbb{R}_+``, ``\mathbb{Z}``."""
        whole = part[0].text in ("bb_Z", "bb_N", "Z")
        scripts, at = {}, 1
        while at + 1 < len(part) and part[at].text in ("^", "_") and part[at].text not in scripts:
            stop = group_end(part, at + 1)
            inside = part[at + 1 : stop]
            scripts[part[at].text] = inside[1:-1] if inside[0].text == "{" else inside
            at = stop
        signs = [m for m, s in scripts.items() if "".join(t.text for t in s) in _POSITIVE]
        power = scripts.get("^", []) if "^" not in signs else []
        natural = part[0].text == "bb_N"
        zero = natural and "".join(t.text for t in scripts.get("_", [])) in ("0", *_POSITIVE)
        other = [
            m for m in scripts if m not in signs and not (m == "^" and power) and not (m == "_" and zero)
        ]
        if at < len(part) or other:
            raise self.source.error(
                part[0], "expected \\mathbb{R}^{n}, or \\mathbb{Z}; state signs as bounds, x_i \\ge 0"
            )
        families = any(len(p) == 1 and p[0].text in self.symbols.families for p in chain.sides[0])
        if power and not families:
            size = self._exponent(power, part[0])
            self.dimension(size, part[0])
            if size and power[-1].kind == "name":
                self.symbols.dimension_names.add(power[-1].text)
        self.free = self.free or not (whole or signs)
        if whole or signs:
            for scope in self.scopes(chain):
                for number in self._numbers(chain.sides[0], scope):
                    if signs or zero:
                        self._set(number, 0.0, None, chain.place)
                    if whole:
                        self.integer.append((number, chain.place, natural and not zero))

    def _discrete(self, part: Part, chain: Chain) -> None:
        r"""Membership in ``\{0, 1\}`` or ``\{1, 2, \dots, 9\}``, with ``^n`` or without."""
        close = next(k for k in range(len(part)) if sum(t.step for t in part[: k + 1]) == 0)
        entries = split_commas(part[1:close])
        numbers = [p[0].text if len(p) == 1 else "".join(t.text for t in p) for p in entries]
        dots = "\\dots" in numbers
        given = [x for x in numbers if x != "\\dots"]
        plain = given and all(x.lstrip("-").isdigit() for x in given)
        ends = [int(x) for x in given] if plain else []
        steady = plain and (
            (
                dots
                and len(ends) in (2, 3)
                and numbers[-1] != "\\dots"
                and ends[-2:][0] - ends[0] in (0, 1)
                and ends[-1] > ends[0]
            )
            or (not dots and len(ends) > 1 and ends == list(range(ends[0], ends[-1] + 1)))
        )
        if not steady:
            message = "a set of values is not supported; expected an interval such as [0, 10], or whole numbers in steps of 1"
            raise self.source.error(part[0], message)
        rest = part[close + 1 :]
        if rest and rest[0].text != "^":
            raise self.source.error(rest[0], "expected the end of the set here")
        if rest and not any(len(p) == 1 and p[0].text in self.symbols.families for p in chain.sides[0]):
            self.dimension(self._exponent(rest[1:], rest[0]), rest[0])
        for scope in self.scopes(chain):
            for number in self._numbers(chain.sides[0], scope):
                self._set(number, float(ends[0]), float(ends[-1]), chain.place)
                self.integer.append((number, chain.place, False))

    def _exponent(self, tokens: Part, place: Token) -> int:
        inside = tokens[1:-1] if tokens and tokens[0].text == "{" else tokens
        if not inside:
            raise self.source.error(place, "an empty exponent; expected the number of variables")
        name = "".join(t.text for t in inside)
        if inside[0].kind == "name" and name not in self.symbols.written:
            self.symbols.dimension_names.add(name)
            return 0
        value = self.symbols.index(Parser(self.symbols, inside, {}).scalar(), tokens[0])
        return int(self.symbols.constant(value, tokens[0]))

    def dimension(self, size: int, place: Token) -> None:
        """Note a stated number of variables."""
        if size and self.stated_dim and size != self.stated_dim:
            raise self.source.error(
                place, f"{size} variables here, but {self.stated_dim} before; state one number of variables"
            )
        if size > LARGEST:
            raise self.source.error(place, f"too many variables; expected at most {LARGEST}")
        self.stated_dim = size or self.stated_dim

    def _interval(self, factor: tuple[Part, Part], scope: Scope) -> list[tuple[float, float]]:
        inside, exponent = factor
        ends = split_commas(inside)
        if len(ends) != 2:
            raise self.source.error(inside[0], "expected an interval with two ends, as in [0, 10]")
        low, high = (self._number(e, scope) for e in ends)
        if isinstance(low, list) or isinstance(high, list):
            raise self.source.error(inside[0], "expected numbers as the ends of an interval")
        count = self._exponent(exponent, inside[0]) if exponent else 1
        if count > LARGEST:
            raise self.source.error(inside[0], f"too many variables; expected at most {LARGEST}")
        if not count:
            raise self.source.error(exponent[0], "this dimension is not known; state it, as in n = 10")
        return [(low, high)] * count

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
        for k in range(1, max([dim, *self.lower, *self.upper]) + 1):
            self._check(k, dim)
        span = range(1, dim + 1)
        return tuple(self.lower.get(k, -_INF) for k in span), tuple(self.upper.get(k, _INF) for k in span)

    def whole_numbers(self) -> tuple[int, ...]:
        """Places (0-based) of the variables that are whole numbers; call it after ``finish``.

        Raises:
            ProblemError: if it is not clear where natural numbers start.
        """
        found: set[int] = set()
        for number, place, natural in self.integer:
            numbers = range(1, self.symbols.dim + 1) if number is None else [number]
            for k in numbers:
                if natural and self.lower.get(k, -1.0) < 0:
                    message = "do the natural numbers start at 0 or 1? state the lower bound"
                    raise self.source.error(place, message)
            found |= {k - 1 for k in numbers}
        return tuple(sorted(found))

    def _others(self, k: int) -> bool:
        """Whether other members of the family of variable k have bounds."""
        for family in self.symbols.families.values():
            if family.first < k <= family.first + family.size:
                return any(
                    family.first < other <= family.first + family.size for other in (*self.lower, *self.upper)
                )
        return bool(self.lower or self.upper) and bool(self.symbols.vector)

    def _check(self, k: int, dim: int) -> None:
        """Refuse crossed bounds of variable k, and missing ones unless the variables are certain."""
        names = self.symbols.variable_names
        vector = self.symbols.vector
        name = (
            names[k - 1]
            if k <= len(names) and not vector
            else f"{vector}_{{{k}}}"
            if k > 9
            else f"{vector}_{k}"
        )
        named = [n for n, e in self.symbols.aliases.items() if e == Item("x", Num(k))]
        name = named[0] if named else name
        at: int | Token = self.places.get(k, len(self.source.code))
        if k > dim:
            message = f"bounds for {name}, but there are {dim} variables; correct the number or the range"
            raise self.source.error(at, message)
        bare = k not in self.lower and k not in self.upper
        if bare and self.named and not self.free and name not in self.listed and self._others(k):
            message = f"{name} has no bounds, but others of its kind have; state them, as in ${name} \\ge 0$"
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
