import numpy as np

POP_SIZE = 20
F = 0.5
CR = 0.9


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """Differential evolution, DE/rand/1/bin (Storn & Price, 1997), with Deb's feasibility rules."""
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

    size = max(4, min(POP_SIZE, max_evals // 5))
    Z = rng.random((size, dim))
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    f, v = evaluate(Z)
    first = v[0], f[0], Z[0].copy()
    relaxed = 0 if equality is None else np.median(v)  # shrinks to 0
    while left > 0:
        order = np.argsort(rng.random((size, size - 1)), axis=1)[:, :3]
        a, b, c = (order + (order >= np.arange(size)[:, None])).T
        V = Z[a] + F * (Z[b] - Z[c])
        V = np.where((V < 0) | (V > 1), rng.random(V.shape), V)
        offset = (np.arange(dim) - rng.integers(dim, size=(size, 1))) % dim
        U = np.where((offset == 0) | (rng.random(V.shape) < CR), V, Z)
        fu, vu = evaluate(U)
        eps = relaxed * max(0, 2 * left / max_evals - 1) ** 4
        w, wu = np.maximum(v, eps), np.maximum(vu, eps)
        won = (wu < w) | ((wu == w) & (fu <= f))
        Z[won], f[won], v[won] = U[won], fu[won], vu[won]
    i = np.lexsort((f, v))[0]
    best = min((v[i], f[i], Z[i]), first, key=lambda e: e[:2])[2]
    return np.clip(lower + best * (upper - lower), lower, upper)
