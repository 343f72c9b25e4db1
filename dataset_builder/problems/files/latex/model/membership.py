r"""Membership of variables in sets, from statements such as ``x \in [0, 1]^n``, ``x \in \mathbb{R}^n``, ``x \in \{0, 1\}``."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

from llamoco.dataset_builder.problems.files.latex.formulas.constant_folding import LARGEST
from llamoco.dataset_builder.problems.files.latex.formulas.declarations import Scope
from llamoco.dataset_builder.problems.files.latex.formulas.parser import Parser
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import (
    Tokens,
    group_end,
    interval_factors,
    split_commas,
)
from llamoco.dataset_builder.problems.files.latex.statements.chains import Chain
from llamoco.dataset_builder.problems.files.latex.symbols.symbol_table import SymbolTable

_DECIMAL = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
_POWER_OF_TEN = re.compile(
    rf"(?P<sign>-?)(?:(?P<factor>{_DECIMAL.pattern})(?:times|\*))?10\^(?P<exponent>\d|\{{-?\d{{1,2}}\}})"
)
_POSITIVE = ("+", "++", ">=0", ">0", "\\ge0")


def _evenly_spaced(entries: list[str]) -> tuple[float, float, float] | None:
    r"""First value, last and step of ``1, 2, \dots, 9`` or ``0.5, 1, 1.5``; None where steps differ or are not known."""
    given = [entry for entry in entries if entry != "\\dots"]
    values = [value for entry in given if (value := _decimal(entry)) is not None]
    if len(given) < 2 or len(values) < len(given):
        return None
    if len(given) < len(entries) and (len(entries) - len(given) > 1 or entries[-2] != "\\dots"):
        return None
    listed = values if len(given) == len(entries) else values[:-1]
    first, last = values[0], values[-1]
    if len(listed) > 1:
        step = listed[1] - first
    elif first.denominator == last.denominator == 1:
        step = Fraction(1)  # 1, ..., 9
    else:
        return None
    if (
        step <= 0
        or last < listed[-1]
        or (last - first) % step
        or any(b - a != step for a, b in pairwise(listed))
    ):
        return None
    return float(first), float(last), float(step)


def _decimal(entry: str) -> Fraction | None:
    r"""Value of ``0.5``, ``2 \times 10^{-5}`` or ``10^{3}``, as tokens without blanks; None for anything else."""
    if _DECIMAL.fullmatch(entry):
        return Fraction(entry)
    found = _POWER_OF_TEN.fullmatch(entry)
    if found is None:
        return None
    value = Fraction(found["factor"] or 1) * Fraction(10) ** int(found["exponent"].strip("{}"))
    return -value if found["sign"] else value


class Membership:
    """Reader of membership statements (see ``bounds.Bounds``, which collects the bounds).

    Attributes:
        symbols: the names of the file.
        stated_dim: the number of variables that it states; 0 for none.
        integer: variables that are whole numbers: number (None for all), place, whether it is open where they start.
        stepped: variables that take steps: number (None for all), place, first value, step.
        free: whether it is said that variables are any real numbers.
    """

    def __init__(self, symbols: SymbolTable) -> None:
        self.symbols = symbols
        self.source = symbols.source
        self.stated_dim = 0
        self.integer: list[tuple[int | None, Token, bool]] = []
        self.stepped: list[tuple[int | None, Token, float, float]] = []
        self.free = False

    def scopes(self, chain: Chain) -> list[Scope]:
        """One scope for each combination of the values that the chain's indices run through."""
        raise NotImplementedError

    def _number(self, part: Tokens, scope: Scope) -> float | list[float]:
        raise NotImplementedError

    def _numbers(self, parts: list[Tokens], scope: Scope) -> list[int | None]:
        raise NotImplementedError

    def _set(
        self,
        number: int | None,
        low: float | list[float] | None,
        high: float | list[float] | None,
        place: Token,
    ) -> None:
        raise NotImplementedError

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

    def _numbers_set(self, part: Tokens, chain: Chain) -> None:
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

    def _discrete(self, part: Tokens, chain: Chain) -> None:
        r"""Membership in ``\{0, 1\}``, ``\{1, 2, \dots, 9\}`` or ``\{0.5, 1, \dots, 4\}``, with ``^n`` or without."""
        close = next(k for k in range(len(part)) if sum(t.step for t in part[: k + 1]) == 0)
        entries = split_commas(part[1:close])
        steady = _evenly_spaced(["".join(t.text for t in p) for p in entries])
        if steady is None:
            message = "sets of values are not supported; expected an interval such as [0, 10], consecutive integers or equal steps"
            raise self.source.error(part[0], message)
        low, high, step = steady
        rest = part[close + 1 :]
        if rest and rest[0].text != "^":
            raise self.source.error(rest[0], "expected the end of the set here")
        if rest and not any(len(p) == 1 and p[0].text in self.symbols.families for p in chain.sides[0]):
            self.dimension(self._exponent(rest[1:], rest[0]), rest[0])
        for scope in self.scopes(chain):
            for number in self._numbers(chain.sides[0], scope):
                self._set(number, low, high, chain.place)
                if step == 1 and low.is_integer():
                    self.integer.append((number, chain.place, False))
                else:
                    self.stepped.append((number, chain.place, low, step))

    def _exponent(self, tokens: Tokens, place: Token) -> int:
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

    def _interval(self, factor: tuple[Tokens, Tokens], scope: Scope) -> list[tuple[float, float]]:
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
