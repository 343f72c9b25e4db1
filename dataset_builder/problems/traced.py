"""Numbers that remember: what is done to the variables when a person's functions run on them.

A ``Traced`` number carries, beside its value, the variables that it depends on and its degree as a polynomial of them;
what is done to it is written down by a ``Recorder``. Operations on plain numbers (shifts, weights, data) leave no trace.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NoReturn

MOST_OPERATIONS = 200_000
TRANSCENDENTAL = 1_000  # degree of what is no polynomial

# Elementary functions of one number, and the name under which they are recorded.
ELEMENTARY: dict[str, tuple[Callable[[float], float], str]] = {
    **{
        name: (getattr(math, name), name)
        for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "sqrt")
    },
    **{name: (getattr(math, name), "log") for name in ("log1p", "log2", "log10")},
    **{name: (getattr(math, name), "exp") for name in ("expm1", "exp2", "erf", "erfc")},
    **{
        f"arc{name}": (getattr(math, f"a{name}"), f"arc{name}")
        for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")
    },
    "cbrt": (math.cbrt, "root"),
}


# All names under which a ``Recorder`` writes operations.
OPERATIONS = (
    "square",
    "power",
    "product",
    "division",
    "root",
    "abs",
    "floor",
    "comparison",
    *sorted({operation for _, operation in ELEMENTARY.values()} - {"root"}),
)


class TraceError(ArithmeticError):
    """A computation that cannot be followed."""


class TooMany(TraceError):
    """So many operations that following them takes too long."""


class Recorder:
    """What was done: arguments of each operation, and which variables meet in a nonlinear term.

    Arguments are told apart by their values (9 digits): a term that one person computes once and another one in every pass
    of a loop counts once.

    Args:
        dim: number of variables.
    """

    def __init__(self, dim: int) -> None:
        self.arguments: dict[str, set[Any]] = defaultdict(set)
        self.partners = [0] * dim  # bit j of entry i: x_i and x_j meet
        self._known: set[tuple[int, int]] = set()
        self._operations = 0

    def step(self) -> None:
        """Counts an operation.

        Raises:
            TraceError: there were too many.
        """
        self._operations += 1
        if self._operations > MOST_OPERATIONS:
            raise TooMany(f"more than {MOST_OPERATIONS:,} operations")

    def note(self, operation: str, *values: float) -> None:
        """Writes an operation on some values down."""
        self.arguments[operation].add(tuple(sorted(f"{value:.9g}" for value in values)))

    def meet(self, some: int, others: int) -> None:
        """Each variable of one set meets each of another."""
        if (some, others) in self._known:
            return
        self._known.add((some, others))
        for variable in range(len(self.partners)):
            if some >> variable & 1:
                self.partners[variable] |= others
            if others >> variable & 1:
                self.partners[variable] |= some


class Traced:
    """A number that depends on variables.

    Attributes:
        value: the number.
        variables: which it depends on, a bit each.
        degree: as a polynomial; ``TRANSCENDENTAL`` or more where it is none.
    """

    __slots__ = ("degree", "recorder", "value", "variables")

    def __init__(self, value: float, variables: int, degree: int, recorder: Recorder) -> None:
        self.value, self.variables, self.degree, self.recorder = value, variables, degree, recorder

    def _new(self, value: float, variables: int, degree: int) -> Traced:
        self.recorder.step()
        return Traced(value, variables, min(degree, TRANSCENDENTAL), self.recorder)

    def _linear(self, other: Any, compute: Callable[[float, float], float]) -> Any:
        if isinstance(other, Traced):
            value = compute(self.value, other.value)
            return self._new(value, self.variables | other.variables, max(self.degree, other.degree))
        number = _number(other)
        if number is None:
            return NotImplemented
        return self._new(compute(self.value, number), self.variables, self.degree)

    def function(self, operation: str, value: float) -> Traced:
        """The result of a function of this number that is no polynomial."""
        self.recorder.note(operation, self.value)
        self.recorder.meet(self.variables, self.variables)
        return self._new(value, self.variables, TRANSCENDENTAL)

    def __add__(self, other: Any) -> Any:
        return self._linear(other, lambda a, b: a + b)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._linear(other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Any:
        return self._linear(other, lambda a, b: b - a)

    def __neg__(self) -> Traced:
        return self._new(-self.value, self.variables, self.degree)

    def __pos__(self) -> Traced:
        return self

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, Traced):
            return self._linear(other, lambda a, b: a * b)
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
            return NotImplemented
        return self._new(self.value / number, self.variables, self.degree)

    def __rtruediv__(self, other: Any) -> Any:
        return NotImplemented if _number(other) is None else self._reciprocal() * other

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
        return NotImplemented if number is None else self.function("exp", _real(number**self.value))

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
        raise TraceError("a value was taken out of the trace by float()")

    __int__ = __index__ = __complex__ = __float__

    def conjugate(self) -> Traced:
        """Itself: real numbers only. numpy asks for it in norms."""
        return self

    def item(self) -> Traced:
        """Itself, as a numpy scalar gives its value."""
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
        raise TraceError("a root of a negative number")
    return float(value)
