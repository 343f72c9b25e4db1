# Heat exchanger network, case 2: the least area of three exchangers in a row. Heat loads Q, mean temperature differences M, temperatures T.
from math import log

LOWER = [10**4, 10**4, 10**4, 0, 0, 0, 100, 100, 100, 100, 100]
UPPER = [0.819e6, 1.131e6, 2.05e6, 0.05074, 0.05074, 0.05074, 200, 300, 300, 300, 400]
MAX_EVALS = 4000
TINY = 1e-8  # keeps the logarithms finite


def objective(x):
    Q1, Q2, Q3, M1, M2, M3 = x[:6]
    return (Q1 / (120 * M1)) ** 0.6 + (Q2 / (80 * M2)) ** 0.6 + (Q3 / (40 * M3)) ** 0.6


def equality(x):
    Q1, Q2, Q3, M1, M2, M3, T1, T2, T3, T4, T5 = x
    return [
        Q1 - 1e4 * (T1 - 100),
        Q2 - 1e4 * (T2 - T1),
        Q3 - 1e4 * (500 - T2),
        Q1 - 1e4 * (300 - T3),
        Q2 - 1e4 * (400 - T4),
        Q3 - 1e4 * (600 - T5),
        M1 * log(abs(T3 - 100) + TINY) - M1 * log(300 - T1 + TINY) - T3 - T1 + 400,
        M2 * log(abs(T4 - T1) + TINY) - M2 * log(abs(400 - T2) + TINY) - T4 + T1 - T2 + 400,
        M3 * log(abs(T5 - T2) + TINY) - M3 * log(100) - T5 + T2 + 100,
    ]


SOURCE = "Kumar et al. 2020, doi:10.1016/j.swevo.2020.100693, RC02; the suite's MATLAB text decides; best known value of its guidelines"
F_STAR = 7049.036954
