"""Access of other people's optimizers to a problem.

Each point is paid for once, values are finite, and a tool that knows no constraints sees a penalty.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.oracle import BudgetExceeded
from llamoco.dataset_builder.problems.problem import EQUALITY_TOLERANCE

WORST = 1e300  # instead of non-finite values, on which some tools stop
CALLS_A_EVALUATION = 20

Function = Callable[[np.ndarray], Any]


class PointCache:
    """Cache of evaluated points, each paid for once: f, g (Mg,) and h (Mh,) as plain finite numbers."""

    def __init__(
        self, objective: Function, max_evals: int, inequality: Function | None, equality: Function | None
    ) -> None:
        self._functions = (objective, inequality, equality)
        self._known: dict[bytes, tuple[float, np.ndarray, np.ndarray]] = {}
        self._calls_left = CALLS_A_EVALUATION * max_evals

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """f, g and h at a point (D,).

        Raises:
            BudgetExceeded: past the budget, and if a tool keeps asking for the same points.
        """
        self._calls_left -= 1
        if self._calls_left < 0:
            raise BudgetExceeded("the tool goes round in circles")
        point = np.array(x, dtype=float)
        key = point.tobytes()
        if key not in self._known:
            objective, inequality, equality = self._functions
            f = float(objective(point))
            g = np.empty(0) if inequality is None else inequality(point)
            h = np.empty(0) if equality is None else equality(point)
            self._known[key] = (finite(f).item(), finite(g), finite(h))
        return self._known[key]

    def f(self, x: np.ndarray) -> float:
        """The objective at a point."""
        return self(x)[0]

    def g(self, x: np.ndarray) -> np.ndarray:
        """The inequality constraints, <= 0."""
        return self(x)[1]

    def h(self, x: np.ndarray) -> np.ndarray:
        """The equality constraints, = 0."""
        return self(x)[2]

    @property
    def constrained(self) -> bool:
        """Whether there are constraints."""
        return self._functions[1] is not None or self._functions[2] is not None


def finite(values: Any) -> np.ndarray:
    """Values with large numbers for those that are not finite."""
    return np.nan_to_num(np.asarray(values, dtype=float), nan=WORST, posinf=WORST, neginf=-WORST)


def violations(g: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Violation of each constraint, (Mg + Mh,); 0 where it is satisfied."""
    return np.concatenate([np.maximum(g, 0), np.maximum(np.abs(h) - EQUALITY_TOLERANCE, 0)])


def penalised(
    points: PointCache, lower: np.ndarray, upper: np.ndarray, random: np.random.Generator
) -> Callable[[np.ndarray], float]:
    """An objective with violations weighed in its own units, for tools that know no constraints; the plain one where there are none.

    Five random points, of the budget, say what these units are: a typical violation weighs a hundred times the objective's
    spread, which is the rule of the pool's own dual_annealing. Fixed weights of 1e3 and 1e5 and Deb's feasibility rules do no
    better on problems of the train split.
    """
    if not points.constrained:
        return points.f
    sample = [points(lower + random.random(len(lower)) * (upper - lower)) for _ in range(5)]
    spread = np.ptp([f for f, _, _ in sample]) + 1e-12
    weight = 100 * spread / (np.median([violations(g, h).sum() for _, g, h in sample]) + 1e-12)

    def penalty(x: np.ndarray) -> float:
        f, g, h = points(x)
        return float(finite(f + weight * violations(g, h).sum()))

    return penalty


def unit_point(x0: np.ndarray | None, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """A starting point in the unit box, its centre if there is none."""
    return np.full(len(lower), 0.5) if x0 is None else np.clip((x0 - lower) / (upper - lower), 0, 1)
