"""At most three of ten coefficients may differ from zero by more than 0.05."""

import numpy as np

rng = np.random.default_rng(12)
A = rng.normal(size=(15, 10))
B = A[:, [1, 4, 7]] @ np.array([1.5, -2.0, 1.0])


def objective(x):
    return float(np.sum((A @ x - B) ** 2))


def inequality(x):
    return np.count_nonzero(np.abs(x) > 0.05) - 3


LOWER, UPPER, MAX_EVALS = [-3] * 10, [3] * 10, 4000
