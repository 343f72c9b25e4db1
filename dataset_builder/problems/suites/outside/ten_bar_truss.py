# Ten-bar truss: least weight (lb) under stress and displacement limits
import numpy as np

nodes = np.array([(720, 360), (720, 0), (360, 360), (360, 0), (0, 360), (0, 0)], dtype=float)
bars = [(4, 2), (2, 0), (5, 3), (3, 1), (2, 3), (0, 1), (4, 3), (5, 2), (2, 1), (3, 0)]
E, rho, force = 1e7, 0.1, 1e5
edge = np.array([nodes[j] - nodes[i] for i, j in bars])
length = np.linalg.norm(edge, axis=1)
cosines = edge / length[:, None]

LOWER = [0.1] * 10
UPPER = [35.0] * 10
MAX_EVALS = 3000


def displacements(areas):
    k = np.zeros((12, 12))
    for (i, j), a, l, c in zip(bars, areas, length, cosines):
        block = E * a / l * np.outer(c, c)
        p, q = slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2)
        k[p, p] += block
        k[q, q] += block
        k[p, q] -= block
        k[q, p] -= block
    load = np.zeros(8)
    load[3] = load[7] = -force
    return np.append(np.linalg.solve(k[:8, :8], load), np.zeros(4))


def objective(x):
    return rho * x @ length


def inequality(x):
    u = displacements(x).reshape(6, 2)
    stress = [E / l * c @ (u[j] - u[i]) for (i, j), l, c in zip(bars, length, cosines)]
    return np.concatenate([np.abs(stress) / 25000 - 1, np.abs(u[:4].ravel()) / 2 - 1])


SOURCE = "Haftka, Gürdal 1992, doi:10.1007/978-94-011-2550-5, ten-bar truss, load case 1"
F_STAR = 5060.853
