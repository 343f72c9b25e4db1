def objective(x):
    return x.sum()


def inequality(x):
    return -2 - x.min()


LOWER = [-9.0] * 30
UPPER = [9.0] * 30
MAX_EVALS = 5000


SOURCE = "a public question; -60 with all variables at -2"
F_STAR = -60.0
