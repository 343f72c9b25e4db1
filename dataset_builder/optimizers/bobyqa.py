from contextlib import suppress

import nlopt
import numpy as np

RHOBEG = 0.4
TOL = 1e-06
RESTART = 1.0


class Evaluator:
    """Evaluates points of the unit box within the budget and keeps the best."""

    def __init__(self, objective, lower, upper, max_evals):
        self.objective, self.lower, self.upper, self.left = objective, lower, upper, max_evals
        self.best, self.worst = (np.inf, (lower + upper) / 2), -np.inf

    def __call__(self, z, gradient=None):
        """Objective at z; without a value the worst so far, since 1e30 would ruin the model."""
        if self.left == 0:
            return self.worst
        x = self.lower + z[: len(self.lower)] * (self.upper - self.lower)
        x = np.minimum(np.maximum(x, self.lower), self.upper)
        self.left -= 1
        f = float(self.objective(x))
        if not abs(f) < 1e30:
            return self.worst if self.worst > -np.inf else 1e30
        self.worst = max(self.worst, f)
        if f < self.best[0]:
            self.best = (f, x)
        return f


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """BOBYQA, quadratic interpolation in a trust region (Powell, 2009), then restarts."""
    rng, dim = np.random.default_rng(seed), len(lower)
    # Its own time grows with D ** 2, to 0.3 ms an evaluation at 50: a second is the limit.
    evals = min(max_evals, round(1e7 / dim**2))
    evaluate = Evaluator(objective, lower, upper, evals)
    n = max(dim, 2)  # BOBYQA needs two variables; a second one is ignored
    z0 = np.full(n, 0.5)
    if x0 is not None:
        z0[:dim] = (x0 - lower) / (upper - lower)
        evaluate(z0)
    while evaluate.left > 0:
        opt = nlopt.opt(nlopt.LN_BOBYQA, n)
        opt.set_lower_bounds(0)
        opt.set_upper_bounds(1)
        opt.set_initial_step(RHOBEG)
        opt.set_xtol_abs(TOL)
        opt.set_maxeval(evaluate.left)
        opt.set_min_objective(evaluate)
        with suppress(nlopt.RoundoffLimited, RuntimeError):
            opt.optimize(z0)
        best = (evaluate.best[-1] - lower) / (upper - lower)
        z0 = rng.random(n)
        z0[:dim] = (1 - RESTART) * best + RESTART * z0[:dim]
    return evaluate.best[-1]
