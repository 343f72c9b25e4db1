"""Three penalties of different sizes."""


def objective(x):
    cost = x[0] ** 2 + 2 * x[1] + 3 * x[2] + x[3]
    if x[0] + x[1] + x[2] + x[3] < 10:
        cost += 1000
    if x[0] * x[3] < 4:
        cost += 200 + (4 - x[0] * x[3])
    if x[1] > 3 * x[2]:
        cost += 50
    return cost


LOWER, UPPER, MAX_EVALS = [0] * 4, [10] * 4, 1200
