"""B3 with ten variables."""


def objective(x):
    return x.sum()


def inequality(x):
    return -2 - x.min()


LOWER, UPPER, MAX_EVALS = [-9.0] * 10, [9.0] * 10, 2000
