LOWER = [-1, -1]
UPPER = [1, 1]
MAX_EVALS = 300


def objective(x):
    return x[0] ** 2 + (x[1] - 1) ** 2


def equality(x):
    return x[1] - x[0] ** 2


SOURCE = (
    "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report; with |h| <= 1e-4"
)
F_STAR = 0.7499
