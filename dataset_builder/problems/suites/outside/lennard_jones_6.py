# Six atoms: x, y, z of each
import numpy as np

LOWER = [-2] * 18
UPPER = [2] * 18
MAX_EVALS = 5000


def objective(x):
    atoms = x.reshape(6, 3)
    energy = 0.0
    for i in range(6):
        for j in range(i):
            d2 = np.sum((atoms[i] - atoms[j]) ** 2)
            if d2 < 1e-4:
                return 1e12
            energy += 4 * (d2**-6 - d2**-3)
    return energy


SOURCE = "Cambridge Cluster Database, Lennard-Jones clusters, N = 6"
F_STAR = -12.712062256
