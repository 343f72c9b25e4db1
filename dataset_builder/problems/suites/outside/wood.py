# Wood's function
LOWER = [-10] * 4
UPPER = [10] * 4
MAX_EVALS = 1500


def objective(x):
    x1, x2, x3, x4 = x
    f = 100 * (x2 - x1**2) ** 2 + (1 - x1) ** 2
    f += 90 * (x4 - x3**2) ** 2 + (1 - x3) ** 2
    f += 10.1 * ((x2 - 1) ** 2 + (x4 - 1) ** 2) + 19.8 * (x2 - 1) * (x4 - 1)
    return f


SOURCE = "Moré, Garbow, Hillstrom 1981, doi:10.1145/355934.355936, problem 14; zero at (1, 1, 1, 1)"
F_STAR = 0.0
