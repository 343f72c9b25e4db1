# Fastest wire from (0, 1) to (2, 0), heights of 11 points between; no value where the bead cannot go
import numpy as np

g = 9.81
x = np.linspace(0, 2, 13)
LOWER = [-1.0] * 11
UPPER = [1.2] * 11
MAX_EVALS = 2000


def objective(p):
    y = np.concatenate([[1.0], p, [0.0]])
    v = np.sqrt(2 * g * (1 - y))
    return np.sum(2 * np.hypot(np.diff(x), np.diff(y)) / (v[1:] + v[:-1]))


SOURCE = "Bernoulli 1696, twelve straight pieces; best of long runs of our own"
F_STAR = 0.8122190002
