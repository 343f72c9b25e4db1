import numpy as np
from scipy.optimize import minimize

RHOBEG = 0.2
TOL = 1e-06
RESTART = 1.0


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
    """COBYLA, linear approximation (Powell, 1994), from the centre, then restarts."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator((objective, inequality, equality), lower, upper, max_evals)
    z0, last = np.full(dim, 0.5), {}

    def values(z):
        if z.tobytes() not in last:
            f, _, g, h = evaluate(z[None])
            last.clear()
            last[z.tobytes()] = f[0], np.concatenate([-g[0], 5e-5 - h[0], h[0] + 5e-5])
        return last[z.tobytes()]

    constraints = []
    if inequality is not None or equality is not None:
        constraints.append({"type": "ineq", "fun": lambda z: values(z)[1]})
    try:
        while True:
            minimize(
                lambda z: values(z)[0],
                z0,
                method="COBYLA",
                bounds=[(0, 1)] * dim,
                constraints=constraints,
                options={"rhobeg": RHOBEG, "tol": TOL, "maxiter": max_evals + 2 * dim},
            )
            best = (evaluate.best[-1] - lower) / (upper - lower)
            z0 = (1 - RESTART) * best + RESTART * rng.random(dim)
    except BudgetSpent:
        return evaluate.best[-1]
