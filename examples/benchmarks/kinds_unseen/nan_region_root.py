"""Square roots without a value in a third of the box, and no guard."""

import math


def objective(x):
    return math.sqrt(x[0] - x[1] ** 2 / 4) + (x[0] - 3) ** 2 + math.log(1 + x[1] + x[2]) + (x[2] - 1) ** 2


LOWER, UPPER, MAX_EVALS = [0, -3, -2], [8, 4, 4], 600
