"""Basic functions with one minimum and kinks or steps."""

from __future__ import annotations

from llamoco.dataset_builder.problems.functions.basic_function import (
    BBOB,
    BOYD,
    JAMIL,
    YAO,
    BasicFunction,
    i,
    j,
    n,
    residual,
    total,
    z,
)
from llamoco.dataset_builder.problems.symbolic.expression import Call, Max, Num, Prod, Sum, absolute, sqrt

NONSMOOTH = (
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
    BasicFunction(
        "p_norm", "Norm (p = 3)", BOYD, total(absolute(z[i]) ** 3) ** (Num(1) / 3), 5, False, True, True
    ),
    # Section 6.1.1: residuals of the least-squares function in the 1-norm and in the maximum norm.
    BasicFunction(
        "least_absolute",
        "Least absolute residuals",
        BOYD,
        Sum(j, 1, n, absolute(residual)),
        5,
        False,
        True,
        False,
    ),
    BasicFunction(
        "minimax", "Chebyshev approximation", BOYD, Max(j, 1, n, absolute(residual)), 5, False, True, False
    ),
    BasicFunction("step_1", "Step 1", JAMIL, total(Call("floor", absolute(z[i]))), 10, False, True, True),
    BasicFunction(
        "stepped_ellipsoid",
        "Stepped sum of squares",
        "own, after Step",
        total(i * Call("floor", z[i] + 0.5) ** 2),
        10,
        False,
        True,
        True,
    ),
    BasicFunction(
        "rounded_sphere",
        "Rounded sphere",
        "own, after Step",
        Call("floor", total(z[i] ** 2)),
        3,
        False,
        True,
        True,
    ),
    BasicFunction("step", "Step", YAO, total(Call("floor", z[i] + 0.5) ** 2), 10, False, True, True),
)
