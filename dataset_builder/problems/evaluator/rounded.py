"""Compiled problems whose variables take integers or steps: points are rounded before the formulas see them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from llamoco.dataset_builder.problems.evaluator.assembler import Program
from llamoco.dataset_builder.problems.evaluator.compiled import CompiledProblem, PointEvaluator

Rounding = Callable[[np.ndarray], np.ndarray]


class RoundedProblem(CompiledProblem):
    """A compiled problem of points of the search box.

    Args:
        compiled: the formulas.
        rounding: the formulas' variables (..., D) at points (..., D) of the search box.
    """

    def __init__(self, compiled: CompiledProblem, rounding: Rounding) -> None:
        super().__init__(compiled._program)
        self._rounding = rounding

    def __reduce__(self) -> tuple[type[CompiledProblem], tuple[Program]]:
        raise TypeError("a problem with rounded variables is not pickled by its formulas alone")

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See ``CompiledProblem``."""
        return super().__call__(self._rounding(points))

    def point_evaluator(
        self, lower: np.ndarray, upper: np.ndarray, tolerances: tuple[float, float]
    ) -> PointEvaluator:
        """See ``PointEvaluator``."""
        return _RoundedPoints(self, lower, upper, tolerances, self._rounding)


class _RoundedPoints(PointEvaluator):
    """A request repeats the last one if its point is the same before rounding, as for any other problem."""

    def __init__(
        self,
        system: CompiledProblem,
        lower: np.ndarray,
        upper: np.ndarray,
        tolerances: tuple[float, float],
        rounding: Rounding,
    ) -> None:
        super().__init__(system, lower, upper, tolerances)
        self._lower, self._upper, self._rounding = lower, upper, rounding
        self._asked: bytes | None = None

    def point(self, x: np.ndarray) -> float:
        """See ``PointEvaluator``."""
        if self.repeats(x):
            return float("nan")
        self._asked = x.tobytes()
        super().forget()
        f = super().point(np.ascontiguousarray(self._rounding(x)))
        # Rounding draws a point outside in, which must not make it eligible.
        return f if f == np.inf or self._inside(x) else float("inf")

    def _inside(self, x: np.ndarray) -> bool:
        return bool(((x >= self._lower) & (x <= self._upper)).all())

    def repeats(self, x: np.ndarray) -> bool:
        """See ``PointEvaluator``."""
        return self._asked == x.tobytes()

    def forget(self) -> None:
        """See ``PointEvaluator``."""
        super().forget()
        self._asked = None

    def batch(
        self, points: np.ndarray
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray, float]:
        """See ``PointEvaluator``."""
        values, eligible, _ = super().batch(np.ascontiguousarray(self._rounding(points)))
        inside = ((points >= self._lower) & (points <= self._upper)).all(axis=1)
        eligible = np.where(inside, eligible, np.inf)
        return values, eligible, float(eligible.min())
