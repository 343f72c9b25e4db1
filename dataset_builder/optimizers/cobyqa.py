import warnings
from contextlib import suppress

import nlopt
import numpy as np
from scipy.optimize import NonlinearConstraint, minimize

RADIUS = 0.3
RESTART = 1.0


class BudgetSpent(Exception):
    """No evaluation is left."""


class Evaluator:
    """Evaluates points of the unit box within the budget; keeps the best."""

    def __init__(self, functions, lower, upper, max_evals):
        self.functions, self.lower, self.upper, self.left = functions, lower, upper, max_evals
        self.best, self.worst = (np.inf, np.inf, (lower + upper) / 2), -np.inf
        self.seen = {}

    def __call__(self, z):
        """f and constraints at z (D,); a repeated z is free."""
        if (key := z.tobytes()) in self.seen:
            return self.seen[key]
        if self.left == 0:
            raise BudgetSpent
        x = self.lower + z * (self.upper - self.lower)
        x = np.minimum(np.maximum(x, self.lower), self.upper)
        self.left -= 1
        values = [[] if fun is None else np.ravel(fun(x)).tolist() for fun in self.functions]
        (f,), g, h = ([a if abs(a) < 1e30 else 1e30 for a in row] for row in values)
        v = sum(max(a - 1e-6, 0) for a in g) + sum(max(abs(a) - 1e-4, 0) for a in h)
        if (v, f) < self.best[:2]:
            self.best = (v, f, x)
        self.worst = max(self.worst, f) if f < 1e30 else self.worst
        f = min(f, max(self.worst, -1e30))  # 1e30 would ruin the models
        self.seen[key], self.n_equality = (f, np.array(g + h)), len(h)
        return self.seen[key]

    def one_sided(self, result, z, gradient):
        """Constraints <= 0, two for each equality."""
        c = self(z)[1]
        k = len(c) - self.n_equality
        result[:] = np.concatenate((c[:k], c[k:] - 5e-5, -c[k:] - 5e-5))


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """COBYQA, quadratic models (Ragonneau & Zhang, 2022), then COBYLA."""
    rng, dim = np.random.default_rng(seed), len(lower)
    # Its own time grows with D ** 2.6.
    first = min(max_evals, 400, round(600 * (10 / dim) ** 2.6))
    evaluate = Evaluator((objective, inequality, equality), lower, upper, first)
    z0, constraints = np.full(dim, 0.5) if x0 is None else (x0 - lower) / (upper - lower), []
    warnings.simplefilter("ignore")
    with suppress(BudgetSpent):
        n, n_equality, before = len(evaluate(z0)[1]), evaluate.n_equality, -1
        if n:
            low = np.repeat([-np.inf, 0.0], [n - n_equality, n_equality])
            constraints.append(NonlinearConstraint(lambda z: evaluate(z)[1], low, 0))
        while evaluate.left != before:
            before = evaluate.left
            minimize(
                lambda z: evaluate(z)[0],
                z0,
                method="COBYQA",
                bounds=[(0, 1)] * dim,
                constraints=constraints,
                options={"initial_tr_radius": RADIUS, "final_tr_radius": 1e-6, "maxiter": first},
            )
            z0 = (evaluate.best[-1] - lower) / (upper - lower)
            z0 = (1 - RESTART) * z0 + RESTART * rng.random(dim)
    evaluate.left += max_evals - first
    z0, radius = (evaluate.best[-1] - lower) / (upper - lower), 0.02
    while evaluate.left > 0:
        opt = nlopt.opt(nlopt.LN_COBYLA, dim)
        opt.set_lower_bounds(0)
        opt.set_upper_bounds(1)
        opt.set_initial_step(radius)
        opt.set_xtol_abs(1e-6)
        opt.set_maxeval(evaluate.left)
        opt.set_min_objective(lambda z, gradient: float(evaluate(z)[0]))
        if constraints:
            opt.add_inequality_mconstraint(evaluate.one_sided, np.zeros(n + n_equality))
        with suppress(nlopt.RoundoffLimited, BudgetSpent):
            opt.optimize(z0)
        z0, radius = (evaluate.best[-1] - lower) / (upper - lower), RADIUS
        z0 = (1 - RESTART) * z0 + RESTART * rng.random(dim)
    return evaluate.best[-1]
