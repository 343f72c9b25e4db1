# Haverly's pooling problem
LOWER = [0] * 9
UPPER = [100, 200, 100, 100, 100, 100, 200, 100, 200]
MAX_EVALS = 4000


def objective(x):
    return -(9 * x[0] + 15 * x[1] - 6 * x[2] - 16 * x[3] - 10 * (x[4] + x[5]))


def inequality(x):
    return [x[8] * x[6] + 2 * x[4] - 2.5 * x[0], x[8] * x[7] + 2 * x[5] - 1.5 * x[1]]


def equality(x):
    return [
        x[6] + x[7] - x[2] - x[3],
        x[0] - x[6] - x[4],
        x[1] - x[7] - x[5],
        x[8] * x[6] + x[8] * x[7] - 3 * x[2] - x[3],
    ]


SOURCE = "Kumar et al. 2020, doi:10.1016/j.swevo.2020.100693, RC05 (Haverly); with |h| <= 1e-4"
F_STAR = -400.0056
