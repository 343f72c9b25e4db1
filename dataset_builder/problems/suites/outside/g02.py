import numpy as np

n = 20
i = np.arange(1, n + 1)
LOWER = [0] * n
UPPER = [10] * n
MAX_EVALS = 5000


def objective(x):
    c = np.cos(x)
    denominator = np.sqrt(np.sum(i * x**2))
    return -abs((np.sum(c**4) - 2 * np.prod(c**2)) / denominator)


def inequality(x):
    return np.array([0.75 - np.prod(x), np.sum(x) - 7.5 * n])


SOURCE = "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report"
F_STAR = -0.80361910412559
