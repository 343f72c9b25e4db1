"""A filter: complex numbers, a ripple and a constraint."""

import numpy as np

W = np.linspace(0, np.pi, 40)


def objective(x):
    h = np.polyval(x[::-1], np.exp(-1j * W))
    return float(np.sum((np.abs(h[:15]) - 1) ** 2))


def inequality(x):
    h = np.polyval(x[::-1], np.exp(-1j * W))
    return np.max(np.abs(h[25:])) - 0.12


LOWER, UPPER, MAX_EVALS = [-1] * 7, [1] * 7, 3000
