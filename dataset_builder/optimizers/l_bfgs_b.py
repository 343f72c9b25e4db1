import numpy as np
from scipy.optimize import minimize

MAXCOR = 10
EPS = 1e-07
RESTART = 1.0


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
    """L-BFGS-B (Byrd et al., 1995) with forward differences, from the centre, then restarts."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator(objective, lower, upper, max_evals)
    z0 = np.full(dim, 0.5) if x0 is None else (x0 - lower) / (upper - lower)

    def value_and_gradient(z):
        step = np.where(z + EPS > 1.0, -EPS, EPS)
        f = evaluate(np.vstack([z, z + np.diag(step)]))
        return f[0], (f[1:] - f[0]) / step

    try:
        while True:
            minimize(
                value_and_gradient,
                z0,
                jac=True,
                method="L-BFGS-B",
                bounds=[(0, 1)] * dim,
                options={"maxcor": MAXCOR, "ftol": 1e-10, "gtol": 1e-8},
            )
            best = (evaluate.best[-1] - lower) / (upper - lower)
            z0 = (1 - RESTART) * best + RESTART * rng.random(dim)
    except BudgetSpent:
        return evaluate.best[-1]
