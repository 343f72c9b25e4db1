"""A simulation with a fixed seed: every point has its own small error."""

import numpy as np


def objective(x):
    rng = np.random.default_rng(7)
    arrivals = np.cumsum(rng.exponential(1 / 1.1, 60))
    service = rng.exponential(1 / max(x[0], 1e-3), 60) * (1 + 0.3 / max(x[1], 1e-3))
    free, waited = 0.0, 0.0
    for at, takes in zip(arrivals, service):
        begin = max(at, free)
        waited += begin - at
        free = begin + takes
    return waited / 60 + 0.8 * x[0] + 0.5 * x[1]


LOWER, UPPER, MAX_EVALS = [0.5, 0.1], [8, 6], 300
