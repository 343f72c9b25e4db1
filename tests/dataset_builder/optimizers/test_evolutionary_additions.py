"""What sets the evolutionary optimizers apart: published optima, and each one's own mechanism at work."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import numpy as np
import pytest

from llamoco.dataset_builder.optimizers import pool

Function = Callable[[np.ndarray], np.ndarray]
NAMES = ("samr_ga", "constrained_ga", "heco_de", "glpso", "rl_pso")
FOR_CONSTRAINTS = ("constrained_ga", "heco_de", "glpso")


class Counted:
    """Rows asked of f; g sees the same rows."""

    def __init__(self, f: Function, g: Function | None = None) -> None:
        self.f, self.g, self.rows, self.calls = f, g, 0, 0

    def objective(self, x: np.ndarray) -> np.ndarray:
        self.rows, self.calls = self.rows + len(x), self.calls + 1
        return self.f(x)

    def solve(
        self, name: str, box: tuple[list[float], list[float]], max_evals: int, seed: int, **constants: float
    ) -> np.ndarray:
        optimize = pool.optimizer_function(pool.render(name, constants))
        return optimize(self.objective, np.array(box[0]), np.array(box[1]), max_evals, seed, self.g)


def sphere(x: np.ndarray) -> np.ndarray:
    return ((x - 1.3) ** 2).sum(axis=1)


def rastrigin(x: np.ndarray) -> np.ndarray:
    return (10 + (x - 0.7) ** 2 - 10 * np.cos(2 * np.pi * (x - 0.7))).sum(axis=1)


def spring(x: np.ndarray) -> np.ndarray:
    """Weight of a tension spring (Belegundu, 1982): wire diameter, coil diameter, active coils."""
    d, c, n = x.T
    return (n + 2) * c * d**2


def spring_limits(x: np.ndarray) -> np.ndarray:
    d, c, n = x.T
    return np.stack(
        [
            1 - c**3 * n / (71785 * d**4),
            (4 * c**2 - d * c) / (12566 * (c * d**3 - d**4)) + 1 / (5108 * d**2) - 1,
            1 - 140.45 * d / (c**2 * n),
            (c + d) / 1.5 - 1,
        ],
        axis=1,
    )


@pytest.mark.parametrize("name", FOR_CONSTRAINTS)
def test_spring_design(name: str) -> None:
    """The best known weight is 0.012665 (Coello, Mezura-Montes, 2002)."""
    weights = []
    for seed in range(3):
        x = Counted(spring, spring_limits).solve(name, ([0.05, 0.25, 2.0], [2.0, 1.3, 15.0]), 5000, seed)
        assert (spring_limits(x[None]) <= 1e-6).all()
        weights.append(spring(x[None])[0])
    assert min(weights) > 0.012664
    assert statistics.median(weights) < (0.0165 if name == "glpso" else 0.0129)


@pytest.mark.parametrize("name", NAMES)
def test_every_budget_is_used_to_the_last_evaluation(name: str) -> None:
    for max_evals in (1, 2, 5, 9, 13, 57, 101, 500):
        for dim in (1, 3):
            run = Counted(rastrigin)
            x = run.solve(name, ([-5.0] * dim, [10.0] * dim), max_evals, 0)
            assert run.rows == max_evals and x.shape == (dim,)


@pytest.mark.parametrize("name", NAMES)
def test_points_come_in_generations(name: str) -> None:
    run = Counted(rastrigin)
    run.solve(name, ([-5.0] * 4, [10.0] * 4), 2000, 0, POP_SIZE=20)
    assert run.calls <= 2000 // 9


def median_error(name: str, f: Function, dim: int, max_evals: int, seeds: int, **constants: float) -> float:
    """The optimum is 0."""
    box = ([-5.0] * dim, [10.0] * dim)
    return statistics.median(
        f(Counted(f).solve(name, box, max_evals, seed, **constants)[None])[0] for seed in range(seeds)
    )


def test_samr_rates_adapt() -> None:
    """With fixed rates (factor 1) the population cannot close in; with inherited ones it does, log-linearly."""
    fixed, adaptive = (median_error("samr_ga", sphere, 5, 2000, 3, META=meta) for meta in (1.0, 2.0))
    assert adaptive < 1e-12 < 1e-2 < fixed


def glpso_one_by_one(f: Function, dim: int, max_evals: int, seed: int) -> float:
    """The paper's Algorithm 1 particle by particle and variable by variable, on [-5, 10]^dim."""
    rng, size, evals = np.random.default_rng(seed), 20, 0

    def value(x: np.ndarray) -> float:
        nonlocal evals
        evals += 1
        return float(f(x[None])[0])

    x = rng.uniform(-5, 10, (size, dim))
    speed = rng.uniform(-1.5, 1.5, (size, dim))
    best, best_f = x.copy(), [value(row) for row in x]
    exemplar, exemplar_f, stalled = x.copy(), [np.inf] * size, [0] * size
    while evals < max_evals:
        for i in range(size):
            leader = int(np.argmin(best_f))
            child = np.empty(dim)
            for j in range(dim):
                k = rng.integers(size)
                if best_f[k] < best_f[i] or i == leader:
                    child[j] = best[k, j]
                else:
                    r = rng.random()
                    child[j] = r * best[i, j] + (1 - r) * best[leader, j]
                if rng.random() < 0.01:
                    child[j] = rng.uniform(-5, 10)
            child_f = value(child)
            stalled[i] += 1
            if child_f < exemplar_f[i]:
                exemplar[i], exemplar_f[i], stalled[i] = child, child_f, 0
            if stalled[i] > 7:
                winner = min(rng.integers(size, size=size // 5), key=lambda k: exemplar_f[k])
                exemplar[i], exemplar_f[i], stalled[i] = exemplar[winner], exemplar_f[winner], 0
            for j in range(dim):
                speed[i, j] = 0.73 * speed[i, j] + 1.5 * rng.random() * (exemplar[i, j] - x[i, j])
                speed[i, j] = min(max(speed[i, j], -3), 3)
                x[i, j] += speed[i, j]
                if not -5 <= x[i, j] <= 10:
                    x[i, j], speed[i, j] = min(max(x[i, j], -5), 10), -0.5 * speed[i, j]
            x_f = value(x[i])
            if x_f < best_f[i]:
                best[i], best_f[i] = x[i], x_f
    return min(min(best_f), min(exemplar_f))


def test_glpso_agrees_with_a_second_implementation() -> None:
    """Whole generations at once do as well as one particle after the other."""
    for f in (sphere, rastrigin):
        batch = median_error("glpso", f, 5, 1500, 9, POP_SIZE=20, W=0.73)
        single = statistics.median(glpso_one_by_one(f, 5, 1500, seed) for seed in range(9))
        assert abs(np.log10(batch / single)) < 1, (batch, single)


def test_glpso_is_misled_less_than_pso() -> None:
    """The paper's finding on Rastrigin: exemplars keep the swarm from settling in a local optimum."""
    glpso = median_error("glpso", rastrigin, 10, 20000, 7, POP_SIZE=50, W=0.73)
    assert glpso < 0.5 * median_error("pso", rastrigin, 10, 20000, 7, POP_SIZE=50)


def test_rl_pso_learns_which_pull_to_avoid() -> None:
    """Three of the four choices replaced by a push away from the leader: the table finds the one that is left."""
    text, means = pool.source("rl_pso"), "[0.1, 0.4, 0.7, 1.0]"
    assert means in text
    errors = []
    for epsilon in ("1.0", "0.1"):
        optimize = pool.optimizer_function(
            text.replace(means, "[-3.0, -3.0, 0.7, -3.0]").replace("EPSILON = 0.1", f"EPSILON = {epsilon}")
        )
        runs = [optimize(sphere, np.full(5, -5.0), np.full(5, 10.0), 2000, seed) for seed in range(5)]
        errors.append(statistics.median(sphere(x[None])[0] for x in runs))
    at_random, learned = errors
    assert learned < at_random / 100


def test_heco_de_crosses_an_infeasible_gap() -> None:
    """The optimum's feasible part is small and far: the helper objective leads across, feasibility rules do not."""

    def f(x: np.ndarray) -> np.ndarray:
        return ((x - 4) ** 2).sum(axis=1)

    def gap(x: np.ndarray) -> np.ndarray:  # feasible: x1 <= 0, or within 0.6 of the optimum
        return np.minimum(x[:, :1], ((x - 4) ** 2).sum(axis=1, keepdims=True) - 0.36)

    reached = {}
    for name in ("heco_de", "de"):
        finals = [Counted(f, gap).solve(name, ([-5.0] * 5, [5.0] * 5), 4000, seed) for seed in range(7)]
        reached[name] = sum(f(x[None])[0] < 1e-3 for x in finals)
    assert reached["heco_de"] >= 5 > 2 >= reached["de"], reached


def test_constrained_ga_stays_on_a_line_its_parents_span() -> None:
    """In one dimension the second direction of its crossover vanishes; it still converges."""
    x = Counted(lambda x: x[:, 0], lambda x: 2 - x).solve("constrained_ga", ([-5.0], [10.0]), 1000, 1)
    assert 2 - 1e-6 <= x[0] < 2.001
