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


SOURCE = "Ray, Saini 2001, doi:10.1080/03052150108940941"
F_STAR = 263.8958433764684
