# Three generating units share a load of 850 MW
import numpy as np

a = np.array([561, 310, 78])
b = np.array([7.92, 7.85, 7.97])
c = np.array([0.001562, 0.00194, 0.00482])
LOWER = [150, 100, 50]
UPPER = [600, 400, 200]
MAX_EVALS = 300


def objective(p):
    return np.sum(a + b * p + c * p**2)


def equality(p):
    return np.sum(p) - 850


SOURCE = "Wood, Wollenberg 1996, Power Generation, Operation and Control, example 3A; equal incremental costs"
F_STAR = 8194.35612127
