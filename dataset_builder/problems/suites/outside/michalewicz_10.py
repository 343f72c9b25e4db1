import numpy as np

n = 10
i = np.arange(1, n + 1)
LOWER = np.zeros(n)
UPPER = np.full(n, np.pi)
MAX_EVALS = 5000


def objective(x):
    return -np.sum(np.sin(x) * np.sin(i * x**2 / np.pi) ** 20)


SOURCE = "Michalewicz 1996, doi:10.1007/978-3-662-03315-9"
F_STAR = -9.660151715641
