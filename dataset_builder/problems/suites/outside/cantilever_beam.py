# Stepped cantilever beam, five hollow square sections
import numpy as np

c = np.array([61, 37, 19, 7, 1])
LOWER = [0.5] * 5
UPPER = [100] * 5
MAX_EVALS = 1000


def objective(x):
    return 0.0624 * np.sum(x)


def inequality(x):
    return np.sum(c / x**3) - 1


SOURCE = "Svanberg 1987, doi:10.1002/nme.1620240207, five sections; 0.0624 (sum of c_i^(1/4))^(4/3)"
F_STAR = 1.339956361097
