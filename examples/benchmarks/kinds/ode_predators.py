"""Predators and prey: four parameters, steps of Euler's method."""

import numpy as np

Y = np.array(
    [
        [10, 5],
        [14.5, 4.7],
        [20.7, 5.2],
        [27.6, 7.4],
        [31.0, 13.0],
        [24.8, 20.8],
        [14.9, 23.6],
        [9.2, 20.0],
        [7.2, 14.8],
    ]
)


def objective(x):
    state = np.array([10.0, 5.0])
    error = 0.0
    for row in Y[1:]:
        for _ in range(20):
            prey, hunters = state
            state = state + 0.025 * np.array(
                [x[0] * prey - x[1] * prey * hunters, x[2] * prey * hunters - x[3] * hunters]
            )
            state = np.clip(state, 0, 1e3)
        error += np.sum((state - row) ** 2)
    return error


LOWER, UPPER, MAX_EVALS = [0.01, 0.001, 0.001, 0.01], [3, 0.5, 0.5, 3], 1200
