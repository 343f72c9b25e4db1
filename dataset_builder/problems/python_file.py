"""Reading a problem FILE in Python: a person's own objective, bounds, budget and constraints.

The text is executed as it stands, with the rights of whoever runs this: it is that person's own code. It has
to define ``objective``, ``LOWER``, ``UPPER`` and ``MAX_EVALS``; ``inequality`` and ``equality`` are optional.
Taken are, too: equal bounds (the variable is fixed), single numbers as bounds of one variable, an objective that returns one
number in a container, constraints in sequences of sequences, functions without a value at the centre of the box. Everything that can go wrong is told in one message that names file, line and cure.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.python.contract import Box, budget, function
from llamoco.dataset_builder.problems.python.hints import boolean_hint
from llamoco.dataset_builder.problems.python.process import Printed
from llamoco.dataset_builder.problems.python.returned import (
    BooleanReturned,
    ComplexReturned,
    Unfit,
    describe,
    flat,
    number,
)
from llamoco.dataset_builder.problems.python.text import Text
from llamoco.dataset_builder.problems.python.unread import unread_names
from llamoco.dataset_builder.problems.structure import Structure, Trace, starting_points, trace_functions
from llamoco.dataset_builder.problems.traced_modules import namespace

CONSTRAINTS = ("inequality", "equality")
_Taken = TypeVar("_Taken")


class PythonFile:
    """A person's problem, ready to be evaluated. Made by ``load_python``.

    Variables whose bounds are equal are fixed: nobody but the person's own functions sees them.

    Attributes:
        lower, upper: bounds of the free variables (D,).
        max_evals: evaluation budget, points.
        n_inequality, n_equality: numbers of constraints, found where the functions first have values.
        warnings: names of the file that look like a part of the problem and are not read, functions without a value at the centre.
        plain: whether the file's names alone, without this reader, state the problem to a program: no variable is fixed, bounds
            are sequences, the functions have values at the centre of the box and return flat sequences.
    """

    def __init__(self, text: Text) -> None:
        module = text.run()
        self._text = text
        self._objective = function(text, module, "objective")
        self._constraints = {name: function(text, module, name) for name in CONSTRAINTS}
        self._box = Box.read(text, module)
        self.lower, self.upper = self._box.lower, self._box.upper
        self.max_evals = budget(text, module)
        self._counted_at: dict[str, str] = {}
        self._nested = False
        self.warnings = unread_names(text.tree, text.lines, module.__dict__)
        self._look()
        self.plain = not (
            self._box.fixed
            or self._box.scalar
            or self._nested
            or any(at != _CENTRE for at in self._counted_at.values())
        )

    def full(self, x: np.ndarray) -> np.ndarray:
        """All variables (..., A), fixed ones included, of points of the free ones (..., D)."""
        return self._box.full(np.asarray(x, dtype=float))

    def evaluate(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Objective (N,), inequalities (N, Mg) and equalities (N, Mh) of points (N, D), row by row.

        A point outside the domain of the person's formulas (ZeroDivisionError, OverflowError, ValueError such
        as a math domain error) is given NaN, which counts as worst.

        Raises:
            ProblemError: if a function raises anything else or returns what it must not.
        """
        f = np.full(len(x), np.nan)
        g, h = np.full((len(x), self.n_inequality), np.nan), np.full((len(x), self.n_equality), np.nan)
        with self._text.running() as printed:
            for row, point in enumerate(self._box.full(x)):
                printed.begin()
                try:
                    value = self._value(point)
                    g[row] = self._constraint("inequality", point, self.n_inequality)
                    h[row] = self._constraint("equality", point, self.n_equality)
                    f[row] = value  # NaN if any function has no value here: a point is evaluated as a whole
                except ProblemError:
                    raise
                except (ArithmeticError, ValueError):
                    continue
        return f, g, h

    def structure(self) -> Structure | None:
        """What the functions do on their variables; None if that cannot be followed (``trace`` says why)."""
        return self.trace.structure

    @cached_property
    def trace(self) -> Trace:
        """What the functions do on their variables, or why that cannot be followed. The text is executed anew for it."""
        executed = sys.modules[self._text.module]
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                traced = self._text.run(namespace()).__dict__
                with self._text.running():
                    return trace_functions(
                        traced["objective"],
                        [traced.get(name) for name in CONSTRAINTS],
                        self.lower.tolist(),
                        self.upper.tolist(),
                        self._box.full,
                        self._text.name,
                    )
        except ProblemError as error:  # what it imports does not work with the modules that it is given here
            return Trace(None, f"the file cannot be executed anew to be followed ({error})")
        finally:
            sys.modules[self._text.module] = executed  # where pickle looks the functions up

    def _look(self) -> None:
        """Evaluate each function where it first has a value, the centre of the box if it can be: learn the numbers of constraints."""
        with self._text.running() as printed:
            self._first("objective", lambda point: np.array([self._value(point)]), printed)
            g = self._first("inequality", lambda point: self._constraint("inequality", point, None), printed)
            h = self._first("equality", lambda point: self._constraint("equality", point, None), printed)
        self.n_inequality, self.n_equality = len(g), len(h)

    def _first(self, name: str, evaluate: Callable[[np.ndarray], np.ndarray], printed: Printed) -> np.ndarray:
        """What a function gives at the first point where it has a value; if there is none, what keeps it from that at the centre is told."""
        trouble: ProblemError | None = None
        for index, point in enumerate(self._box.full(starting_points(self.lower, self.upper))):
            printed.begin()
            try:
                values = evaluate(point)
            except ProblemError:
                raise
            except ComplexReturned as complex_error:
                error = self._text.error(
                    name, f"{name}(x) returned {complex_error} {_EVERYWHERE}; return floats"
                )
            except (ArithmeticError, ValueError) as domain_error:
                error = self._text.raised(
                    domain_error, f"{name}(x) fails {_EVERYWHERE}; it has to have a value somewhere", name
                )
            else:
                if name != "objective" or not np.isnan(values).any():
                    self._counted_at[name] = f"at {_shown(point)}" if index else _CENTRE
                    if trouble is not None:
                        self.warnings.append(
                            f"{name}(x) has no value {_CENTRE}, near which many programs start, but has one at {_shown(point)}; "
                            "if nothing is found, draw the bounds closer to where it has values"
                        )
                    return values
                cure = "return a number there, a large one if the formula has none, or change LOWER and UPPER"
                error = self._text.error(name, f"objective(x) is NaN {_EVERYWHERE}; {cure}")
            trouble = trouble or error
        assert trouble is not None
        raise trouble

    def _value(self, x: np.ndarray) -> float:
        assert self._objective is not None
        try:
            return self._call("objective", self._objective, x, number)
        except BooleanReturned as error:
            raise self._text.error(
                "objective",
                f"objective(x) returned a boolean{_at(x)}; return the number that is to be minimised",
            ) from error
        except Unfit as error:
            raise self._text.error(
                "objective", f"objective(x) returned {describe(error.value)}{_at(x)}; return one float"
            ) from error

    def _constraint(self, name: str, x: np.ndarray, count: int | None) -> np.ndarray:
        function = self._constraints[name]
        if function is None:
            return np.empty(0)
        try:
            values = self._call(name, function, x, flat if count is not None else self._first_values)
        except BooleanReturned as error:
            hint = boolean_hint(self._text.tree, name)
            raise self._text.error(
                name,
                f"{name}(x){error.place} is a boolean{_at(x)}, which does not say by how much; "
                f"return a number that is {_MEANING[name]} where x is allowed{hint}",
            ) from error
        except Unfit as error:
            place = f" as entry {error.place}" if error.place else ""
            raise self._text.error(
                name,
                f"{name}(x) returned {describe(error.value)}{place}{_at(x)}; return a float or a sequence of floats",
            ) from error
        if count is not None and len(values) != count:
            raise self._text.error(
                name,
                f"{name}(x) returned {len(values)} values{_at(x)} and {count} {self._counted_at[name]}; "
                "the number of constraints must not change",
            )
        return np.array(values)

    def _first_values(self, value: Any) -> list[float]:
        """What a constraint function returned first, and whether a program could take it as it is."""
        values = flat(value)
        self._nested |= _is_nested(value)
        return values

    def _call(
        self,
        name: str,
        function: Callable[[np.ndarray], Any],
        x: np.ndarray,
        take: Callable[[Any], _Taken],
    ) -> _Taken:
        try:
            return self._text.call(name, function, x, take)
        except ProblemError as error:
            if self._box.scalar and isinstance(error.__cause__, IndexError):
                raise ProblemError(
                    f"{error}; LOWER and UPPER are single numbers, so x has one entry, x[0]"
                ) from error.__cause__
            raise


_CENTRE = "at the centre of the box"
_EVERYWHERE = f"{_CENTRE}, and at no point that was tried is it better"
_MEANING = {"inequality": "<= 0", "equality": "0"}


def _shown(x: np.ndarray) -> str:
    entries = [f"{value:.6g}" for value in x[:4].tolist()]
    return f"x = [{', '.join(entries)}{', ...' if len(x) > 4 else ''}]"


def _at(x: np.ndarray) -> str:
    return f" at {_shown(x)}"


def _is_nested(value: Any) -> bool:
    """Whether a program that takes the return value as it is would not see a flat sequence of floats."""
    try:
        return np.array(value, dtype=float).ndim > 1
    except (TypeError, ValueError):
        return True


def load_python(text: str, name: str, folder: Path | None = None) -> PythonFile:
    """Execute a problem FILE in Python and check it at the centre of its box, or where else its functions have values.

    Args:
        text: the file's text. It runs as a module whose ``__name__`` is not ``"__main__"``.
        name: what to call the file in messages and tracebacks.
        folder: where the file lies; modules beside it can be imported.

    Raises:
        ProblemError: if it cannot be run or does not define a problem; the message names line and cure.
    """
    return PythonFile(Text(text, name, folder))
