"""The best point of all runs on a problem so far: what is left where a person's own function fails or they press Ctrl-C."""

from __future__ import annotations

import numpy as np

from llamoco.dataset_builder.problems.evaluators import Values, Wrapper
from llamoco.dataset_builder.problems.problem import Problem


class Incumbent:
    """Watches a problem's evaluations.

    Args:
        problem: the problem.

    Attributes:
        problem: the same problem; what evaluates it, or a copy with another budget, is seen here.
        x: the best feasible point within the bounds (D,); None until there is one.
        f: its objective.
        evals: points evaluated, those beside the budget included.
    """

    def __init__(self, problem: Problem) -> None:
        self.x: np.ndarray | None = None
        self.f = float("inf")
        self.evals = 0
        self.problem = problem
        if problem.requests() is None:  # a compiled problem has no code of a person's own that may fail
            self.problem = problem.evaluated_by(_Watched(self, problem))


class _Watched(Wrapper):
    def __init__(self, incumbent: Incumbent, problem: Problem) -> None:
        super().__init__(problem.values)
        self._incumbent, self._problem = incumbent, problem

    def evaluate(self, x: np.ndarray) -> Values:
        """Values of points (N, D), one after the other: what comes before a failure counts."""
        rows = []
        best = self._incumbent
        for point in x:
            values = self._problem.evaluate(point[None, :])
            best.evals += 1
            if (
                values.f[0] < best.f
                and self._problem.inside(point[None, :])[0]
                and self._problem.feasible(values)[0]
            ):
                best.x, best.f = point.copy(), float(values.f[0])
            rows.append(values)
        f, g, h = (np.concatenate(columns) for columns in zip(*rows, strict=True))
        return f, g, h
