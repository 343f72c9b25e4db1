"""Basic functions with many local minima."""

from __future__ import annotations

from llamoco.dataset_builder.problems.functions.basic_function import (
    ALI,
    BBOB,
    CEC2017,
    JAMIL,
    BasicFunction,
    i,
    k,
    n,
    pairs,
    total,
    valley,
    z,
)
from llamoco.dataset_builder.problems.symbolic.expression import (
    PI,
    Call,
    Extremum,
    Num,
    Prod,
    Sum,
    absolute,
    cos,
    exp,
    sin,
    sqrt,
)

_pair = z[i] ** 2 + z[i + 1] ** 2
_LUNACEK_S = 1 - 1 / (2 * sqrt(n + 20) - 8.2)

MULTIMODAL = (
    # Moved from x_i = sqrt(i): there are 2^n global minima.
    BasicFunction("qing", "Qing", JAMIL, total(((z[i] + sqrt(i)) ** 2 - i) ** 2), 8, True, False, True),
    BasicFunction(
        "rastrigin", "Rastrigin", BBOB, total(z[i] ** 2 - 10 * cos(2 * PI * z[i]) + 10), 5, True, False, True
    ),
    BasicFunction(
        "ackley",
        "Ackley",
        "Ackley 1987, doi:10.1007/978-1-4613-1997-9",
        20 - 20 * exp(-0.2 * sqrt(total(z[i] ** 2) / n)) + exp(Num(1)) - exp(total(cos(2 * PI * z[i])) / n),
        30,
        False,
        False,
        False,
    ),
    BasicFunction(
        "griewank",
        "Griewank",
        "Griewank 1981, doi:10.1007/BF00933356",
        total(z[i] ** 2) / 4000 - Prod(i, 1, n, cos(z[i] / sqrt(i))) + 1,
        100,
        True,
        False,
        False,
    ),
    # Moved from (1, ..., 1): with w_i = 1 + z_i / 4 the sines lose their multiples of pi.
    BasicFunction(
        "levy",
        "Levy",
        "Laguna, Marti 2005, doi:10.1007/s10898-004-1936-z",
        sin(PI * z[1] / 4) ** 2
        + pairs(z[i] ** 2 / 16 * (1 + 10 * sin(PI * z[i] / 4 + 1) ** 2))
        + z[n] ** 2 / 16 * (1 + sin(PI * z[n] / 2) ** 2),
        10,
        True,
        False,
        True,
    ),
    # cos(2 pi 3^k (z + 1/2)) = -cos(2 pi 3^k z): the published difference of two sums, as one sum that is
    # exactly 0 at 0. Published with k <= 20 (CEC) or 11 (BBOB).
    BasicFunction(
        "weierstrass",
        "Weierstrass",
        CEC2017,
        total(Sum(k, 0, 11, (1 - cos(2 * PI * Num(3) ** k * z[i])) / Num(2) ** k)),
        0.5,
        False,
        False,
        True,
    ),
    # floor(u + 1/2) for the rounding; the published sum has 32 terms.
    BasicFunction(
        "katsuura",
        "Katsuura",
        BBOB,
        10
        / n**2
        * Prod(
            i,
            1,
            n,
            (
                1
                + i
                * Sum(
                    k,
                    1,
                    16,
                    absolute(Num(2) ** k * z[i] - Call("floor", Num(2) ** k * z[i] + 0.5)) / Num(2) ** k,
                )
            )
            ** (10 / n**1.2),
        )
        - 10 / n**2,
        5,
        False,
        False,
        False,
    ),
    # Moved from (-1, ..., -1): |z|^2 - n becomes sum(z_i^2 - 2 z_i), the other terms sum(z_i^2) / (2 n).
    BasicFunction(
        "happycat",
        "HappyCat",
        "Beyer, Finck 2012, doi:10.1007/978-3-642-32937-1_37",
        absolute(total(z[i] ** 2 - 2 * z[i])) ** 0.25 + total(z[i] ** 2) / (2 * n),
        5,
        False,
        False,
        False,
    ),
    # Moved from (-1, ..., -1), as HappyCat.
    BasicFunction(
        "hgbat",
        "HGBat",
        CEC2017,
        sqrt(absolute(total((z[i] - 1) ** 2) ** 2 - total(z[i] - 1) ** 2)) + total(z[i] ** 2) / (2 * n),
        5,
        False,
        False,
        False,
    ),
    BasicFunction(
        "schaffer_f7",
        "Schaffer F7",
        BBOB,
        (pairs(_pair**0.25 * (1 + sin(50 * _pair**0.1) ** 2)) / (n - 1)) ** 2,
        100,
        False,
        False,
        False,
    ),
    # Without the term in z_n and z_1.
    BasicFunction(
        "schaffer_f6",
        "Expanded Schaffer F6",
        CEC2017,
        pairs(0.5 + (sin(sqrt(_pair)) ** 2 - 0.5) / (1 + 0.001 * _pair) ** 2),
        15,  # the usual 100 leaves a plain of equal rings about a needle, on which nothing can be told apart
        True,
        False,
        False,
    ),
    BasicFunction(
        "salomon",
        "Salomon",
        ALI,
        1 - cos(2 * PI * sqrt(total(z[i] ** 2))) + 0.1 * sqrt(total(z[i] ** 2)),
        20,
        False,
        False,
        False,
    ),
    BasicFunction(
        "alpine",
        "Alpine 1",
        "Rahnamayan, Tizhoosh, Salama 2007, doi:10.1016/j.camwa.2006.07.013",
        total(absolute(z[i] * sin(z[i]) + 0.1 * z[i])),
        10,
        False,
        False,
        True,
    ),
    BasicFunction(
        "bohachevsky",
        "Bohachevsky",
        "Lozano, Molina, Herrera 2011, doi:10.1007/s00500-010-0639-2",
        pairs(z[i] ** 2 + 2 * z[i + 1] ** 2 - 0.3 * cos(3 * PI * z[i]) - 0.4 * cos(4 * PI * z[i + 1]) + 0.7),
        5,
        True,
        False,
        True,
    ),
    BasicFunction(
        "cosine_mixture",
        "Cosine mixture",
        ALI,
        total(z[i] ** 2 - 0.1 * cos(5 * PI * z[i]) + 0.1),
        1,
        True,
        False,
        True,
    ),
    # In n dimensions, moved from (pi, ..., pi); the published one has n = 2.
    BasicFunction(
        "easom",
        "Easom",
        JAMIL,
        1 - Prod(i, 1, n, cos(z[i])) * exp(-total(z[i] ** 2)),
        5,
        True,
        False,
        False,
    ),
    # Moved from (2.5, ..., 2.5), with d = 1.
    BasicFunction(
        "lunacek",
        "Lunacek bi-Rastrigin",
        BBOB,
        Extremum("min", total(z[i] ** 2), n + _LUNACEK_S * total((z[i] + 2.5 + sqrt(5.25 / _LUNACEK_S)) ** 2))
        + 10 * total(1 - cos(2 * PI * z[i])),
        5,
        False,
        False,
        False,
    ),
    # Moved from (1, ..., 1); without the term in z_n and z_1.
    BasicFunction(
        "griewank_rosenbrock",
        "Expanded Griewank plus Rosenbrock",
        CEC2017,
        pairs(valley**2 / 4000 - cos(valley) + 1),
        1,
        True,
        False,
        False,
    ),
)
