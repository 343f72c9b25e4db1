import numpy as np

LOWER = [-10, -10, -10]
UPPER = [10, 10, 10]
X0 = [-1, 0, 0]
MAX_EVALS = 300


def objective(x):
    theta = np.arctan2(x[1], x[0]) / (2 * np.pi)
    r = np.hypot(x[0], x[1])
    return 100 * ((x[2] - 10 * theta) ** 2 + (r - 1) ** 2) + x[2] ** 2


SOURCE = (
    "Moré, Garbow, Hillstrom 1981, doi:10.1145/355934.355936, problem 7 (Fletcher, Powell); zero at (1, 0, 0)"
)
F_STAR = 0.0
