"""Complex numbers whose parts are ``Traced``: computed by real and imaginary part, so that real operations are recorded."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.profiling.trace_recorder import ELEMENTARY, TraceError
from llamoco.dataset_builder.problems.profiling.traced import TAKEN_OUT, Traced, combined, plain


class TracedComplex:
    """A complex number that depends on variables.

    Attributes:
        real, imag: its parts, traced or plain numbers.
    """

    __slots__ = ("imag", "real")

    def __init__(self, real: Any, imag: Any) -> None:
        self.real, self.imag = real, imag

    @classmethod
    def of(cls, value: Any) -> TracedComplex | None:
        """A number as a complex one; None if it is no number."""
        if isinstance(value, TracedComplex):
            return value
        if isinstance(value, Traced):
            return cls(value, 0.0)
        if isinstance(value, np.ndarray) and value.ndim == 0:
            return cls.of(value.item())
        if isinstance(value, complex | float | int | np.number):
            number = complex(value)
            return cls(number.real, number.imag)
        return None

    @property
    def value(self) -> complex:
        """The number."""
        return complex(plain(self.real), plain(self.imag))

    def _by(self, other: Any, compute: Callable[[TracedComplex, TracedComplex], Any]) -> Any:
        number = TracedComplex.of(other)
        return NotImplemented if number is None else compute(self, number)

    def __add__(self, other: Any) -> Any:
        return self._by(other, lambda a, b: TracedComplex(a.real + b.real, a.imag + b.imag))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._by(other, lambda a, b: TracedComplex(a.real - b.real, a.imag - b.imag))

    def __rsub__(self, other: Any) -> Any:
        return self._by(other, lambda a, b: b - a)

    def __neg__(self) -> TracedComplex:
        return TracedComplex(-self.real, -self.imag)

    def __pos__(self) -> TracedComplex:
        return self

    def __mul__(self, other: Any) -> Any:
        return self._by(other, _product)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self._by(other, lambda a, b: a * b._reciprocal())

    def __rtruediv__(self, other: Any) -> Any:
        return self._by(other, lambda a, b: b * a._reciprocal())

    def _reciprocal(self) -> TracedComplex:
        size = _times(self.real, self.real) + _times(self.imag, self.imag)
        return TracedComplex(self.real / size, -self.imag / size)

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(exponent, int) and 0 < exponent <= 16:
            power = self
            for _ in range(exponent - 1):
                power = power * self
            return power
        return self._by(exponent, lambda a, b: _function("power", a.value**b.value, a, b))

    def __rpow__(self, base: Any) -> Any:
        return self._by(base, lambda a, b: _function("exp", b.value**a.value, a, b))

    def __abs__(self) -> Any:
        size = _times(self.real, self.real) + _times(self.imag, self.imag)
        return size.sqrt() if isinstance(size, Traced) else math.sqrt(size)  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> Any:
        return self._by(other, lambda a, b: bool(a.real == b.real) and bool(a.imag == b.imag))

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return bool(self.real != 0) or bool(self.imag != 0)

    def __complex__(self) -> complex:
        raise TraceError(TAKEN_OUT)

    def conjugate(self) -> TracedComplex:
        """With the other sign of its imaginary part."""
        return TracedComplex(self.real, -self.imag)

    def item(self) -> TracedComplex:
        """Itself."""
        return self

    def angle(self) -> Any:
        """Its argument."""
        return arctan2(self.imag, self.real)

    def exp(self) -> TracedComplex:
        """exp, by its parts: exp(re) (cos(im) + i sin(im))."""
        size = _real_function("exp", self.real)
        parts = (_times(size, _real_function(name, self.imag)) for name in ("cos", "sin"))
        return TracedComplex(*parts)


def _product(a: TracedComplex, b: TracedComplex) -> TracedComplex:
    real = _times(a.real, b.real) - _times(a.imag, b.imag)
    return TracedComplex(real, _times(a.real, b.imag) + _times(a.imag, b.real))


def _times(a: Any, b: Any) -> Any:
    """A product; nothing is done where a factor is a plain 0."""
    if any(not isinstance(factor, Traced) and factor == 0 for factor in (a, b)):
        return 0.0
    return a * b


def _real_function(name: str, value: Any) -> Any:
    return getattr(value, name)() if isinstance(value, Traced) else ELEMENTARY[name][0](value)


def _function(operation: str, value: complex, *numbers: TracedComplex) -> TracedComplex:
    """The result of a function that is not computed by the parts."""
    parts = [part for number in numbers for part in (number.real, number.imag)]
    real = combined(operation, value.real, *parts)
    return TracedComplex(real, combined(None, value.imag, *parts))


def _elementary(name: str) -> Callable[[TracedComplex], TracedComplex]:
    compute = getattr(cmath, name.replace("arc", "a"), None) or getattr(np, name)
    operation = ELEMENTARY[name][1]

    def method(self: TracedComplex) -> TracedComplex:
        return _function(operation, complex(compute(self.value)), self)

    return method


for _name in set(ELEMENTARY) - {"exp", "cbrt", "erf", "erfc"}:  # numpy looks for them where it meets objects
    setattr(TracedComplex, _name, _elementary(_name))


def arctan2(y: Any, x: Any) -> Any:
    """``math.atan2`` of numbers, traced or plain."""
    return combined("arctan", math.atan2(plain(y), plain(x)), y, x)


def _with_complex(number: Traced, name: str, other: Any) -> Any:
    return getattr(TracedComplex(number, 0.0), name)(other)


Traced.with_complex = staticmethod(_with_complex)
