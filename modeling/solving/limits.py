"""What ends solving before the budget is used: a request to stop, the time limit, the tolerance."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from llamoco.dataset_builder.problems.evaluators import (
    EvaluatorWrapper,
    ProblemEvaluator,
    Values,
    collect_values,
)
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.stagnation import Stagnation

if TYPE_CHECKING:
    from llamoco.modeling.solving.pipeline import Options


class Stop(Exception):
    """Raised by ``Listener.progress``, ``Limits`` or the problem's own evaluator: end here and keep the best point so far.

    Its text is the reason that the solution gives.

    Attributes:
        verdict: of the solution.
    """

    def __init__(self, reason: str = "", verdict: str = "stopped") -> None:
        super().__init__(reason)
        self.verdict = verdict


class Limits:
    """Time limit and tolerance, from the options or, where they leave them open, from the problem. The clock starts at once.

    Args:
        problem: the problem.
        options: of solving.
    """

    def __init__(self, problem: Problem, options: Options) -> None:
        self._seconds = options.wall_limit or problem.time_limit
        self._deadline = time.monotonic() + (self._seconds or 0.0)
        self._tolerance = options.tolerance or problem.tolerance
        self._stagnation = self._tolerance and Stagnation(self._tolerance, problem.dim)

    @property
    def timed(self) -> bool:
        """Whether there is a time limit."""
        return bool(self._seconds)

    def check_time(self) -> None:
        """Raise ``Stop`` once the time is over."""
        if self._seconds and time.monotonic() > self._deadline:
            raise Stop(f"the time limit of {self._seconds:g} s is over", "time_limit")

    def check(self, evals: int, best: float | None) -> None:
        """Raise ``Stop`` once the time is over or the tolerance is reached; see ``Listener.progress`` for the arguments."""
        self.check_time()
        if self._stagnation and self._stagnation.reached(evals, best):
            raise Stop(
                f"the best value has stopped moving by more than the tolerance, {self._tolerance:g}",
                "converged",
            )


class TimeLimited(EvaluatorWrapper):
    """Checks the time after each evaluation, also within a request for many points."""

    def __init__(self, inner: ProblemEvaluator, limits: Limits) -> None:
        super().__init__(inner)
        self._limits = limits

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        return collect_values(self.evaluate_rows(x), len(x))

    def evaluate_rows(self, x: np.ndarray) -> Iterator[tuple[int, Values]]:
        """See ``ProblemEvaluator``."""
        for row in self.inner.evaluate_rows(x):
            yield row
            self._limits.check_time()
