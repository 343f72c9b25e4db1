"""No value where a logarithm has none."""

import numpy as np


def objective(x):
    return -np.log(4 - x[0] - x[1] - x[2]) + (x[0] - 2) ** 2 - np.sqrt(x[1]) + 0.3 * x[2] ** 2


LOWER, UPPER, MAX_EVALS = [-3] * 3, [5] * 3, 900
