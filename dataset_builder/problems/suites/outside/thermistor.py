# Resistance of a thermistor against temperature
import numpy as np

R = np.array(
    [
        34780,
        28610,
        23650,
        19630,
        16370,
        13720,
        11540,
        9744,
        8261,
        7030,
        6005,
        5147,
        4427,
        3820,
        3307,
        2872,
    ]
)
T = 45 + 5 * np.arange(1, 17)
LOWER = [1e-3, 1000, 100]
UPPER = [0.1, 20000, 1000]
X0 = [0.02, 4000, 250]
MAX_EVALS = 2000


def objective(x):
    return np.sum((x[0] * np.exp(x[1] / (T + x[2])) - R) ** 2)


SOURCE = "Moré, Garbow, Hillstrom 1981, doi:10.1145/355934.355936, problem 10 (Meyer)"
F_STAR = 87.94585517
