"""Traced numbers, which record the operations on the variables when a person's functions run on them.

A ``Traced`` number carries, beside its value, the variables that it depends on and its degree as a polynomial of them;
what is done to it is written down by a ``Recorder``. Operations on plain numbers (shifts, weights, data) leave no trace.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

import numpy as np

from llamoco.dataset_builder.problems.profiling.trace_recorder import (
    ELEMENTARY,
    TRANSCENDENTAL,
    Recorder,
    TraceError,
)

TAKEN_OUT = "a value was taken out of the trace"


class Traced:
    """A number that depends on variables.

    Attributes:
        value: the number.
        variables: which it depends on, a bit each.
        degree: as a polynomial; ``TRANSCENDENTAL`` or more where it is none.
    """

    __slots__ = ("degree", "recorder", "value", "variables")

    # What an operation with a complex number gives: (traced number, name of the operation, complex number). Set where they are known.
    with_complex: ClassVar[Callable[[Traced, str, Any], Any] | None] = None

    def __init__(self, value: float, variables: int, degree: int, recorder: Recorder) -> None:
        self.value, self.variables, self.degree, self.recorder = value, variables, degree, recorder

    def _new(self, value: float, variables: int, degree: int) -> Traced:
        self.recorder.step()
        return Traced(value, variables, min(degree, TRANSCENDENTAL), self.recorder)

    def _linear(self, other: Any, compute: Callable[[float, float], float], name: str) -> Any:
        if isinstance(other, Traced):
            value = compute(self.value, other.value)
            return self._new(value, self.variables | other.variables, max(self.degree, other.degree))
        number = _number(other)
        if number is None:
            return self._with(name, other)
        return self._new(compute(self.value, number), self.variables, self.degree)

    def _with(self, name: str, other: Any) -> Any:
        """An operation with an operand that is not a real number."""
        complex_number = isinstance(other, complex | np.complexfloating)
        return (
            Traced.with_complex(self, name, other)
            if complex_number and Traced.with_complex
            else NotImplemented
        )

    def at(self, value: float) -> Traced:
        """The same number with another value, without recording an operation."""
        return Traced(value, self.variables, self.degree, self.recorder)

    def function(self, operation: str, value: float) -> Traced:
        """The result of a non-polynomial function of this number."""
        self.recorder.note(operation, self.value)
        self.recorder.meet(self.variables, self.variables)
        return self._new(value, self.variables, TRANSCENDENTAL)

    def __add__(self, other: Any) -> Any:
        return self._linear(other, lambda a, b: a + b, "__add__")

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._linear(other, lambda a, b: a - b, "__sub__")

    def __rsub__(self, other: Any) -> Any:
        return self._linear(other, lambda a, b: b - a, "__rsub__")

    def __neg__(self) -> Traced:
        return self._new(-self.value, self.variables, self.degree)

    def __pos__(self) -> Traced:
        return self

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, Traced):
            return self._linear(other, lambda a, b: a * b, "__mul__")
        if other is self or (other.value == self.value and other.variables == self.variables):
            return self._integer_power(2)
        self.recorder.note("product", self.value, other.value)
        self.recorder.meet(self.variables, other.variables)
        variables = self.variables | other.variables
        return self._new(self.value * other.value, variables, self.degree + other.degree)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Traced):
            return self * other._reciprocal()
        number = _number(other)
        if number is None:
            return self._with("__truediv__", other)
        return self._new(self.value / number, self.variables, self.degree)

    def __rtruediv__(self, other: Any) -> Any:
        if _number(other) is None:
            return self._with("__rtruediv__", other)
        return self._reciprocal() * other

    def _reciprocal(self) -> Traced:
        return self.function("division", 1 / self.value)

    def _integer_power(self, exponent: int) -> Traced:
        self.recorder.note("square" if exponent == 2 else "power", self.value)
        self.recorder.meet(self.variables, self.variables)
        return self._new(self.value**exponent, self.variables, self.degree * exponent)

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(exponent, Traced):
            self.recorder.note("power", self.value)
            variables = self.variables | exponent.variables
            self.recorder.meet(variables, variables)
            return self._new(_real(self.value**exponent.value), variables, TRANSCENDENTAL)
        number = _number(exponent)
        if number is None:
            return NotImplemented
        if number == 1:
            return self
        if number == int(number) and number > 1:
            return self._integer_power(int(number))
        if number < 0:
            return (self**-number)._reciprocal()
        if number == 0:
            return self._new(1.0, 0, 0)
        operation = "sqrt" if number == 0.5 else "root" if number < 1 else "power"
        return self.function(operation, _real(self.value**number))

    def __rpow__(self, base: Any) -> Any:
        number = _number(base)
        if number is None:
            return self._with("__rpow__", base)
        return self.function("exp", _real(number**self.value))

    def __abs__(self) -> Traced:
        return self.function("abs", abs(self.value))

    def __floor__(self) -> Traced:
        return self.function("floor", math.floor(self.value))

    def __ceil__(self) -> Traced:
        return self.function("floor", math.ceil(self.value))

    def __trunc__(self) -> Traced:
        return self.function("floor", math.trunc(self.value))

    def __round__(self, digits: int | None = None) -> Traced:
        return self.function("floor", round(self.value, digits or 0))

    def __floordiv__(self, other: Any) -> Any:
        return math.floor(self / other)

    def __rfloordiv__(self, other: Any) -> Any:
        return math.floor(other / self)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __mod__(self, other: Any) -> Any:
        return self - other * math.floor(self / other)

    def __rmod__(self, other: Any) -> Any:
        return other - self * math.floor(other / self)

    def _compare(self, other: Any, compute: Callable[[float, float], bool]) -> Any:
        number = other.value if isinstance(other, Traced) else _number(other)
        if number is None:
            return NotImplemented
        self.recorder.step()
        self.recorder.note("comparison", self.value)
        if isinstance(other, Traced):
            self.recorder.note("comparison", other.value)
            self.recorder.meet(self.variables, other.variables)
        return compute(self.value, number)

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a < b)

    def __le__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a <= b)

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a > b)

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a >= b)

    def __eq__(self, other: object) -> Any:
        return self._compare(other, lambda a, b: a == b)

    def __ne__(self, other: object) -> Any:
        return self._compare(other, lambda a, b: a != b)

    __hash__ = None  # type: ignore[assignment]  # equal is a matter of values

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    def __float__(self) -> NoReturn:
        raise TraceError(TAKEN_OUT)

    __int__ = __complex__ = __float__

    def __index__(self) -> int:
        """The number as an index, if it is an integer: the further operations depend on it as on a comparison."""
        if not isinstance(self.value, int):
            raise TraceError(TAKEN_OUT)
        self.recorder.note("comparison", self.value)
        self.recorder.meet(self.variables, self.variables)
        return self.value

    @property
    def real(self) -> Traced:
        """Itself."""
        return self

    @property
    def imag(self) -> float:
        """0."""
        return 0.0

    def rint(self) -> Any:
        """Rounded; NumPy calls this on objects."""
        return round(self)

    def conjugate(self) -> Traced:
        """Itself, as it is real; NumPy calls this in norms."""
        return self

    def item(self) -> Traced:
        """Itself, as ``item`` of a NumPy scalar."""
        return self


def _elementary(name: str) -> Callable[[Traced], Traced]:
    compute, operation = ELEMENTARY[name]

    def method(self: Traced) -> Traced:
        return self.function(operation, compute(self.value))

    return method


for _name in ELEMENTARY:  # numpy looks for them where it meets objects
    setattr(Traced, _name, _elementary(_name))


def _number(value: Any) -> float | None:
    """A plain real number as a float, None for anything else."""
    if isinstance(value, bool | int | float):
        return float(value)
    if (
        getattr(value, "shape", None) == ()
        and getattr(value, "dtype", None) is not None
        and value.dtype.kind in "fiub"
    ):
        return float(value)
    return None


def _real(value: Any) -> float:
    if isinstance(value, complex):
        raise ValueError("a root of a negative number")
    return float(value)


def combined(operation: str | None, value: float, *numbers: Any) -> Any:
    """The result of a non-polynomial function of several numbers, traced or plain; a plain number if all of them are.

    Args:
        operation: as it is written down; None for one that is not.
        value: what the function gives.
        numbers: its arguments.
    """
    traced = [number for number in numbers if isinstance(number, Traced)]
    if not traced:
        return value
    recorder, variables = traced[0].recorder, 0
    for number in traced:
        variables |= number.variables
    if operation is not None:
        recorder.note(operation, *(number.value for number in traced))
    recorder.meet(variables, variables)
    recorder.step()
    return Traced(value, variables, TRANSCENDENTAL, recorder)


def plain(value: Any) -> Any:
    """The value of a traced number; anything else unchanged."""
    return value.value if isinstance(value, Traced) else value
