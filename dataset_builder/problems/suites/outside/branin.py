from math import cos, pi

LOWER = [-5, 0]
UPPER = [10, 15]
MAX_EVALS = 80


def objective(x):
    u, v = x
    return (v - 5.1 / (4 * pi**2) * u**2 + 5 / pi * u - 6) ** 2 + 10 * (1 - 1 / (8 * pi)) * cos(u) + 10


SOURCE = "Branin 1972; Dixon, Szegö 1978, Towards Global Optimisation 2"
F_STAR = 0.39788735772973816
