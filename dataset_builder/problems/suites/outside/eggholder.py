import math

LOWER = [-512, -512]
UPPER = [512, 512]
MAX_EVALS = 2000


def objective(x):
    a, b = x[0], x[1] + 47
    return -b * math.sin(math.sqrt(abs(b + a / 2))) - a * math.sin(math.sqrt(abs(a - b)))


SOURCE = "Jamil, Yang 2013, doi:10.1504/IJMMNO.2013.055204, no. 53"
F_STAR = -959.6406627208507
