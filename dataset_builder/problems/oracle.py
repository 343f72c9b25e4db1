"""Oracle: owns the problem, counts evaluations, caps them at the budget and keeps the best feasible point.

An evaluation is one point at which f, g and h are computed together. A call of any of the three functions with exactly the argument of
the call before is free: its values are kept. A program reaches a starting point through the unit box, with rounding: what differs from
it by no more is taken as the starting point itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from llamoco.dataset_builder.problems.merit import EQUALITY_TOLERANCE, INEQUALITY_TOLERANCE, violations
from llamoco.dataset_builder.problems.problem import Evaluation, Problem
from llamoco.dataset_builder.problems.profiling.probes import probe_problem

VectorFunction = Callable[[np.ndarray], np.ndarray]

_FLOAT = np.dtype(float)
_ROUNDING = 1e-15  # of |lower| + |upper|: between a starting point and lower + (x0 - lower) / (upper - lower) * (upper - lower)


class BudgetExceeded(RuntimeError):
    """More evaluations were asked for than are left. Nothing of the request was evaluated."""


class EvaluatedPoint(NamedTuple):
    """An evaluated point x (D,) with its values f, g (Mg,) and h (Mh,)."""

    x: np.ndarray
    f: float
    g: np.ndarray
    h: np.ndarray


class Oracle:
    """Counting access to a problem.

    Args:
        problem: the problem.
        on_progress: called after every paid request with (evaluations used, best feasible objective or None).

    Attributes:
        evals: evaluations used; never more than ``problem.max_evals``.
        refused: requests refused because the budget was spent.
        best_x, best_f: best feasible point within the bounds, None and inf until there is one.
        best: that point with its constraints; None until there is one.
        least_infeasible: until there is a feasible point: the one within the bounds, of finite values, that breaks the constraints
            least (``merit.violations``), the earliest of several. None if no point had finite values.
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
        self.best: EvaluatedPoint | None = None
        self.least_infeasible: EvaluatedPoint | None = None
        self._least_violation = math.inf
        self.trace: list[tuple[int, float]] = []
        self._on_progress = on_progress
        self._max_evals = problem.max_evals
        self._shape = (problem.dim,)
        self._after_g = 1 + problem.n_inequality
        # The last request: a batch here, a single point of a compiled problem in ``_compiled``, never both.
        self._last: tuple[bytes, Evaluation] | None = None
        self._compiled = problem.point_evaluator()
        self.inequality: VectorFunction | None = self._inequality if problem.n_inequality else None
        self.equality: VectorFunction | None = self._equality if problem.n_equality else None
        self._start: np.ndarray | None = None
        if problem.probes_first:
            probe_problem(problem, self.evaluate)
            found = self.best or self.least_infeasible
            self._start = None if found is None else found.x
        else:
            self._start = problem.start
        if self._start is not None:
            self._near = _ROUNDING * (np.abs(problem.lower_array) + np.abs(problem.upper_array))
            if problem.start_values is not None and self._compiled is None:
                self._know(self._start[None, :], problem.start_values)

    def _know(self, start: np.ndarray, values: Evaluation) -> None:
        """Take the starting point (1, D) for the request before the first, so that to ask for it is free."""
        self._last = (start.tobytes(), values)
        if self.problem.feasible(values)[0]:
            self._improve(start, values.f, values)
        else:
            self._note_least(start, values)

    @property
    def start(self) -> np.ndarray | None:
        """The starting point (D,) of the program: the problem's or, with ``probes_first``, the best probe; None for none."""
        return self._start

    @property
    def remaining(self) -> int:
        """Evaluations left."""
        return self._max_evals - self.evals

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
        if len(points) == 1 and self._compiled is not None:
            self._point(points[0])
            last = self._compiled
            return Evaluation(np.array([last.f]), last.g[None, :], last.h[None, :])
        if self._start is not None and self._starts(points[0]):
            points = np.concatenate((self._start[None, :], points[1:]))
        key = points.tobytes()
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        if len(points) > self.remaining:
            self._refuse(len(points))
        if self._compiled is not None:
            self._compiled.forget()
            values, eligible, best = self._compiled.batch(points)
            evaluation = Evaluation(*values)
        else:
            evaluation = self.problem.evaluate(points)
            fit = self.problem.feasible(evaluation) & self.problem.inside(points)
            eligible = np.where(fit, evaluation.f, np.inf)
            best = float(eligible.min())
        if best < self.best_f:
            self._improve(points, eligible, evaluation)
        elif self.best is None:
            self._note_least(points, evaluation)
        self.evals += len(points)
        self._last = (key, evaluation)
        self._tell()
        return evaluation

    def _point(self, x: np.ndarray) -> None:
        """Have ``_compiled`` evaluate x (D,) of a compiled problem; the same as ``evaluate`` of a batch of one."""
        assert self._compiled is not None
        if self._start is not None and self._starts(x):
            x = self._start
        if self.evals >= self._max_evals and not self._compiled.repeats(x):
            self._refuse(1)
        f = self._compiled.point(x)
        if f != f:  # a repetition
            return
        self.evals += 1
        self._last = None
        if f < self.best_f:
            self.best_x, self.best_f = x.copy(), f
            self.best = EvaluatedPoint(self.best_x, f, self._compiled.g, self._compiled.h)
            self.trace.append((self.evals, f))
        elif self.best is None:
            self._note_least_of_one(x)
        if self._on_progress is not None:
            self._tell()

    def _starts(self, x: np.ndarray) -> bool:
        """Whether x (D,) is the starting point, but for rounding. Most points differ in their first variable, which is soon seen."""
        start = self._start
        assert start is not None
        return bool(abs(x[0] - start[0]) <= self._near[0] and (np.abs(x - start) <= self._near).all())

    def _note_least_of_one(self, x: np.ndarray) -> None:
        """``_note_least`` of the last request. Loops: NumPy would take as long as the rest of the call."""
        assert self._compiled is not None
        numbers, violation, least = self._compiled.numbers, 0.0, self._least_violation
        for place, value in enumerate(numbers[1:], 1):
            if place < self._after_g:
                excess = value - INEQUALITY_TOLERANCE
            else:
                excess = abs(value) - EQUALITY_TOLERANCE
            if excess > violation:
                if excess >= least:
                    return
                violation = excess
            elif excess != excess:
                return
        f = numbers[0]
        if violation < least and math.isfinite(f) and self.problem.inside(x[None, :])[0]:
            self._least_violation = violation
            self.least_infeasible = EvaluatedPoint(x.copy(), f, self._compiled.g, self._compiled.h)

    def _note_least(self, points: np.ndarray, values: Evaluation) -> None:
        """Note which of some points breaks the constraints least."""
        with np.errstate(invalid="ignore"):
            found = violations(values.g, values.h)
        usable = np.isfinite(found) & np.isfinite(values.f) & self.problem.inside(points)
        found = np.where(usable, found, np.inf)
        row = int(np.argmin(found))
        if found[row] < self._least_violation:
            self._least_violation = float(found[row])
            self.least_infeasible = EvaluatedPoint(
                points[row].copy(), float(values.f[row]), values.g[row].copy(), values.h[row].copy()
            )

    def _improve(self, points: np.ndarray, eligible: np.ndarray, values: Evaluation) -> None:
        """Note the improvements of a batch, row by row."""
        running = np.minimum.accumulate(eligible)
        before = np.minimum(np.concatenate(([np.inf], running[:-1])), self.best_f)
        for row in np.flatnonzero(eligible < before):
            self.trace.append((self.evals + int(row) + 1, float(eligible[row])))
        best = int(np.argmin(eligible))
        self.best_x, self.best_f = points[best].copy(), float(eligible[best])
        self.best = EvaluatedPoint(self.best_x, self.best_f, values.g[best].copy(), values.h[best].copy())

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self.evals, self.best_f if self.best_x is not None else None)

    def _refuse(self, count: int) -> None:
        self.refused += 1
        raise BudgetExceeded(
            f"evaluation budget exhausted: {count} asked, {self.remaining} of {self._max_evals} left"
        )

    def objective(self, x: np.ndarray) -> float | np.ndarray:
        """f at x: (D,) -> float, (N, D) -> (N,). Raises as ``evaluate``."""
        if self._compiled is not None and self._is_plain_point(x):
            self._point(x)
            return self._compiled.f
        x = _as_real(x)
        if x.ndim == 1:
            return float(self.evaluate(x[None, :]).f[0])
        return self.evaluate(x).f.copy()

    def values(self, x: np.ndarray) -> bytes:
        """f, g and h at a point (D,), float64 one after the other. Counts and raises as ``evaluate``."""
        if self._compiled is not None and self._is_plain_point(x):
            self._point(x)
            return self._compiled.values
        return b"".join(part.tobytes() for part in self.evaluate(x[None, :]))

    def _inequality(self, x: np.ndarray) -> np.ndarray:
        if self._compiled is not None and self._is_plain_point(x):
            self._point(x)
            return self._compiled.g
        x = _as_real(x)
        return self.evaluate(x[None, :]).g[0].copy() if x.ndim == 1 else self.evaluate(x).g.copy()

    def _equality(self, x: np.ndarray) -> np.ndarray:
        if self._compiled is not None and self._is_plain_point(x):
            self._point(x)
            return self._compiled.h
        x = _as_real(x)
        return self.evaluate(x[None, :]).h[0].copy() if x.ndim == 1 else self.evaluate(x).h.copy()

    def _is_plain_point(self, x: np.ndarray) -> bool:
        """True if x is a (D,) array that needs no conversion."""
        # Short: this is asked in every call. carray: C-contiguous and aligned.
        return type(x) is np.ndarray and x.shape == self._shape and x.dtype is _FLOAT and x.flags.carray


def _as_real(x: np.ndarray) -> np.ndarray:
    if type(x) is np.ndarray and x.dtype is _FLOAT and x.flags.carray:
        return x
    array = np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"x has to be an array of real numbers, got dtype {array.dtype}")
    return np.require(array, float, ["C", "A"])
