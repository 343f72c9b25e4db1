"""The largest eigenvalue of a matrix is to be least."""

import numpy as np

rng = np.random.default_rng(2)
PARTS = [(m + m.T) / 2 for m in rng.normal(size=(5, 6, 6))]


def objective(x):
    return np.linalg.eigvalsh(PARTS[0] + sum(v * m for v, m in zip(x, PARTS[1:])))[-1]


LOWER, UPPER, MAX_EVALS = [-3] * 4, [3] * 4, 800
