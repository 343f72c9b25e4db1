import numpy as np

STEP = 0.2
T0 = 0.03


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):
    """Simulated annealing (Kirkpatrick et al., 1983), Cauchy steps; violation before objective."""
    rng, dim, left = np.random.default_rng(seed), len(lower), max_evals
    functions = (objective, inequality, equality)

    def evaluate(Z):
        """Objective and violation of rows of the unit box; rows beyond the budget are worst."""
        nonlocal left
        X = np.clip(lower + Z[:left] * (upper - lower), lower, upper)
        left -= len(X)
        values = [np.zeros((len(X), 0)) if fun is None else fun(X) for fun in functions]
        f, g, h = (np.where(np.isfinite(a), a, 1e30) for a in values)
        v = np.maximum(g - 1e-6, 0).sum(axis=1) + np.maximum(np.abs(h) - 1e-4, 0).sum(axis=1)
        beyond = np.full(len(Z) - len(X), 1e30)
        return np.append(f, beyond), np.append(v, beyond)

    Z = rng.random((max(4, max_evals // 20), dim))
    Z[0] = 0.5
    f, v = evaluate(Z)
    i = np.lexsort((f, v))[0]
    z, fz, vz = best, f_best, v_best = Z[i], f[i], v[i]
    relaxed = 0 if equality is None else np.median(v)  # shrinks to 0
    # Energies are in units of the first sample's spread, which gives T0 its meaning.
    f_unit, v_unit = np.median(abs(f - fz)) + 1e-12, np.median(v) + 1e-12
    while left > 0:
        progress = 1 - left / max_evals
        temperature, step = T0 * 1e-8**progress, STEP * 1e-4**progress
        eps = relaxed * max(0, 2 * left / max_evals - 1) ** 4
        moved = (rng.random(dim) < 0.3) | (np.arange(dim) == rng.integers(dim))
        u = z + moved * step * rng.standard_cauchy(dim)
        u = 1 - abs(1 - abs(u) % 2)
        (fu,), (vu,) = evaluate(u[None])
        excess = max(vu, eps) - max(vz, eps)
        delta = (fu - fz) / f_unit if excess == 0 else excess / v_unit
        if delta <= 0 or rng.random() < np.exp(-delta / temperature):
            z, fz, vz = u, fu, vu
        if (vu, fu) < (v_best, f_best):
            best, f_best, v_best = u, fu, vu
    return np.clip(lower + best * (upper - lower), lower, upper)
