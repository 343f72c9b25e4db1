LOWER = [-4.5, -4.5]
UPPER = [4.5, 4.5]
MAX_EVALS = 200


def objective(v):
    x, y = v
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


SOURCE = "Moré, Garbow, Hillstrom 1981, doi:10.1145/355934.355936, problem 5; zero at (3, 0.5)"
F_STAR = 0.0
