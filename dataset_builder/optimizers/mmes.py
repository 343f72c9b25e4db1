import numpy as np
from scipy.special import ndtr

SIGMA0 = 0.2
POP_FACTOR = 1


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


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """MMES, steps mixed from past evolution paths (He, Zheng & Zhou, 2021), restarted."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator(objective, lower, upper, max_evals)
    popsize = POP_FACTOR * (4 + int(3 * np.log(dim)))
    w = np.log(popsize / 2 + 0.5) - np.log(np.arange(1, popsize // 2 + 1))
    w /= w.sum()
    mu, mu_eff = len(w), 1 / (w**2).sum()
    m, c_c, c_s = 2 * int(np.ceil(np.sqrt(dim))), 0.4 / np.sqrt(dim), 0.3
    # The paper's 4 / D is for large D: in few, gamma = 1 - (1 - c_a)^m would leave no noise.
    c_a = min(4 / dim, 0.15)
    gamma = 1 - (1 - c_a) ** m
    mean = np.full(dim, 0.5)
    try:
        if x0 is not None:
            mean[:dim] = (x0 - lower) / (upper - lower)
            evaluate(mean[None, :dim])
        while True:
            sigma, path, success, generation = SIGMA0, np.zeros(dim), 0.0, 0
            Q, times, f_before = rng.standard_normal((m, dim)), np.zeros(m), np.full(mu, np.inf)
            while 1e-10 < sigma < 1e3:
                half, generation = (popsize + 1) // 2, generation + 1
                newest = (rng.geometric(c_a, (half, 4)) - 1) % m
                S = np.einsum("ij,ijk->ik", rng.standard_normal((half, 4)), Q[m - 1 - newest])
                S *= np.sqrt(gamma / 4)
                S += np.sqrt(1 - gamma) * rng.standard_normal((half, dim))
                Z = np.clip(mean + sigma * np.vstack([S, -S])[:popsize], 0, 1)
                f = evaluate(Z)
                order = np.argsort(f, kind="stable")[:mu]
                step, f = (w @ Z[order] - mean) / sigma, f[order]
                path = (1 - c_c) * path + np.sqrt(c_c * (2 - c_c) * mu_eff) * step
                mean = mean + sigma * step
                # The path that follows its predecessor most closely makes room, or else the oldest.
                gaps = np.diff(times)
                k = gaps.argmin() + 1 if gaps.min() <= 1 / c_c else 0
                Q = np.vstack([np.delete(Q, k, axis=0), path])
                times = np.append(np.delete(times, k), generation)
                better = 2 * w @ (f < f_before) - 1
                success = (1 - c_s) * success + np.sqrt(c_s * (2 - c_s) * mu_eff) * better
                sigma, f_before = sigma * np.exp(ndtr(success) - 0.95), f
            mean = rng.random(dim)
    except BudgetSpent:
        return evaluate.best[-1]
