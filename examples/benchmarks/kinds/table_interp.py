"""Efficiency from a table, between its lines."""

import numpy as np

LOAD = np.array([0, 10, 20, 30, 40, 50, 60, 70, 80])
EFFICIENCY = np.array([0.2, 0.31, 0.37, 0.44, 0.43, 0.47, 0.46, 0.40, 0.31])


def objective(x):
    return np.sum(x / np.interp(x, LOAD, EFFICIENCY))


def equality(x):
    return np.sum(x) - 150


LOWER, UPPER, MAX_EVALS = [1] * 4, [80] * 4, 2000
