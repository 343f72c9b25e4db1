from math import sin

LOWER = [0, 0, -0.55, -0.55]
UPPER = [1200, 1200, 0.55, 0.55]
MAX_EVALS = 2000


def objective(x):
    return 3 * x[0] + 1e-6 * x[0] ** 3 + 2 * x[1] + 2e-6 / 3 * x[1] ** 3


def inequality(x):
    return [x[2] - x[3] - 0.55, x[3] - x[2] - 0.55]


def equality(x):
    p, q, a, b = x
    return [
        1000 * sin(-a - 0.25) + 1000 * sin(-b - 0.25) + 894.8 - p,
        1000 * sin(a - 0.25) + 1000 * sin(a - b - 0.25) + 894.8 - q,
        1000 * sin(b - 0.25) + 1000 * sin(b - a - 0.25) + 1294.8,
    ]


SOURCE = "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report; Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2, problem 74; with |h| <= 1e-4"
F_STAR = 5126.4967140071
