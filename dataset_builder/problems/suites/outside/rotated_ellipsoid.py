import numpy as np

n = 20
Q, _ = np.linalg.qr(np.sin(np.outer(np.arange(1, n + 1), np.arange(1, n + 1)) * 1.7))
shift = np.arange(1, n + 1) * 4 % 7 - 3
weights = 10 ** np.linspace(0, 6, n)
LOWER = [-5] * n
UPPER = [5] * n
MAX_EVALS = 5000


def objective(x):
    z = Q @ (x - shift)
    return weights @ z**2


SOURCE = "Hansen, Finck, Ros, Auger 2009, BBOB noiseless functions, INRIA RR-6829, f10 without its oscillations, rotation and shift of our own"
F_STAR = 0.0
