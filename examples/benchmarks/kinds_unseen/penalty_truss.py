"""A three-bar truss whose stresses are a penalty."""

import math


def objective(x):
    a, b = x
    s1 = (math.sqrt(2) * a + b) / (math.sqrt(2) * a**2 + 2 * a * b) * 2
    s2 = b / (math.sqrt(2) * a**2 + 2 * a * b) * 2
    s3 = 1 / (a + math.sqrt(2) * b) * 2
    if max(s1, s2, s3) > 2:
        return 1e9
    return (2 * math.sqrt(2) * a + b) * 100


LOWER, UPPER, MAX_EVALS = [0.01, 0.01], [1, 1], 400
