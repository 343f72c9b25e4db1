# Trid: a quadratic form with a banded matrix
import numpy as np

n = 10
LOWER = [-(n**2)] * n
UPPER = [n**2] * n
MAX_EVALS = 400


def objective(x):
    return np.sum((x - 1) ** 2) - np.sum(x[1:] * x[:-1])


SOURCE = "Neumaier 2006, test problems for global optimization; -n (n + 4) (n - 1) / 6 at x_i = i (n + 1 - i)"
F_STAR = -210.0
