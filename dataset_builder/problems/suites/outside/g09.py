LOWER = [-10] * 7
UPPER = [10] * 7
MAX_EVALS = 2000


def objective(x):
    a, b, c, d, e, f, g = x
    return (
        (a - 10) ** 2
        + 5 * (b - 12) ** 2
        + c**4
        + 3 * (d - 11) ** 2
        + 10 * e**6
        + 7 * f**2
        + g**4
        - 4 * f * g
        - 10 * f
        - 8 * g
    )


def inequality(x):
    a, b, c, d, e, f, g = x
    return [
        -127 + 2 * a**2 + 3 * b**4 + c + 4 * d**2 + 5 * e,
        -282 + 7 * a + 3 * b + 10 * c**2 + d - e,
        -196 + 23 * a + b**2 + 6 * f**2 - 8 * g,
        4 * a**2 + b**2 - 3 * a * b + 2 * c**2 + 5 * f - 11 * g,
    ]


SOURCE = "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report; Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2, problem 100"
F_STAR = 680.630057374402
