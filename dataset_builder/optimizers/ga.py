import random

import numpy as np
from deap import tools

POP_SIZE = 20
CXPB = 0.9
MUTPB = 0.2


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """Genetic algorithm (Holland, 1992): SBX, polynomial mutation, tournaments by Deb's rules."""
    rng, dim, left = np.random.default_rng(seed), len(lower), max_evals
    functions = (objective, inequality, equality)

    def evaluate(Z):
        """Objective and violation of rows of the unit box; rows beyond the budget are worst."""
        nonlocal left
        X = np.clip(lower + Z[:left] * (upper - lower), lower, upper)
        left -= len(X)
        values = [np.zeros((len(X), 0)) if fun is None else fun(X) for fun in functions]
        f, g, h = (np.where(np.isfinite(a), a, 1e30) for a in values)
        v = np.maximum(g - 1e-6, 0).sum(axis=1) + np.maximum(np.abs(h) - 1e-4, 0).sum(axis=1)
        beyond = np.full(len(Z) - len(X), 1e30)
        return np.append(f, beyond), np.append(v, beyond)

    random.seed(seed)  # deap draws from it
    size = max(4, 2 * (min(POP_SIZE, max_evals // 5) // 2))
    Z = rng.random((size, dim))
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    f, v = evaluate(Z)
    first = v[0], f[0], Z[0].copy()
    relaxed = 0 if equality is None else np.median(v)  # shrinks to 0
    while left > 0:
        eps = relaxed * max(0, 2 * left / max_evals - 1) ** 4
        keep = np.lexsort((f, np.maximum(v, eps)))[:size]
        Z, f, v = Z[keep], f[keep], v[keep]
        # Rows are sorted, so the lower index wins a binary tournament.
        children = Z[rng.integers(size, size=(2, size)).min(axis=0)].tolist()
        for a, b in zip(children[::2], children[1::2], strict=True):
            if rng.random() < CXPB:
                tools.cxSimulatedBinaryBounded(a, b, 15.0, 0.0, 1.0)
        for child in children:
            tools.mutPolynomialBounded(child, 20.0, 0.0, 1.0, max(MUTPB, 1 / dim))
        U = np.array(children)
        fu, vu = evaluate(U)
        Z, f, v = np.vstack([Z, U]), np.append(f, fu), np.append(v, vu)
    i = np.lexsort((f, v))[0]
    best = min((v[i], f[i], Z[i]), first, key=lambda e: e[:2])[2]
    return np.clip(lower + best * (upper - lower), lower, upper)
