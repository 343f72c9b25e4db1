# Teeth of four gears: a ratio as close to 1 / 6.931 as can be
LOWER = [12, 12, 12, 12]
UPPER = [60, 60, 60, 60]
INTEGER = [0, 1, 2, 3]
MAX_EVALS = 1000


def objective(x):
    a, b, c, d = x
    return (1 / 6.931 - a * b / (c * d)) ** 2


SOURCE = "Sandgren 1990, doi:10.1115/1.2912596"
F_STAR = 2.700857148886513e-12
