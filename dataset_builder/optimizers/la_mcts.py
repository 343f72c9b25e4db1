import numpy as np

LEAF_SIZE = 40
C_P = 0.1
BATCH = 10


class BudgetSpent(Exception):
    """No evaluation is left."""


class Evaluator:
    """Evaluates rows of the unit box within the budget and keeps the best."""

    def __init__(self, objective, lower, upper, max_evals):
        self.objective, self.lower, self.upper, self.left = objective, lower, upper, max_evals
        self.best = (np.inf, (lower + upper) / 2)

    def __call__(self, Z):
        """Objective (N,) of the rows of Z (N, D)."""
        X = np.clip(self.lower + Z[: self.left] * (self.upper - self.lower), self.lower, self.upper)
        self.left -= len(X)
        f = self.objective(X)
        f = np.where(np.isfinite(f), f, 1e30)
        i = np.argmin(f)
        if f[i] < self.best[0]:
            self.best = (f[i], X[i])
        if self.left == 0:
            raise BudgetSpent
        return f


def split(Z, y):
    """A boundary (w, b) between two clusters of the rows (z, y): z w > b in the better one."""
    P = np.column_stack([Z, np.sqrt(Z.shape[1]) * y])
    good = y < np.median(y)
    for _ in range(10):  # k-means, k = 2
        if 0 < good.sum() < len(y):
            near, far = P[good].mean(axis=0), P[~good].mean(axis=0)
            good = ((P - near) ** 2).sum(axis=1) < ((P - far) ** 2).sum(axis=1)
    # A least-squares support vector machine, linear kernel, separates the clusters.
    sign, A = np.where(good, 1.0, -1.0), Z - Z.mean(axis=0)
    w = np.linalg.solve(A.T @ A + 0.01 * np.eye(Z.shape[1]), A.T @ sign)
    return w, Z.mean(axis=0) @ w - sign.mean()


def leaf(Z, y):
    """Rows of the leaf that UCB leads to; boundaries on the way, inside is W z > b."""
    rows, W, b = np.arange(len(Z)), np.zeros((0, Z.shape[1])), np.zeros(0)
    while len(rows) > LEAF_SIZE:
        w, at = split(Z[rows], y[rows])
        inside = Z[rows] @ w > at
        sides = (rows[inside], rows[~inside])
        if min(map(len, sides)) < 3:
            break
        explore = 2 * C_P * np.sqrt(2 * np.log(len(rows)))
        side = np.argmax([explore / np.sqrt(len(part)) - y[part].mean() for part in sides])
        sign = 1 - 2 * side
        rows, W, b = sides[side], np.vstack([W, sign * w]), np.append(b, sign * at)
    return rows, W, b


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    """LA-MCTS, learned partitions, Gaussians in leaves (Wang, Fonseca & Tian, 2020)."""
    rng, dim = np.random.default_rng(seed), len(lower)
    evaluate = Evaluator(objective, lower, upper, max_evals)
    Z = rng.random((max(4, min(2 * LEAF_SIZE, max_evals // 4)), dim))
    Z[0] = 0.5 if x0 is None else (x0 - lower) / (upper - lower)
    try:
        f = evaluate(Z)
        while True:
            y = np.argsort(np.argsort(f)) / len(f)
            rows, W, b = leaf(Z, y)
            top = rows[np.argsort(y[rows])[: max(4, len(rows) // 2)]]
            scale = 10 ** rng.uniform(-0.5, 0.2, (10 * BATCH, 1)) * Z[top].std(axis=0)
            C = Z[rng.choice(top[:3], 10 * BATCH)] + scale * rng.standard_normal((10 * BATCH, dim))
            C = 1 - abs(1 - abs(C) % 2)
            crossed = np.sum(b > C @ W.T, axis=1)
            C = C[np.argsort(crossed, kind="stable")][:BATCH]
            Z, f = np.vstack([Z, C]), np.append(f, evaluate(C))
    except BudgetSpent:
        return evaluate.best[-1]
