"""A plain staircase."""

import numpy as np


def objective(x):
    return np.sum(np.floor(x + 0.3) ** 2) + 0.01 * np.sum(np.abs(x - 0.7))


LOWER, UPPER, MAX_EVALS = [-20] * 6, [30] * 6, 2000
