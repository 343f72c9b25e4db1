"""Three parameters of an epidemic, one of them the day on which a measure begins."""

import numpy as np

DAYS = np.arange(0, 40)


def course(beta, gamma, day):
    s, i, seen = 0.999, 0.001, []
    for t in DAYS:
        rate = beta if t < day else 0.35 * beta
        new = rate * s * i
        s, i = s - new, i + new - gamma * i
        seen.append(i)
    return np.array(seen)


DATA = course(0.62, 0.13, 17)


def objective(x):
    return float(1e4 * np.sum((course(*x) - DATA) ** 2))


LOWER, UPPER, MAX_EVALS = [0.1, 0.02, 1], [1.5, 0.6, 39], 900
