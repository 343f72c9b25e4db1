"""Well-known design problems of engineering, as people write them down (see ``textbook``)."""

from __future__ import annotations

# id, source, best known objective value, the problem file
ENGINEERING: tuple[tuple[str, str, float, str], ...] = (
    (
        "pressure_vessel",
        "Kannan, Kramer 1994, doi:10.1115/1.2919393, with continuous thicknesses",
        5885.332773616458,
        """\
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
""",
    ),
    (
        "coil_spring",
        "Arora 1989, Introduction to Optimum Design; Coello Coello 2000, doi:10.1016/S0166-3615(99)00046-9",
        0.012665232788319,
        """\
# Tension/compression spring: wire diameter, coil diameter, number of active coils
LOWER = [0.05, 0.25, 2]
UPPER = [2.0, 1.3, 15]
MAX_EVALS = 1500


def objective(x):
    d, D, N = x
    return (N + 2) * D * d**2


def inequality(x):
    d, D, N = x
    return [
        1 - D**3 * N / (71785 * d**4),
        (4 * D**2 - d * D) / (12566 * (D * d**3 - d**4)) + 1 / (5108 * d**2) - 1,
        1 - 140.45 * d / (D**2 * N),
        (d + D) / 1.5 - 1,
    ]
""",
    ),
    (
        "welded_joint",
        "Rao 1996, Engineering Optimization; Deb 2000, doi:10.1016/S0045-7825(99)00389-8",
        1.724852308597365,
        """\
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
""",
    ),
    (
        "speed_reducer",
        "Golinski 1970, doi:10.1016/0022-2569(70)90064-9; Mezura-Montes, Coello Coello 2005, doi:10.1007/11579427_66",
        2994.471066146822,
        """\
# Weight of a speed reducer
LOWER = [2.6, 0.7, 17, 7.3, 7.3, 2.9, 5.0]
UPPER = [3.6, 0.8, 28, 8.3, 8.3, 3.9, 5.5]
MAX_EVALS = 2000


def objective(x):
    b, m, z, l1, l2, d1, d2 = x
    return (
        0.7854 * b * m**2 * (3.3333 * z**2 + 14.9334 * z - 43.0934)
        - 1.508 * b * (d1**2 + d2**2)
        + 7.4777 * (d1**3 + d2**3)
        + 0.7854 * (l1 * d1**2 + l2 * d2**2)
    )


def inequality(x):
    b, m, z, l1, l2, d1, d2 = x
    return [
        27 / (b * m**2 * z) - 1,
        397.5 / (b * m**2 * z**2) - 1,
        1.93 * l1**3 / (m * z * d1**4) - 1,
        1.93 * l2**3 / (m * z * d2**4) - 1,
        ((745 * l1 / (m * z)) ** 2 + 16.9e6) ** 0.5 / (110 * d1**3) - 1,
        ((745 * l2 / (m * z)) ** 2 + 157.5e6) ** 0.5 / (85 * d2**3) - 1,
        m * z / 40 - 1,
        5 * m / b - 1,
        b / (12 * m) - 1,
        (1.5 * d1 + 1.9) / l1 - 1,
        (1.1 * d2 + 1.9) / l2 - 1,
    ]
""",
    ),
    (
        "three_bar_truss",
        "Ray, Saini 2001, doi:10.1080/03052150108940941",
        263.8958433764684,
        """\
import math

LOWER = [0.001, 0.001]
UPPER = [1, 1]
MAX_EVALS = 250
R2 = math.sqrt(2)


def objective(x):
    return 100 * (2 * R2 * x[0] + x[1])


def inequality(x):
    a1, a2 = x
    denominator = R2 * a1**2 + 2 * a1 * a2
    return [
        2 * (R2 * a1 + a2) / denominator - 2,
        2 * a2 / denominator - 2,
        2 / (R2 * a2 + a1) - 2,
    ]
""",
    ),
    (
        "cantilever_beam",
        "Svanberg 1987, doi:10.1002/nme.1620240207, five sections; 0.0624 (sum of c_i^(1/4))^(4/3)",
        1.339956361097,
        """\
# Stepped cantilever beam, five hollow square sections
import numpy as np

c = np.array([61, 37, 19, 7, 1])
LOWER = [0.5] * 5
UPPER = [100] * 5
MAX_EVALS = 1000


def objective(x):
    return 0.0624 * np.sum(x)


def inequality(x):
    return np.sum(c / x**3) - 1
""",
    ),
    (
        "transformer_design",
        "Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2, problem 93",
        135.07596100,
        """\
LOWER = [1, 1, 1, 1, 0.1, 0.1]
UPPER = [20, 20, 20, 20, 3, 3]
MAX_EVALS = 2500


def losses(x):
    core = x[0] * x[3] * (x[0] + x[1] + x[2])
    coil = x[1] * x[2] * (x[0] + 1.57 * x[1] + x[3])
    return core, coil


def objective(x):
    core, coil = losses(x)
    return 0.0204 * core + 0.0187 * coil + 0.0607 * core * x[4] ** 2 + 0.0437 * coil * x[5] ** 2


def inequality(x):
    core, coil = losses(x)
    rating = 0.001 * x[0] * x[1] * x[2] * x[3] * x[4] * x[5]
    return [2.07 - rating, 0.00062 * core * x[4] ** 2 + 0.00058 * coil * x[5] ** 2 - 1]
""",
    ),
)
