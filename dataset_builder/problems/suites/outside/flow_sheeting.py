# Process flow sheet with one yes-or-no decision
from math import exp

LOWER = [0.2, -2.22554, 0]
UPPER = [1, -1, 1]
INTEGER = [2]
MAX_EVALS = 300


def objective(x):
    return -0.7 * x[2] + 5 * (x[0] - 0.5) ** 2 + 0.8


def inequality(x):
    return [-exp(x[0] - 0.2) - x[1], x[1] + 1.1 * x[2] + 1, x[0] - x[2] - 0.2]


SOURCE = "Kumar et al. 2020, doi:10.1016/j.swevo.2020.100693, RC10; Floudas 1995, Nonlinear and Mixed-Integer Optimization"
F_STAR = 1.0765430833322
