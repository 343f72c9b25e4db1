"""B6: least squares and the sum of absolute values."""

import numpy as np

A = np.array(
    [
        [1.0, 0.4, -0.3, 0.2],
        [0.2, -1.1, 0.5, 0.3],
        [0.6, 0.1, 0.9, -0.4],
        [-0.5, 0.7, 0.2, 1.2],
        [0.3, -0.2, 0.8, 0.1],
    ]
)
B = np.array([0.9, -0.1, 0.4, -0.3, 0.2])


def objective(x):
    return 0.5 * np.sum((A @ x - B) ** 2) + 0.1 * np.linalg.norm(x, 1)


LOWER, UPPER, MAX_EVALS = [-3] * 4, [4] * 4, 800
