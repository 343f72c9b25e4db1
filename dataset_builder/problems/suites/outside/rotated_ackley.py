import numpy as np

n = 12
Q, _ = np.linalg.qr(np.sin(np.outer(np.arange(1, n + 1), np.arange(1, n + 1)) * 1.7))
shift = np.round(12 * np.sin(0.9 * np.arange(1, n + 1)), 2)
LOWER = [-32] * n
UPPER = [32] * n
MAX_EVALS = 3000


def objective(x):
    z = Q @ (x - shift)
    return -20 * np.exp(-0.2 * np.sqrt(np.mean(z**2))) - np.exp(np.mean(np.cos(2 * np.pi * z))) + 20 + np.e


SOURCE = "Suganthan et al. 2005, CEC 2005 special session, F8, rotation and shift of our own"
F_STAR = 0.0
