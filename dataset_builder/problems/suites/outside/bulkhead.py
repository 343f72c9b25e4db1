# Corrugated bulkhead of a tanker: width, depth, length, thickness
from math import sqrt

LOWER = [0.1, 0, 0.1, 0]
UPPER = [100, 100, 100, 5]
MAX_EVALS = 1000


def objective(x):
    b, h, l, t = x
    return 5.885 * t * (b + l) / (b + sqrt(abs(l**2 - h**2)))


def inequality(x):
    b, h, l, t = x
    s = 8.94 * (b + sqrt(abs(l**2 - h**2)))
    return [
        s - t * h * (0.4 * b + l / 6),
        2.2 * s ** (4 / 3) - t * h**2 * (0.2 * b + l / 12),
        0.0156 * b + 0.15 - t,
        0.0156 * l + 0.15 - t,
        1.05 - t,
        h - l,
    ]


SOURCE = "Kvalie, Moe, Tonnesen 1966; Ravindran, Ragsdell, Reklaitis 2006, Engineering Optimization"
F_STAR = 6.842958010080807
