"""Thicknesses in steps of half a millimetre, with a constraint."""

import numpy as np


def plates(x):
    return np.round(np.asarray(x) * 2) / 2


def objective(x):
    t = plates(x)
    return float(7.8 * (t[0] * 30 + t[1] * 20 + t[2] * 12))


def inequality(x):
    t = plates(x)
    return [400 - 9 * t[0] ** 2 - 14 * t[1] ** 2, 60 - t[1] * t[2] * 3, 4 - t[2]]


LOWER, UPPER, MAX_EVALS = [0.5] * 3, [15] * 3, 1000
