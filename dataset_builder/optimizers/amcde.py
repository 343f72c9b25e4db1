import numpy as np

POP_SIZE = 20
P_BEST = 0.4
STAGNATION = 5


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """AMCDE: mutations alternate between monopoly and competition (Ye et al., 2023)."""
    rng, dim, left = np.random.default_rng(seed), len(lower), max_evals
    functions = (objective, inequality, equality)

    def evaluate(Z):
        """Objective and violation of unit rows, worst beyond the budget."""
        nonlocal left
        X = np.clip(lower + Z[:left] * (upper - lower), lower, upper)
        left -= len(X)
        values = [np.zeros((len(X), 0)) if fun is None else fun(X) for fun in functions]
        f, g, h = (np.where(np.isfinite(a), a, 1e30) for a in values)
        v = np.maximum(g - 1e-6, 0).sum(axis=1) + np.maximum(np.abs(h) - 1e-4, 0).sum(axis=1)
        beyond = np.full(len(Z) - len(X), 1e30)
        return np.append(f, beyond), np.append(v, beyond)

    start = max(8, min(POP_SIZE, max_evals // 5))
    Z, archive, memory, slot = rng.random((start, dim)), np.empty((0, dim)), np.full((2, 6), 0.5), 0
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    ruler, stalled, patience, gains = 0, 0, STAGNATION, np.zeros((2, 3))
    f, v = evaluate(Z)
    first = v[0], f[0], Z[0]
    relaxed = 0 if equality is None else np.median(v)
    while left > 0:
        progress = 1 - left / max_evals
        size = max(4, round(start + (4 - start) * progress))
        eps = relaxed * max(0, 2 * left / max_evals - 1) ** 4
        keep = np.lexsort((f, np.maximum(v, eps)))[:size]
        Z, f, v = Z[keep], f[keep], v[keep]
        archive = rng.permutation(archive)[: int(2.6 * size)]
        both = np.vstack([Z, archive])
        F, CR = memory[:, rng.integers(6, size=size), None]
        F = np.clip(abs(F + 0.1 * rng.standard_cauchy((size, 1))), 0.01, 1)
        CR = np.clip(CR + 0.1 * rng.standard_normal((size, 1)), 0, 1)
        share, compete = np.eye(3)[ruler], stalled >= patience
        if compete:
            share = gains[0] / (gains[1] + 1) + 1e-30
            share = np.maximum(share / share.sum(), 0.1)
            CR[:] = max(0, 2 * progress - 1)
        kind = rng.choice(3, size, p=share / share.sum())
        r1, r3 = (np.arange(size) + rng.integers(1, size, (2, size))) % size
        x1, x2, x3 = Z[r1], both[rng.integers(len(both), size=size)], Z[r3]
        p_best = Z[rng.integers(max(2, round(P_BEST * size)), size=size)]
        shift = Z + F * (p_best - Z + x1)
        V = np.choose(kind[:, None], [shift - F * x2, shift - F * x3, F * (x1 + p_best - x3)])
        V = np.where(V < 0, Z / 2, np.where(V > 1, (1 + Z) / 2, V))
        offset = (np.arange(dim) - rng.integers(dim, size=(size, 1))) % dim
        length = rng.geometric(np.maximum(1 - CR, 1e-9))
        cross = np.where(rng.random((size, 1)) < 0.4, rng.random(V.shape) < CR, offset < length)
        U = np.where((offset == 0) | cross, V, Z)
        fu, vu = evaluate(U)
        w, wu = np.maximum(v, eps), np.maximum(vu, eps)
        won = (wu < w) | ((wu == w) & (fu < f))
        gain = np.where(won, np.where(wu < w, w - wu, f - fu), 0)
        if compete:
            gains += [np.bincount(kind, a, 3) for a in (gain, None)]
        top, stalled = np.lexsort((fu, wu))[0], stalled + 1
        if (wu[top], fu[top]) < (w[0], f[0]):
            ruler, stalled, patience = kind[top], 0, patience + compete
        if won.any():
            used, weight = np.hstack([F, CR])[won], gain[won, None]
            memory[:, slot] = (weight * used**2).sum(axis=0) / ((weight * used).sum(axis=0) + 1e-30)
            slot = (slot + 1) % 6
        archive = np.vstack([archive, Z[won]])
        Z[won], f[won], v[won] = U[won], fu[won], vu[won]
    i = np.lexsort((f, v))[0]
    best = min((v[i], f[i], Z[i]), first, key=lambda e: e[:2])[2]
    return np.clip(lower + best * (upper - lower), lower, upper)
