"""Constraints of scipy.optimize as two functions: ``inequality(x) <= 0`` and ``equality(x) = 0``.

Accepted are the dicts of ``scipy.optimize.minimize`` ("ineq" there means >= 0), ``LinearConstraint`` and ``NonlinearConstraint``, one or
several. A two-sided constraint lb <= c(x) <= ub becomes the pair lb - c(x), c(x) - ub; a side that is infinite is left out, and where
lb == ub the entry is an equality.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.python.return_values import (
    BooleanReturned,
    UnsuitableValue,
    describe,
    flat,
)

VectorFunction = Callable[[Any], Any]
_TYPES = "a dict with 'type' and 'fun', a LinearConstraint or a NonlinearConstraint of scipy.optimize"


class _Part(Protocol):
    """One constraint object, read: its inequalities (<= 0) and equalities (= 0) at x (A,)."""

    def sides(self, x: Any) -> tuple[Sequence[Any], Sequence[Any]]: ...

    @property
    def kinds(self) -> tuple[bool, bool]:
        """(has inequalities, has equalities)."""
        ...


def read_constraints(constraints: Any, dim: int) -> tuple[VectorFunction | None, VectorFunction | None]:
    """Read scipy's constraints.

    The functions that are returned take a point (A,) of floats, or of traced numbers, and return a list of numbers. They can be
    pickled where the person's own functions can. A person's function is called once a point, in whatever order both are asked.

    Args:
        constraints: one constraint or a sequence of them; None or an empty sequence for none.
        dim: number of the person's variables A.

    Returns:
        inequality (<= 0) and equality (= 0), None where there are none.

    Raises:
        ProblemError: if one is not a constraint, or its fields do not fit; the functions raise it for what a person's function
            must not return (a boolean, text, a number of values that does not fit lb and ub).
    """
    parts = [_read(each, place, dim) for place, each in _listed(constraints)]
    inequalities = [part for part in parts if part.kinds[0]]
    equalities = [part for part in parts if part.kinds[1]]
    return (
        _Side(inequalities, 0) if inequalities else None,
        _Side(equalities, 1) if equalities else None,
    )


def traced_side(
    side: VectorFunction | None, copied: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> VectorFunction | None:
    """A function from ``read_constraints`` with the person's own functions in it replaced by copies."""
    if not isinstance(side, _Side):
        return side
    parts: list[_Part] = []
    for part in side.parts:
        other = copy.copy(part)
        if isinstance(other, _Dict | _Nonlinear):
            other.called = _Called(other.called.place, copied(other.called.function), other.called.args)
        parts.append(other)
    return _Side(parts, side.side)


def parts_of(side: VectorFunction | None) -> list[Any]:
    """The person's own functions and the numbers in a function from ``read_constraints``."""
    if not isinstance(side, _Side):
        return []
    found: list[Any] = []
    for part in side.parts:
        if isinstance(part, _Dict | _Nonlinear):
            found += [part.called.function, *part.called.args]
        if isinstance(part, _Linear):
            found.append(part.matrix)
        if isinstance(part, _Linear | _Nonlinear):
            found += [part.lower, part.upper]
    return found


class _Side:
    """The inequalities, or the equalities, of several constraints, one after the other."""

    def __init__(self, parts: Sequence[_Part], side: int) -> None:
        self.parts, self.side = parts, side

    def __call__(self, x: Any) -> list[Any]:
        return [value for part in self.parts for value in part.sides(x)[self.side]]


class _Called:
    """A person's function of x, called once a point: the values at the last point are kept."""

    def __init__(self, place: str, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.place, self.function, self.args = place, function, args
        self._last: tuple[bytes, list[Any]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_last": None}

    def values(self, x: Any) -> list[Any]:
        if x.dtype != np.float64:  # traced numbers: followed, not evaluated
            return _entries(self.function(x.copy(), *self.args))
        key, last = x.tobytes(), self._last
        if last is not None and last[0] == key:
            return last[1]
        try:
            values: list[Any] = flat(self.function(x.copy(), *self.args))
        except BooleanReturned as error:
            raise ProblemError(
                f"{self.place} returned a boolean, which does not tell by how much; return the number that is compared, such as "
                "x[0] - 1 for x[0] >= 1"
            ) from error
        except UnsuitableValue as error:
            raise ProblemError(
                f"{self.place} returned {describe(error.value)}; return a float or a sequence of floats"
            ) from error
        self._last = key, values
        return values


class _Dict:
    """A dict: fun(x) >= 0 or fun(x) = 0."""

    def __init__(self, constraint: Mapping[str, Any], place: str) -> None:
        kind = constraint.get("type")
        if not isinstance(kind, str) or kind.lower() not in ("ineq", "eq"):
            shown = "missing" if "type" not in constraint else f"{kind!r:.40}"
            raise ProblemError(
                f"{place}: 'type' is {shown}; give 'ineq' for fun(x) >= 0 or 'eq' for fun(x) = 0"
            )
        function = constraint.get("fun")
        if not callable(function):
            shown = "missing" if "fun" not in constraint else describe(function)
            raise ProblemError(
                f"{place}: 'fun' is {shown}; give the function of x, such as lambda x: x[0] - 1"
            )
        args = constraint.get("args", ())
        args = tuple(args) if isinstance(args, tuple | list | np.ndarray) else (args,)
        self._equality = kind.lower() == "eq"
        self.called = _Called(f"{place}: fun(x)", function, args)
        self.kinds = (not self._equality, self._equality)

    def sides(self, x: Any) -> tuple[Sequence[Any], Sequence[Any]]:
        values = self.called.values(x)
        return ((), values) if self._equality else ([-value for value in values], ())


class _Nonlinear:
    """A NonlinearConstraint: lb <= fun(x) <= ub."""

    def __init__(self, constraint: Any, place: str) -> None:
        if not callable(constraint.fun):
            raise ProblemError(f"{place}: fun is {describe(constraint.fun)}; give the function of x")
        self.lower, self.upper = _sides(constraint, place)
        self._place = place
        self.called = _Called(f"{place}: fun(x)", constraint.fun, ())
        both = self.lower == self.upper
        one = np.isfinite(self.lower) | np.isfinite(self.upper)
        self.kinds = (bool((one & ~both).any()), bool(both.any()))

    def sides(self, x: Any) -> tuple[Sequence[Any], Sequence[Any]]:
        return _split(self.called.values(x), self.lower, self.upper, self._place)


class _Linear:
    """A LinearConstraint: lb <= A x <= ub."""

    def __init__(self, constraint: Any, place: str, dim: int) -> None:
        matrix = constraint.A
        if hasattr(matrix, "toarray"):
            matrix = matrix.toarray()
        try:
            self.matrix = np.atleast_2d(np.asarray(matrix, dtype=float))
        except (TypeError, ValueError) as error:
            raise ProblemError(f"{place}: A is {describe(matrix)}; give a matrix of numbers") from error
        if self.matrix.ndim != 2 or self.matrix.shape[1] != dim:
            raise ProblemError(
                f"{place}: A has shape {self.matrix.shape} for {dim} variables; give a row for each constraint and a column "
                "for each variable"
            )
        if not np.isfinite(self.matrix).all():
            row, column = np.argwhere(~np.isfinite(self.matrix))[0]
            raise ProblemError(
                f"{place}: A[{row}, {column}] is {self.matrix[row, column]}; give a finite number"
            )
        self.lower, self.upper = _sides(constraint, place)
        self._place = place
        rows = len(self.matrix)
        for name, side in (("lb", self.lower), ("ub", self.upper)):
            if len(side) not in (1, rows):
                raise ProblemError(
                    f"{place}: {name} has {len(side)} entries for the {rows} rows of A; give one for each row"
                )
        both = self.lower == self.upper
        one = np.isfinite(self.lower) | np.isfinite(self.upper)
        self.kinds = (bool((one & ~both).any()), bool(both.any()))

    def sides(self, x: Any) -> tuple[Sequence[Any], Sequence[Any]]:
        if x.dtype == np.float64:
            values = (self.matrix @ x).tolist()
        else:  # traced numbers: a variable whose coefficient is 0 is not seen
            values = [
                sum((float(a) * value for a, value in zip(row, x, strict=True) if a), start=0.0)
                for row in self.matrix
            ]
        return _split(values, self.lower, self.upper, self._place)


def _listed(constraints: Any) -> list[tuple[str, Any]]:
    """Each constraint, and what to call it in messages."""
    if constraints is None:
        return []
    if isinstance(constraints, Mapping) or not isinstance(constraints, Iterable):
        return [("constraints", constraints)]
    if isinstance(constraints, str | bytes):
        raise ProblemError(f"constraints is text; expected {_TYPES}, or a list of them")
    return [(f"constraints[{number}]", each) for number, each in enumerate(constraints)]


def _read(constraint: Any, place: str, dim: int) -> _Part:
    # By name, so that scipy.optimize is imported by whoever made the object and by nobody else.
    kind = {base.__name__ for base in type(constraint).__mro__}
    if isinstance(constraint, Mapping):
        return _Dict(constraint, place)
    if "LinearConstraint" in kind:
        return _Linear(constraint, place, dim)
    if "NonlinearConstraint" in kind:
        return _Nonlinear(constraint, place)
    if "Bounds" in kind:
        raise ProblemError(f"{place} is a Bounds object; give it as the bounds, not as a constraint")
    if callable(constraint):
        raise ProblemError(
            f"{place} is a function; say what it has to be: {{'type': 'ineq', 'fun': f}} for f(x) >= 0, "
            "{'type': 'eq', 'fun': f} for f(x) = 0"
        )
    raise ProblemError(f"{place} is {describe(constraint)}; expected {_TYPES}")


def _sides(constraint: Any, place: str) -> tuple[np.ndarray, np.ndarray]:
    """lb and ub of an object, checked; (1,) where one number is meant for all values."""
    found = []
    for name, never in (("lb", np.inf), ("ub", -np.inf)):
        given = getattr(constraint, name)
        try:
            side = np.atleast_1d(np.asarray(given, dtype=float))
        except (TypeError, ValueError) as error:
            raise ProblemError(
                f"{place}: {name} is {describe(given)}; give a number, or one for each value"
            ) from error
        if side.ndim != 1:
            raise ProblemError(
                f"{place}: {name} has shape {side.shape}; give a number, or one for each value"
            )
        if np.isnan(side).any():
            index = int(np.flatnonzero(np.isnan(side))[0])
            raise ProblemError(f"{place}: {name}[{index}] is NaN; give a number, or {-never} for no limit")
        if (side == never).any():
            index = int(np.flatnonzero(side == never)[0])
            raise ProblemError(
                f"{place}: {name}[{index}] is {never}, which no value satisfies; give {-never} for no limit"
            )
        found.append(side)
    lower, upper = found
    if len(lower) != len(upper) and 1 not in (len(lower), len(upper)):
        raise ProblemError(
            f"{place}: lb has {len(lower)} entries and ub {len(upper)}; give one of each for each value"
        )
    lower, upper = np.broadcast_arrays(lower, upper)
    if (lower > upper).any():
        index = int(np.flatnonzero(lower > upper)[0])
        raise ProblemError(f"{place}: lb[{index}] = {lower[index]:g} is above ub[{index}] = {upper[index]:g}")
    return lower, upper


def _split(
    values: Sequence[Any], lower: np.ndarray, upper: np.ndarray, place: str
) -> tuple[list[Any], list[Any]]:
    """Values that lie between two limits, as inequalities (<= 0) and equalities (= 0)."""
    if len(lower) not in (1, len(values)):
        raise ProblemError(
            f"{place}: fun(x) returned {len(values)} values, and lb and ub are for {len(lower)}; give one of each for each value"
        )
    lows, highs = np.broadcast_to(lower, len(values)).tolist(), np.broadcast_to(upper, len(values)).tolist()
    inequalities, equalities = [], []
    for value, low, high in zip(values, lows, highs, strict=True):
        if low == high:
            equalities.append(value - low)
            continue
        if low > -np.inf:
            inequalities.append(low - value)
        if high < np.inf:
            inequalities.append(value - high)
    return inequalities, equalities


def _entries(value: Any) -> list[Any]:
    """Traced numbers in what a function returned, sequences in sequences included, in order."""
    if isinstance(value, np.ndarray):
        value = value.ravel().tolist()
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [entry for part in value for entry in _entries(part)]
    return [value]
