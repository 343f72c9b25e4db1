"""A bowl with fast ripples of a tenth of its height."""

import math


def objective(x):
    bowl = sum((v - 2.2) ** 2 for v in x)
    return bowl + 3 * sum(math.sin(57 * v) ** 2 for v in x)


LOWER, UPPER, MAX_EVALS = [-8] * 4, [9] * 4, 2500
