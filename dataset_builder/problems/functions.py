"""The set F of basic functions (paper, section IV-A1): each is written once, as an expression tree in ``z``.

All of them have their minimum 0 at z = 0: where the published function has it elsewhere or of another value,
its argument is moved and the constant subtracted, which the comment at the function says. ``z_range`` is the
half-width of the usual search box; the synthesis scales a problem's box to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from llamoco.dataset_builder.problems.expression import (
    PI,
    Call,
    Expr,
    Index,
    Max,
    Num,
    Prod,
    Sum,
    Vec,
    absolute,
    cos,
    exp,
    log,
    sin,
    sqrt,
)

BBOB = "Hansen, Finck, Ros, Auger 2009, INRIA RR-6829"
CEC2017 = "Awad, Ali, Liang, Qu, Suganthan 2016, CEC 2017 real-parameter optimization, technical report"
YAO = "Yao, Liu, Lin 1999, doi:10.1109/4235.771163"
JAMIL = "Jamil, Yang 2013, doi:10.1504/IJMMNO.2013.055204"
ALI = "Ali, Khompatraporn, Zabinsky 2005, doi:10.1007/s10898-004-9972-2"
BOYD = "Boyd, Vandenberghe 2004, doi:10.1017/CBO9780511804441"


@dataclass(frozen=True)
class BasicFunction:
    """A member of F.

    Attributes:
        name: identifier, as it stands in a problem's JSON.
        title: what the field calls it.
        reference: where it is defined.
        expression: the function of the vector ``z`` (length >= 2), minimum 0 at z = 0.
        z_range: half-width of the usual search box in z.
        smooth: continuously differentiable.
        unimodal: no local minimum but the global one.
        separable: a sum of (or monotone in a sum of) functions of one variable each.
    """

    name: str
    title: str
    reference: str
    expression: Expr
    z_range: float
    smooth: bool
    unimodal: bool
    separable: bool


z = Vec("z")
n = z.size
i = Index("i")
j = Index("j")
k = Index("k")


def total(body: Expr) -> Expr:
    """Sum of body over i = 1..n."""
    return Sum(i, 1, n, body)


def pairs(body: Expr) -> Expr:
    """Sum of body over i = 1..n-1, for terms in z[i] and z[i + 1]."""
    return Sum(i, 1, n - 1, body)


_pair = z[i] ** 2 + z[i + 1] ** 2

_SMOOTH_UNIMODAL = (
    BasicFunction("sphere", "Sphere", YAO, total(z[i] ** 2), 5, True, True, True),
    BasicFunction(
        "ellipsoid",
        "Ellipsoid",
        BBOB,
        total(Num(10) ** (6 * (i - 1) / (n - 1)) * z[i] ** 2),
        5,
        True,
        True,
        True,
    ),
    BasicFunction(
        "bent_cigar", "Bent Cigar", BBOB, z[1] ** 2 + 1e6 * Sum(i, 2, n, z[i] ** 2), 5, True, True, True
    ),
    BasicFunction("discus", "Discus", BBOB, 1e6 * z[1] ** 2 + Sum(i, 2, n, z[i] ** 2), 5, True, True, True),
    BasicFunction(
        "different_powers",
        "Different Powers",
        BBOB,
        total(
            absolute(z[i]) ** (2 + 4 * (i - 1) / (n - 1))
        ),  # without the square root around the sum: same minimum, smooth
        2,
        True,
        True,
        True,
    ),
    BasicFunction("schwefel_1_2", "Schwefel 1.2", YAO, total(Sum(j, 1, i, z[j]) ** 2), 5, True, True, False),
    BasicFunction(
        "zakharov",
        "Zakharov",
        JAMIL,
        total(z[i] ** 2) + total(0.5 * i * z[i]) ** 2 + total(0.5 * i * z[i]) ** 4,
        5,
        True,
        True,
        False,
    ),
    # Optimum moved from (1, ..., 1). One more, shallow, local minimum exists for n >= 4.
    BasicFunction(
        "rosenbrock",
        "Rosenbrock",
        "Rosenbrock 1960, doi:10.1093/comjnl/3.3.175",
        pairs(100 * ((z[i] + 1) ** 2 - z[i + 1] - 1) ** 2 + z[i] ** 2),
        2,
        True,
        True,
        False,
    ),
    # Moved from x_i = i (n + 1 - i); the linear terms vanish.
    BasicFunction(
        "trid", "Trid (Neumaier 3)", ALI, total(z[i] ** 2) - pairs(z[i] * z[i + 1]), 5, True, True, False
    ),
    BasicFunction(
        "quartic", "Quartic", YAO, total(i * z[i] ** 4), 1.5, True, True, True
    ),  # without the noise
    BasicFunction(
        "brown",
        "Brown",
        JAMIL,
        pairs((z[i] ** 2) ** (z[i + 1] ** 2 + 1) + (z[i + 1] ** 2) ** (z[i] ** 2 + 1)),
        1,
        True,
        True,
        False,
    ),
    BasicFunction(
        "exponential", "Exponential", ALI, 1 - exp(-0.5 * total(z[i] ** 2)), 0.5, True, True, True
    ),  # the published minimum is -1, the box [-1, 1]: flat nearly everywhere in 50 dimensions
    # Section 3.1.5, of the 2n linear forms z_i and -z_i.
    BasicFunction(
        "log_sum_exp",
        "Log-sum-exp",
        BOYD,
        log(total(exp(z[i]) + exp(-z[i])) / (2 * n)),
        5,
        True,
        True,
        True,
    ),
    # Section 4.5.3: the posynomial y_1 + y_2/y_1 + ... + y_n/y_(n-1) + 1/y_n with y_i = exp(z_i), less its
    # minimum n + 1.
    BasicFunction(
        "geometric",
        "Geometric program in convex form",
        BOYD,
        exp(z[1]) + pairs(exp(z[i + 1] - z[i])) + exp(-z[n]) - n - 1,
        2,
        True,
        True,
        False,
    ),
    # Section 1.2.1, with a consistent right-hand side and a matrix given by a formula.
    BasicFunction(
        "least_squares",
        "Least squares",
        BOYD,
        Sum(j, 1, n, total(cos(i * j) * z[i]) ** 2),
        5,
        True,
        True,
        False,
    ),
)

_OTHERS = (
    BasicFunction(
        "sharp_ridge",
        "Sharp Ridge",
        BBOB,
        z[1] ** 2 + 100 * sqrt(Sum(i, 2, n, z[i] ** 2)),
        5,
        False,
        True,
        False,
    ),
    BasicFunction(
        "schwefel_2_21", "Schwefel 2.21", YAO, Max(i, 1, n, absolute(z[i])), 10, False, True, False
    ),
    BasicFunction(
        "schwefel_2_22",
        "Schwefel 2.22",
        YAO,
        total(absolute(z[i])) + Prod(i, 1, n, absolute(z[i])),
        1,  # the usual 10 makes the product drown the sum in more than a few dimensions
        False,
        True,
        False,
    ),
    BasicFunction("step", "Step", YAO, total(Call("floor", z[i] + 0.5) ** 2), 10, False, True, True),
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
        50,
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
)

FUNCTIONS: dict[str, BasicFunction] = {f.name: f for f in (*_SMOOTH_UNIMODAL, *_OTHERS)}
