"""Comparison of points: by how much they break the constraints, then by the objective."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

INEQUALITY_TOLERANCE = 1e-6
EQUALITY_TOLERANCE = 1e-4
WORST = (np.inf, np.inf)


def merit(f: float, g: Sequence[float] | np.ndarray, h: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """Sort key of a point: the better of two points has the smaller one.

    Args:
        f: objective, to be minimised.
        g: inequalities (<= 0).
        h: equalities (= 0).

    Returns:
        The largest violation beyond the tolerances, and f; ``WORST`` where a value is not finite.
    """
    [violation] = violations(*(np.array(part, dtype=float)[None] for part in (g, h)))
    return (float(violation), float(f)) if np.isfinite(violation) and np.isfinite(f) else WORST


def violations(g: np.ndarray, h: np.ndarray) -> np.ndarray:
    """The largest violation beyond the tolerances of N points (N,), as in ``merit``; NaN where a constraint is NaN.

    Args:
        g: inequalities (N, Mg).
        h: equalities (N, Mh).
    """
    excess = np.hstack([g - INEQUALITY_TOLERANCE, np.abs(h) - EQUALITY_TOLERANCE])
    return np.asarray(np.max(excess, axis=1, initial=0.0))
