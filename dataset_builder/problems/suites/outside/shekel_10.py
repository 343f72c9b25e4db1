# Shekel's foxholes
import numpy as np

C = np.array(
    [
        [4, 4, 4, 4],
        [1, 1, 1, 1],
        [8, 8, 8, 8],
        [6, 6, 6, 6],
        [3, 7, 3, 7],
        [2, 9, 2, 9],
        [5, 5, 3, 3],
        [8, 1, 8, 1],
        [6, 2, 6, 2],
        [7, 3.6, 7, 3.6],
    ]
)
beta = np.array([0.1, 0.2, 0.2, 0.4, 0.4, 0.6, 0.3, 0.7, 0.5, 0.5])
LOWER = [0, 0, 0, 0]
UPPER = [10, 10, 10, 10]
MAX_EVALS = 600


def objective(x):
    return -sum(1 / (np.dot(x - c, x - c) + b) for c, b in zip(C, beta))


SOURCE = "Dixon, Szegö 1978, Towards Global Optimisation 2, Shekel's family, m = 10"
F_STAR = -10.536409816692046
