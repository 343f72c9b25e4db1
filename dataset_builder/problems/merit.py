"""How points compare: by how much they break the constraints, then by the objective."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

INEQUALITY_TOLERANCE = 1e-6
EQUALITY_TOLERANCE = 1e-4


def merit(f: float, g: Iterable[float], h: Iterable[float]) -> tuple[float, float]:
    """A key by which the better of two points is the smaller one.

    Args:
        f: objective, to be minimised.
        g: inequalities (<= 0).
        h: equalities (= 0).

    Returns:
        The largest violation beyond the tolerances, and f; infinite where a value is not finite.
    """
    broken = max(
        [
            0.0,
            *(value - INEQUALITY_TOLERANCE for value in g),
            *(abs(value) - EQUALITY_TOLERANCE for value in h),
        ]
    )
    return (float(broken), float(f)) if np.isfinite(broken) and np.isfinite(f) else (np.inf, np.inf)
