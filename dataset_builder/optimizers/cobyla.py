from contextlib import suppress

import nlopt
import numpy as np

RHOBEG = 0.2
TOL = 1e-06
RESTART = 1.0


class Evaluator:
    """Evaluates points of the unit box within the budget; keeps the best: violation, then f."""

    def __init__(self, functions, lower, upper, max_evals):
        self.functions, self.lower, self.upper, self.left = functions, lower, upper, max_evals
        self.best = (np.inf, np.inf, (lower + upper) / 2)
        self.at, self.now = b"", None

    def __call__(self, z):
        """Objective f and list of constraints c <= 0 at z (D,); a repeated z is free."""
        if z.tobytes() == self.at or self.left == 0:
            return self.now
        x = self.lower + z * (self.upper - self.lower)
        x = np.minimum(np.maximum(x, self.lower), self.upper)
        self.left -= 1
        values = [[] if fun is None else np.ravel(fun(x)).tolist() for fun in self.functions]
        (f,), g, h = ([a if abs(a) < 1e30 else 1e30 for a in row] for row in values)
        v = sum(max(a - 1e-6, 0) for a in g) + sum(max(abs(a) - 1e-4, 0) for a in h)
        if (v, f) < self.best[:2]:
            self.best = (v, f, x)
        self.at = z.tobytes()
        self.now = f, g + [a - 5e-5 for a in h] + [-a - 5e-5 for a in h]
        return self.now


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """COBYLA, linear approximation (Powell, 1994), from the centre, then restarts."""
    rng, dim = np.random.default_rng(seed), len(lower)
    # Its own time grows with D ** 2.5, to 1.2 ms an evaluation at 50: a second is the limit.
    evals = min(max_evals, round(1.7e7 / dim**2.5))
    evaluate = Evaluator((objective, inequality, equality), lower, upper, evals)
    z0 = np.full(dim, 0.5) if x0 is None else (x0 - lower) / (upper - lower)
    n_constraints = len(evaluate(z0)[1])

    def constraints(result, z, gradient):
        result[:] = evaluate(z)[1]

    while evaluate.left > 0:
        opt = nlopt.opt(nlopt.LN_COBYLA, dim)
        opt.set_lower_bounds(0)
        opt.set_upper_bounds(1)
        opt.set_initial_step(RHOBEG)
        opt.set_xtol_abs(TOL)
        opt.set_maxeval(evaluate.left)
        opt.set_min_objective(lambda z, gradient: float(evaluate(z)[0]))
        if n_constraints:
            opt.add_inequality_mconstraint(constraints, np.zeros(n_constraints))
        with suppress(nlopt.RoundoffLimited):
            opt.optimize(z0)
        best = (evaluate.best[-1] - lower) / (upper - lower)
        z0 = (1 - RESTART) * best + RESTART * rng.random(dim)
    return evaluate.best[-1]
