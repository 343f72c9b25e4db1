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


SOURCE = "Boyd, Kim, Vandenberghe, Hassibi 2007, doi:10.1007/s11081-007-9001-7, Sec. 3.1; -20 sqrt(15)"
F_STAR = -77.45966692414834
