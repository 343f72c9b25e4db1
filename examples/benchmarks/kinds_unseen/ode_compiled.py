"""A stiff reaction by an implicit solver, so that nothing can be followed."""

import numpy as np
from scipy.integrate import solve_ivp

T = np.linspace(0, 4, 9)


def run(k):
    k1, k2, k3 = k
    out = solve_ivp(
        lambda t, y: [
            -k1 * y[0] + k3 * y[1] * y[2],
            k1 * y[0] - k3 * y[1] * y[2] - k2 * y[1] ** 2,
            k2 * y[1] ** 2,
        ],
        (0, 4),
        [1.0, 0.0, 0.0],
        method="LSODA",
        t_eval=T,
    )
    return out.y


DATA = run((0.8, 6.0, 2.5))


def objective(x):
    return float(np.sum((run(x) - DATA) ** 2))


LOWER, UPPER, MAX_EVALS = [0.01, 0.1, 0.01], [5, 30, 20], 300
