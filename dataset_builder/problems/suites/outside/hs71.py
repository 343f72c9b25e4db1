import numpy as np

LOWER = [1] * 4
UPPER = [5] * 4
MAX_EVALS = 500


def objective(x):
    return x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2]


def inequality(x):
    return 25 - np.prod(x)


def equality(x):
    return np.dot(x, x) - 40


SOURCE = "Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2, problem 71"
F_STAR = 17.014017289156
