import numpy as np

n = 10
Q, _ = np.linalg.qr(np.sin(np.outer(np.arange(1, n + 1), np.arange(1, n + 1)) * 1.7))
shift = np.round(3 * np.cos(2.3 * np.arange(1, n + 1)), 2)
LOWER = [-5.12] * n
UPPER = [5.12] * n
MAX_EVALS = 5000


def objective(x):
    z = Q @ (x - shift)
    return 10 * n + np.sum(z**2 - 10 * np.cos(2 * np.pi * z))


SOURCE = "Hansen, Finck, Ros, Auger 2009, BBOB noiseless functions, INRIA RR-6829, f15 without its oscillations, rotation and shift of our own"
F_STAR = 0.0
