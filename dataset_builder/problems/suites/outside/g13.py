import numpy as np

LOWER = [-2.3, -2.3, -3.2, -3.2, -3.2]
UPPER = [2.3, 2.3, 3.2, 3.2, 3.2]
MAX_EVALS = 3000


def objective(x):
    return np.exp(np.prod(x))


def equality(x):
    return [np.sum(x**2) - 10, x[1] * x[2] - 5 * x[3] * x[4], x[0] ** 3 + x[1] ** 3 + 1]


SOURCE = (
    "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report; with |h| <= 1e-4"
)
F_STAR = 0.053941514041898
