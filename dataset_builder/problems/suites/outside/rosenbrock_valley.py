import numpy as np

n = 5
LOWER = [-2.048] * n
UPPER = [2.048] * n
MAX_EVALS = 1000


def objective(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


SOURCE = "Rosenbrock 1960, doi:10.1093/comjnl/3.3.175; zero at (1, ..., 1)"
F_STAR = 0.0
