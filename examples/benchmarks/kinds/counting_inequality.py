"""B2: a constraint that counts how many variables are large."""

import numpy as np


def objective(x):
    return np.sum((x - 3) ** 2) + x[0]


def inequality(x):
    return np.sum(x > 1.5) - 2.0


LOWER, UPPER, MAX_EVALS = [0] * 5, [5] * 5, 1000
