"""A linear classifier with hinge loss."""

import numpy as np

rng = np.random.default_rng(4)
X = rng.normal(size=(40, 5))
Y = np.sign(X @ np.array([1.0, -2.0, 0.5, 0.0, 1.5]) + 0.4 * rng.normal(size=40))


def objective(w):
    return np.mean(np.maximum(0, 1 - Y * (X @ w[:5] + w[5]))) + 0.01 * np.abs(w[:5]).sum()


LOWER, UPPER, MAX_EVALS = [-10] * 6, [10] * 6, 2000
