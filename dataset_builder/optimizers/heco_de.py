import numpy as np

POP_SIZE = 10
LAMBDA = 0.5
GAMMA = 0.1


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """HECO-DE: helper and equivalent objectives, differential evolution (Xu et al., 2020)."""
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

    def goals(f, v):
        """Equivalent objective, violation and helper objective, each scaled to [0, 1]."""
        values = np.array([abs(f - best[1]), v, f])
        values -= values.min(axis=1, keepdims=True)
        return values / (values.max(axis=1, keepdims=True) + 1e-30)

    start = max(8, min(POP_SIZE, max_evals // 5))
    Z, archive, memory, slot = rng.random((start, dim)), np.empty((0, dim)), np.full((2, 6), 0.5), 0
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    f, v = evaluate(Z)
    top, wins = np.lexsort((f, v))[0], np.full(4, 2.0)
    best = (v[top], f[top], Z[top])
    while left > 0:
        progress = 1 - left / max_evals
        count = min(max(4, round(LAMBDA * start)), left)
        size = max(count, 4, round(start + (count - start) * progress))
        keep = np.lexsort((f, v))[:size]
        Z, f, v = Z[keep], f[keep], v[keep]
        archive = rng.permutation(archive)[: 4 * size]
        # The weights of subproblem i: the helper's fade with the budget.
        i = np.arange(1, count + 1) / count
        weights = np.array([i * progress, i * progress + GAMMA, (1 - i) * (1 - progress)])
        Q = rng.permutation(size)[:count]
        q_best = Z[Q[np.argmin(weights.T @ goals(f[Q], v[Q]), axis=1)]]
        F, CR = memory[:, rng.integers(6, size=count), None]
        F = np.clip(abs(F + 0.1 * rng.standard_cauchy((count, 1))), 0.01, 1)
        CR = np.clip(CR + 0.1 * rng.standard_normal((count, 1)), 0, 1)
        kind = rng.choice(4, count, p=wins / wins.sum())
        x1, x2, x3 = Z[Q[rng.integers(count, size=(3, count))]]
        both = np.vstack([Z, archive])
        x4 = both[rng.integers(len(both), size=count)]
        V = np.where(kind[:, None] < 2, Z[Q] + F * (q_best - Z[Q] + x1 - x4), x1 + F * (x2 - x3))
        V = np.where(V < 0, Z[Q] / 2, np.where(V > 1, (1 + Z[Q]) / 2, V))
        offset = (np.arange(dim) - rng.integers(dim, size=(count, 1))) % dim
        length = rng.geometric(np.maximum(1 - CR, 1e-9))
        cross = np.where(kind[:, None] % 2, offset < length, rng.random(V.shape) < CR)
        U = np.where((offset == 0) | cross, V, Z[Q])
        fu, vu = evaluate(U)
        top = np.lexsort((fu, vu))[0]
        best = min(best, (vu[top], fu[top], U[top]), key=lambda b: b[:2])
        g = goals(np.append(f[Q], fu), np.append(v[Q], vu))
        gain = (weights * (g[:, :count] - g[:, count:])).sum(axis=0)
        won = gain > 0
        if won.any():
            used, weight = np.hstack([F, CR])[won], gain[won, None]
            memory[:, slot] = (weight * used**2).sum(axis=0) / ((weight * used).sum(axis=0) + 1e-30)
            slot = (slot + 1) % 6
        wins += np.bincount(kind, won, 4)
        archive = np.vstack([archive, Z[Q[won]]])
        Z[Q[won]], f[Q[won]], v[Q[won]] = U[won], fu[won], vu[won]
    return np.clip(lower + best[2] * (upper - lower), lower, upper)
