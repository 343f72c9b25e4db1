"""Frequency and damping of a mass, from odeint."""

import numpy as np
from scipy.integrate import odeint

T = np.linspace(0, 6, 40)


def motion(k, c, a):
    return odeint(lambda y, t: [y[1], -k * y[0] - c * y[1]], [a, 0.0], T)[:, 0]


Y = motion(7.3, 0.42, 1.6)


def objective(x):
    return float(np.sum((motion(*x) - Y) ** 2))


LOWER, UPPER, MAX_EVALS = [0.1, 0.0, 0.1], [60, 5, 5], 600
