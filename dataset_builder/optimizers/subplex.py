from contextlib import suppress

import nlopt
import numpy as np

STEP = 0.3
PENALTY = 1000.0
RESTART = 1.0


class Evaluator:
    """Evaluates points of the unit box within the budget; keeps the best: violation, then f."""

    def __init__(self, functions, lower, upper, max_evals):
        self.functions, self.lower, self.upper, self.left = functions, lower, upper, max_evals
        self.best, self.scale = (np.inf, np.inf, (lower + upper) / 2), None

    def __call__(self, z, gradient=None):
        """Objective in units of the first one's size, and the penalty, at z (D,)."""
        if self.left == 0:
            return 1e30
        x = self.lower + z * (self.upper - self.lower)
        x = np.minimum(np.maximum(x, self.lower), self.upper)
        self.left -= 1
        values = [[] if fun is None else np.ravel(fun(x)).tolist() for fun in self.functions]
        (f,), g, h = ([a if abs(a) < 1e30 else 1e30 for a in row] for row in values)
        v = sum(max(a - 1e-6, 0) for a in g) + sum(max(abs(a) - 1e-4, 0) for a in h)
        if (v, f) < self.best[:2]:
            self.best = (v, f, x)
        if self.scale is None and f < 1e30:
            self.scale = max(1, abs(f))
        return f / (self.scale or 1) + PENALTY * v


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """Subplex: Nelder-Mead simplices in subspaces (Rowan, 1990), static penalty, restarts."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator((objective, inequality, equality), lower, upper, max_evals)
    z0 = np.full(dim, 0.5) if x0 is None else (x0 - lower) / (upper - lower)
    while evaluate.left > 0:
        opt = nlopt.opt(nlopt.LN_SBPLX, dim)
        opt.set_lower_bounds(0)
        opt.set_upper_bounds(1)
        opt.set_initial_step(STEP)
        opt.set_xtol_abs(1e-6)
        opt.set_maxeval(evaluate.left)
        opt.set_min_objective(evaluate)
        with suppress(nlopt.RoundoffLimited, RuntimeError):
            opt.optimize(z0)
        best = (evaluate.best[-1] - lower) / (upper - lower)
        z0 = (1 - RESTART) * best + RESTART * rng.random(dim)
    return evaluate.best[-1]
