"""Stagnation: the best value improves by less than a person's tolerance."""

from __future__ import annotations

LEAST_PATIENCE = 100
PATIENCE_PER_VARIABLE = 20


class Stagnation:
    """Detects that the best feasible objective has improved by less than a tolerance for a while.

    "A while" is 100 evaluations, or 20 a variable where that is more: programs restart, and a short lull says nothing. Without a
    feasible point there is no value to stop at.

    Args:
        tolerance: the least improvement that counts, relative to 1 + |f|; above 0.
        dim: number of variables.
    """

    def __init__(self, tolerance: float, dim: int) -> None:
        self._tolerance = tolerance
        self._patience = max(LEAST_PATIENCE, PATIENCE_PER_VARIABLE * dim)
        self._since = 0
        self._value: float | None = None

    def reached(self, evals: int, best: float | None) -> bool:
        """True if the run is to stop now.

        Args:
            evals: evaluations used so far, never fewer than in the call before.
            best: the best feasible objective so far (to be minimised); None until there is one.
        """
        if best is None:
            return False
        if self._value is None or self._value - best > self._tolerance * (1 + abs(self._value)):
            self._since, self._value = evals, best
        return evals - self._since >= self._patience
