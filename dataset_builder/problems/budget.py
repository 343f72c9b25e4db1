"""The evaluation budget of a problem whose owner states none."""

from __future__ import annotations

LEAST, MOST = 200, 5000


def default_budget(dim: int) -> int:
    """100 (D + 1) evaluations, at least 200 and at most 5,000.

    D + 1 evaluations are a gradient by differences, or a simplex: the budget is a hundred of them. Budgets that the choice of an
    optimizer was learned from end at 5,000, which is reached at 49 variables.

    Args:
        dim: number of variables D.
    """
    return min(max(100 * (dim + 1), LEAST), MOST)
