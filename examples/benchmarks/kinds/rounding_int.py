"""int() of a variable chooses how many terms there are."""

import math


def objective(x):
    n = int(x[0])
    total = 0.0
    for k in range(1, n + 1):
        total += math.sin(k * x[1]) / k
    return (total - 1.2) ** 2 + 0.02 * n + 0.1 * (x[1] - 1) ** 2


LOWER, UPPER, MAX_EVALS = [1, 0], [15, 3], 500
