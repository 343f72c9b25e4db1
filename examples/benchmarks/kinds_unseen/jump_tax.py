"""Brackets of a tax, and two incomes that can be moved between years."""


def tax(income):
    owed, last = 0.0, 0.0
    for limit, rate in ((10, 0.0), (40, 0.2), (90, 0.35), (1e9, 0.5)):
        owed += rate * max(0.0, min(income, limit) - last)
        last = limit
    return owed + (3.0 if income > 60 else 0.0)


def objective(x):
    a, b, c = x
    years = (35 + a, 80 - a + b, 20 - b + c, 55 - c)
    return sum(tax(v) for v in years) + 0.02 * (abs(a) + abs(b) + abs(c))


LOWER, UPPER, MAX_EVALS = [0, -20, 0], [60, 20, 50], 800
