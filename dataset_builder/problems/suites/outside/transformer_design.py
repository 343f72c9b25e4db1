LOWER = [1, 1, 1, 1, 0.1, 0.1]
UPPER = [20, 20, 20, 20, 3, 3]
MAX_EVALS = 2500


def losses(x):
    core = x[0] * x[3] * (x[0] + x[1] + x[2])
    coil = x[1] * x[2] * (x[0] + 1.57 * x[1] + x[3])
    return core, coil


def objective(x):
    core, coil = losses(x)
    return 0.0204 * core + 0.0187 * coil + 0.0607 * core * x[4] ** 2 + 0.0437 * coil * x[5] ** 2


def inequality(x):
    core, coil = losses(x)
    rating = 0.001 * x[0] * x[1] * x[2] * x[3] * x[4] * x[5]
    return [2.07 - rating, 0.00062 * core * x[4] ** 2 + 0.00058 * coil * x[5] ** 2 - 1]


SOURCE = "Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2, problem 93"
F_STAR = 135.075961
