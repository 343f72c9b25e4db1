# Least variance for an expected return of 9 percent, no short sales
import numpy as np

mean = np.array([0.05, 0.07, 0.08, 0.10, 0.13])
deviation = np.array([0.06, 0.10, 0.13, 0.18, 0.25])
correlation = 0.7 * np.eye(5) + 0.3
covariance = correlation * np.outer(deviation, deviation)
LOWER = [0] * 5
UPPER = [1] * 5
MAX_EVALS = 600


def objective(x):
    return 100 * x @ covariance @ x


def inequality(x):
    return 0.09 - mean @ x


def equality(x):
    return x.sum() - 1


SOURCE = "Markowitz 1952, doi:10.2307/2975974; figures of our own, with |h| <= 1e-4"
F_STAR = 1.1089701203
