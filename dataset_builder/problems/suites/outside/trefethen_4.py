from math import exp, sin

LOWER = [-1, -1]
UPPER = [1, 1]
MAX_EVALS = 3000


def objective(p):
    x, y = p
    f = exp(sin(50 * x)) + sin(60 * exp(y)) + sin(70 * sin(x)) + sin(sin(80 * y))
    return f - sin(10 * (x + y)) + (x * x + y * y) / 4


SOURCE = "Bornemann, Laurie, Wagon, Waldvogel 2004, The SIAM 100-Digit Challenge, problem 4"
F_STAR = -3.306868647475237
