# Order quantities of three goods
LOWER = [1, 1, 1]
UPPER = [500, 500, 500]
MAX_EVALS = 500


def objective(x):
    a, b, c = x
    return 5 * a + 50000 / a + 20 * b + 72000 / b + 10 * c + 144000 / c


def inequality(x):
    return 4 / x[0] + 32 / x[1] + 120 / x[2] - 1


SOURCE = "Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2, problem 64"
F_STAR = 6299.842428
