LOWER = [0, 0]
UPPER = [3, 4]
MAX_EVALS = 150


def objective(x):
    return -x[0] - x[1]


def inequality(x):
    u, v = x
    return [-2 * u**4 + 8 * u**3 - 8 * u**2 + v - 2, -4 * u**4 + 32 * u**3 - 88 * u**2 + 96 * u + v - 36]


SOURCE = "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report"
F_STAR = -5.508013271595347
