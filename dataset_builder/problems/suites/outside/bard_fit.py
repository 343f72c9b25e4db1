# Least-squares fit of y = a + u / (b v + c w), Bard's data
import numpy as np

y = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])
u = np.arange(1, 16)
v = 16 - u
w = np.minimum(u, v)

LOWER = [-0.5, 0.1, 0.1]
UPPER = [2.0, 5.0, 5.0]
MAX_EVALS = 500


def objective(x):
    residuals = y - (x[0] + u / (v * x[1] + w * x[2]))
    return float(residuals @ residuals)


SOURCE = "Moré, Garbow, Hillstrom 1981, doi:10.1145/355934.355936, problem 8"
F_STAR = 0.008214877306578963
