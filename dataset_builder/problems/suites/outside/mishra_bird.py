from math import cos, exp, sin

LOWER = [-10, -6.5]
UPPER = [0, 0]
MAX_EVALS = 400


def objective(p):
    x, y = p
    return sin(y) * exp((1 - cos(x)) ** 2) + cos(x) * exp((1 - sin(y)) ** 2) + (x - y) ** 2


def inequality(p):
    return (p[0] + 5) ** 2 + (p[1] + 5) ** 2 - 25


SOURCE = "Mishra 2006, doi:10.2139/ssrn.926132, with the usual disk"
F_STAR = -106.76453674926478
