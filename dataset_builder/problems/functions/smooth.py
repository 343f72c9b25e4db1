"""Basic functions that are smooth and have one minimum."""

from __future__ import annotations

from llamoco.dataset_builder.problems.functions.basic_function import (
    ALI,
    BBOB,
    BOYD,
    JAMIL,
    YAO,
    BasicFunction,
    i,
    j,
    n,
    pairs,
    residual,
    total,
    valley,
    z,
)
from llamoco.dataset_builder.problems.symbolic.expression import Call, Num, Prod, Sum, absolute, exp, log

SMOOTH = (
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
    # Condition n^2: unlike at 10^6, every direction still matters at a thousandth of a random point's value.
    BasicFunction(
        "hyper_ellipsoid",
        "Axis-parallel hyper-ellipsoid",
        JAMIL,
        total(i**2 * z[i] ** 2),
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
        pairs(valley),
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
        Sum(j, 1, n, residual**2),
        5,
        True,
        True,
        False,
    ),
    # Section 7.1.1: with u the residual, log(1 + exp(u)) + log(1 + exp(-u)) - 2 log 2 = 2 log cosh(u / 2).
    BasicFunction(
        "log_cosh",
        "Logistic loss of both labels (log-cosh)",
        BOYD,
        Sum(j, 1, n, log(Call("cosh", residual))),
        3,
        True,
        True,
        False,
    ),
    # A log-linear model fitted to data that are all 1: stationary only where all residuals vanish.
    BasicFunction(
        "exponential_fit",
        "Nonlinear least squares of an exponential model",
        "Nocedal, Wright 2006, doi:10.1007/978-0-387-40065-5, chapter 10",
        Sum(j, 1, n, (exp(residual / n) - 1) ** 2),
        2,
        True,
        True,
        False,
    ),
    BasicFunction(
        "cauchy",
        "Cauchy (Lorentzian) robust loss",
        "Dennis, Welsch 1978, Techniques for nonlinear least squares and robust regression",
        total(log(1 + z[i] ** 2)),
        5,
        True,
        True,
        True,
    ),
    # Quotients as in design problems. z_1 has no term before it: z_1 = 0 at a stationary point, so z_2 = 0, ...
    BasicFunction(
        "ratios",
        "Chain of ratios",
        "own",
        pairs(z[i] ** 2 / (1 + z[i + 1] ** 2)) + z[n] ** 2,
        5,
        True,
        True,
        False,
    ),
    BasicFunction("product", "Product", "own", Prod(i, 1, n, 1 + z[i] ** 2) - 1, 1, True, True, True),
)
