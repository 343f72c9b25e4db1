# Cylindrical pressure vessel: thickness of shell and heads, radius, length
import numpy as np

LOWER = [0.0625, 0.0625, 10, 10]
UPPER = [6.1875, 6.1875, 200, 200]
MAX_EVALS = 1000


def objective(x):
    ts, th, r, l = x
    return 0.6224 * ts * r * l + 1.7781 * th * r**2 + 3.1661 * ts**2 * l + 19.84 * ts**2 * r


def inequality(x):
    ts, th, r, l = x
    volume = np.pi * r**2 * l + 4 / 3 * np.pi * r**3
    return [0.0193 * r - ts, 0.00954 * r - th, 1 - volume / 1296000, l / 240 - 1]


SOURCE = "Kannan, Kramer 1994, doi:10.1115/1.2919393, with continuous thicknesses"
F_STAR = 5885.332773616458
