from math import sqrt

LOWER = [-15, -3]
UPPER = [-5, 3]
MAX_EVALS = 1000


def objective(x):
    return 100 * sqrt(abs(x[1] - 0.01 * x[0] ** 2)) + 0.01 * abs(x[0] + 10)


SOURCE = "Jamil, Yang 2013, doi:10.1504/IJMMNO.2013.055204, no. 28; zero at (-10, 1)"
F_STAR = 0.0
