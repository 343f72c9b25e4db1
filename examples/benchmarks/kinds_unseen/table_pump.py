"""Efficiency of two pumps from a table with gaps; where there is none, the pump is off."""

import bisect

FLOW = [0, 8, 15, 22, 30, 41, 50]
EFF = [0.1, 0.42, 0.61, 0.7, 0.66, 0.52, 0.3]


def efficiency(q):
    return EFF[max(0, bisect.bisect_right(FLOW, q) - 1)]


def objective(x):
    q1, q2 = x
    power = sum(0.0 if q < 2 else q * 9.81 * 20 / efficiency(q) / 100 for q in (q1, q2))
    return power + 15 * abs(q1 + q2 - 58)


LOWER, UPPER, MAX_EVALS = [0, 0], [50, 50], 400
