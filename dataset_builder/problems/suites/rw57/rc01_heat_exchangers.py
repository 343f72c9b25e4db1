# Heat exchanger network, case 1: the least cost of two exchangers. Areas A, heat loads Q, mean temperature differences M, temperatures T.
from math import log

LOWER = [0, 0, 0, 0, 1000, 0, 100, 100, 100]
UPPER = [10, 200, 100, 200, 2000000, 600, 600, 600, 900]
MAX_EVALS = 2000
TINY = 1e-8  # keeps the logarithms finite


def objective(x):
    A1, A2 = x[:2]
    return 35 * A1**0.6 + 35 * A2**0.6


def equality(x):
    A1, A2, Q1, M1, Q2, M2, T1, T2, T3 = x
    return [
        200 * A1 * M1 - Q1,
        200 * A2 * M2 - Q2,
        Q1 - 10000 * (T1 - 100),
        Q2 - 10000 * (300 - T1),
        Q1 - 10000 * (600 - T2),
        Q2 - 10000 * (900 - T3),
        M1 * log(abs(T2 - 100) + TINY) - M1 * log(600 - T1 + TINY) - T2 + T1 + 500,
        M2 * log(abs(T3 - T1) + TINY) - M2 * log(600) - T3 + T1 + 600,
    ]


SOURCE = "Kumar et al. 2020, doi:10.1016/j.swevo.2020.100693, RC01; the suite's MATLAB text decides; best known value of its guidelines"
F_STAR = 189.31162966
