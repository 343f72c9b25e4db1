# Welded beam
from math import sqrt

P, L, E, G = 6000, 14, 30e6, 12e6
LOWER = [0.1, 0.1, 0.1, 0.1]
UPPER = [2, 10, 10, 2]
MAX_EVALS = 2000


def objective(x):
    h, l, t, b = x
    return 1.10471 * h**2 * l + 0.04811 * t * b * (14 + l)


def inequality(x):
    h, l, t, b = x
    tau1 = P / (sqrt(2) * h * l)
    R = sqrt(l**2 / 4 + ((h + t) / 2) ** 2)
    J = 2 * sqrt(2) * h * l * (l**2 / 12 + ((h + t) / 2) ** 2)
    tau2 = P * (L + l / 2) * R / J
    tau = sqrt(tau1**2 + tau1 * tau2 * l / R + tau2**2)
    sigma = 6 * P * L / (b * t**2)
    delta = 4 * P * L**3 / (E * t**3 * b)
    buckling = 4.013 * E * t * b**3 / 6 / L**2 * (1 - t / (2 * L) * sqrt(E / (4 * G)))
    return [
        tau - 13600,
        sigma - 30000,
        h - b,
        0.10471 * h**2 + 0.04811 * t * b * (14 + l) - 5,
        0.125 - h,
        delta - 0.25,
        P - buckling,
    ]


SOURCE = "Rao 1996, Engineering Optimization; Deb 2000, doi:10.1016/S0045-7825(99)00389-8"
F_STAR = 1.724852308597365
