import numpy as np

POP_SIZE = 20
W = 0.73
C = 1.5


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """Particle swarm optimization (Kennedy & Eberhart, 1995), inertia, Deb's feasibility rules."""
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

    size = max(4, min(POP_SIZE, max_evals // 5))
    Z = rng.random((size, dim))
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    f, v = evaluate(Z)
    first = v[0], f[0], Z[0].copy()
    x, velocity = Z.copy(), rng.uniform(-0.1, 0.1, (size, dim))
    relaxed = 0 if equality is None else np.median(v)  # shrinks to 0
    while left > 0:
        eps = relaxed * max(0, 2 * left / max_evals - 1) ** 4
        leader = Z[np.lexsort((f, np.maximum(v, eps)))[0]]
        own, social = rng.random((2, size, dim))
        velocity = W * velocity + C * own * (Z - x) + C * social * (leader - x)
        velocity = np.clip(velocity, -0.5, 0.5)
        outside = (x + velocity < 0) | (x + velocity > 1)
        x = np.clip(x + velocity, 0, 1)
        velocity[outside] *= -0.5
        fx, vx = evaluate(x)
        w, wx = np.maximum(v, eps), np.maximum(vx, eps)
        won = (wx < w) | ((wx == w) & (fx <= f))
        Z[won], f[won], v[won] = x[won], fx[won], vx[won]
    i = np.lexsort((f, v))[0]
    best = min((v[i], f[i], Z[i]), first, key=lambda e: e[:2])[2]
    return np.clip(lower + best * (upper - lower), lower, upper)
