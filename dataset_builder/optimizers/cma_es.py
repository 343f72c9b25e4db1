import warnings

import cma
import numpy as np
from cma.constraints_handler import AugmentedLagrangian

SIGMA0 = 0.2
POP_FACTOR = 1


class BudgetSpent(Exception):
    """No evaluation is left."""


class Evaluator:
    """Evaluates rows of the unit box within the budget; keeps the best: least violation, then f."""

    def __init__(self, functions, lower, upper, max_evals):
        self.functions, self.lower, self.upper, self.left = functions, lower, upper, max_evals
        self.best = (np.inf, np.inf, (lower + upper) / 2)

    def __call__(self, Z):
        """Objective f (N,), violation v (N,), constraints g and h of the rows of Z (N, D)."""
        Z = 1 - abs(1 - abs(Z[: self.left]) % 2)  # reflected; cma's own bounds take longer
        X = np.clip(self.lower + Z * (self.upper - self.lower), self.lower, self.upper)
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


class Lagrangian(AugmentedLagrangian):
    """Penalties lam g + mu g^2 / 2 with adapted lam and mu; this one writes no log files."""

    def _init_(self):
        self.logging = 0


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """CMA-ES (Hansen & Ostermeier, 2001), restarted; constraints by an augmented Lagrangian."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator((objective, inequality, equality), lower, upper, max_evals)
    n = max(dim, 2)  # cma needs two variables; a second one is ignored
    popsize = POP_FACTOR * (4 + int(3 * np.log(n)))
    options = {"maxstd": 1 / 3, "popsize": popsize, "seed": seed % 2**31 + 1}
    options.update({"verbose": -9, "verb_log": 0, "signals_filename": ""})
    mean = np.full(n, 0.5)
    warnings.simplefilter("ignore")
    try:
        if x0 is not None:
            mean[:dim] = (x0 - lower) / (upper - lower)
            evaluate(mean[None, :dim])
        while True:
            es, al = cma.CMAEvolutionStrategy(mean, SIGMA0, options), None
            while not es.stop():
                Z = np.array(es.ask())
                f, v, g, h = evaluate(Z[:, :dim])
                if g.size + h.size > 0:
                    G = np.hstack([g, h])
                    if al is None:
                        al = Lagrangian(n, [False] * g.shape[1] + [True] * h.shape[1])
                    al.set_coefficients(f, G)
                    best = np.lexsort((f, v))[0]
                    al.update(f[best], G[best])
                    f = f + [sum(al(row)) for row in G]
                es.tell(Z, f)
            mean = rng.random(n)
            options["seed"] += 1
    except BudgetSpent:
        return evaluate.best[-1]
