"""Values that a device gives with two digits."""


def objective(x):
    smooth = (x[0] - 1.7) ** 2 + 2 * (x[1] + 0.6) ** 2 + 0.5 * x[0] * x[1] + (x[2] - 3) ** 4 / 20
    return round(smooth, 2)


LOWER, UPPER, MAX_EVALS = [-10] * 3, [10] * 3, 600
