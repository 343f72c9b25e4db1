"""The median error of a line through points with outliers."""

import numpy as np

X = np.linspace(0, 10, 31)
Y = 2.0 * X - 3.0
Y[::4] += 25


def objective(x):
    return float(np.median(np.abs(x[0] * X + x[1] - Y))) + 0.01 * float(np.max(np.abs(x)))


LOWER, UPPER, MAX_EVALS = [-10, -20], [10, 20], 500
