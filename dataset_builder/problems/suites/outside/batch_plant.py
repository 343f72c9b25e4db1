# Multi-product batch plant: units of three stages, their volumes, cycle times and batch sizes
import numpy as np

S = np.array([[2, 3, 4], [4, 6, 3]])
t = np.array([[8, 20, 8], [16, 4, 4]])
H, alpha, beta = 6000, 250, 0.6
Q = np.array([40000, 20000])
LOWER = [1, 1, 1, 250, 250, 250, 6, 4, 40, 10]
UPPER = [3, 3, 3, 2500, 2500, 2500, 20, 16, 700, 450]
INTEGER = [0, 1, 2]
MAX_EVALS = 5000


def objective(x):
    return alpha * np.sum(x[:3] * x[3:6] ** beta)


def inequality(x):
    N, V, TL, B = x[:3], x[3:6], x[6:8], x[8:]
    return np.concatenate([[np.sum(Q * TL / B) - H], B @ S - V, (t - N * TL[:, None]).ravel()])


SOURCE = "Kumar et al. 2020, doi:10.1016/j.swevo.2020.100693, RC14; Grossmann, Sargent 1979, doi:10.1021/i260070a006"
F_STAR = 53638.9427
