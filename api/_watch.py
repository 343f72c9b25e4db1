"""Watch over a person's evaluations: keeps the best point, and carries an exception of theirs through the run that it ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluators import EvaluatorWrapper, Values, collect_values
from llamoco.dataset_builder.problems.problem import Evaluation, Problem
from llamoco.modeling.solving.pipeline import Stop

MOST_KNOWN = 100_000  # points whose values are kept


@dataclass(frozen=True)
class Point:
    """An evaluated point.

    Attributes:
        x: the person's variables (A,).
        values: f (1,), g (1, Mg) and h (1, Mh).
        feasible: whether it satisfies bounds and constraints and has a finite objective.
        violation: the largest amount by which it breaks a constraint; 0 without constraints.
    """

    x: np.ndarray
    values: Evaluation
    feasible: bool
    violation: float

    @property
    def f(self) -> float:
        """The objective, to be minimised."""
        return float(self.values.f[0])

    def better_than(self, other: Point) -> bool:
        """Feasible first, then the lower objective, or the smaller violation; NaN is worst."""
        if self.feasible != other.feasible:
            return self.feasible
        if self.feasible or self.violation == other.violation:
            return self.f < other.f or bool(np.isnan(other.f) and not np.isnan(self.f))
        return self.violation < other.violation


class Watch(EvaluatorWrapper):
    """Outermost wrapper of a problem's evaluator, see the module.

    Args:
        problem: the problem; ``problem.with_evaluator(watch)`` is watched.

    Attributes:
        best: the best point so far: feasible first, else the one that breaks the constraints least. None before the first.
        evals: points evaluated.
        budget_spent: set once the budget is used.
        error: what a person's function raised, which ended the run.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.active_evaluator)
        self._problem = problem
        self._known: dict[bytes, Values] = {}
        self.best: Point | None = None
        self.evals = 0
        self.budget_spent = False
        self.error: BaseException | None = None

    def begin(self) -> None:
        """Evaluate the starting point, if there is one, before anything else is done; it is not evaluated again.

        Raises:
            ProblemError: if the objective is NaN there.
            Exception: what a person's function raises.
        """
        if self.start is None:
            return
        try:
            [(_, values)] = self.inner.evaluate_rows(self.start[None, :])
        except BaseException as error:
            self.error = error
            raise
        if np.isnan(values[0][0]):
            raise ProblemError(
                "fun(x0) is NaN; start where the function has a value, or return a large number where it has none"
            )
        self._note(self.start, values)

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        return collect_values(self.evaluate_rows(x), len(x))

    def evaluate_rows(self, x: np.ndarray) -> Iterator[tuple[int, Values]]:
        """See ``ProblemEvaluator``. A point alone that was evaluated before, as what a program returns, is not paid for again.

        Raises:
            Stop: if a person's function raised something, which is kept in ``error``.
            ProblemError: if several points are asked for after the budget is used.
        """
        if len(x) == 1 and (known := self._known.get(x.tobytes())) is not None:
            yield 0, known
            return
        if self.budget_spent and len(x) > 1:
            raise ProblemError(f"the budget of {self._problem.max_evals} evaluations is used")
        offset = 0
        if (
            self.start is not None
            and x[0].tobytes() == self.start.tobytes()
            and (known := self._known.get(x[0].tobytes())) is not None
        ):
            yield 0, known  # the first of a population, which ``begin`` has evaluated
            x, offset = x[1:], 1
        try:
            for row, values in self.inner.evaluate_rows(x):
                self._note(x[row], values)
                yield row + offset, values
        except (GeneratorExit, KeyboardInterrupt, Stop):
            raise
        except BaseException as error:
            self.error = error
            raise Stop(f"{type(error).__name__}: {error}") from error

    def _note(self, x: np.ndarray, values: Values) -> None:
        self.evals += 1
        if len(self._known) < MOST_KNOWN:
            self._known[x.tobytes()] = values
        if self._problem.inside(x[None, :])[0]:
            self.consider(np.array(self.to_original(x)), Evaluation(*values))

    def consider(self, x: np.ndarray, values: Evaluation) -> bool:
        """Compare a point within the bounds with the best, and keep it if it is better; True if it is.

        Args:
            x: the person's variables (A,).
            values: f (1,), g (1, Mg) and h (1, Mh).
        """
        violation = max(np.max(values.g, initial=0.0), np.max(np.abs(values.h), initial=0.0))
        feasible = bool(self._problem.feasible(values)[0])
        point = Point(x, values, feasible, float(violation) if violation == violation else np.inf)
        better = self.best is None or point.better_than(self.best)
        if better:
            self.best = point
        return better
