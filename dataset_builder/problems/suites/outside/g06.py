LOWER = [13, 0]
UPPER = [100, 100]
MAX_EVALS = 500


def objective(x):
    return (x[0] - 10) ** 3 + (x[1] - 20) ** 3


def inequality(x):
    a, b = x
    return [100 - (a - 5) ** 2 - (b - 5) ** 2, (a - 6) ** 2 + (b - 5) ** 2 - 82.81]


SOURCE = "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report"
F_STAR = -6961.813875580138
