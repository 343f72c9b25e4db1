"""B4: numbers of coils and of springs are rounded."""

import numpy as np


def objective(x):
    coils, springs = np.round(x[0]), np.round(x[1])
    wire = x[2]
    stiffness = 80000 * wire**4 / (8 * 20**3 * coils)
    return (springs * stiffness - 35.0) ** 2 + 4 * coils * wire**2 + 30 * springs


LOWER, UPPER, MAX_EVALS = [2, 1, 0.5], [30, 12, 6], 1500
