"""Three masts have to reach at least ten of fourteen places; the total power is to be least."""

import numpy as np

AT = np.array(
    [
        [1, 1],
        [2, 7],
        [3, 3],
        [4, 9],
        [5, 5],
        [6, 1],
        [7, 8],
        [8, 4],
        [9, 9],
        [1, 5],
        [9, 1],
        [5, 8],
        [3, 6],
        [7, 5],
    ]
)


def objective(x):
    return np.sum(x[6:] ** 2)


def inequality(x):
    masts, reach = x[:6].reshape(3, 2), x[6:]
    distance = np.linalg.norm(AT[:, None, :] - masts[None, :, :], axis=2)
    return 10 - np.any(distance <= reach, axis=1).sum()


LOWER, UPPER, MAX_EVALS = [0] * 9, [10] * 6 + [6] * 3, 4000
