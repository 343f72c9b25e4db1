"""Enclosures of the values of formulas over a box, by interval arithmetic (Moore, Interval Analysis, 1966); not always tight.

Values are rounded outwards by more than floating-point errors can be, so that what lies outside an enclosure does not occur.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llamoco.dataset_builder.problems.profiling.symbolic_profile import Interpreter
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem

SLACK = 1e-12  # relative, added to each result

_RISING = ("exp", "tanh", "arctan", "sinh")
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    name: getattr(math, name) for name in ("exp", "tanh", "sinh", "cosh")
}
_FUNCTIONS["arctan"] = math.atan


@dataclass(frozen=True)
class Interval:
    """The numbers from ``low`` to ``high``, which may be infinite."""

    low: float
    high: float

    def __add__(self, other: Any) -> Interval:
        b = lift(other)
        return _outwards(self.low + b.low, self.high + b.high)

    __radd__ = __add__

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Any) -> Interval:
        return self + -lift(other)

    def __rsub__(self, other: Any) -> Interval:
        return -self + other

    def __mul__(self, other: Any) -> Interval:
        b = lift(other)
        return _hull([x * y if x and y else 0.0 for x in (self.low, self.high) for y in (b.low, b.high)])

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Interval:
        b = lift(other)
        if b.low <= 0 <= b.high:
            return EVERYTHING
        return self * _outwards(1 / b.high, 1 / b.low)

    def __rtruediv__(self, other: Any) -> Interval:
        return lift(other) / self

    def __pow__(self, other: Any) -> Interval:
        b = lift(other)
        if b.low != b.high:
            return _exp(b * _log(self)) if self.low > 0 else EVERYTHING
        power = b.low
        if not power.is_integer():
            if self.low < 0:
                return EVERYTHING  # it has no value where the base is negative
            return _hull([_power(self.low, power), _power(self.high, power)])
        ends = [_power(self.low, power), _power(self.high, power)]
        if power < 0 and self.low <= 0 <= self.high:
            return EVERYTHING
        return _hull([*ends, 0.0] if self.low < 0 < self.high and power > 0 else ends)

    def __rpow__(self, other: Any) -> Interval:
        return lift(other) ** self

    def __abs__(self) -> Interval:
        if self.low <= 0 <= self.high:
            return Interval(0.0, max(-self.low, self.high))
        return Interval(min(abs(self.low), abs(self.high)), max(abs(self.low), abs(self.high)))


EVERYTHING = Interval(-math.inf, math.inf)


def lift(value: Any) -> Interval:
    """A number as an interval."""
    return value if isinstance(value, Interval) else Interval(float(value), float(value))


def constraint_ranges(
    system: SymbolicProblem, lower: Sequence[float], upper: Sequence[float]
) -> list[tuple[float, float]]:
    """Enclosures of what the inequalities, then the equalities of a system take over a box.

    Args:
        system: the formulas.
        lower, upper: bounds (D,).
    """
    x = [Interval(low, high) for low, high in zip(lower, upper, strict=True)]
    interpreter = _OnIntervals(system, x)
    found = []
    for expression in (*system.inequalities, *system.equalities):
        try:
            value = lift(interpreter.value(expression, {}))
        except (ArithmeticError, ValueError):
            value = EVERYTHING
        found.append((value.low, value.high))
    return found


class _OnIntervals(Interpreter):
    """Expressions on intervals."""

    def call(self, function: str, value: Any) -> Any:
        """An elementary function of a plain number or an interval."""
        return _call(function, value) if isinstance(value, Interval) else super().call(function, value)

    def extremum(self, kind: str, values: list[Any]) -> Any:
        """The largest or the least of some numbers."""
        if not any(isinstance(value, Interval) for value in values):
            return super().extremum(kind, values)
        lifted = [lift(value) for value in values]
        choose = max if kind == "max" else min
        return Interval(choose(v.low for v in lifted), choose(v.high for v in lifted))


def _call(function: str, a: Interval) -> Interval:
    if function == "abs":
        return abs(a)
    if function == "floor":
        return Interval(_floor(a.low), _floor(a.high))
    if function in _RISING:
        return _hull([_safely(_FUNCTIONS[function], a.low), _safely(_FUNCTIONS[function], a.high)])
    if function == "cosh":
        ends = [_safely(math.cosh, a.low), _safely(math.cosh, a.high)]
        return _hull([*ends, 1.0] if a.low < 0 < a.high else ends)
    if function == "log":
        return _log(a)
    if function == "sqrt":
        return EVERYTHING if a.high < 0 else _hull([math.sqrt(max(a.low, 0.0)), math.sqrt(max(a.high, 0.0))])
    if function in ("sin", "cos"):
        return _wave(a, math.pi / 2 if function == "sin" else 0.0)
    return EVERYTHING  # tan, arcsin, arccos


def _wave(a: Interval, crest: float) -> Interval:
    """A cosine whose crests are at ``crest`` + 2 pi k."""
    if (
        not (math.isfinite(a.low) and math.isfinite(a.high))
        or a.high - a.low >= 2 * math.pi
        or abs(a.low) > 1e6
    ):
        return Interval(-1.0, 1.0)

    def reaches(place: float) -> bool:
        return math.floor((a.high + 1e-9 - place) / (2 * math.pi)) > math.floor(
            (a.low - 1e-9 - place) / (2 * math.pi)
        )

    ends = [math.cos(a.low - crest), math.cos(a.high - crest)]
    return _hull([*ends, *([1.0] if reaches(crest) else []), *([-1.0] if reaches(crest + math.pi) else [])])


def _log(a: Interval) -> Interval:
    if a.high <= 0:
        return EVERYTHING
    low = -math.inf if a.low <= 0 else math.log(a.low)
    return _outwards(low, math.log(a.high) if math.isfinite(a.high) else math.inf)


def _exp(a: Interval) -> Interval:
    return _call("exp", a)


def _floor(value: float) -> float:
    return float(math.floor(value)) if math.isfinite(value) else value


def _power(base: float, power: float) -> float:
    try:
        return float(base**power)
    except OverflowError:
        return -math.inf if base < 0 and power % 2 else math.inf
    except ZeroDivisionError:
        return math.inf


def _safely(function: Callable[[float], float], value: float) -> float:
    """A value, infinite where it is too large."""
    try:
        return function(value)
    except OverflowError:
        return -math.inf if value < 0 and function is math.sinh else math.inf


def _hull(values: list[float]) -> Interval:
    if any(math.isnan(value) for value in values):
        return EVERYTHING
    return _outwards(min(values), max(values))


def _outwards(low: float, high: float) -> Interval:
    if math.isnan(low) or math.isnan(high):
        return EVERYTHING
    return (
        Interval(low - SLACK * abs(low) - 1e-300, high + SLACK * abs(high) + 1e-300)
        if math.isfinite(low) and math.isfinite(high)
        else Interval(low, high)
    )
