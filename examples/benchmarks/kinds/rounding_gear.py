"""A gear train: whole numbers of teeth."""

import numpy as np


def objective(x):
    a, b, c, d = np.round(x).astype(int)
    return (1 / 6.931 - (a * b) / (c * d)) ** 2


LOWER, UPPER, MAX_EVALS = [12] * 4, [60] * 4, 2000
