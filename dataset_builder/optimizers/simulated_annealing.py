import numpy as np

STEP = 0.2
T0 = 0.03


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
    """Simulated annealing (Kirkpatrick et al., 1983), Cauchy steps; violation before objective."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator((objective, inequality, equality), lower, upper, max_evals)
    try:
        Z = rng.random((max(4, max_evals // 20), dim))
        Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
        f, v = np.array([evaluate(z)[:2] for z in Z]).T
        i = np.lexsort((f, v))[0]
        z, fz, vz = Z[i], f[i], v[i]
        relaxed = 0 if equality is None else np.median(v)  # shrinks to 0
        # Energies are in units of the first sample's spread, which gives T0 its meaning.
        f_unit, v_unit = np.median(abs(f - fz)) + 1e-12, np.median(v) + 1e-12
        while True:
            progress = 1 - evaluate.left / max_evals
            temperature, step = T0 * 1e-8**progress, STEP * 1e-4**progress
            eps = relaxed * max(0, 1 - 2 * progress) ** 4
            moved = (rng.random(dim) < 0.3) | (np.arange(dim) == rng.integers(dim))
            u = z + moved * step * rng.standard_cauchy(dim)
            u = 1 - abs(1 - abs(u) % 2)
            fu, vu, *_ = evaluate(u)
            excess = max(vu, eps) - max(vz, eps)
            delta = (fu - fz) / f_unit if excess == 0 else excess / v_unit
            if delta <= 0 or rng.random() < np.exp(-delta / temperature):
                z, fz, vz = u, fu, vu
    except BudgetSpent:
        return evaluate.best[-1]
