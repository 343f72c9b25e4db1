"""B5: two rate constants from a simulated experiment, with a solver in the objective."""

import numpy as np
from scipy.integrate import solve_ivp

T = np.linspace(0, 10, 12)
Y = np.array([0.0, 26.6, 36.0, 37.4, 35.1, 31.5, 27.6, 23.9, 20.5, 17.5, 14.9, 12.7])


def objective(x):
    run = solve_ivp(
        lambda t, y: [-x[0] * y[0], x[0] * y[0] - x[1] * y[1]], (0, 10), [60.0, 0.0], t_eval=T, rtol=1e-6
    )
    return np.sum((run.y[1] - Y) ** 2)


LOWER, UPPER, MAX_EVALS = [0.01, 0.01], [20, 20], 250
