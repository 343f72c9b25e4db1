"""Evaluation budget of a problem that states none."""

from __future__ import annotations

LEAST, MOST = 200, 5000
MOST_IN_TIME, SHORTEST = 20_000, 1e-4


def default_budget(dim: int) -> int:
    """100 (D + 1) evaluations, at least 200 and at most 5,000.

    D + 1 evaluations are a gradient by differences, or a simplex: the budget is a hundred of them. Budgets that the choice of an
    optimizer was learned from end at 5,000, which is reached at 49 variables.

    Args:
        dim: number of variables D.
    """
    return min(max(100 * (dim + 1), LEAST), MOST)


def budget_in_time(dim: int, seconds: float, each: float) -> int:
    """Budget that fits into a time limit, at least 10 (D + 1) and at most 20,000 evaluations: programs plan by their budget.

    Args:
        dim: number of variables D.
        seconds: the time limit.
        each: seconds that one evaluation took; at least 0.1 ms are assumed, the cost of a request.
    """
    return int(min(max(seconds / max(each, SHORTEST), 10 * (dim + 1)), MOST_IN_TIME))
