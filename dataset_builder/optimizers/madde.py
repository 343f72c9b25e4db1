import numpy as np

POP_SIZE = 20
P_BEST = 0.18


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """MadDE: three mutations, success history, shrinking population (Biswas et al., 2021)."""
    rng, dim, left = np.random.default_rng(seed), len(lower), max_evals

    def evaluate(Z):
        """Objective of rows of the unit box; rows beyond the budget are worst."""
        nonlocal left
        X = np.clip(lower + Z[:left] * (upper - lower), lower, upper)
        left -= len(X)
        f = objective(X)
        f = np.where(np.isfinite(f), f, 1e30)
        return np.append(f, np.full(len(Z) - len(X), 1e30))

    start = max(8, min(POP_SIZE, max_evals // 5))
    Z, archive, memory, slot = rng.random((start, dim)), np.empty((0, dim)), np.full((2, 6), 0.2), 0
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    share = np.full(3, 1 / 3)
    f = evaluate(Z)
    while left > 0:
        progress = 1 - left / max_evals
        size = max(4, round(start + (4 - start) * progress))
        keep = np.argsort(f)[:size]
        Z, f = Z[keep], f[keep]
        archive = rng.permutation(archive)[: int(2.3 * size)]
        both = np.vstack([Z, archive])
        F, CR = memory[:, rng.integers(6, size=size), None]
        F = np.clip(abs(F + 0.1 * rng.standard_cauchy((size, 1))), 0.01, 1)
        CR = np.clip(CR + 0.1 * rng.standard_normal((size, 1)), 0, 1)
        kind = rng.choice(3, size, p=share)
        r1, r3 = (np.arange(size) + rng.integers(1, size, (2, size))) % size
        x1, x2, x3 = Z[r1], both[rng.integers(len(both), size=size)], Z[r3]
        q = P_BEST * (2 - progress)
        p_best = Z[rng.integers(max(2, round(P_BEST * size)), size=size)]
        q_best = Z[rng.integers(max(2, round(q * size)), size=size)]
        to_best, to_rand = Z + F * (p_best - Z + x1 - x2), Z + F * (x1 - x2)
        attracted = F * (x1 + (0.5 + 0.5 * progress) * (q_best - x3))
        V = np.choose(kind[:, None], [to_best, to_rand, attracted])
        V = np.where(V < 0, Z / 2, np.where(V > 1, (1 + Z) / 2, V))
        offset = (np.arange(dim) - rng.integers(dim, size=(size, 1))) % dim
        parent = np.where(rng.random((size, 1)) < 0.01, q_best, Z)
        U = np.where((offset == 0) | (rng.random(V.shape) < CR), V, parent)
        fu = evaluate(U)
        won = fu < f
        gain = np.where(won, f - fu, 0)
        score = np.bincount(kind, gain, 3) / np.maximum(np.bincount(kind, None, 3), 1)
        share = np.clip(score / score.sum(), 0.1, 0.9) if won.any() else np.ones(3)
        share = share / share.sum()
        if won.any():
            used, weight = np.hstack([F, CR])[won], gain[won, None]
            memory[:, slot] = (weight * used**2).sum(axis=0) / ((weight * used).sum(axis=0) + 1e-30)
            slot = (slot + 1) % 6
        archive = np.vstack([archive, Z[won]])
        Z[won], f[won] = U[won], fu[won]
    best = Z[np.argmin(f)]
    return np.clip(lower + best * (upper - lower), lower, upper)
