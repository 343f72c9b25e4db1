"""The oracle: owns the problem, counts evaluations, caps them at the budget and keeps the best feasible point.

An evaluation is one point at which f, g and h are computed together. A call of any of the three functions with the very argument of
the call before is free: its values are kept.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from llamoco.dataset_builder.problems.problem import Evaluation, Problem

VectorFunction = Callable[[np.ndarray], np.ndarray]


class BudgetExceeded(RuntimeError):
    """More evaluations were asked for than are left. Nothing of the request was evaluated."""


class Oracle:
    """Counting access to a problem.

    Args:
        problem: the problem.
        on_progress: called after every paid request with (evaluations used, best feasible objective or None).

    Attributes:
        evals: evaluations used; never more than ``problem.max_evals``.
        refused: requests refused because the budget was spent.
        best_x, best_f: best feasible point within the bounds, None and inf until there is one.
        trace: improvements as (evaluations used, best feasible objective).
        inequality, equality: None where the problem has no such constraints.
    """

    def __init__(
        self, problem: Problem, on_progress: Callable[[int, float | None], None] | None = None
    ) -> None:
        self.problem = problem
        self.evals = 0
        self.refused = 0
        self.best_x: np.ndarray | None = None
        self.best_f = float("inf")
        self.trace: list[tuple[int, float]] = []
        self._on_progress = on_progress
        self._last: tuple[bytes, Evaluation] | None = None
        self.inequality: VectorFunction | None = self._inequality if problem.n_inequality else None
        self.equality: VectorFunction | None = self._equality if problem.n_equality else None

    @property
    def remaining(self) -> int:
        """Evaluations left."""
        return self.problem.max_evals - self.evals

    def evaluate(self, points: np.ndarray) -> Evaluation:
        """Evaluate a batch (N, D), counting N, or nothing if it repeats the previous batch.

        Raises:
            ValueError: if the shape is wrong or the entries are not real numbers.
            BudgetExceeded: if fewer than N evaluations are left.
        """
        points = _as_real(points)
        if points.ndim != 2 or points.shape[1] != self.problem.dim or len(points) == 0:
            raise ValueError(
                f"expected x of shape ({self.problem.dim},) or (N, {self.problem.dim}), got {points.shape}"
            )
        key = points.tobytes()
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        if len(points) > self.remaining:
            self.refused += 1
            raise BudgetExceeded(
                f"evaluation budget exhausted: {len(points)} asked, {self.remaining} of {self.problem.max_evals} left"
            )
        values = self.problem.evaluate(points)
        self._record(points, values)
        self._last = (key, values)
        if self._on_progress is not None:
            self._on_progress(self.evals, self.best_f if self.best_x is not None else None)
        return values

    def _record(self, points: np.ndarray, values: Evaluation) -> None:
        eligible = self.problem.feasible(values) & self.problem.inside(points)
        f = np.where(eligible, values.f, np.inf)
        if f.min() < self.best_f:
            running = np.minimum.accumulate(f)
            before = np.concatenate(([self.best_f], np.minimum(running[:-1], self.best_f)))
            for row in np.flatnonzero(f < before):
                self.trace.append((self.evals + int(row) + 1, float(f[row])))
            best = int(np.argmin(f))
            self.best_x, self.best_f = points[best].copy(), float(f[best])
        self.evals += len(points)

    def objective(self, x: np.ndarray) -> float | np.ndarray:
        """f at x: (D,) -> float, (N, D) -> (N,). Raises as ``evaluate``."""
        x = _as_real(x)
        if x.ndim == 1:
            return float(self.evaluate(x[None, :]).f[0])
        return self.evaluate(x).f.copy()

    def _inequality(self, x: np.ndarray) -> np.ndarray:
        x = _as_real(x)
        return self.evaluate(x[None, :]).g[0].copy() if x.ndim == 1 else self.evaluate(x).g.copy()

    def _equality(self, x: np.ndarray) -> np.ndarray:
        x = _as_real(x)
        return self.evaluate(x[None, :]).h[0].copy() if x.ndim == 1 else self.evaluate(x).h.copy()


def _as_real(x: np.ndarray) -> np.ndarray:
    array = np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"x has to be an array of real numbers, got dtype {array.dtype}")
    return np.ascontiguousarray(array, dtype=float)
