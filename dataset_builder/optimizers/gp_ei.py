import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.spatial.distance import cdist
from scipy.special import ndtr

N_INIT = 10
XI = 0.0
LOCAL = 0.1


class BudgetSpent(Exception):
    """No evaluation is left."""


class Evaluator:
    """Evaluates rows of the unit box within the budget and keeps the best."""

    def __init__(self, objective, lower, upper, max_evals):
        self.objective, self.lower, self.upper, self.left = objective, lower, upper, max_evals
        self.best = (np.inf, (lower + upper) / 2)

    def __call__(self, Z):
        """Objective (N,) of the rows of Z (N, D)."""
        X = np.clip(self.lower + Z[: self.left] * (self.upper - self.lower), self.lower, self.upper)
        self.left -= len(X)
        f = self.objective(X)
        f = np.where(np.isfinite(f), f, 1e30)
        i = np.argmin(f)
        if f[i] < self.best[0]:
            self.best = (f[i], X[i])
        if self.left == 0:
            raise BudgetSpent
        return f


def matern(A, B, length):
    """Matern 5/2 kernel of unit variance between the rows of A and B."""
    r = np.sqrt(5) / length * cdist(A, B)
    return (1 + r + r**2 / 3) * np.exp(-r)


def fit(Z, y, length):
    """Negative log marginal likelihood, Cholesky factor L and weights K^-1 y of the process."""
    L = cholesky(matern(Z, Z, length) + 1e-6 * np.eye(len(Z)), lower=True)
    a = cho_solve((L, True), y)
    return y @ a / 2 + np.log(np.diag(L)).sum(), L, a


def improvement(C, Z, y, L, a, length):
    """Expected improvement (Jones et al., 1998, Eq. 15) at the rows of C."""
    K = matern(C, Z, length)
    variance = 1 - (solve_triangular(L, K.T, lower=True) ** 2).sum(axis=0)
    s, gain = np.sqrt(np.maximum(variance, 1e-12)), y.min() - XI - K @ a
    u = gain / s
    return gain * ndtr(u) + s * np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """Bayesian optimization, Gaussian process, expected improvement (Snoek et al., 2012)."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator(objective, lower, upper, max_evals)
    Z, length = rng.random((max(2, min(N_INIT, max_evals // 3)), dim)), None
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    try:
        f = evaluate(Z)
        while True:
            y = np.minimum(f, 3 * np.median(f) - 2 * f.min())  # outliers would flatten the rest
            y = (y - y.mean()) / (y.std() + 1e-12)
            if length is None or len(f) % 10 == 0:
                lengths = np.sqrt(dim) * 2.0 ** np.arange(-4, 3)
                length = min(lengths, key=lambda length, y=y: fit(Z, y, length)[0])
            _, L, a = fit(Z, y, length)
            C, z = rng.random((100, dim)), Z[np.argmin(f)]
            for scale in LOCAL * 0.3 ** np.arange(4):
                N = scale * rng.standard_normal((50, dim)) * (rng.random((50, dim)) < 0.5)
                C = np.vstack([C, np.clip(z + N, 0, 1)])
                z = C[np.argmax(improvement(C, Z, y, L, a, length))]
            Z, f = np.vstack([Z, z]), np.append(f, evaluate(z[None]))
    except BudgetSpent:
        return evaluate.best[-1]
