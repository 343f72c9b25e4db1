# Growth of onion bulbs: Richards' curve
import numpy as np

y = np.array(
    [
        16.08,
        33.83,
        65.80,
        97.20,
        191.55,
        326.20,
        386.87,
        520.53,
        590.03,
        651.92,
        724.93,
        699.56,
        689.96,
        637.56,
        717.41,
    ]
)
x = np.arange(1, 16)
LOWER = [100, 0, 0.1, 0.1]
UPPER = [2000, 20, 3, 5]
MAX_EVALS = 800


def richards(x, a, b, c, d):
    return a / (1 + np.exp(b - c * x)) ** (1 / d)


def objective(p):
    r = y - richards(x, *p)
    return r @ r


SOURCE = "NIST Statistical Reference Datasets, Rat43, certified"
F_STAR = 8786.404908
