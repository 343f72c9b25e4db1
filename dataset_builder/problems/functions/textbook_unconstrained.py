"""Well-known problems without constraints, as people write them down (see ``textbook``)."""

from __future__ import annotations

MGH = "Moré, Garbow, Hillstrom 1981, doi:10.1145/355934.355936"

# id, source, best known objective value, the problem file
UNCONSTRAINED: tuple[tuple[str, str, float, str], ...] = (
    (
        "himmelblau",
        "Himmelblau 1972, Applied Nonlinear Programming; zero at four points",
        0.0,
        """\
LOWER = [-5, -5]
UPPER = [5, 5]
MAX_EVALS = 300


def objective(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2
""",
    ),
    (
        "rosenbrock_valley",
        "Rosenbrock 1960, doi:10.1093/comjnl/3.3.175; zero at (1, ..., 1)",
        0.0,
        """\
import numpy as np

n = 5
LOWER = [-2.048] * n
UPPER = [2.048] * n
MAX_EVALS = 1000


def objective(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
""",
    ),
    (
        "powell_singular",
        f"{MGH}, problem 13; zero at the origin",
        0.0,
        """\
LOWER = [-4, -4, -4, -4]
UPPER = [5, 5, 5, 5]
MAX_EVALS = 600


def objective(x):
    a, b, c, d = x
    return (a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4
""",
    ),
    (
        "wood",
        f"{MGH}, problem 14; zero at (1, 1, 1, 1)",
        0.0,
        """\
# Wood's function
LOWER = [-10] * 4
UPPER = [10] * 4
MAX_EVALS = 1500


def objective(x):
    x1, x2, x3, x4 = x
    f = 100 * (x2 - x1**2) ** 2 + (1 - x1) ** 2
    f += 90 * (x4 - x3**2) ** 2 + (1 - x3) ** 2
    f += 10.1 * ((x2 - 1) ** 2 + (x4 - 1) ** 2) + 19.8 * (x2 - 1) * (x4 - 1)
    return f
""",
    ),
    (
        "beale",
        f"{MGH}, problem 5; zero at (3, 0.5)",
        0.0,
        """\
LOWER = [-4.5, -4.5]
UPPER = [4.5, 4.5]
MAX_EVALS = 200


def objective(v):
    x, y = v
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2
""",
    ),
    (
        "bard_fit",
        f"{MGH}, problem 8",
        8.214877306578963e-3,
        """\
# Least-squares fit of y = a + u / (b v + c w), Bard's data
import numpy as np

y = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])
u = np.arange(1, 16)
v = 16 - u
w = np.minimum(u, v)

LOWER = [-0.5, 0.1, 0.1]
UPPER = [2.0, 5.0, 5.0]
MAX_EVALS = 500


def objective(x):
    residuals = y - (x[0] + u / (v * x[1] + w * x[2]))
    return float(residuals @ residuals)
""",
    ),
    (
        "kowalik_fit",
        f"{MGH}, problem 15 (Kowalik and Osborne)",
        3.075056038492e-4,
        """\
# Enzyme reaction rates: fit a rational function of four parameters
U = [4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]
Y = [0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246]

LOWER = [0, 0, 0, 0]
UPPER = [0.42, 0.42, 0.42, 0.42]
MAX_EVALS = 800


def model(u, p):
    return p[0] * u * (u + p[1]) / (u * (u + p[2]) + p[3])


def objective(p):
    return sum((y - model(u, p)) ** 2 for u, y in zip(U, Y))
""",
    ),
    (
        "exponentials_fit",
        f"{MGH}, problem 12 (Box, three-dimensional); zero at (1, 10, 1)",
        0.0,
        """\
from math import exp

LOWER = [0, 0, -5]
UPPER = [20, 20, 20]
MAX_EVALS = 600


def objective(x):
    total = 0.0
    for k in range(1, 11):
        t = 0.1 * k
        total += (exp(-t * x[0]) - exp(-t * x[1]) - x[2] * (exp(-t) - exp(-10 * t))) ** 2
    return total
""",
    ),
    (
        "sum_of_exponentials",
        "Boyd, Vandenberghe 2004, Eq. (9.20); 2 sqrt(2) exp(-0.1) at (-log(2) / 2, 0)",
        2.559266696658219,
        """\
import numpy as np

LOWER = [-3, -3]
UPPER = [2, 2]
MAX_EVALS = 150

objective = lambda x: (
    np.exp(x[0] + 3 * x[1] - 0.1) + np.exp(x[0] - 3 * x[1] - 0.1) + np.exp(-x[0] - 0.1)
)
""",
    ),
    (
        "trefethen_4",
        "Bornemann, Laurie, Wagon, Waldvogel 2004, The SIAM 100-Digit Challenge, problem 4",
        -3.306868647475237,
        """\
from math import exp, sin

LOWER = [-1, -1]
UPPER = [1, 1]
MAX_EVALS = 3000


def objective(p):
    x, y = p
    f = exp(sin(50 * x)) + sin(60 * exp(y)) + sin(70 * sin(x)) + sin(sin(80 * y))
    return f - sin(10 * (x + y)) + (x * x + y * y) / 4
""",
    ),
)
