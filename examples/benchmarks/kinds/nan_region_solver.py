"""The solver of the model gives up in half of the box."""

from scipy.optimize import brentq


def objective(x):
    try:
        root = brentq(lambda t: t**3 - x[0] * t - x[1], -1, 2)
    except (ValueError, RuntimeError):
        return float("nan")
    return (root - 0.8) ** 2 + 0.1 * (x[0] - 2) ** 2 + 0.1 * x[1] ** 2


LOWER, UPPER, MAX_EVALS = [-6, -6], [6, 6], 400
