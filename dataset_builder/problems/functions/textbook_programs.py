"""Well-known nonlinear, quadratic and geometric programs, as people write them down (see ``textbook``)."""

from __future__ import annotations

HS = "Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2"

# id, source, best known objective value, the problem file
PROGRAMS: tuple[tuple[str, str, float, str], ...] = (
    (
        "rosen_suzuki",
        f"{HS}, problem 43, in a box",
        -44.0,
        """\
LOWER = [-5, -5, -5, -5]
UPPER = [5, 5, 5, 5]
MAX_EVALS = 800


def objective(x):
    a, b, c, d = x
    return a**2 + b**2 + 2 * c**2 + d**2 - 5 * a - 5 * b - 21 * c + 7 * d


def inequality(x):
    a, b, c, d = x
    return [
        a**2 + b**2 + c**2 + d**2 + a - b + c - d - 8,
        a**2 + 2 * b**2 + c**2 + 2 * d**2 - a - d - 10,
        2 * a**2 + b**2 + c**2 + 2 * a - b - d - 5,
    ]
""",
    ),
    (
        "hs71",
        f"{HS}, problem 71",
        17.014017289156,
        """\
import numpy as np

LOWER = [1] * 4
UPPER = [5] * 4
MAX_EVALS = 500


def objective(x):
    return x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2]


def inequality(x):
    return 25 - np.prod(x)


def equality(x):
    return np.dot(x, x) - 40
""",
    ),
    (
        "hs76",
        f"{HS}, problem 76, in a box; a quadratic program",
        -4.681818181818182,
        """\
LOWER = [0, 0, 0, 0]
UPPER = [5, 5, 5, 5]
MAX_EVALS = 400


def objective(x):
    return (
        x[0] ** 2 + 0.5 * x[1] ** 2 + x[2] ** 2 + 0.5 * x[3] ** 2
        - x[0] * x[2] + x[2] * x[3] - x[0] - 3 * x[1] + x[2] - x[3]
    )


def inequality(x):
    return [
        x[0] + 2 * x[1] + x[2] + x[3] - 5,
        3 * x[0] + x[1] + 2 * x[2] - x[3] - 4,
        1.5 - x[1] - 4 * x[2],
    ]
""",
    ),
    (
        "inventory",
        f"{HS}, problem 64",
        6299.842428,
        """\
# Order quantities of three goods
LOWER = [1, 1, 1]
UPPER = [500, 500, 500]
MAX_EVALS = 500


def objective(x):
    a, b, c = x
    return 5 * a + 50000 / a + 20 * b + 72000 / b + 10 * c + 144000 / c


def inequality(x):
    return 4 / x[0] + 32 / x[1] + 120 / x[2] - 1
""",
    ),
    (
        "box_volume",
        "Boyd, Kim, Vandenberghe, Hassibi 2007, doi:10.1007/s11081-007-9001-7, Sec. 3.1; -20 sqrt(15)",
        -77.45966692414834,
        """\
# Largest box with limited wall and floor area and aspect ratios (a geometric program)
LOWER = [0.1, 0.1, 0.1]
UPPER = [20, 20, 20]
MAX_EVALS = 400


def objective(x):
    h, w, d = x
    return -h * w * d


def inequality(x):
    h, w, d = x
    return [
        2 * (h * w + h * d) / 100 - 1,
        w * d / 10 - 1,
        0.5 * w / h - 1,
        h / (2 * w) - 1,
        0.5 * w / d - 1,
        d / (2 * w) - 1,
    ]
""",
    ),
    (
        "economic_dispatch",
        "Wood, Wollenberg 1996, Power Generation, Operation and Control, example 3A; equal incremental costs",
        8194.35612127,
        """\
# Three generating units share a load of 850 MW
import numpy as np

a = np.array([561, 310, 78])
b = np.array([7.92, 7.85, 7.97])
c = np.array([0.001562, 0.00194, 0.00482])
LOWER = [150, 100, 50]
UPPER = [600, 400, 200]
MAX_EVALS = 300


def objective(p):
    return np.sum(a + b * p + c * p**2)


def equality(p):
    return np.sum(p) - 850
""",
    ),
    (
        "portfolio",
        "Markowitz 1952, doi:10.2307/2975974; figures of our own, optimum from the KKT system",
        1.1091233879020579,
        """\
# Least variance for an expected return of 9 percent, no short sales
import numpy as np

mean = np.array([0.05, 0.07, 0.08, 0.10, 0.13])
deviation = np.array([0.06, 0.10, 0.13, 0.18, 0.25])
correlation = 0.7 * np.eye(5) + 0.3
covariance = correlation * np.outer(deviation, deviation)
LOWER = [0] * 5
UPPER = [1] * 5
MAX_EVALS = 600


def objective(x):
    return 100 * x @ covariance @ x


def inequality(x):
    return 0.09 - mean @ x


def equality(x):
    return x.sum() - 1
""",
    ),
)
