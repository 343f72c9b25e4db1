import warnings
from contextlib import suppress

import numpy as np
from scipy.optimize import BFGS, NonlinearConstraint, minimize

RADIUS = 0.5
EPS = 1e-07
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


class Smooth:
    """Values and slopes at a point; D evaluations serve the slopes of f, g and h together."""

    def __init__(self, evaluate):
        self.evaluate, self.z, self.slopes = evaluate, None, None

    def values(self, z):
        """Objective, g (Mg,) and h (Mh,) at z; a repeated z is free."""
        if self.z is None or not np.array_equal(z, self.z):
            f, _, g, h = self.evaluate(z[None])
            self.z, self.now, self.slopes = z.copy(), (f[0], g[0], h[0]), None
        return self.now

    def gradients(self, z):
        """Forward differences of f (D,), g (Mg, D) and h (Mh, D) at z."""
        self.values(z)
        if self.slopes is None:
            step = np.where(z + EPS > 1, -EPS, EPS)
            f, _, g, h = self.evaluate(z + np.diag(step))
            self.slopes = [(a - b).T / step for a, b in zip((f, g, h), self.now, strict=True)]
        return self.slopes


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """Trust-region interior point, trust-constr (Conn, Gould & Toint, 2000), with restarts."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator((objective, inequality, equality), lower, upper, max_evals)
    z0 = np.full(dim, 0.5) if x0 is None else (x0 - lower) / (upper - lower)
    at, constraints = Smooth(evaluate), []
    options = {"initial_tr_radius": RADIUS, "maxiter": max_evals, "sparse_jacobian": False}
    warnings.simplefilter("ignore")
    for fun, i, low in ((inequality, 1, -np.inf), (equality, 2, 0)):
        if fun is not None:
            value, slope = (lambda z, i=i: at.values(z)[i]), (lambda z, i=i: at.gradients(z)[i])
            constraints.append(NonlinearConstraint(value, low, 0, jac=slope, hess=BFGS()))
    try:
        while True:
            scale = max(1, abs(at.values(z0)[0]))
            with suppress(ValueError):  # an overflow in its linear algebra: start again elsewhere
                minimize(
                    lambda z, scale=scale: at.values(z)[0] / scale,
                    z0,
                    jac=lambda z, scale=scale: at.gradients(z)[0] / scale,
                    method="trust-constr",
                    hess=BFGS(),
                    bounds=[(0, 1)] * dim,
                    constraints=constraints,
                    options=options,
                )
            best = (evaluate.best[-1] - lower) / (upper - lower)
            z0 = (1 - RESTART) * best + RESTART * rng.random(dim)
    except BudgetSpent:
        return evaluate.best[-1]
