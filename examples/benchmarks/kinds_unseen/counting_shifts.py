"""No more than two of six machines may run above 80 percent."""


def objective(x):
    made = sum(v * c for v, c in zip(x, (3, 5, 2, 4, 6, 1)))
    return sum(v**2 for v in x) * 20 - 9 * made


def inequality(x):
    return len([v for v in x if v > 0.8]) - 2


LOWER, UPPER, MAX_EVALS = [0] * 6, [1] * 6, 900
