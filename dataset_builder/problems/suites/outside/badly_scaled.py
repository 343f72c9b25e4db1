LOWER = [0, 0]
UPPER = [1e7, 1e-5]
MAX_EVALS = 400


def objective(x):
    return (x[0] - 1e6) ** 2 + (x[1] - 2e-6) ** 2 + (x[0] * x[1] - 2) ** 2


SOURCE = "Moré, Garbow, Hillstrom 1981, doi:10.1145/355934.355936, problem 4 (Brown); zero at (1e6, 2e-6)"
F_STAR = 0.0
