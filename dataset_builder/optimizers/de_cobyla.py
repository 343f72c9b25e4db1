from contextlib import suppress

import nlopt
import numpy as np

POP_SIZE = 20
SHARE = 0.6
RHOBEG = 0.1


class Evaluator:
    """Evaluates rows of the unit box within the budget; keeps the best: least violation, then f."""

    def __init__(self, functions, lower, upper, max_evals):
        self.functions, self.lower, self.upper, self.left = functions, lower, upper, max_evals
        self.best, self.at, self.now = (np.inf, np.inf, (lower + upper) / 2), b"", None

    def __call__(self, Z):
        """f (N,), violation (N,) and constraints c <= 0 (N, M); worst beyond the budget."""
        n = len(Z)
        X = np.clip(self.lower + Z[: self.left] * (self.upper - self.lower), self.lower, self.upper)
        if len(X) == 0:
            return np.full(n, 1e30), np.full(n, 1e30), None
        self.left -= len(X)
        values = [np.zeros((len(X), 0)) if fun is None else fun(X) for fun in self.functions]
        f, g, h = (np.where(np.isfinite(a), a, 1e30) for a in values)
        v = np.maximum(g - 1e-6, 0).sum(axis=1) + np.maximum(np.abs(h) - 1e-4, 0).sum(axis=1)
        i = np.lexsort((f, v))[0]
        if (v[i], f[i]) < self.best[:2]:
            self.best = (v[i], f[i], X[i])
        c, beyond = np.hstack([g, h - 5e-5, -h - 5e-5]), np.full(n - len(X), 1e30)
        return np.append(f, beyond), np.append(v, beyond), c

    def point(self, z):
        """f and constraints c <= 0 at z (D,); a repeated z is free."""
        if z.tobytes() != self.at and self.left > 0:
            f, _, c = self(z[None])
            self.at, self.now = z.tobytes(), (float(f[0]), c[0])
        return self.now


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """Differential evolution (Storn & Price, 1997), Deb's rules, then COBYLA (Powell, 1994)."""
    rng, dim = np.random.default_rng(seed), len(lower)
    total = max(1, round(SHARE * max_evals))
    evaluate = Evaluator((objective, inequality, equality), lower, upper, total)
    size = max(4, min(POP_SIZE, max_evals // 5))
    Z = rng.random((size, dim))
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    f, v, c = evaluate(Z)
    n_constraints = c.shape[1]
    relaxed = 0 if equality is None else np.median(v)  # shrinks to 0
    while evaluate.left > 0:
        order = np.argsort(rng.random((size, size - 1)), axis=1)[:, :3]
        a, b, c = (order + (order >= np.arange(size)[:, None])).T
        V = Z[a] + rng.uniform(0.4, 0.9) * (Z[b] - Z[c])
        V = np.where((V < 0) | (V > 1), rng.random(V.shape), V)
        offset = (np.arange(dim) - rng.integers(dim, size=(size, 1))) % dim
        U = np.where((offset == 0) | (rng.random(V.shape) < 0.9), V, Z)
        fu, vu, _ = evaluate(U)
        eps = relaxed * max(0, 2 * evaluate.left / total - 1) ** 4
        w, wu = np.maximum(v, eps), np.maximum(vu, eps)
        won = (wu < w) | ((wu == w) & (fu <= f))
        Z[won], f[won], v[won] = U[won], fu[won], vu[won]

    def constraints(result, z, gradient):
        result[:] = evaluate.point(z)[1]

    # COBYLA's own time grows with D ** 2.5.
    evaluate.left = min(max_evals - total, round(1.7e7 / dim**2.5))
    while evaluate.left > 0:
        z0 = (evaluate.best[-1] - lower) / (upper - lower)
        opt = nlopt.opt(nlopt.LN_COBYLA, dim)
        opt.set_lower_bounds(0)
        opt.set_upper_bounds(1)
        opt.set_initial_step(RHOBEG * rng.uniform(0.2, 1))
        opt.set_xtol_abs(1e-7)
        opt.set_maxeval(evaluate.left)
        opt.set_min_objective(lambda z, gradient: evaluate.point(z)[0])
        if n_constraints:
            opt.add_inequality_mconstraint(constraints, np.zeros(n_constraints))
        with suppress(nlopt.RoundoffLimited):
            opt.optimize(z0)
    return evaluate.best[-1]
