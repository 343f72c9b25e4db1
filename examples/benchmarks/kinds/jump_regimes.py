"""Laminar and turbulent flow: two formulas with a jump between them."""

import math


def friction(re):
    return 64 / re if re < 2300 else 0.3164 / re**0.25


def objective(x):
    diameter, speed = x
    re = 1000 * speed * diameter / 0.001
    loss = friction(re) * 50 / diameter * 1000 * speed**2 / 2
    flow = math.pi / 4 * diameter**2 * speed
    return 400 * diameter + loss / 2000 + 3e9 * max(0.0, 2e-4 - flow)


LOWER, UPPER, MAX_EVALS = [0.005, 0.005], [0.3, 3], 600
