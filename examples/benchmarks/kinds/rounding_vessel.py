"""A pressure vessel of plates that come in steps of a sixteenth of an inch."""

import numpy as np


def objective(x):
    s, h = 0.0625 * np.round(x[0] / 0.0625), 0.0625 * np.round(x[1] / 0.0625)
    r, l = x[2], x[3]
    return 0.6224 * s * r * l + 1.7781 * h * r**2 + 3.1661 * s**2 * l + 19.84 * s**2 * r


def inequality(x):
    s, h = 0.0625 * np.round(x[0] / 0.0625), 0.0625 * np.round(x[1] / 0.0625)
    r, l = x[2], x[3]
    return [0.0193 * r - s, 0.00954 * r - h, 1 - (np.pi * r**2 * l + 4 / 3 * np.pi * r**3) / 1296000]


LOWER, UPPER, MAX_EVALS = [0.0625, 0.0625, 10, 10], [6.1875, 6.1875, 200, 200], 4000
