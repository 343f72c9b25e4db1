"""Reader of problem files in Python: a person's own functions, variables and budget.

The text is executed as it is, with the rights of whoever runs this: it is that person's own code. docs/problem-files.md lists the
names that it may define; only ``objective`` (or ``evaluate``) and the variables (``LOWER`` and ``UPPER``, ``bounds``, or ``X0``) are
required. Also accepted: equal bounds (the variable is fixed), single numbers as bounds of one variable, an objective that returns one
number in a container, constraints in nested sequences, functions without a value at the centre of the box. Every failure is reported
in one message that names file, line and cure.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from llamoco.dataset_builder.problems.adaptation import Adaptation
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.python.evaluation import CheckedCalls, PointValues, point_text
from llamoco.dataset_builder.problems.files.python.functions import CONSTRAINTS, Functions, traceable
from llamoco.dataset_builder.problems.files.python.process import LimitedOutput
from llamoco.dataset_builder.problems.files.python.program_sections import problem_section
from llamoco.dataset_builder.problems.files.python.return_values import ComplexReturned
from llamoco.dataset_builder.problems.files.python.settings import (
    assumed_budget,
    budget,
    maximize,
    time_limit,
    tolerance,
)
from llamoco.dataset_builder.problems.files.python.source import PythonSource
from llamoco.dataset_builder.problems.files.python.unread_names import unread_names
from llamoco.dataset_builder.problems.files.python.variables import FileVariables
from llamoco.dataset_builder.problems.profiling.operation_profile import (
    OperationProfile,
    Trace,
    starting_points,
    trace_functions,
)
from llamoco.dataset_builder.problems.profiling.traced_modules import namespace

_Found = TypeVar("_Found")
Known = Callable[[np.ndarray], tuple[float, list[float], list[float]] | None]


class PythonFile:
    """A person's problem, ready to be evaluated. Made by ``load_python``.

    Points are of the search box (D,); only the person's own functions see all of their variables (A,), see ``variables``.

    Attributes:
        variables: the person's variables and the search box.
        lower, upper: bounds of the search box (D,).
        max_evals: evaluation budget, points.
        time_limit: seconds for the search in all; None for no limit.
        tolerance: the improvement below which it may end; None for none.
        maximize: whether the person's objective is maximised: its negative is minimised here.
        n_inequality, n_equality: numbers of constraints, found where the functions first have values.
        warnings: what to tell the person: names of the file that look like a part of the problem and are not read, functions without a
            value at the centre, the budget that is taken where none is stated.
        plain: whether the file's names alone, without this reader, state the problem to a program.
    """

    def __init__(self, text: PythonSource, known: Known | None = None) -> None:
        module = text.run()
        self._text = text
        given = FileVariables(text, module)
        self.variables = given.variables
        self._functions = Functions(text, module, self.variables.size)
        stated, self.time_limit = budget(text, module), time_limit(text, module)
        self.tolerance = tolerance(text, module)
        self.maximize = maximize(text, module)
        self.warnings = unread_names(
            text.tree, text.lines, module.__dict__, [*given.taken, *self._functions.taken]
        )
        wanted = "maximised" if self.maximize else "minimised"
        self._calls = CheckedCalls(text, self._functions, given.scalar, wanted)
        self._known: dict[
            bytes, PointValues
        ] = {}  # what was seen when the file was read is not paid for twice
        self._find = known or (lambda _: None)
        began = time.perf_counter()
        off_centre = self._look()
        each = time.perf_counter() - began
        self.max_evals = stated or 0
        if stated is None:
            # With a journal the budget is the same each time.
            in_time = self.time_limit if known is None else None
            self.max_evals, told = assumed_budget(len(self.variables.lower), in_time, each)
            self.warnings.append(told)
        self.n_inequality, self.n_equality = (self._calls.counted[kind][0] for kind in CONSTRAINTS)
        self.lower, self.upper = self.variables.lower, self.variables.upper
        self.plain = bool(
            given.plain
            and self._functions.plain
            and stated is not None
            and self.time_limit is None
            and self.tolerance is None
            and not (self.maximize or self._calls.nested or off_centre)
        )

    def to_original(self, x: np.ndarray) -> np.ndarray:
        """The person's variables (..., A) at points (..., D) of the search box."""
        return self.variables.to_original(x)

    @property
    def adaptation(self) -> Adaptation | None:
        """Adaptation by which a program states the problem; None if it is ``plain``."""
        if self.plain:
            return None
        functions = self._functions
        names = ("objective", *CONSTRAINTS)
        return Adaptation(
            (1, self.n_inequality, self.n_equality),
            self.variables,
            self.max_evals,
            self.maximize,
            time_limit=self.time_limit,
            tolerance=self.tolerance,
            calls={name: tuple(function.expression for function in functions.of(name)) for name in names},
            together=functions.evaluate.expression if functions.evaluate else "",
            scipy=functions.scipy != (None, None),
        )

    def evaluate(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Objective (N,), to be minimised, inequalities (N, Mg) and equalities (N, Mh) of points (N, D), row by row.

        A point outside the domain of the person's formulas (ZeroDivisionError, OverflowError, ValueError such
        as a math domain error) is given NaN, which counts as worst.

        Raises:
            ProblemError: if a function raises anything else or returns what it must not.
        """
        f = np.full(len(x), np.nan)
        g, h = np.full((len(x), self.n_inequality), np.nan), np.full((len(x), self.n_equality), np.nan)
        with self._text.running() as printed:
            for row, point in enumerate(self.variables.to_original(x)):
                printed.begin()
                try:
                    known = self._known.pop(point.tobytes(), None)
                    value, g[row], h[row] = known or self._calls(point)
                    f[row] = value  # NaN if any function has no value here: a point is evaluated as a whole
                except ProblemError:
                    raise
                except (ArithmeticError, ValueError):
                    continue
        return -f if self.maximize else f, g, h

    def profile(self) -> OperationProfile | None:
        """Operation profile of the functions; None if they cannot be traced (``trace`` says why)."""
        return self.trace.profile

    @cached_property
    def trace(self) -> Trace:
        """Operation profile of the functions, or why they cannot be traced. The text is executed once more for it."""
        executed = sys.modules[self._text.module]
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                functions = Functions(self._text, self._text.run(namespace()), self.variables.size)
                with self._text.running():
                    return trace_functions(
                        *traceable(functions),
                        self.lower.tolist(),
                        self.upper.tolist(),
                        self.variables.traced,
                        self._text.name,
                    )
        except ProblemError as error:  # what it imports does not work with the modules that it is given here
            return Trace(None, f"the file cannot be run again for tracing ({error})")
        finally:
            sys.modules[self._text.module] = executed  # where pickle looks the functions up

    def _look(self) -> bool:
        """Evaluate each function where it first has a value, at the starting point if there is one, and count the constraints.

        Returns:
            Whether a function has no value where it was looked at first.
        """
        start, calls = self.variables.start, self._calls
        middle = (self.variables.lower + self.variables.upper) / 2
        kept = self._find(self.variables.to_original(middle if start is None else start))
        if kept is not None:
            calls.counted = {
                kind: (len(values), "before") for kind, values in zip(CONSTRAINTS, kept[1:], strict=True)
            }
            calls.nested = True  # for all that is known
            return False
        with self._text.running() as printed:
            if self._functions.evaluate:
                values, place, off = self._first("evaluate", calls.together, lambda found: found.f, printed)
                found = [(values, place, off)]
                counts = [(len(values.g), place), (len(values.h), place)]
            else:
                f = self._first("objective", calls.objective, lambda found: found, printed)
                constraints = [
                    self._first(kind, partial(calls.constraint, kind), lambda _: 0.0, printed)
                    for kind in CONSTRAINTS
                ]
                found = [f, *constraints]  # type: ignore[list-item]
                counts = [(len(values), place) for values, place, _ in constraints]
                values = PointValues(f[0], *(values for values, *_ in constraints))
        calls.counted = dict(zip(CONSTRAINTS, counts, strict=True))
        off_centre = any(off for *_, off in found)
        if not off_centre:
            self._known[self.variables.to_original(middle if start is None else start).tobytes()] = values
        return off_centre

    def _first(
        self,
        name: str,
        evaluate: Callable[[np.ndarray], _Found],
        objective: Callable[[_Found], float],
        printed: LimitedOutput,
    ) -> tuple[_Found, str, bool]:
        """Evaluate a function at the first point where it has a value; if there is none, report its failure at the first point.

        Args:
            name: the function.
            evaluate: calls it.
            objective: the objective in what it gives, which must not be NaN.
            printed: where it prints.

        Returns:
            What it gives, where, and whether it had no value before.

        Raises:
            ProblemError: if it has a value nowhere, or none at the person's own starting point.
        """
        start = self.variables.start
        points = (
            starting_points(self.variables.lower, self.variables.upper) if start is None else start[None, :]
        )
        place = _CENTRE if start is None else "at X0"
        everywhere = place + " and at every other point tried" * (start is None)
        cure = "return a number there, a large one if the formula has none, or change "
        cure += "X0" if start is not None else "LOWER and UPPER"
        trouble: ProblemError | None = None
        for index, point in enumerate(self.variables.to_original(points)):
            printed.begin()
            try:
                values = evaluate(point)
            except ProblemError:
                raise
            except ComplexReturned as complex_error:
                error = self._text.error(
                    name, f"{name}(x) returned {complex_error} {everywhere}; return floats"
                )
            except (ArithmeticError, ValueError) as domain_error:
                somewhere = "somewhere" if start is None else f"there, so {cure}"
                error = self._text.raised(
                    domain_error, f"{name}(x) fails {everywhere}; it must have a value {somewhere}", name
                )
            else:
                if not np.isnan(objective(values)):
                    if trouble is not None:
                        self.warnings.append(
                            f"{name}(x) has no value {_CENTRE}, near which many programs start, but has one at {point_text(point)}; "
                            "if nothing is found, draw the bounds closer to where it has values"
                        )
                    return values, f"at {point_text(point)}" if index else place, bool(index)
                called = "the objective of evaluate(x)" if name == "evaluate" else "objective(x)"
                error = self._text.error(name, f"{called} is NaN {everywhere}; {cure}")
            trouble = trouble or error
        assert trouble is not None
        raise trouble

    def probed_points(self) -> Iterator[tuple[np.ndarray, PointValues]]:
        """Points (A,) that were evaluated when the file was read and not requested since, with their values."""
        for key, values in self._known.items():
            yield np.frombuffer(key), values


_CENTRE = "at the centre of the box"


def load_python(text: str, name: str, folder: Path | None = None, known: Known | None = None) -> PythonFile:
    """Execute a problem file in Python and check it at the centre of its box, or wherever its functions have values.

    Args:
        text: the file's text. It runs as a module whose ``__name__`` is not ``"__main__"``. Of a program, the problem section is read
            (``program_sections``).
        name: what to call the file in messages and tracebacks.
        folder: where the file lies; modules beside it can be imported.
        known: objective, inequalities and equalities of points (A,) that need not be evaluated again.

    Raises:
        ProblemError: if it cannot be run or does not define a problem; the message names line and cure.
    """
    section = problem_section(text)
    if section is not None:
        text = "\n" * (section.first_line - 1) + section.text  # messages name lines of the file
    return PythonFile(PythonSource(text, name, folder), known)
