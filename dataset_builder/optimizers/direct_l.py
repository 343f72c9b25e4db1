from contextlib import suppress

import nlopt
import numpy as np

SHARE = 0.5
RHOBEG = 0.1


class Evaluator:
    """Evaluates points of the unit box within the budget and keeps the best."""

    def __init__(self, objective, lower, upper, max_evals):
        self.objective, self.lower, self.upper, self.left = objective, lower, upper, max_evals
        self.best = (np.inf, (lower + upper) / 2)

    def __call__(self, z, gradient=None):
        """Objective at z (D,)."""
        if self.left == 0:
            return 1e30
        x = self.lower + z * (self.upper - self.lower)
        x = np.minimum(np.maximum(x, self.lower), self.upper)
        self.left -= 1
        f = float(self.objective(x))
        f = f if abs(f) < 1e30 else 1e30
        if f < self.best[0]:
            self.best = (f, x)
        return f


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """DIRECT-L, dividing rectangles (Gablonsky & Kelley, 2001), then COBYLA from the best point."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator(objective, lower, upper, max_evals)
    if x0 is not None:
        evaluate((x0 - lower) / (upper - lower))
    z0, method, evals = np.full(dim, 0.5), nlopt.GN_DIRECT_L, round(SHARE * max_evals)
    while evaluate.left > 0:
        opt = nlopt.opt(method, dim)
        opt.set_lower_bounds(0)
        opt.set_upper_bounds(1)
        opt.set_initial_step(RHOBEG)
        opt.set_xtol_abs(1e-6)
        opt.set_maxeval(max(1, min(evals, evaluate.left)))
        opt.set_min_objective(evaluate)
        with suppress(nlopt.RoundoffLimited, RuntimeError):
            opt.optimize(z0)
        best = (evaluate.best[-1] - lower) / (upper - lower)
        z0 = best if method == nlopt.GN_DIRECT_L else rng.random(dim)
        if method == nlopt.GN_DIRECT_L:  # COBYLA's own time grows with D ** 2.5
            evaluate.left = min(evaluate.left, round(1.7e7 / dim**2.5))
        method, evals = nlopt.LN_COBYLA, max_evals
    return evaluate.best[-1]
