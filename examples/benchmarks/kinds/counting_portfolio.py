"""At most three of eight assets may hold more than five percent."""

import numpy as np

MEAN = np.array([0.05, 0.08, 0.11, 0.04, 0.09, 0.13, 0.07, 0.10])
RISK = np.array([0.10, 0.14, 0.20, 0.06, 0.18, 0.26, 0.12, 0.17])


def objective(x):
    w = x / (x.sum() + 1e-9)
    return np.sum((w * RISK) ** 2) - 0.25 * w @ MEAN


def inequality(x):
    w = x / (x.sum() + 1e-9)
    return sum(1 for share in w if share > 0.05) - 3


LOWER, UPPER, MAX_EVALS = [0] * 8, [1] * 8, 3000
