import numpy as np

POP_SIZE = 10
EPSILON = 0.1
ALPHA = 0.1


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """PSO whose pull to the leader is learned (Wu & Wang, 2022), here by tabular Q-learning."""
    rng, dim, left = np.random.default_rng(seed), len(lower), max_evals

    def evaluate(Z):
        """Objective of rows of the unit box; rows beyond the budget are worst."""
        nonlocal left
        X = np.clip(lower + Z[:left] * (upper - lower), lower, upper)
        left -= len(X)
        f = objective(X)
        f = np.where(np.isfinite(f), f, 1e30)
        return np.append(f, np.full(len(Z) - len(X), 1e30))

    size = max(4, min(POP_SIZE, max_evals // 5))
    Z = rng.random((size, dim))
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    f = evaluate(Z)
    x, velocity = Z.copy(), rng.uniform(-0.1, 0.1, (size, dim))
    means, won, Q = np.array([0.1, 0.4, 0.7, 1.0]), np.zeros(size, int), np.zeros((6, 4))
    state = 3 * won + 3 * np.argsort(np.argsort(f)) // size
    while left > 0:
        # Epsilon-greedy: the mean of the normal distribution of each particle's random numbers.
        action = np.argmax(Q[state] + 1e-9 * rng.random((size, 4)), axis=1)
        action = np.where(rng.random(size) < EPSILON, rng.integers(4, size=size), action)
        social = means[action, None] + 0.2 * rng.standard_normal((size, dim))
        own, leader, W = rng.random((size, dim)), Z[np.argmin(f)], 0.4 + 0.5 * left / max_evals
        velocity = W * velocity + 1.5 * own * (Z - x) + 1.5 * social * (leader - x)
        velocity = np.clip(velocity, -0.2, 0.2)
        outside = (x + velocity < 0) | (x + velocity > 1)
        x = np.clip(x + velocity, 0, 1)
        velocity[outside] *= -0.5
        fx = evaluate(x)
        won = fx < f
        Z[won], f[won] = x[won], fx[won]
        # The state: whether the particle has just improved, and its third of the ranking.
        new = 3 * won + 3 * np.argsort(np.argsort(f)) // size
        hits, target = np.zeros((6, 4)), won + 0.8 * Q[new].max(axis=1)
        np.add.at(hits, (state, action), 1)
        np.add.at(Q, (state, action), ALPHA * (target - Q[state, action]) / hits[state, action])
        state = new
    best = Z[np.argmin(f)]
    return np.clip(lower + best * (upper - lower), lower, upper)
