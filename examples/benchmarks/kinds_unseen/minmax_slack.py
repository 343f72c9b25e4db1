"""The least slack of a design is to be at least one."""

import numpy as np


def objective(x):
    return float(x @ np.array([2.0, 1.0, 3.0, 1.5, 0.5]))


def inequality(x):
    slack = np.array([x[0] + x[1] - 2, x[2] * 2 - x[1], x[3] - x[4] / 2, x[4] + x[0] - 1])
    return 1 - np.min(slack)


LOWER, UPPER, MAX_EVALS = [0] * 5, [10] * 5, 1500
