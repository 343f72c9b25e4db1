LOWER = [-5, -5, -5, -5]
UPPER = [5, 5, 5, 5]
MAX_EVALS = 800


def objective(x):
    a, b, c, d = x
    return a**2 + b**2 + 2 * c**2 + d**2 - 5 * a - 5 * b - 21 * c + 7 * d


def inequality(x):
    a, b, c, d = x
    return [
        a**2 + b**2 + c**2 + d**2 + a - b + c - d - 8,
        a**2 + 2 * b**2 + c**2 + 2 * d**2 - a - d - 10,
        2 * a**2 + b**2 + c**2 + 2 * a - b - d - 5,
    ]


SOURCE = "Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2, problem 43, in a box"
F_STAR = -44.0
