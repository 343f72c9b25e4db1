import numpy as np

LOWER = [-3, -3]
UPPER = [2, 2]
MAX_EVALS = 150

objective = lambda x: np.exp(x[0] + 3 * x[1] - 0.1) + np.exp(x[0] - 3 * x[1] - 0.1) + np.exp(-x[0] - 0.1)


SOURCE = "Boyd, Vandenberghe 2004, Eq. (9.20); 2 sqrt(2) exp(-0.1) at (-log(2) / 2, 0)"
F_STAR = 2.559266696658219
