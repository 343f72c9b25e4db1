from math import exp

LOWER = [0, 0, -5]
UPPER = [20, 20, 20]
MAX_EVALS = 600


def objective(x):
    total = 0.0
    for k in range(1, 11):
        t = 0.1 * k
        total += (exp(-t * x[0]) - exp(-t * x[1]) - x[2] * (exp(-t) - exp(-10 * t))) ** 2
    return total


SOURCE = "Moré, Garbow, Hillstrom 1981, doi:10.1145/355934.355936, problem 12 (Box, three-dimensional); zero at (1, 10, 1)"
F_STAR = 0.0
