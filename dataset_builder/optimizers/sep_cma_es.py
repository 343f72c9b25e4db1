import warnings

import cma
import numpy as np

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
        Z = 1 - abs(1 - abs(Z[: self.left]) % 2)  # reflected; cma's own bounds take longer
        X = np.clip(self.lower + Z * (self.upper - self.lower), self.lower, self.upper)
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
    """sep-CMA-ES, diagonal covariance (Ros & Hansen, 2008), restarted."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator(objective, lower, upper, max_evals)
    n = max(dim, 2)  # cma needs two variables; a second one is ignored
    popsize = POP_FACTOR * (4 + int(3 * np.log(n)))
    options = {"maxstd": 1 / 3, "popsize": popsize, "seed": seed % 2**31 + 1}
    options.update({"verbose": -9, "verb_log": 0, "signals_filename": ""})
    options["CMA_diagonal"] = True
    mean = np.full(n, 0.5)
    warnings.simplefilter("ignore")
    try:
        if x0 is not None:
            mean[:dim] = (x0 - lower) / (upper - lower)
            evaluate(mean[None, :dim])
        while True:
            es = cma.CMAEvolutionStrategy(mean, SIGMA0, options)
            while not es.stop():
                Z = np.array(es.ask())
                es.tell(Z, evaluate(Z[:, :dim]))
            mean = rng.random(n)
            options["seed"] += 1
    except BudgetSpent:
        return evaluate.best[-1]
