"""MMES, Corana's annealing, GP-EI, LA-MCTS and COBYLA against formulas, second implementations and known optima."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from llamoco.dataset_builder.optimizers import gp_ei, la_mcts, pool

Function = Callable[[np.ndarray], np.ndarray]


def error(name: str, function: Function, dim: int, max_evals: int, seed: int) -> float:
    """Value reached on [-5, 5]^dim; every optimum here is 0."""

    def objective(x: np.ndarray) -> np.ndarray:
        return function(x) if x.ndim == 2 else function(x[None])[0]

    optimize = pool.optimizer_function(pool.source(name))
    x = optimize(objective, np.full(dim, -5.0), np.full(dim, 5.0), max_evals, seed)
    return float(function(x[None])[0])


def sphere(x: np.ndarray) -> np.ndarray:
    return ((x - 1.3) ** 2).sum(axis=1)


def ellipsoid(x: np.ndarray) -> np.ndarray:
    return ((x - 1.3) ** 2 @ np.logspace(0, 4, x.shape[1])).ravel()


def rosenbrock(x: np.ndarray) -> np.ndarray:
    return (100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(axis=1)


@pytest.mark.parametrize("dim", [1, 2, 3, 10])
def test_mmes_converges_in_few_dimensions(dim: int) -> None:
    assert np.median([error("mmes", sphere, dim, 1500, seed) for seed in range(3)]) < 1e-10


def test_mmes_learns_a_long_axis() -> None:
    """Without the mixed paths a step of equal length in all directions gets nowhere at condition 1e4."""
    assert np.median([error("mmes", ellipsoid, 10, 5000, seed) for seed in range(3)]) < 1


def test_corana_steps_fit_each_variable() -> None:
    assert np.median([error("corana_sa", ellipsoid, 10, 5000, seed) for seed in range(3)]) < 1e-4


def test_gaussian_process_is_that_of_a_second_implementation() -> None:
    rng = np.random.default_rng(0)
    Z, C, y, length = rng.random((30, 4)), rng.random((20, 4)), rng.standard_normal(30), 0.7
    reference = GaussianProcessRegressor(Matern(length, nu=2.5), alpha=1e-6, optimizer=None).fit(Z, y)
    likelihood, L, a = gp_ei.fit(Z, y, length)
    assert reference.log_marginal_likelihood_value_ == pytest.approx(
        -likelihood - 15 * np.log(2 * np.pi), abs=1e-6
    )
    mean, deviation = reference.predict(C, return_std=True)
    drawn = mean[:, None] + deviation[:, None] * rng.standard_normal((20, 400_000))
    improved = np.maximum(y.min() - drawn, 0).mean(axis=1)
    assert np.allclose(gp_ei.improvement(C, Z, y, L, a, length), improved, atol=5e-3)


@pytest.mark.parametrize(("name", "max_evals", "limit"), [("gp_ei", 60, 0.02), ("la_mcts", 400, 0.05)])
def test_model_based_search_of_a_smooth_bowl(name: str, max_evals: int, limit: float) -> None:
    """The centre has 5; of 400 random points the best has about 0.5."""
    assert np.median([error(name, sphere, 3, max_evals, seed) for seed in range(3)]) < limit


def test_split_separates_clusters_and_knows_the_better() -> None:
    rng = np.random.default_rng(1)
    good, bad = rng.normal(0.2, 0.05, (30, 3)), rng.normal(0.7, 0.05, (50, 3))
    w, b = la_mcts.split(np.vstack([bad, good]), np.repeat([0.9, 0.1], [50, 30]))
    assert (good @ w > b).all() and (bad @ w <= b).all()


def test_rows_of_a_leaf_are_those_inside_its_boundaries() -> None:
    rng = np.random.default_rng(2)
    Z = rng.random((300, 4))
    y = np.argsort(np.argsort(((Z - 0.3) ** 2).sum(axis=1))) / 300
    rows, W, b = la_mcts.leaf(Z, y)
    assert 3 <= len(rows) <= la_mcts.LEAF_SIZE and len(W) >= 2
    assert np.array_equal(np.flatnonzero(np.all(b < Z @ W.T, axis=1)), np.sort(rows))
    assert y[rows].mean() < 0.25


def test_cobyla_agrees_with_another_implementation() -> None:
    """Convex, so that both have one place to go."""
    rng = np.random.default_rng(3)
    A, centre, normals = rng.standard_normal((5, 5)), rng.uniform(-2, 2, 5), rng.standard_normal((3, 5))
    offsets = normals @ centre - 1.0

    def objective(x: np.ndarray) -> float:
        return float((((x - centre) @ (A + 3 * np.eye(5))) ** 2).sum())

    def inequality(x: np.ndarray) -> np.ndarray:
        return normals @ x - offsets

    box = np.full(5, 5.0)
    optimize = pool.optimizer_function(pool.source("cobyla"))
    x = optimize(objective, -box, box, 1000, 0, inequality)
    other = minimize(
        objective,
        np.zeros(5),
        method="SLSQP",
        bounds=[(-5, 5)] * 5,
        constraints={"type": "ineq", "fun": lambda x: -inequality(x)},
    )
    assert other.success and (inequality(x) <= 1e-6).all()
    assert objective(x) == pytest.approx(other.fun, rel=1e-4)


def test_cobyla_lets_errors_of_the_objective_out() -> None:
    def objective(x: np.ndarray) -> float:
        if x[0] != 0:
            raise ZeroDivisionError("at x1")
        return 1.0

    optimize = pool.optimizer_function(pool.source("cobyla"))
    with pytest.raises(ZeroDivisionError, match="at x1"):
        optimize(objective, np.full(2, -1.0), np.full(2, 1.0), 50, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "module", "kind", "function", "dim", "max_evals"),
    [
        ("mmes", "pypop7.optimizers.es.mmes", "MMES", ellipsoid, 30, 10_000),
        ("mmes", "pypop7.optimizers.es.mmes", "MMES", rosenbrock, 10, 5000),
        ("corana_sa", "pypop7.optimizers.sa.csa", "CSA", ellipsoid, 10, 5000),
        ("corana_sa", "pypop7.optimizers.sa.csa", "CSA", rosenbrock, 10, 5000),
    ],
)
def test_not_worse_than_pypop7(
    name: str, module: str, kind: str, function: Function, dim: int, max_evals: int
) -> None:
    """The same budget and start; log errors (floor 1e-8) of ten seeds are on average at most 0.5 above."""
    reason = "pypop7 (a second implementation; not a dependency) is not installed"
    other = getattr(pytest.importorskip(module, reason=reason), kind)
    theirs = []
    for seed in range(10):
        problem = {
            "fitness_function": lambda x: function(x[None])[0],
            "ndim_problem": dim,
            "lower_boundary": np.full(dim, -5.0),
            "upper_boundary": np.full(dim, 5.0),
        }
        options = {"max_function_evaluations": max_evals, "seed_rng": seed, "sigma": 2.0, "verbose": False}
        options |= {"mean": np.zeros(dim), "x": np.zeros(dim), "temperature": 100}
        theirs.append(other(problem, options).optimize()["best_so_far_y"])
    ours = [error(name, function, dim, max_evals, seed) for seed in range(10)]
    ours_log, theirs_log = (np.log10(np.maximum(values, 1e-8)).mean() for values in (ours, theirs))
    assert ours_log <= theirs_log + 0.5, (ours, theirs)
