"""A simulator that reports a failed design as infinity."""

import math


def objective(x):
    a, b, c, d = x
    if a * b > 12 or c > 2 * d:
        return float("inf")
    return (a - 4) ** 2 + (b - 3.5) ** 2 + (c - 3) ** 2 + math.exp(d / 2)


LOWER, UPPER, MAX_EVALS = [0] * 4, [8] * 4, 1200
