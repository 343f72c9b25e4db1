LOWER = [0, 0, 0, 0]
UPPER = [5, 5, 5, 5]
MAX_EVALS = 400


def objective(x):
    return (
        x[0] ** 2
        + 0.5 * x[1] ** 2
        + x[2] ** 2
        + 0.5 * x[3] ** 2
        - x[0] * x[2]
        + x[2] * x[3]
        - x[0]
        - 3 * x[1]
        + x[2]
        - x[3]
    )


def inequality(x):
    return [
        x[0] + 2 * x[1] + x[2] + x[3] - 5,
        3 * x[0] + x[1] + 2 * x[2] - x[3] - 4,
        1.5 - x[1] - 4 * x[2],
    ]


SOURCE = "Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2, problem 76, in a box; a quadratic program"
F_STAR = -4.681818181818182
