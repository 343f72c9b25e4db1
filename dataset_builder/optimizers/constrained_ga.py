import numpy as np

POP_SIZE = 10
BETA = 0.5
GAMMA = 5.0


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """GA, two-direction crossover, grouped mutation (Wang et al., 2023), by Deb's rules."""
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

    half = max(4, min(POP_SIZE, max_evals // 5)) // 2
    size = 2 * half
    Z = rng.random((size, dim))
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    f, v = evaluate(Z)
    first = v[0], f[0], Z[0].copy()
    relaxed = 0 if equality is None else np.median(v)  # shrinks to 0
    breed = True
    while left > 0:
        eps = relaxed * max(0, 2 * left / max_evals - 1) ** 4
        keep = np.lexsort((f, np.maximum(v, eps)))[:size]
        Z, f, v = Z[keep], f[keep], v[keep]
        if breed:
            # Directions: from a row of the worse half to one of the better, and 45 degrees off.
            along = Z[:half] - Z[half:]
            across = rng.standard_normal(along.shape)
            length = np.linalg.norm(along, axis=1, keepdims=True) + 1e-30
            across -= along * (across * along).sum(axis=1, keepdims=True) / length**2
            across *= length / (np.linalg.norm(across, axis=1, keepdims=True) + 1e-30)
            step = rng.random((half, 1))
            U = np.vstack([Z + np.tile(step * d, (2, 1)) for d in (along, (along + across) / 2)])
        else:
            near = Z + rng.standard_normal(Z.shape) * abs(Z - Z[round(BETA * size) - 1]) / 6
            reach = 1 - rng.random(Z.shape) ** ((left / max_evals) ** GAMMA)
            far = Z + reach * (rng.integers(2, size=Z.shape) - Z)
            U = np.where(np.arange(size)[:, None] < BETA * size, near, far)
        U = np.clip(U, 0, 1)
        fu, vu = evaluate(U)
        w, wu = np.maximum(v, eps), np.maximum(vu, eps)
        if breed:
            # Of a row's two children the better competes with all rows; a mutant with its own row.
            turned = (wu[size:] < wu[:size]) | ((wu[size:] == wu[:size]) & (fu[size:] < fu[:size]))
            chosen = np.arange(size) + size * turned
            Z, f, v = np.vstack([Z, U[chosen]]), np.append(f, fu[chosen]), np.append(v, vu[chosen])
        else:
            won = (wu < w) | ((wu == w) & (fu <= f))
            Z[won], f[won], v[won] = U[won], fu[won], vu[won]
        breed = not breed
    i = np.lexsort((f, v))[0]
    best = min((v[i], f[i], Z[i]), first, key=lambda e: e[:2])[2]
    return np.clip(lower + best * (upper - lower), lower, upper)
