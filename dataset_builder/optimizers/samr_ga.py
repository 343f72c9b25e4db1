import numpy as np

POP_SIZE = 10
META = 2.0
ELITE = 0.2


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """Genetic algorithm whose mutation rates are inherited and mutate too (Clune et al., 2008)."""
    rng, dim, left = np.random.default_rng(seed), len(lower), max_evals

    def evaluate(Z):
        """Objective of rows of the unit box; rows beyond the budget are worst."""
        nonlocal left
        X = np.clip(lower + Z[:left] * (upper - lower), lower, upper)
        left -= len(X)
        f = objective(X)
        f = np.where(np.isfinite(f), f, 1e30)
        return np.append(f, np.full(len(Z) - len(X), 1e30))

    size = max(4, min(POP_SIZE, max_evals // 5))
    Z = rng.random((size, dim))
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    f, rate = evaluate(Z), np.full(size, 0.2)
    while left > 0:
        keep = np.argsort(f)[: max(2, round(ELITE * size))]
        Z, f, rate = Z[keep], f[keep], rate[keep]
        parent = rng.integers(len(Z), size=size)
        mutated = rate[parent] * META ** rng.uniform(-1, 1, size)
        U = Z[parent] + mutated[:, None] * rng.standard_normal((size, dim))
        U = np.clip(1 - abs(1 - abs(U)), 0, 1)  # reflected
        # The best survives unchanged, the others only through their children.
        Z, f = np.vstack([Z[:1], U]), np.append(f[0], evaluate(U))
        rate = np.append(rate[0], mutated)
    best = Z[np.argmin(f)]
    return np.clip(lower + best * (upper - lower), lower, upper)
