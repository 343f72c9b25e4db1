"""The largest residual of a fit is to be least."""

import numpy as np

T = np.linspace(0, 1, 25)
Y = np.exp(-3 * T) * np.cos(9 * T)


def objective(x):
    return np.max(np.abs(np.polyval(x, T) - Y))


LOWER, UPPER, MAX_EVALS = [-50] * 5, [50] * 5, 3000
