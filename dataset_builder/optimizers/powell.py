import numpy as np
from scipy.optimize import minimize

XTOL = 0.0001
RESTART = 1.0


class BudgetSpent(Exception):
    """No evaluation is left."""


class Evaluator:
    """Evaluates points of the unit box within the budget and keeps the best."""

    def __init__(self, objective, lower, upper, max_evals):
        self.objective, self.lower, self.upper, self.left = objective, lower, upper, max_evals
        self.best = (np.inf, (lower + upper) / 2)

    def __call__(self, z):
        """Objective at z (D,)."""
        x = self.lower + z * (self.upper - self.lower)
        x = np.minimum(np.maximum(x, self.lower), self.upper)
        self.left -= 1
        f = float(self.objective(x))
        f = f if abs(f) < 1e30 else 1e30
        if f < self.best[0]:
            self.best = (f, x)
        if self.left == 0:
            raise BudgetSpent
        return f


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """Powell's conjugate directions (Powell, 1964), from the centre, then restarts."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator(objective, lower, upper, max_evals)
    z0 = np.full(dim, 0.5) if x0 is None else (x0 - lower) / (upper - lower)
    try:
        while True:
            options = {"xtol": XTOL, "ftol": 1e-8, "maxiter": max_evals, "maxfev": 10 * max_evals}
            minimize(evaluate, z0, method="Powell", bounds=[(0, 1)] * dim, options=options)
            best = (evaluate.best[-1] - lower) / (upper - lower)
            z0 = (1 - RESTART) * best + RESTART * rng.random(dim)
    except BudgetSpent:
        return evaluate.best[-1]
