LOWER = [100, 1000, 1000, 10, 10, 10, 10, 10]
UPPER = [10000, 10000, 10000, 1000, 1000, 1000, 1000, 1000]
MAX_EVALS = 4000


def objective(x):
    return x[0] + x[1] + x[2]


def inequality(x):
    return [
        -1 + 0.0025 * (x[3] + x[5]),
        -1 + 0.0025 * (x[4] + x[6] - x[3]),
        -1 + 0.01 * (x[7] - x[4]),
        -x[0] * x[5] + 833.33252 * x[3] + 100 * x[0] - 83333.333,
        -x[1] * x[6] + 1250 * x[4] + x[1] * x[3] - 1250 * x[3],
        -x[2] * x[7] + 1250000 + x[2] * x[4] - 2500 * x[4],
    ]


SOURCE = "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report; Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2, problem 106 (heat exchangers)"
F_STAR = 7049.248020528668
