# Brown's almost linear function with the ripple of a simulation
import numpy as np

n = 5
LOWER = [-2] * n
UPPER = [2] * n
X0 = [0.5] * n
MAX_EVALS = 600


def ripple(x):
    phi = 0.9 * np.sin(100 * np.sum(np.abs(x))) * np.cos(100 * np.max(np.abs(x)))
    phi += 0.1 * np.cos(np.sqrt(x @ x))
    return phi * (4 * phi**2 - 3)


def objective(x):
    r = x[:-1] + x.sum() - (n + 1)
    smooth = r @ r + (np.prod(x) - 1) ** 2
    return smooth * (1 + 1e-3 * ripple(x))


SOURCE = "Moré, Wild 2009, doi:10.1137/080724083, deterministic noise of 1e-3 on Brown's almost linear function (n = 5); zero at ones"
F_STAR = 0.0
