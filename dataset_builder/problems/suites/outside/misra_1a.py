# Monomolecular adsorption: volume against pressure
from math import exp

data = [
    (77.6, 10.07),
    (114.9, 14.73),
    (141.1, 17.94),
    (190.8, 23.93),
    (239.9, 29.61),
    (289.0, 35.18),
    (332.8, 40.02),
    (378.4, 44.82),
    (434.8, 50.76),
    (477.3, 55.05),
    (536.8, 61.01),
    (593.1, 66.40),
    (689.1, 75.47),
    (760.0, 81.78),
]
LOWER = [10, 1e-5]
UPPER = [1000, 1e-2]
X0 = [500, 1e-4]
MAX_EVALS = 300


def objective(b):
    return sum((y - b[0] * (1 - exp(-b[1] * x))) ** 2 for x, y in data)


SOURCE = "NIST Statistical Reference Datasets, Misra1a, certified"
F_STAR = 0.12455138894
