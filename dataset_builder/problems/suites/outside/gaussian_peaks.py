# Fifteen peaks of different height and width
import numpy as np

k = np.arange(15)[:, None]
centres = 4 * np.sin(1.3 * (k + 1) * np.arange(1, 6) + k**2)
heights = np.concatenate([[10], 1.1 + 8 * np.arange(14) / 13])
widths = 0.05 + 0.02 * (np.arange(15) * 7 % 15)
LOWER = [-5] * 5
UPPER = [5] * 5
MAX_EVALS = 4000


def objective(x):
    return 10 - np.max(heights * np.exp(-widths * np.sum((x - centres) ** 2, axis=1)))


SOURCE = "Hansen, Finck, Ros, Auger 2009, BBOB noiseless functions, INRIA RR-6829, after f22 (Gallagher), peaks of our own; zero at the first peak"
F_STAR = 0.0
