"""Scores of one run: w (the paper's normalised objective descent, section IV-A3c) and AOCC (anytime).

f0 and f_star are frozen per problem. Labels are chosen by AOCC because w saturates: a gap of 1e-3 and one of 1e-9 score alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

GAP_FLOOR = 1e-3


def relative_gap(f: float, f0: float, f_star: float) -> float:
    """(f - f*) / (f0 - f*), clipped to [0, 1]; 1 for a non-finite f."""
    if not math.isfinite(f):
        return 1.0
    return min(max((f - f_star) / (f0 - f_star), 0.0), 1.0)


def w(f_best: float, f0: float, f_star: float) -> float:
    """w = 1 - (f_best - f*) / (f0 - f*), clipped to [0, 1]; 0 where nothing feasible was found (f_best infinite)."""
    return 1.0 - relative_gap(f_best, f0, f_star)


def aocc(trace: Sequence[tuple[int, float]], max_evals: int, f0: float, f_star: float) -> float:
    """Mean over the budget of -log10(relative gap floored at 1e-3), scaled to [0, 1].

    Args:
        trace: improvements as (evaluations used when found, best feasible objective so far), in order.
        max_evals: the budget; before the first feasible point the gap is 1.
        f0, f_star: references of the problem, f0 > f_star.
    """
    total = 0.0
    for number, (evals, f) in enumerate(trace):
        until = trace[number + 1][0] if number + 1 < len(trace) else max_evals + 1
        total += (until - evals) * -math.log10(max(relative_gap(f, f0, f_star), GAP_FLOOR))
    return total / max_evals / -math.log10(GAP_FLOOR)
