LOWER = [-2, -2]
UPPER = [2, 2]
MAX_EVALS = 120


def objective(x):
    a, b = x
    p = 1 + (a + b + 1) ** 2 * (19 - 14 * a + 3 * a**2 - 14 * b + 6 * a * b + 3 * b**2)
    q = 30 + (2 * a - 3 * b) ** 2 * (18 - 32 * a + 12 * a**2 + 48 * b - 36 * a * b + 27 * b**2)
    return p * q


SOURCE = "Goldstein, Price 1971, doi:10.1090/S0025-5718-1971-0312365-X; 3 at (0, -1)"
F_STAR = 3.0
