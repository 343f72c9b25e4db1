import numpy as np

LOWER = [0] * 13
UPPER = [1] * 9 + [100] * 3 + [1]
MAX_EVALS = 3000


def objective(x):
    return 5 * np.sum(x[:4]) - 5 * np.sum(x[:4] ** 2) - np.sum(x[4:])


def inequality(x):
    return np.array(
        [
            2 * x[0] + 2 * x[1] + x[9] + x[10] - 10,
            2 * x[0] + 2 * x[2] + x[9] + x[11] - 10,
            2 * x[1] + 2 * x[2] + x[10] + x[11] - 10,
            -8 * x[0] + x[9],
            -8 * x[1] + x[10],
            -8 * x[2] + x[11],
            -2 * x[3] - x[4] + x[9],
            -2 * x[5] - x[6] + x[10],
            -2 * x[7] - x[8] + x[11],
        ]
    )


SOURCE = "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report"
F_STAR = -15.0
