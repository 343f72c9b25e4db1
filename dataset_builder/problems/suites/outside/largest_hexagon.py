# Largest hexagon of diameter one
LOWER = [-10] * 8 + [0]
UPPER = [10] * 8 + [20]
MAX_EVALS = 4000


def evaluate(x):
    a, b, c, d, e, p, q, r, s = x
    area = 0.5 * (a * d - b * c + c * s - e * s + e * r - p * q)
    g = [
        c**2 + d**2 - 1,
        s**2 - 1,
        e**2 + p**2 - 1,
        a**2 + (b - s) ** 2 - 1,
        (a - e) ** 2 + (b - p) ** 2 - 1,
        (a - q) ** 2 + (b - r) ** 2 - 1,
        (c - e) ** 2 + (d - p) ** 2 - 1,
        (c - q) ** 2 + (d - r) ** 2 - 1,
        q**2 + (r - s) ** 2 - 1,
        b * c - a * d,
        -c * s,
        e * s,
        p * q - e * r,
    ]
    return -area, g, []


SOURCE = "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report, g18; Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2, problem 108; a known optimum, -sqrt(3) / 2"
F_STAR = -0.8660254037844386
