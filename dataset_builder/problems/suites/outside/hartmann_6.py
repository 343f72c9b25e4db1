import numpy as np

ALPHA = np.array([1.0, 1.2, 3.0, 3.2])
A = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
LOWER = [0] * 6
UPPER = [1] * 6
MAX_EVALS = 300


def objective(x):
    return -ALPHA @ np.exp(-np.sum(A * (x - P) ** 2, axis=1))


SOURCE = "Dixon, Szegö 1978, Towards Global Optimisation 2, Hartmann's family"
F_STAR = -3.3223680114155
