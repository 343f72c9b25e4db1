# Gas transmission compressor: length, compression ratio, diameter
LOWER = [20, 1, 20, 0.1]
UPPER = [50, 10, 50, 60]
MAX_EVALS = 400


def objective(x):
    l, r, d, s = x
    return 8.61e5 * l**0.5 * r * d ** (-2 / 3) * s**-0.5 + 3.69e4 * d + 7.72e8 * r**0.219 / l - 765.43e6 / l


def inequality(x):
    return (x[3] + 1) / x[1] ** 2 - 1


SOURCE = "Kumar et al. 2020, doi:10.1016/j.swevo.2020.100693, RC29; Beightler, Phillips 1976"
F_STAR = 2964895.4173
