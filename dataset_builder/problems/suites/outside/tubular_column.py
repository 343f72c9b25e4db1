# Column under a load of 2500 kgf: mean diameter and thickness (cm)
import math

P, yield_stress, E, L = 2500, 500, 0.85e6, 250
LOWER = [2, 0.2]
UPPER = [14, 0.8]
MAX_EVALS = 120


def objective(x):
    d, t = x
    return 9.8 * d * t + 2 * d


def inequality(x):
    d, t = x
    return [
        P / (math.pi * d * t * yield_stress) - 1,
        8 * P * L**2 / (math.pi**3 * E * d * t * (d**2 + t**2)) - 1,
    ]


SOURCE = "Rao 1996, Engineering Optimization, tubular column"
F_STAR = 26.49949689
