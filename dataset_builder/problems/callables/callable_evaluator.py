"""Evaluator of a person's own Python functions, in their own process.

Functions are called as they are: what they print is printed, and what they raise reaches the caller. Before anything is evaluated, a copy
of each function is traced once (``process_copies``, ``operation_profile``), so that a model knows what kind of function it is.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.adaptation import Adaptation
from llamoco.dataset_builder.problems.callables.process_copies import traced_copy
from llamoco.dataset_builder.problems.callables.scipy_constraints import (
    parts_of,
    read_constraints,
    traced_side,
)
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluators import ProblemEvaluator, Values
from llamoco.dataset_builder.problems.files.python.return_values import (
    BooleanReturned,
    ComplexReturned,
    UnsuitableValue,
    describe,
    flat,
    number,
)
from llamoco.dataset_builder.problems.profiling.operation_profile import (
    OperationProfile,
    Trace,
    starting_points,
    trace_functions,
)
from llamoco.dataset_builder.problems.variables import Variables
from llamoco.dataset_builder.problems.wrappers.journal import Journal


class Functions:
    """Objective and constraints of the person's variables x (A,). Can be pickled where the person's own functions can.

    Args:
        fun: the objective, of x and ``args``; or what returns a tuple (f, inequalities) or (f, inequalities, equalities).
        args: more arguments of the objective.
        constraints: scipy's, see ``scipy_constraints``.
        dim: number of variables A.
        with_gradient: whether ``fun`` returns a pair (value, gradient); the gradient is ignored.

    Raises:
        ProblemError: if ``fun`` cannot be called, or a constraint is none.
    """

    def __init__(
        self,
        fun: Callable[..., Any],
        args: tuple[Any, ...],
        constraints: Any,
        dim: int,
        with_gradient: bool = False,
    ) -> None:
        if not callable(fun):
            raise ProblemError(
                f"fun is {describe(fun)}; give the function to be minimised, which takes x and returns a number"
            )
        self.fun, self.args, self.with_gradient = fun, args, with_gradient
        self.returns_constraints = False  # whether ``fun`` was seen to return constraints as well
        self.inequality, self.equality = read_constraints(constraints, dim)

    def call(self, x: np.ndarray) -> tuple[Any, Any, Any]:
        """Call ``fun`` at x (A,): objective, inequalities and equalities, as returned."""
        value = self.fun(x.copy(), *self.args)
        if self.with_gradient:
            return value[0], (), ()
        if type(value) is tuple and len(value) in (2, 3):
            self.returns_constraints = True
            return value if len(value) == 3 else (*value, ())
        return value, (), ()

    def traced_copies(self) -> list[Callable[[Any], Any] | None]:
        """Copies of objective, inequality and equality that take traced numbers; ``returns_constraints`` is known once one was called."""
        copied = Functions.__new__(Functions)
        copied.returns_constraints = False
        copied.fun, copied.args, copied.with_gradient = traced_copy(self.fun), self.args, self.with_gradient

        def objective(x: Any) -> Any:
            value = copied.call(x)[0]
            self.returns_constraints |= copied.returns_constraints
            return value

        def constraints(x: Any) -> Any:
            return list(copied.call(x)[1:]) if self.returns_constraints else []

        sides = (traced_side(side, traced_copy) for side in (self.inequality, self.equality))
        return [objective, *sides, constraints]

    def constraint_parts(self) -> list[Any]:
        """The person's functions and the numbers in the constraints."""
        return [part for side in (self.inequality, self.equality) for part in parts_of(side)]

    def constraints_at(self, x: np.ndarray) -> tuple[list[float], list[float]]:
        """Inequalities (<= 0) and equalities (= 0) at x (A,)."""
        return (
            self.inequality(x) if self.inequality is not None else [],
            self.equality(x) if self.equality is not None else [],
        )

    def __call__(self, x: np.ndarray) -> tuple[float, list[float], list[float]]:
        """Objective, inequalities and equalities at x (A,).

        Raises:
            ProblemError: if a function returns what it must not.
            Exception: what a function raises.
        """
        value, *own = self.call(x)
        try:
            f = number(value)
        except BooleanReturned as error:
            raise ProblemError(
                f"fun(x) returned a boolean at {point_text(x)}; return the number to be minimised"
            ) from error
        except (UnsuitableValue, ComplexReturned) as error:
            raise ProblemError(
                f"fun(x) returned {describe(value)} at {point_text(x)}; return one real number"
            ) from error
        g, h = (_numbers(entries, kind, x) for entries, kind in zip(own, _KINDS, strict=True))
        inequalities, equalities = self.constraints_at(x)
        return f, g + inequalities, h + equalities


_KINDS = ("inequalities", "equalities")


def _numbers(entries: Any, kind: str, x: np.ndarray) -> list[float]:
    """Constraints that ``fun`` returned with the objective."""
    try:
        return flat(entries) if entries is not None else []
    except (UnsuitableValue, ComplexReturned) as error:
        raise ProblemError(
            f"the {kind} that fun(x) returned hold no real number at {point_text(x)}; "
            "fun returns a number, or a tuple (f, inequalities <= 0, equalities = 0) of a number and sequences of numbers"
        ) from error


class CallableEvaluator(ProblemEvaluator):
    """Evaluates a person's functions, point by point.

    Args:
        functions: the person's.
        variables: their variables.
        max_evals: evaluation budget, points.
        maximize: whether the objective is to be maximised.
        counts: numbers of inequalities and equalities, where they are known. Otherwise, unless the trace tells them, the functions are
            evaluated once: at the starting point or, without one, at the first of ``starting_points`` at which they have values. That
            point is not evaluated again when a program asks for it.

    Attributes:
        n_inequality, n_equality: numbers of constraints.

    Raises:
        ProblemError: if a constraint function returns what it must not.
        Exception: what the constraint functions raise, if they do at every point.
    """

    def __init__(
        self,
        functions: Functions,
        variables: Variables,
        max_evals: int,
        maximize: bool = False,
        counts: tuple[int, int] | None = None,
    ) -> None:
        self.functions, self.variables = functions, variables
        self.max_evals, self._maximize = max_evals, maximize
        self._seconds: float | None = None
        self._seen: dict[bytes, tuple[float, list[float], list[float]]] = {}
        self.n_inequality, self.n_equality = self._counts() if counts is None else counts

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "trace"} | {"_seen": {}}

    def _counts(self) -> tuple[int, int]:
        functions, box = self.functions, self.variables
        constrained = functions.inequality is not None or functions.equality is not None
        if (
            box.start is None
            and not constrained
            and self.profile is not None
            and not functions.returns_constraints
        ):
            return 0, 0  # it was followed, and returned a number
        points = box.start[None, :] if box.start is not None else starting_points(box.lower, box.upper)
        failure: Exception | None = None
        for point in box.to_original(points):
            try:
                values = self._beforehand(point)
            except Exception as error:
                failure = failure or error
                if isinstance(error, ProblemError) or not isinstance(error, ArithmeticError | ValueError):
                    break
            else:
                return len(values[1]), len(values[2])
        assert failure is not None
        if constrained:
            raise failure
        return 0, 0  # the run will fail alike, and say after how many evaluations

    def evaluation_seconds(self) -> float:
        """Seconds that an evaluation takes, measured at the centre of the box unless one was made before."""
        if self._seconds is None:
            middle = self.variables.to_original((self.variables.lower + self.variables.upper) / 2)
            with contextlib.suppress(Exception):  # the run will fail alike if it comes there
                self._beforehand(middle)
        return self._seconds or 0.0

    def _beforehand(self, point: np.ndarray) -> tuple[float, list[float], list[float]]:
        """Values at a point (A,), timed, and kept for the program that asks for it."""
        began = time.perf_counter()
        try:
            values = self._seen[point.tobytes()] = self.functions(np.array(point, dtype=float))
        finally:
            self._seconds = time.perf_counter() - began
        return values

    def journal_first(self, journal: Journal) -> None:
        """Write the evaluations that were made before the run into a journal of this problem."""
        for key, values in self._seen.items():
            if journal.find(np.frombuffer(key)) is None:
                journal.record(np.frombuffer(key), *values)

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``.

        Raises:
            ProblemError: if a function returns what it must not, or another number of constraints than before.
            Exception: what a function raises.
        """
        f = np.empty(len(x))
        g, h = np.empty((len(x), self.n_inequality)), np.empty((len(x), self.n_equality))
        for row, point in enumerate(self.variables.to_original(x)):
            seen = self._seen.pop(point.tobytes(), None)
            value, inequalities, equalities = seen or self.functions(np.array(point, dtype=float))
            for name, found, into in (("inequality", inequalities, g), ("equality", equalities, h)):
                if len(found) != into.shape[1]:
                    raise ProblemError(
                        f"the {name} constraints gave {len(found)} values at {point_text(point)} and {into.shape[1]} before; "
                        "their number must not change"
                    )
                into[row] = found
            f[row] = -value if self._maximize else value
        return f, g, h

    @cached_property
    def trace(self) -> Trace:
        """Operation profile of the functions, or why they cannot be traced."""
        objective, *constraints = self.functions.traced_copies()
        assert objective is not None
        code = getattr(getattr(self.functions.fun, "__func__", self.functions.fun), "__code__", None)
        return trace_functions(
            objective,
            constraints,
            self.variables.lower.tolist(),
            self.variables.upper.tolist(),
            self.variables.traced,
            code.co_filename if code else "",
        )

    @property
    def profile(self) -> OperationProfile | None:
        """See ``ProblemEvaluator``."""
        return self.trace.profile

    @property
    def trace_obstacle(self) -> str | None:
        """See ``ProblemEvaluator``."""
        return self.trace.obstacle

    @property
    def maximize(self) -> bool:
        """See ``ProblemEvaluator``."""
        return self._maximize

    @property
    def unbounded(self) -> bool:
        """See ``ProblemEvaluator``."""
        return self.variables.unbounded

    @property
    def variable_map(self) -> Variables:
        """See ``ProblemEvaluator``."""
        return self.variables

    @property
    def start(self) -> np.ndarray | None:
        """See ``ProblemEvaluator``."""
        return self.variables.start

    @property
    def adaptation(self) -> Adaptation:
        """See ``ProblemEvaluator``: of the file that ``problem_file_text`` writes."""
        return Adaptation(
            sizes=(1, self.n_inequality, self.n_equality),
            variables=self.variables,
            max_evals=self.max_evals,
            maximize=self._maximize,
            calls={
                "objective": ("{objective}(x)",),
                "inequality": ("{inequality}(x)",) if self.functions.inequality is not None else (),
                "equality": ("{equality}(x)",) if self.functions.equality is not None else (),
            },
        )

    def to_original(self, x: np.ndarray) -> np.ndarray:
        """See ``ProblemEvaluator``."""
        return self.variables.to_original(x)


def point_text(x: np.ndarray) -> str:
    """A point in a message."""
    entries = ", ".join(f"{value:.6g}" for value in x[:4].tolist())
    return f"x = [{entries}{', ...' if len(x) > 4 else ''}]"
