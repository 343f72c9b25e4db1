"""The best point of all runs on a problem so far, for when a person's function fails or they press Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from llamoco.dataset_builder.problems.evaluators import EvaluatorWrapper, Values, collect_values
from llamoco.dataset_builder.problems.problem import Evaluation, Problem


class Incumbent:
    """Watches a problem's evaluations.

    Args:
        problem: the problem.

    Attributes:
        problem: the same problem; what evaluates it, or a copy with another budget, is watched here.
        x: the best feasible point within the bounds (D,); None until there is one.
        f: its objective.
        evals: points evaluated, with those outside the budget.
    """

    def __init__(self, problem: Problem) -> None:
        self.x: np.ndarray | None = None
        self.f = float("inf")
        self.evals = 0
        self.problem = problem
        if (
            problem.active_evaluator.compiled is None
        ):  # a compiled problem has no code of a person's own that may fail
            self.problem = problem.with_evaluator(_IncumbentEvaluator(self, problem))


class _IncumbentEvaluator(EvaluatorWrapper):
    def __init__(self, incumbent: Incumbent, problem: Problem) -> None:
        super().__init__(problem.active_evaluator)
        self._incumbent, self._problem = incumbent, problem

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        return collect_values(self.evaluate_rows(x), len(x))

    def evaluate_rows(self, x: np.ndarray) -> Iterator[tuple[int, Values]]:
        """See ``ProblemEvaluator``: what comes before a failure counts."""
        best = self._incumbent
        for row, values in self.inner.evaluate_rows(np.ascontiguousarray(x, dtype=float)):
            best.evals += 1
            point, one = x[row : row + 1], Evaluation(*values)
            if one.f[0] < best.f and self._problem.inside(point)[0] and self._problem.feasible(one)[0]:
                best.x, best.f = point[0].copy(), float(one.f[0])
            yield row, values
