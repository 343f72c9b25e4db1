LOWER = [-4, -4, -4, -4]
UPPER = [5, 5, 5, 5]
MAX_EVALS = 600


def objective(x):
    a, b, c, d = x
    return (a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4


SOURCE = "Moré, Garbow, Hillstrom 1981, doi:10.1145/355934.355936, problem 13; zero at the origin"
F_STAR = 0.0
