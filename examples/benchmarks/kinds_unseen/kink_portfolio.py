"""Costs of trading in proportion to what changes."""

import numpy as np

HELD = np.array([0.4, 0.1, 0.2, 0.0, 0.3])
GAIN = np.array([0.04, 0.09, 0.05, 0.12, 0.03])
COV = np.array(
    [
        [0.02, 0.00, 0.01, 0.00, 0.00],
        [0.00, 0.08, 0.02, 0.03, 0.00],
        [0.01, 0.02, 0.05, 0.01, 0.01],
        [0.00, 0.03, 0.01, 0.15, 0.00],
        [0.00, 0.00, 0.01, 0.00, 0.01],
    ]
)


def objective(x):
    return float(2 * x @ COV @ x - x @ GAIN + 0.015 * np.abs(x - HELD).sum())


def equality(x):
    return x.sum() - 1


LOWER, UPPER, MAX_EVALS = [0] * 5, [1] * 5, 1500
