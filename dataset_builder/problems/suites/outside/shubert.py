from math import cos

LOWER = [-10, -10]
UPPER = [10, 10]
MAX_EVALS = 800


def objective(x):
    product = 1.0
    for v in x:
        product *= sum(j * cos((j + 1) * v + j) for j in range(1, 6))
    return product


SOURCE = "Jamil, Yang 2013, doi:10.1504/IJMMNO.2013.055204, no. 133"
F_STAR = -186.7309088310239
