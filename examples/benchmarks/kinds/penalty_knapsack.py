"""Fractions of goods in a truck; what does not fit counts as nothing gained."""

import numpy as np

VALUE = np.array([60, 100, 120, 30, 70, 45, 88, 51])
SIZE = np.array([10, 20, 30, 7, 12, 11, 25, 13])


def objective(x):
    return 0.0 if SIZE @ x > 60 else -VALUE @ x


LOWER, UPPER, MAX_EVALS = [0] * 8, [1] * 8, 2000
