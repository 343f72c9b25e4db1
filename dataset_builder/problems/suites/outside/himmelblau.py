LOWER = [-5, -5]
UPPER = [5, 5]
MAX_EVALS = 300


def objective(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


SOURCE = "Himmelblau 1972, Applied Nonlinear Programming; zero at four points"
F_STAR = 0.0
