import numpy as np
from scipy.optimize import dual_annealing

VISIT = 2.62
INITIAL_TEMP = 5230.0
LOCAL_SEARCH = True


class BudgetSpent(Exception):
    """No evaluation is left."""


class Evaluator:
    """Evaluates rows of the unit box within the budget; keeps the best: least violation, then f."""

    def __init__(self, functions, lower, upper, max_evals):
        self.functions, self.lower, self.upper, self.left = functions, lower, upper, max_evals
        self.best = (np.inf, np.inf, (lower + upper) / 2)

    def __call__(self, Z):
        """Objective f (N,), violation v (N,), constraints g and h of the rows of Z (N, D)."""
        X = np.clip(self.lower + Z[: self.left] * (self.upper - self.lower), self.lower, self.upper)
        self.left -= len(X)
        values = [np.zeros((len(X), 0)) if fun is None else fun(X) for fun in self.functions]
        f, g, h = (np.where(np.isfinite(a), a, 1e30) for a in values)
        v = np.maximum(g - 1e-6, 0).sum(axis=1) + np.maximum(np.abs(h) - 1e-4, 0).sum(axis=1)
        i = np.lexsort((f, v))[0]
        if (v[i], f[i]) < self.best[:2]:
            self.best = (v[i], f[i], X[i])
        if self.left == 0:
            raise BudgetSpent
        return f, v, g, h


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):
    """Generalized simulated annealing with local search (Xiang et al., 1997); static penalty."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator((objective, inequality, equality), lower, upper, max_evals)
    try:
        Z = rng.random((5, dim))
        Z[0] = 0.5
        f, v, *_ = evaluate(Z)
        # A typical violation weighs a hundred times the objective's spread.
        penalty = 100 * (np.ptp(f) + 1e-12) / (np.median(v) + 1e-12)

        def penalised(z):
            f, v, *_ = evaluate(z[None])
            return f[0] + penalty * v[0]

        while True:
            dual_annealing(
                penalised,
                [(0.0, 1.0)] * dim,
                maxiter=max_evals,
                maxfun=10 * max_evals,
                visit=VISIT,
                initial_temp=INITIAL_TEMP,
                no_local_search=not LOCAL_SEARCH,
                x0=Z[0],
                rng=rng,
            )
    except BudgetSpent:
        return evaluate.best[-1]
