# Infected boys in a boarding school, fitted by the SIR model (Runge-Kutta, steps of 1/4 day)
import numpy as np

days = range(1, 14)
infected = [3, 8, 26, 76, 225, 298, 258, 233, 189, 128, 68, 29, 14, 4]
LOWER = [1e-4, 0.05]
UPPER = [1e-2, 2.0]
MAX_EVALS = 150


def slope(y, r, a):
    s, i = y
    return np.array([-r * s * i, r * s * i - a * i])


def objective(p):
    y, h, error = np.array([760.0, 3.0]), 0.25, 0.0
    for day in days:
        for _ in range(4):
            k1 = slope(y, *p)
            k2 = slope(y + h / 2 * k1, *p)
            k3 = slope(y + h / 2 * k2, *p)
            k4 = slope(y + h * k3, *p)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        error += (y[1] - infected[day]) ** 2
    return error if np.isfinite(error) else 1e9


SOURCE = "Murray 2002, Mathematical Biology I, Sec. 10.2, boarding school 1978; best of long runs of our own"
F_STAR = 3874.13554582
