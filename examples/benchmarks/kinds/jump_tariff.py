"""Prices fall in steps with the quantity."""


def price(q):
    if q < 100:
        return 9.0
    if q < 250:
        return 7.5
    if q < 600:
        return 6.8
    return 6.5


def objective(x):
    bought = sum(x)
    cost = sum(q * price(q) for q in x)
    return cost + 0.02 * (bought - 900) ** 2 + 0.002 * x[0] ** 2


LOWER, UPPER, MAX_EVALS = [0] * 3, [800] * 3, 900
