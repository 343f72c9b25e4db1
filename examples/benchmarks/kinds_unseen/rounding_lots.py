"""Orders come in whole lots, np.round inside."""

import numpy as np

DEMAND = np.array([37.0, 52.0, 18.0])


def objective(x):
    lots = np.round(x).astype(int)
    short = np.maximum(DEMAND - 12 * lots, 0)
    over = np.maximum(12 * lots - DEMAND, 0)
    return float(40 * lots.sum() + 9 * short.sum() + 2 * over.sum() + 5 * np.abs(x - lots).sum())


LOWER, UPPER, MAX_EVALS = [0] * 3, [12] * 3, 500
