# Haverly's pooling problem: profit of two products blended from three crudes, two of which share a pool of quality q
LOWER = [0] * 9
UPPER = [100, 200, 100, 100, 100, 100, 200, 100, 200]
MAX_EVALS = 2000


def objective(x):
    p1, p2, a, b, c1, c2, _, _, _ = x
    return -(9 * p1 + 15 * p2 - 6 * a - 16 * b - 10 * (c1 + c2))


def inequality(x):
    p1, p2, a, b, c1, c2, s1, s2, q = x
    return [q * s1 + 2 * c1 - 2.5 * p1, q * s2 + 2 * c2 - 1.5 * p2]


def equality(x):
    p1, p2, a, b, c1, c2, s1, s2, q = x
    return [s1 + s2 - a - b, p1 - s1 - c1, p2 - s2 - c2, q * s1 + q * s2 - 3 * a - b]


SOURCE = "Kumar et al. 2020, doi:10.1016/j.swevo.2020.100693, RC05; the suite's MATLAB text decides; best known value of its guidelines; the optimum uses |h| <= 1e-4"
F_STAR = -400.0056
