from contextlib import suppress

import nlopt
import numpy as np

POP_SIZE = 20
P_BEST = 0.18
SHARE = 0.7


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """MadDE (Biswas et al., 2021), then BOBYQA from the best point (Powell, 2009)."""
    rng, dim = np.random.default_rng(seed), len(lower)
    n, best, f_best, left = max(dim, 2), np.full(dim, 0.5), np.inf, max(1, round(SHARE * max_evals))
    spare = max_evals - left

    def evaluate(Z):
        """Objective of unit rows, worst beyond the budget; keeps the best."""
        nonlocal left, best, f_best
        X = np.clip(lower + Z[:left] * (upper - lower), lower, upper)
        left -= len(X)
        f = np.full(len(Z), 1e30)
        if len(X):
            f[: len(X)] = objective(X)
        f = np.where(np.isfinite(f), f, 1e30)
        i = np.argmin(f)
        if f[i] < f_best:
            best, f_best = Z[i].copy(), f[i]
        return f

    start = max(8, min(POP_SIZE, max_evals // 5))
    Z, archive, memory, slot = rng.random((start, dim)), np.empty((0, dim)), np.full((2, 6), 0.2), 0
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    share, total, f = np.full(3, 1 / 3), left, evaluate(Z)
    while left > 0:
        progress = 1 - left / total
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
        p_best = Z[rng.integers(max(2, round(P_BEST * size)), size=size)]
        q_best = Z[rng.integers(max(2, round(P_BEST * (2 - progress) * size)), size=size)]
        to_best, to_rand = Z + F * (p_best - Z + x1 - x2), Z + F * (x1 - x2)
        V = F * (x1 + (0.5 + 0.5 * progress) * (q_best - x3))
        V = np.choose(kind[:, None], [to_best, to_rand, V])
        V = np.where(V < 0, Z / 2, np.where(V > 1, (1 + Z) / 2, V))
        offset = (np.arange(dim) - rng.integers(dim, size=(size, 1))) % dim
        U = np.where((offset == 0) | (rng.random(V.shape) < CR), V, Z)
        fu = evaluate(U)
        won = fu < f
        gain = np.where(won, f - fu, 0)
        share = np.ones(3) / 3
        if won.any():
            score = np.bincount(kind, gain, 3) / np.maximum(np.bincount(kind, None, 3), 1)
            share = np.clip(score / score.sum(), 0.1, 0.9)
            share, used, weight = share / share.sum(), np.hstack([F, CR])[won], gain[won, None]
            memory[:, slot] = (weight * used**2).sum(axis=0) / ((weight * used).sum(axis=0) + 1e-30)
            slot = (slot + 1) % 6
        archive = np.vstack([archive, Z[won]])
        Z[won], f[won] = U[won], fu[won]
    left = spare
    while left > 0:
        opt = nlopt.opt(nlopt.LN_BOBYQA, n)
        opt.set_lower_bounds(0)
        opt.set_upper_bounds(1)
        opt.set_initial_step(np.clip(2 * np.ptp(Z, axis=0).max(), 1e-3, 0.2))
        opt.set_xtol_abs(1e-7)
        opt.set_maxeval(left)
        opt.set_min_objective(lambda z, gradient: float(evaluate(z[None, :dim])[0]))
        with suppress(nlopt.RoundoffLimited, RuntimeError):
            opt.optimize(np.append(best, 0.5)[:n])
        Z = rng.random((2, dim))
    return np.clip(lower + best * (upper - lower), lower, upper)
