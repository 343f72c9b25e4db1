# Pressure vessel from plates that come in sixteenths of an inch
import numpy as np

LOWER = [0.0625, 0.0625, 10, 10]
UPPER = [6.1875, 6.1875, 200, 200]
STEP = [0.0625, 0.0625, 0, 0]
MAX_EVALS = 3000


def objective(x):
    return (
        0.6224 * x[0] * x[2] * x[3]
        + 1.7781 * x[1] * x[2] ** 2
        + 3.1661 * x[0] ** 2 * x[3]
        + 19.84 * x[0] ** 2 * x[2]
    )


def inequality(x):
    return np.array(
        [
            0.0193 * x[2] - x[0],
            0.00954 * x[2] - x[1],
            1296000 - np.pi * x[2] ** 2 * x[3] - 4 / 3 * np.pi * x[2] ** 3,
            x[3] - 240,
        ]
    )


SOURCE = "Kannan, Kramer 1994, doi:10.1115/1.2919393, plates of 1/16 inch"
F_STAR = 6059.714335048436
