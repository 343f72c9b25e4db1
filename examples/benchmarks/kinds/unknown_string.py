"""A compiled model: nothing can be followed."""

import numpy as np


def objective(x):
    v = np.array([float(str(t)) for t in x])
    return float(np.sum(100 * (v[1:] - v[:-1] ** 2) ** 2 + (1 - v[:-1]) ** 2))


LOWER, UPPER, MAX_EVALS = [-5] * 5, [5] * 5, 3000
