# Three products in five periods
import numpy as np

LOWER = [8, 43, 3] + [0] * 12
UPPER = [21, 57, 16] + [90, 120, 60] * 4
MAX_EVALS = 4000
demand = np.array([60, 50, 70, 85, 100])


def objective(x):
    y = x.reshape(5, 3)
    return np.sum(y * [2.3, 1.7, 2.2] + y**2 * [0.0001, 0.0001, 0.00015])


def inequality(x):
    y = x.reshape(5, 3)
    change = np.diff(y, axis=0) + 7
    return np.concatenate(
        [
            -change.ravel(),
            (change - [13, 14, 13]).ravel(),
            demand - y.sum(axis=1),
        ]
    )


SOURCE = "Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2, problem 118"
F_STAR = 664.82045
