"""The highest place of a measured surface, by a spline."""

import numpy as np
from scipy.interpolate import RectBivariateSpline

rng = np.random.default_rng(9)
U = np.linspace(0, 4, 12)
Z = np.add.outer(np.sin(2 * U), np.cos(3 * U)) + 0.3 * rng.normal(size=(12, 12))
surface = RectBivariateSpline(U, U, Z)


def objective(x):
    return -float(surface(x[0], x[1])[0, 0])


LOWER, UPPER, MAX_EVALS = [0, 0], [4, 4], 400
