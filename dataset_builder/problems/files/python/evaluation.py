"""Checked evaluation of a problem file's functions at a point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.python.comparisons import boolean_hint
from llamoco.dataset_builder.problems.files.python.functions import CONSTRAINTS, FileFunction, Functions
from llamoco.dataset_builder.problems.files.python.return_values import (
    BooleanReturned,
    UnsuitableValue,
    describe,
    flat,
    number,
)
from llamoco.dataset_builder.problems.files.python.source import PythonSource

_Taken = TypeVar("_Taken")

_MEANING = {"inequality": "<= 0", "equality": "0"}
_TOGETHER = "return a tuple: the objective, the inequalities (<= 0) and the equalities (= 0), of which the last may be left out"


class PointValues(NamedTuple):
    """A person's objective and constraints at a point."""

    f: float
    g: list[float]
    h: list[float]


class CheckedCalls:
    """CheckedCalls of a file's functions, within ``PythonSource.running``.

    Args:
        text: the file.
        functions: its functions.
        scalar: whether it states its one variable by single numbers.
        wanted: what is to be done to the objective, for a message.

    Attributes:
        counted: numbers of constraints by kind, and where they were found; there is none of a kind before.
        nested: whether a constraint function returned what a program could not take as it is.
    """

    def __init__(self, text: PythonSource, functions: Functions, scalar: bool, wanted: str) -> None:
        self._text, self._functions, self._scalar, self._wanted = text, functions, scalar, wanted
        self.counted: dict[str, tuple[int, str]] = {}
        self.nested = False

    def __call__(self, x: np.ndarray) -> PointValues:
        """Objective and constraints at x (A,).

        Raises:
            ArithmeticError, ValueError: if one has no value there.
            ProblemError: if one raises anything else, or returns what it must not.
        """
        if self._functions.evaluate:
            return self.together(x)
        return PointValues(
            self.objective(x), self.constraint("inequality", x), self.constraint("equality", x)
        )

    def objective(self, x: np.ndarray) -> float:
        """The objective at x (A,)."""
        (function,) = self._functions.of("objective")
        try:
            return self._call(function, x, number)
        except (BooleanReturned, UnsuitableValue) as error:
            said = f"{describe(error.value)}{_at(x)}; return one float"
            if isinstance(error, BooleanReturned):
                said = f"a boolean{_at(x)}; return the number to be {self._wanted}"
            raise self._text.error(function.defined, f"{function.name}(x) returned {said}") from error

    def constraint(self, kind: str, x: np.ndarray) -> list[float]:
        """All constraints of a kind at x (A,)."""
        values: list[float] = []
        functions = self._functions.of(kind)
        for function in functions:
            try:
                values += self._call(function, x, flat if kind in self.counted else self._flat_at_first)
            except (BooleanReturned, UnsuitableValue) as error:
                raise self._not_a_constraint(kind, function, error, x) from error
        if functions:
            self._check_count(kind, functions[0], len(values), x)
        return values

    def together(self, x: np.ndarray) -> PointValues:
        """What ``evaluate`` gives at x (A,), and scipy's constraints."""
        function = self._functions.evaluate
        assert function is not None
        parts = self._call(function, x, lambda value: value if isinstance(value, tuple) else (value,))
        if not 1 <= len(parts) <= 3:
            raise self._text.error("evaluate", f"evaluate(x) returned {describe(parts)}{_at(x)}; {_TOGETHER}")
        try:
            f = self._take(function, x, number, parts[0])
        except (BooleanReturned, UnsuitableValue) as error:
            raise self._text.error(
                "evaluate",
                f"the objective that evaluate(x) returned is {describe(error.value)}{_at(x)}; {_TOGETHER}",
            ) from error
        constraints: list[list[float]] = []
        for place, kind in enumerate(CONSTRAINTS):
            part = parts[place + 1] if len(parts) > place + 1 else None
            more = self._functions.scipy[place]
            try:
                values = [] if part is None else self._take(function, x, flat, part)
            except (BooleanReturned, UnsuitableValue) as error:
                named = function._replace(name=f"{kind} of evaluate")
                raise self._not_a_constraint(kind, named, error, x) from error
            if more is not None:
                values = values + self._call(more, x, flat)
            self._check_count(kind, function, len(values), x)
            constraints.append(values)
        return PointValues(f, *constraints)

    def _not_a_constraint(
        self, kind: str, function: FileFunction, error: UnsuitableValue, x: np.ndarray
    ) -> ProblemError:
        if isinstance(error, BooleanReturned):
            hint = boolean_hint(self._text.tree, function.defined)
            return self._text.error(
                function.defined,
                f"{function.name}(x){error.place} is a boolean{_at(x)}, which does not tell by how much; "
                f"return a number that is {_MEANING[kind]} where x is allowed{hint}",
            )
        place = f" as entry {error.place}" if error.place else ""
        return self._text.error(
            function.defined,
            f"{function.name}(x) returned {describe(error.value)}{place}{_at(x)}; return a float or a sequence of floats",
        )

    def _check_count(self, kind: str, function: FileFunction, found: int, x: np.ndarray) -> None:
        count, place = self.counted.get(kind, (found, ""))
        if found != count:
            own = function.defined == kind
            said = f"{kind}(x) returned {found} values" if own else f"there are {found} values of {kind}"
            raise self._text.error(
                function.defined,
                f"{said}{_at(x)} and {count} {place}; the number of constraints must not change",
            )

    def _flat_at_first(self, value: Any) -> list[float]:
        values = flat(value)
        self.nested |= _is_nested(value)
        return values

    def _take(
        self, function: FileFunction, x: np.ndarray, take: Callable[[Any], _Taken], value: Any
    ) -> _Taken:
        """What ``take`` makes of a value that a function returned, which may run code of the file again."""
        return self._call(function._replace(call=lambda _: value), x, take)

    def _call(self, function: FileFunction, x: np.ndarray, take: Callable[[Any], _Taken]) -> _Taken:
        try:
            return self._text.call(function.defined, function.call, x, take)
        except ProblemError as error:
            if self._scalar and isinstance(error.__cause__, IndexError):
                raise ProblemError(
                    f"{error}; LOWER and UPPER are single numbers, so x has one entry, x[0]"
                ) from error.__cause__
            raise


def point_text(x: np.ndarray) -> str:
    """A point, for a message."""
    entries = [f"{value:.6g}" for value in x[:4].tolist()]
    return f"x = [{', '.join(entries)}{', ...' if len(x) > 4 else ''}]"


def _at(x: np.ndarray) -> str:
    return f" at {point_text(x)}"


def _is_nested(value: Any) -> bool:
    """Whether a program that takes the return value as it is would not see a flat sequence of floats."""
    try:
        return np.array(value, dtype=float).ndim > 1
    except (TypeError, ValueError):
        return True
