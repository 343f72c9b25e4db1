import numpy as np
from scipy.optimize import dual_annealing

VISIT = 2.62
INITIAL_TEMP = 5230.0
LOCAL_SEARCH = True


class BudgetSpent(Exception):
    """No evaluation is left."""


class Evaluator:
    """Evaluates points of the unit box within the budget; keeps the best: violation, then f."""

    def __init__(self, functions, lower, upper, max_evals):
        self.functions, self.lower, self.upper, self.left = functions, lower, upper, max_evals
        self.best = (np.inf, np.inf, (lower + upper) / 2)

    def __call__(self, z):
        """Objective f, violation v, lists of constraints g and h at z (D,)."""
        x = self.lower + z * (self.upper - self.lower)
        x = np.minimum(np.maximum(x, self.lower), self.upper)
        self.left -= 1
        values = [[] if fun is None else np.ravel(fun(x)).tolist() for fun in self.functions]
        (f,), g, h = ([a if abs(a) < 1e30 else 1e30 for a in row] for row in values)
        v = sum(max(a - 1e-6, 0) for a in g) + sum(max(abs(a) - 1e-4, 0) for a in h)
        if (v, f) < self.best[:2]:
            self.best = (v, f, x)
        if self.left == 0:
            raise BudgetSpent
        return f, v, g, h


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """Generalized simulated annealing with local search (Xiang et al., 1997); static penalty."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator((objective, inequality, equality), lower, upper, max_evals)
    try:
        Z = rng.random((5, dim))
        Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
        f, v = np.array([evaluate(z)[:2] for z in Z]).T
        # A typical violation weighs a hundred times the objective's spread.
        penalty = 100 * (np.ptp(f) + 1e-12) / (np.median(v) + 1e-12)

        def penalised(z):
            f, v, *_ = evaluate(z)
            return f + penalty * v

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
