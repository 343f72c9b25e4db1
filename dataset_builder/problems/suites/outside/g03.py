import numpy as np

n = 10
LOWER = [0] * n
UPPER = [1] * n
MAX_EVALS = 3000


def objective(x):
    return -(np.sqrt(n) ** n) * np.prod(x)


def equality(x):
    return np.sum(x**2) - 1


SOURCE = (
    "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report; with |h| <= 1e-4"
)
F_STAR = -1.00050010001
