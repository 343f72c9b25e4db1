# Multi-product batch plant: units N (whole numbers), volumes V, cycle times T and batch sizes B of two products in three stages
SIZE = [[2, 3, 4], [4, 6, 3]]
TIME = [[8, 20, 8], [16, 4, 4]]
HORIZON, DEMAND = 6000, [40000, 20000]
LOWER = [0.51, 0.51, 0.51, 250, 250, 250, 6, 4, 40, 10]
UPPER = [3.49, 3.49, 3.49, 2500, 2500, 2500, 20, 16, 700, 450]
MAX_EVALS = 2000


def objective(x):
    return 250 * sum(round(x[j]) * x[3 + j] ** 0.6 for j in range(3))


def inequality(x):
    N, V, T, B = [round(n) for n in x[:3]], x[3:6], x[6:8], x[8:]
    g = [DEMAND[0] * T[0] / B[0] + DEMAND[1] * T[1] / B[1] - HORIZON]
    g += [SIZE[0][j] * B[0] + SIZE[1][j] * B[1] - V[j] for j in range(3)]
    g += [TIME[i][j] - N[j] * T[i] for i in range(2) for j in range(3)]
    return g


SOURCE = "Kumar et al. 2020, doi:10.1016/j.swevo.2020.100693, RC14; the suite's MATLAB text decides; best known value of its guidelines"
F_STAR = 53638.942722
