"""Six circles in the unit square: the common radius is to be largest."""

import numpy as np


def objective(x):
    return -x[-1]


def inequality(x):
    p, r = x[:-1].reshape(6, 2), x[-1]
    gaps = [2 * r - np.linalg.norm(p[i] - p[j]) for i in range(6) for j in range(i)]
    return [max(gaps), r - p.min(), p.max() - (1 - r)]


LOWER, UPPER, MAX_EVALS = [0] * 13, [1] * 12 + [0.5], 5000
