import numpy as np

n = 8
Q, _ = np.linalg.qr(np.sin(np.outer(np.arange(1, n + 1), np.arange(1, n + 1)) * 1.7))
LOWER = [-4] * n
UPPER = [4] * n
MAX_EVALS = 2500


def objective(x):
    z = Q @ (x - 0.5) + 1
    return sum(100 * (z[k] ** 2 - z[k + 1]) ** 2 + (z[k] - 1) ** 2 for k in range(n - 1))


SOURCE = "Hansen, Finck, Ros, Auger 2009, BBOB noiseless functions, INRIA RR-6829, f9, rotation and shift of our own"
F_STAR = 0.0
