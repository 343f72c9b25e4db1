# Ten points in the unit square as far apart as possible
import numpy as np

LOWER = [0] * 20
UPPER = [1] * 20
MAXIMIZE = True
MAX_EVALS = 5000


def objective(x):
    p = x.reshape(10, 2)
    return min(np.hypot(*(p[i] - p[j])) for i in range(10) for j in range(i))


SOURCE = "Schwartz, de Groot, Peikert, Würtz 1991, ten points in a square (packomania.com)"
F_STAR = 0.421279543983903
