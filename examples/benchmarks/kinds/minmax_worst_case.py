"""The worst of several scenarios."""


def objective(x):
    a, b = x
    return max((a - 1) ** 2 + b**2, (a + 1) ** 2 + (b - 2) ** 2, abs(a - b) + 1, 2 - 3 * b)


LOWER, UPPER, MAX_EVALS = [-10] * 2, [10] * 2, 400
