LOWER = [78, 33, 27, 27, 27]
UPPER = [102, 45, 45, 45, 45]
MAX_EVALS = 1000


def objective(x):
    x1, x2, x3, x4, x5 = x
    return 5.3578547 * x3**2 + 0.8356891 * x1 * x5 + 37.293239 * x1 - 40792.141


def inequality(x):
    x1, x2, x3, x4, x5 = x
    u = 85.334407 + 0.0056858 * x2 * x5 + 0.0006262 * x1 * x4 - 0.0022053 * x3 * x5
    v = 80.51249 + 0.0071317 * x2 * x5 + 0.0029955 * x1 * x2 + 0.0021813 * x3**2
    w = 9.300961 + 0.0047026 * x3 * x5 + 0.0012547 * x1 * x3 + 0.0019085 * x3 * x4
    return [u - 92, -u, v - 110, 90 - v, w - 25, 20 - w]


SOURCE = (
    "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report; Himmelblau 1972"
)
F_STAR = -30665.538671783328
