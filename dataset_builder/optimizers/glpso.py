import numpy as np

POP_SIZE = 10
W = 0.6
PM = 0.01
SG = 7


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """GLPSO: particles learn from exemplars bred by genetic operators (Gong et al., 2016)."""
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
    x, velocity = Z.copy(), rng.uniform(-0.1, 0.1, (size, dim))
    E, fe, ve, stalled = Z.copy(), f.copy(), v.copy(), np.zeros(size)
    relaxed = 0 if equality is None else np.median(v)  # shrinks to 0
    while left > 0:
        eps = relaxed * max(0, 2 * left / max_evals - 1) ** 4
        # Crossover: from a better particle's best, else between the own and the leader's.
        order = np.lexsort((f, np.maximum(v, eps)))
        rank, other = np.argsort(order), rng.integers(size, size=(size, dim))
        mix, copied = rng.random((size, dim)), (rank[other] < rank[:, None]) | (rank[:, None] == 0)
        bred = mix * Z + (1 - mix) * Z[order[0]]
        U = np.where(copied, Z[other, np.arange(dim)], bred)
        U = np.where(rng.random(U.shape) < PM, rng.random(U.shape), U)
        fu, vu = evaluate(U)
        w, wu = np.maximum(ve, eps), np.maximum(vu, eps)
        won = (wu < w) | ((wu == w) & (fu < fe))
        E[won], fe[won], ve[won] = U[won], fu[won], vu[won]
        stalled = np.where(won, 0, stalled + 1)
        # An exemplar that no longer improves is replaced by the winner of a tournament.
        order = np.lexsort((fe, np.maximum(ve, eps)))
        winner = order[rng.integers(size, size=(size, max(2, size // 5))).min(axis=1)]
        source = np.where(stalled > SG, winner, np.arange(size))
        E, fe, ve, stalled = E[source], fe[source], ve[source], np.where(stalled > SG, 0, stalled)
        if left == 0:
            break
        velocity = W * velocity + 1.5 * rng.random((size, dim)) * (E - x)
        velocity = np.clip(velocity, -0.2, 0.2)
        outside = (x + velocity < 0) | (x + velocity > 1)
        x = np.clip(x + velocity, 0, 1)
        velocity[outside] *= -0.5
        fx, vx = evaluate(x)
        w, wx = np.maximum(v, eps), np.maximum(vx, eps)
        won = (wx < w) | ((wx == w) & (fx <= f))
        Z[won], f[won], v[won] = x[won], fx[won], vx[won]
    Z, f, v = np.vstack([Z, E]), np.append(f, fe), np.append(v, ve)
    i = np.lexsort((f, v))[0]
    best = min((v[i], f[i], Z[i]), first, key=lambda e: e[:2])[2]
    return np.clip(lower + best * (upper - lower), lower, upper)
