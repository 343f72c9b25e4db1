"""A cantilever beam of five segments, as it is often coded: the constraint is a penalty."""

import numpy as np


def objective(x):
    weight = 0.0624 * np.sum(x)
    deflection = 61 / x[0] ** 3 + 37 / x[1] ** 3 + 19 / x[2] ** 3 + 7 / x[3] ** 3 + 1 / x[4] ** 3
    if deflection > 1:
        return 1e6
    return weight


LOWER, UPPER, MAX_EVALS = [0.01] * 5, [100] * 5, 3000
