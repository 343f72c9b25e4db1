"""A penalty in proportion to the violation, with a jump where it begins."""


def objective(x):
    cost = 3 * x[0] + 2 * x[1] + x[2]
    broken = 0.0
    if x[0] * x[1] * x[2] < 8:
        broken += 100 + 10 * (8 - x[0] * x[1] * x[2]) ** 2
    if x[0] + x[1] < 3:
        broken += 100 + 10 * (3 - x[0] - x[1]) ** 2
    return cost + broken


LOWER, UPPER, MAX_EVALS = [0] * 3, [10] * 3, 1000
