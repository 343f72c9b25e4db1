import numpy as np
from scipy.linalg import lu_factor, lu_solve
from scipy.spatial.distance import cdist

SIGMA = 0.2
CANDIDATES = 100


class BudgetSpent(Exception):
    """No evaluation is left."""


class Evaluator:
    """Evaluates rows of the unit box within the budget; keeps the best."""

    def __init__(self, functions, lower, upper, max_evals):
        self.functions, self.lower, self.upper, self.left = functions, lower, upper, max_evals
        self.best = (np.inf, np.inf, (lower + upper) / 2)

    def __call__(self, Z):
        """Columns f, g and h of rows (N, D)."""
        X = np.clip(self.lower + Z[: self.left] * (self.upper - self.lower), self.lower, self.upper)
        self.left -= len(X)
        values = [np.zeros((len(X), 0)) if fun is None else fun(X) for fun in self.functions]
        f, g, h = (np.where(np.isfinite(a), a, 1e30) for a in values)
        v = np.maximum(g - 1e-6, 0).sum(axis=1) + np.maximum(np.abs(h) - 1e-4, 0).sum(axis=1)
        i, self.n_h = np.lexsort((f, v))[0], h.shape[1]
        if (v[i], f[i]) < self.best[:2]:
            self.best = (v[i], f[i], X[i])
        if self.left == 0:
            raise BudgetSpent
        return np.column_stack([f, g, h])


def surrogate(Z, Y):
    """Cubic radial basis functions with linear tails through rows (z, y)."""
    n, dim = Z.shape
    P = np.column_stack([np.ones(n), Z])
    A = np.zeros((n + dim + 1, n + dim + 1))
    A[:n, :n], A[:n, n:], A[n:, :n] = cdist(Z, Z) ** 3 + 1e-9 * np.eye(n), P, P.T
    W = lu_solve(lu_factor(A), np.vstack([Y, np.zeros((dim + 1, Y.shape[1]))]))
    return lambda C: cdist(C, Z) ** 3 @ W[:n] + np.column_stack([np.ones(len(C)), C]) @ W[n:]


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """DYCORS, candidates around the best by a surrogate (Regis & Shoemaker, 2013)."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator((objective, inequality, equality), lower, upper, max_evals)
    start = min(2 * (dim + 1), max(dim + 2, max_evals // 3))
    Z = (np.argsort(rng.random((start, dim)), axis=0) + 0.5) / start
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    sigma, won, lost, turn = SIGMA, 0, 0, 0
    try:
        Y = evaluate(Z)
        while True:
            predict = surrogate(Z, np.minimum(Y, 3 * np.median(Y, axis=0) - 2 * Y.min(axis=0)))
            z = (evaluate.best[-1] - lower) / (upper - lower)
            share = max(min(20 / dim, 1) * (1 - np.log(len(Z)) / np.log(max_evals + 1)), 1 / dim)
            moved = rng.random((CANDIDATES, dim)) < share
            moved[np.arange(CANDIDATES), rng.integers(dim, size=CANDIDATES)] = True
            C = z + sigma * moved * rng.standard_normal((CANDIDATES, dim))
            C = np.clip(1 - abs(1 - abs(C) % 2), 0, 1)
            f, *g = predict(C).T
            k = len(g) - evaluate.n_h
            v = sum([np.maximum(a, 0) for a in g[:k]] + [abs(a) for a in g[k:]], np.zeros(len(C)))
            near = cdist(C, Z).min(axis=1)
            weight, turn = (0.95, 0.3, 0.5, 0.8)[turn % 4], turn + 1
            few = ~(v > v.min() + 1e-12)
            C, f, near = C[few], f[few], near[few]
            score = weight * (f - f.min()) / (np.ptp(f) + 1e-30)
            score += (1 - weight) * (near.max() - near) / (np.ptp(near) + 1e-30)
            before, u = evaluate.best[:2], C[np.argmin(score)][None]
            Z, Y = np.vstack([Z, u]), np.vstack([Y, evaluate(u)])
            better = evaluate.best[:2] < before
            won, lost = (won + 1) * better, (lost + 1) * (not better)
            if won == 3 or lost >= max(dim, 5):
                sigma, won, lost = min(2 * sigma, SIGMA) if won else sigma / 2, 0, 0
            if sigma < 1e-4:
                sigma = SIGMA
    except BudgetSpent:
        return evaluate.best[-1]
