LOWER = [-5] * 8
UPPER = [5] * 8
MAX_EVALS = 1200


def objective(x):
    return sum(v**4 - 16 * v**2 + 5 * v for v in x) / 2


SOURCE = "Jamil, Yang 2013, doi:10.1504/IJMMNO.2013.055204, no. 144; 39.16616570377142 a variable"
F_STAR = -313.32932563017135
