from math import pi, sin

LOWER = [0, 0]
UPPER = [10, 10]
MAX_EVALS = 500


def objective(x):
    return -(sin(2 * pi * x[0]) ** 3) * sin(2 * pi * x[1]) / (x[0] ** 3 * (x[0] + x[1]))


def inequality(x):
    return [x[0] ** 2 - x[1] + 1, 1 - x[0] + (x[1] - 4) ** 2]


SOURCE = "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report"
F_STAR = -0.0958250414180359
