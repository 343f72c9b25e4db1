"""Well-known test problems with constraints, as people write them down (see ``textbook``)."""

from __future__ import annotations

G = "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report"
HS = "Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2"

# id, source, best known objective value, the problem file
CONSTRAINED: tuple[tuple[str, str, float, str], ...] = (
    (
        "g01",
        G,
        -15.0,
        """\
import numpy as np

LOWER = [0] * 13
UPPER = [1] * 9 + [100] * 3 + [1]
MAX_EVALS = 3000


def objective(x):
    return 5 * np.sum(x[:4]) - 5 * np.sum(x[:4] ** 2) - np.sum(x[4:])


def inequality(x):
    return np.array([
        2 * x[0] + 2 * x[1] + x[9] + x[10] - 10,
        2 * x[0] + 2 * x[2] + x[9] + x[11] - 10,
        2 * x[1] + 2 * x[2] + x[10] + x[11] - 10,
        -8 * x[0] + x[9],
        -8 * x[1] + x[10],
        -8 * x[2] + x[11],
        -2 * x[3] - x[4] + x[9],
        -2 * x[5] - x[6] + x[10],
        -2 * x[7] - x[8] + x[11],
    ])
""",
    ),
    (
        "g02",
        G,
        -0.80361910412559,
        """\
import numpy as np

n = 20
i = np.arange(1, n + 1)
LOWER = [0] * n
UPPER = [10] * n
MAX_EVALS = 5000


def objective(x):
    c = np.cos(x)
    denominator = np.sqrt(np.sum(i * x**2))
    return -abs((np.sum(c**4) - 2 * np.prod(c**2)) / denominator)


def inequality(x):
    return np.array([0.75 - np.prod(x), np.sum(x) - 7.5 * n])
""",
    ),
    (
        "g03",
        f"{G}; with |h| <= 1e-4",
        -1.00050010001,
        """\
import numpy as np

n = 10
LOWER = [0] * n
UPPER = [1] * n
MAX_EVALS = 3000


def objective(x):
    return -np.sqrt(n) ** n * np.prod(x)


def equality(x):
    return np.sum(x**2) - 1
""",
    ),
    (
        "g04",
        f"{G}; Himmelblau 1972",
        -30665.538671783328,
        """\
LOWER = [78, 33, 27, 27, 27]
UPPER = [102, 45, 45, 45, 45]
MAX_EVALS = 1000


def objective(x):
    x1, x2, x3, x4, x5 = x
    return 5.3578547 * x3**2 + 0.8356891 * x1 * x5 + 37.293239 * x1 - 40792.141


def inequality(x):
    x1, x2, x3, x4, x5 = x
    u = 85.334407 + 0.0056858 * x2 * x5 + 0.0006262 * x1 * x4 - 0.0022053 * x3 * x5
    v = 80.51249 + 0.0071317 * x2 * x5 + 0.0029955 * x1 * x2 + 0.0021813 * x3**2
    w = 9.300961 + 0.0047026 * x3 * x5 + 0.0012547 * x1 * x3 + 0.0019085 * x3 * x4
    return [u - 92, -u, v - 110, 90 - v, w - 25, 20 - w]
""",
    ),
    (
        "g06",
        G,
        -6961.813875580138,
        """\
LOWER = [13, 0]
UPPER = [100, 100]
MAX_EVALS = 500


def objective(x):
    return (x[0] - 10) ** 3 + (x[1] - 20) ** 3


def inequality(x):
    a, b = x
    return [100 - (a - 5) ** 2 - (b - 5) ** 2, (a - 6) ** 2 + (b - 5) ** 2 - 82.81]
""",
    ),
    (
        "g07",
        f"{G}; {HS}, problem 113",
        24.306209068179864,
        """\
LOWER = [-10] * 10
UPPER = [10] * 10
MAX_EVALS = 3000


def objective(x):
    f = x[0] ** 2 + x[1] ** 2 + x[0] * x[1] - 14 * x[0] - 16 * x[1] + (x[2] - 10) ** 2
    f += 4 * (x[3] - 5) ** 2 + (x[4] - 3) ** 2 + 2 * (x[5] - 1) ** 2 + 5 * x[6] ** 2
    return f + 7 * (x[7] - 11) ** 2 + 2 * (x[8] - 10) ** 2 + (x[9] - 7) ** 2 + 45


def inequality(x):
    return [
        -105 + 4 * x[0] + 5 * x[1] - 3 * x[6] + 9 * x[7],
        10 * x[0] - 8 * x[1] - 17 * x[6] + 2 * x[7],
        -8 * x[0] + 2 * x[1] + 5 * x[8] - 2 * x[9] - 12,
        3 * (x[0] - 2) ** 2 + 4 * (x[1] - 3) ** 2 + 2 * x[2] ** 2 - 7 * x[3] - 120,
        5 * x[0] ** 2 + 8 * x[1] + (x[2] - 6) ** 2 - 2 * x[3] - 40,
        x[0] ** 2 + 2 * (x[1] - 2) ** 2 - 2 * x[0] * x[1] + 14 * x[4] - 6 * x[5],
        0.5 * (x[0] - 8) ** 2 + 2 * (x[1] - 4) ** 2 + 3 * x[4] ** 2 - x[5] - 30,
        -3 * x[0] + 6 * x[1] + 12 * (x[8] - 8) ** 2 - 7 * x[9],
    ]
""",
    ),
    (
        "g08",
        G,
        -0.0958250414180359,
        """\
from math import pi, sin

LOWER = [0, 0]
UPPER = [10, 10]
MAX_EVALS = 500


def objective(x):
    return -(sin(2 * pi * x[0]) ** 3) * sin(2 * pi * x[1]) / (x[0] ** 3 * (x[0] + x[1]))


def inequality(x):
    return [x[0] ** 2 - x[1] + 1, 1 - x[0] + (x[1] - 4) ** 2]
""",
    ),
    (
        "g09",
        f"{G}; {HS}, problem 100",
        680.630057374402,
        """\
LOWER = [-10] * 7
UPPER = [10] * 7
MAX_EVALS = 2000


def objective(x):
    a, b, c, d, e, f, g = x
    return (
        (a - 10) ** 2 + 5 * (b - 12) ** 2 + c**4 + 3 * (d - 11) ** 2
        + 10 * e**6 + 7 * f**2 + g**4 - 4 * f * g - 10 * f - 8 * g
    )


def inequality(x):
    a, b, c, d, e, f, g = x
    return [
        -127 + 2 * a**2 + 3 * b**4 + c + 4 * d**2 + 5 * e,
        -282 + 7 * a + 3 * b + 10 * c**2 + d - e,
        -196 + 23 * a + b**2 + 6 * f**2 - 8 * g,
        4 * a**2 + b**2 - 3 * a * b + 2 * c**2 + 5 * f - 11 * g,
    ]
""",
    ),
    (
        "g10",
        f"{G}; {HS}, problem 106 (heat exchangers)",
        7049.248020528668,
        """\
LOWER = [100, 1000, 1000, 10, 10, 10, 10, 10]
UPPER = [10000, 10000, 10000, 1000, 1000, 1000, 1000, 1000]
MAX_EVALS = 4000


def objective(x):
    return x[0] + x[1] + x[2]


def inequality(x):
    return [
        -1 + 0.0025 * (x[3] + x[5]),
        -1 + 0.0025 * (x[4] + x[6] - x[3]),
        -1 + 0.01 * (x[7] - x[4]),
        -x[0] * x[5] + 833.33252 * x[3] + 100 * x[0] - 83333.333,
        -x[1] * x[6] + 1250 * x[4] + x[1] * x[3] - 1250 * x[3],
        -x[2] * x[7] + 1250000 + x[2] * x[4] - 2500 * x[4],
    ]
""",
    ),
    (
        "g11",
        f"{G}; with |h| <= 1e-4",
        0.7499,
        """\
LOWER = [-1, -1]
UPPER = [1, 1]
MAX_EVALS = 300


def objective(x):
    return x[0] ** 2 + (x[1] - 1) ** 2


def equality(x):
    return x[1] - x[0] ** 2
""",
    ),
    (
        "g13",
        f"{G}; with |h| <= 1e-4",
        0.053941514041898,
        """\
import numpy as np

LOWER = [-2.3, -2.3, -3.2, -3.2, -3.2]
UPPER = [2.3, 2.3, 3.2, 3.2, 3.2]
MAX_EVALS = 3000


def objective(x):
    return np.exp(np.prod(x))


def equality(x):
    return [np.sum(x**2) - 10, x[1] * x[2] - 5 * x[3] * x[4], x[0] ** 3 + x[1] ** 3 + 1]
""",
    ),
)
