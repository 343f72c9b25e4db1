"""Facts unknown, a constraint, odd bounds."""

import numpy as np


def objective(x):
    return abs(np.exp(1j * x[0]) + x[1])


def inequality(x):
    return abs(np.exp(1j * x[1]) + x[0]) - 2


LOWER, UPPER, MAX_EVALS = [-np.pi] * 2, [np.pi] * 2, 2000
