import numpy as np

T0 = 0.01
N_S = 5


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """Simulated annealing with a step for each variable (Corana et al., 1987)."""
    rng, dim, left = np.random.default_rng(seed), len(lower), max_evals
    best, f_best = np.full(dim, 0.5), np.inf

    def evaluate(z):
        """Objective at a point of the unit box."""
        nonlocal left, best, f_best
        left -= 1
        f = objective(np.minimum(np.maximum(lower + z * (upper - lower), lower), upper))
        f = f if abs(f) < 1e30 else 1e30
        if f < f_best:
            best, f_best = z, f
        return f

    Z = rng.random((min(max_evals, max(4, max_evals // 20)), dim))
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    sample = np.array([evaluate(z) for z in Z])
    # Temperatures are in units of the first sample's spread, and fall with the budget.
    f_unit = np.median(sample - f_best) + 1e-12
    step = np.full(dim, 0.5)
    while left > 0:
        z, fz, accepted = best, f_best, np.zeros(dim)
        temperature = T0 * f_unit * 1e-8 ** (1 - left / max_evals)
        for i in range(min(N_S * dim, left)):
            k, u = i % dim, z.copy()
            # Uniform in z +- step, drawn again until it is inside.
            u[k] = rng.uniform(max(0, z[k] - step[k]), min(1, z[k] + step[k]))
            fu = evaluate(u)
            if fu <= fz or rng.random() < np.exp((fz - fu) / temperature):
                z, fz, accepted[k] = u, fu, accepted[k] + 1
        # Towards an acceptance between 0.4 and 0.6, with c = 2 (step 3 of the paper).
        ratio = accepted / N_S
        step *= 1 + 2 * np.maximum(ratio - 0.6, 0) / 0.4
        step = np.minimum(step / (1 + 2 * np.maximum(0.4 - ratio, 0) / 0.4), 1)
    return np.clip(lower + best * (upper - lower), lower, upper)
