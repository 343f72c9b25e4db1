"""Twelve points on a circle-like curve: the smallest gap is to be largest."""

import numpy as np


def objective(x):
    p = np.sort(x)
    gaps = np.diff(np.concatenate([p, [p[0] + 360]]))
    return -gaps.min()


LOWER, UPPER, MAX_EVALS = [0] * 6, [360] * 6, 2000
