import numpy as np

STEP = 0.25
SHRINK = 0.5
RESTART = 1.0


class BudgetSpent(Exception):
    """No evaluation is left."""


class Evaluator:
    """Evaluates points of the unit box within the budget; keeps the best: violation, then f."""

    def __init__(self, functions, lower, upper, max_evals):
        self.functions, self.lower, self.upper, self.left = functions, lower, upper, max_evals
        self.best = (np.inf, np.inf, (lower + upper) / 2)

    def __call__(self, z):
        """Violation and objective at z (D,), to be compared in this order."""
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
        return v, f


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """Coordinate search with a step for each variable (Hooke & Jeeves, 1961), restarted."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator((objective, inequality, equality), lower, upper, max_evals)
    z = np.full(dim, 0.5) if x0 is None else (x0 - lower) / (upper - lower)
    try:
        while True:
            step, now = np.full(dim, STEP), evaluate(z)
            while abs(step).max() > 1e-7:
                before = z
                for k in rng.permutation(dim):
                    for sign in (1, -1):
                        u = z.copy()
                        u[k] = min(max(z[k] + sign * step[k], 0), 1)
                        if u[k] != z[k] and (value := evaluate(u)) < now:
                            z, now, step[k] = u, value, 2 * sign * step[k]
                            break
                    else:
                        step[k] *= SHRINK
                # The pattern move: once more along what the round has gained.
                u = np.clip(2 * z - before, 0, 1)
                if np.count_nonzero(z != before) > 1 and (value := evaluate(u)) < now:
                    z, now = u, value
            best = (evaluate.best[-1] - lower) / (upper - lower)
            z = (1 - RESTART) * best + RESTART * rng.random(dim)
    except BudgetSpent:
        return evaluate.best[-1]
