# Two decaying exponentials on a constant, fitted to Osborne's data
import numpy as np

y = np.array(
    [
        0.844,
        0.908,
        0.932,
        0.936,
        0.925,
        0.908,
        0.881,
        0.850,
        0.818,
        0.784,
        0.751,
        0.718,
        0.685,
        0.658,
        0.628,
        0.603,
        0.580,
        0.558,
        0.538,
        0.522,
        0.506,
        0.490,
        0.478,
        0.467,
        0.457,
        0.448,
        0.438,
        0.431,
        0.424,
        0.420,
        0.414,
        0.411,
        0.406,
    ]
)
t = 10.0 * np.arange(33)

LOWER = [0, 0, -5, 0.001, 0.001]
UPPER = [2, 5, 0, 0.1, 0.1]
X0 = [0.5, 1.5, -1, 0.01, 0.02]
MAX_EVALS = 1500


def objective(p):
    model = p[0] + p[1] * np.exp(-t * p[3]) + p[2] * np.exp(-t * p[4])
    return np.sum((y - model) ** 2)


SOURCE = "Moré, Garbow, Hillstrom 1981, doi:10.1145/355934.355936, problem 17"
F_STAR = 5.464894697482687e-05
