"""B3: a minimum over the variables as a constraint."""


def objective(x):
    return x.sum()


def inequality(x):
    return -2 - x.min()


LOWER, UPPER, MAX_EVALS = [-9.0] * 30, [9.0] * 30, 6000
