"""What the optimizers reach on known optima; and on anything, they stay within bounds and budget."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.optimizers import pool

Function = Callable[[np.ndarray], np.ndarray]
SEEDS = {"trust_constr": 1, "gp_ei": 1}  # slow
CONSTRAINED = [optimizer.name for optimizer in pool.pool_for(True, "all")]


class StrictOracle:
    """The contract's other side: rows are evaluations, repeating the last argument is free."""

    def __init__(
        self,
        lower: list[float],
        upper: list[float],
        max_evals: int,
        f: Function,
        g: Function | None = None,
        h: Function | None = None,
    ) -> None:
        self.lower, self.upper, self.left = np.array(lower, float), np.array(upper, float), max_evals
        self.max_evals, self.last = max_evals, b""
        self.objective = self.counted(f)
        self.inequality, self.equality = g and self.counted(g), h and self.counted(h)

    def counted(self, function: Function) -> Function:
        def call(x: np.ndarray) -> np.ndarray:
            rows = np.atleast_2d(x)
            assert rows.shape == (len(rows), len(self.lower)) and len(rows) > 0
            if rows.tobytes() != self.last:
                assert len(rows) <= self.left, "the optimizer asked beyond its budget"
                self.left, self.last = self.left - len(rows), rows.tobytes()
            values = function(rows)
            return values if x.ndim == 2 else values[0]

        return call

    def solve(self, name: str, seed: int) -> np.ndarray:
        optimize = pool.optimizer_function(pool.source(name))
        with np.errstate(all="ignore"):
            x = optimize(
                self.objective, self.lower, self.upper, self.max_evals, seed, self.inequality, self.equality
            )
        assert x.shape == self.lower.shape and np.all((x >= self.lower) & (x <= self.upper))
        return x


def sphere(x: np.ndarray) -> np.ndarray:
    return ((x - 1.3) ** 2).sum(axis=1)


def rosenbrock(x: np.ndarray) -> np.ndarray:
    return (100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(axis=1)


def rastrigin(x: np.ndarray) -> np.ndarray:
    return (10 + (x - 0.7) ** 2 - 10 * np.cos(2 * np.pi * (x - 0.7))).sum(axis=1)


# Error (optimum 0) on [-5, 10]^5 after 2000 evaluations, or the optimizer's limit, median of the seeds, with room of about ten times.
REACHED = {
    "slsqp": (1e-10, 1e-4, 25),
    "trust_constr": (1e-10, 1e-2, 40),
    "l_bfgs_b": (1e-10, 1e-2, 25),
    "cobyla": (1e-8, 30, 15),
    "cma_es": (1e-10, 1e-5, 15),
    "sep_cma_es": (1e-10, 10, 15),
    "bipop_cma_es": (1e-10, 1e-5, 15),
    "de": (1e-6, 10, 20),
    "madde": (1e-6, 5, 2),
    "amcde": (1e-6, 5, 2),
    "pso": (1e-4, 10, 12),
    "ga": (1e-2, 20, 2),
    "samr_ga": (1e-10, 15, 30),
    "constrained_ga": (1e-3, 20, 40),
    "heco_de": (1e-6, 10, 20),
    "glpso": (1e-6, 10, 12),
    "rl_pso": (1e-6, 10, 15),
    "simulated_annealing": (1e-5, 20, 15),
    "dual_annealing": (1e-10, 1e-4, 8),
    "mmes": (1e-10, 10, 15),
    "corana_sa": (1e-4, 20, 15),
    "gp_ei": (1e-2, 60, 40),  # 200 evaluations
    "la_mcts": (1e-2, 60, 40),  # 500 evaluations
    "bobyqa": (1e-10, 1e-6, 10),
    "cobyqa": (1e-10, 1e-6, 30),
    "subplex": (1e-10, 40, 10),
    "coordinate_search": (1e-10, 3, 30),
    "powell": (1e-10, 0.3, 10),
    "direct_l": (1e-8, 30, 10),
    "rbf_surrogate": (1e-4, 20, 60),  # 300 evaluations
    "madde_bobyqa": (1e-10, 1e-6, 10),
    "de_cobyla": (1e-10, 10, 20),
}


@pytest.mark.parametrize("name", pool.POOL)
def test_unconstrained_optima(name: str) -> None:
    errors, max_evals = [], pool.POOL[name].max_evals_limit or 2000
    for function in (sphere, rosenbrock, rastrigin):
        runs = [StrictOracle([-5] * 5, [10] * 5, max_evals, function) for _ in range(SEEDS.get(name, 3))]
        errors.append(
            statistics.median(function(run.solve(name, seed)[None])[0] for seed, run in enumerate(runs))
        )
    assert all(error < limit for error, limit in zip(errors, REACHED[name], strict=True)), errors


def g06(max_evals: int) -> StrictOracle:
    """g06 of the CEC 2006 set: two dimensions, a crescent of 0.007% of the box, optimum -6961.81388."""
    return StrictOracle(
        [13, 0],
        [100, 100],
        max_evals,
        lambda x: (x[:, 0] - 10) ** 3 + (x[:, 1] - 20) ** 3,
        lambda x: np.stack(
            [
                100 - (x[:, 0] - 5) ** 2 - (x[:, 1] - 5) ** 2,
                (x[:, 0] - 6) ** 2 + (x[:, 1] - 5) ** 2 - 82.81,
            ],
            axis=1,
        ),
    )


def g11(max_evals: int) -> StrictOracle:
    """g11 of the CEC 2006 set: one equality, optimum 0.7499 at tolerance 1e-4."""
    return StrictOracle(
        [-1, -1],
        [1, 1],
        max_evals,
        lambda x: x[:, 0] ** 2 + (x[:, 1] - 1) ** 2,
        None,
        lambda x: (x[:, 1] - x[:, 0] ** 2)[:, None],
    )


def quadratic(max_evals: int) -> StrictOracle:
    """Nearest point to (1, .., 5) with x1 + x2 <= -3 and sum x = 5, by projection."""
    return StrictOracle(
        [-5] * 5,
        [5] * 5,
        max_evals,
        lambda x: ((x - np.arange(1, 6)) ** 2).sum(axis=1),
        lambda x: (x[:, :2].sum(axis=1) + 3)[:, None],
        lambda x: (x.sum(axis=1) - 5)[:, None],
    )


QUADRATIC_OPTIMUM = np.array([-2, -1, 5 / 3, 8 / 3, 11 / 3])


def objective_if_feasible(oracle: StrictOracle, x: np.ndarray) -> float:
    oracle.left = 3
    if oracle.inequality is not None and (oracle.inequality(x[None]) > 1e-6).any():
        return float("inf")
    if oracle.equality is not None and (abs(oracle.equality(x[None])) > 1e-4).any():
        return float("inf")
    return float(oracle.objective(x[None])[0])


# Objective on g06 and g11, error on the quadratic after 2000 evaluations, median of the seeds.
REACHED_CONSTRAINED = {
    "slsqp": (-6961.8, 0.7501, 1e-3),
    "trust_constr": (-6900, 0.751, 0.01),
    "cobyla": (-6961, 0.7501, 1e-3),
    "cma_es": (-6961, 0.7501, 0.1),
    "de": (-5500, 0.76, 1),
    "amcde": (-6800, 0.8, 5),
    "pso": (-6300, 0.8, np.inf),
    "ga": (-5000, 0.9, np.inf),
    "constrained_ga": (-5500, 0.76, 15),
    "heco_de": (-6900, 0.8, 10),
    "glpso": (-6000, 0.8, 10),
    "simulated_annealing": (-6500, 0.9, 10),
    "dual_annealing": (np.inf, 0.9, 10),
    "cobyqa": (-6961, 0.7501, 1e-3),
    "subplex": (-6961, 1, 10),
    "coordinate_search": (np.inf, 0.8, np.inf),  # it comes to rest on the constraints
    "rbf_surrogate": (-6800, 1.0001, 40),  # 300 evaluations
    "de_cobyla": (-6961, 0.7501, 1e-3),
}


@pytest.mark.parametrize("name", CONSTRAINED)
def test_constrained_optima(name: str) -> None:
    reached = []
    for make in (g06, g11, quadratic):
        runs = [make(pool.POOL[name].max_evals_limit or 2000) for _ in range(SEEDS.get(name, 3))]
        reached.append(
            statistics.median(
                objective_if_feasible(run, run.solve(name, seed)) for seed, run in enumerate(runs)
            )
        )
    reached[2] -= ((QUADRATIC_OPTIMUM - np.arange(1, 6)) ** 2).sum()
    assert all(value <= limit for value, limit in zip(reached, REACHED_CONSTRAINED[name], strict=True)), (
        reached
    )
    assert reached[0] > -6961.83 and reached[1] > 0.7498 and reached[2] > -1e-2


def test_slsqp_shares_evaluations_among_gradients() -> None:
    """A quadratic programme takes a few steps of 1 + D evaluations, whatever the number of constraints."""
    run = quadratic(60)
    assert np.allclose(run.solve("slsqp", seed=0), QUADRATIC_OPTIMUM, atol=1e-3)


HOSTILE: dict[str, Function] = {
    "nan in half of the box": lambda x: np.where(x[:, 0] > 0, np.nan, (x**2).sum(axis=1)),
    "infinite": lambda x: np.full(len(x), np.inf),
    "minus infinite": lambda x: np.log(np.maximum(x, 0)).sum(axis=1),
    "constant": lambda x: np.zeros(len(x)),
    "integers": lambda x: np.floor(x).astype(int).sum(axis=1),
    "overflows": lambda x: np.exp(40 * x).sum(axis=1),
}


@pytest.mark.parametrize("name", pool.POOL)
@pytest.mark.filterwarnings("ignore")
def test_never_beyond_budget_or_bounds(name: str) -> None:
    for dim, max_evals in ((1, 20), (2, 20), (3, 101), (30, 200), (50, 20)):
        lower, upper = np.linspace(-5, -1, dim).tolist(), np.linspace(3, 70.1, dim).tolist()
        for function in HOSTILE.values():
            run = StrictOracle(lower, upper, max_evals, function)
            run.solve(name, seed=3)
            assert run.left <= max_evals // 4  # the budget is used
    for dim, max_evals in ((2, 20), (30, 200)) if name in CONSTRAINED else ():
        for function in HOSTILE.values():
            run = StrictOracle(
                [-5] * dim,
                [70.1] * dim,
                max_evals,
                function,
                lambda x: np.stack([x.sum(axis=1) - 3, np.log(x[:, 0])], axis=1),
                lambda x: x[:, :1] - x[:, -1:],
            )
            run.solve(name, seed=3)


@pytest.mark.parametrize("name", pool.POOL)
def test_thirty_dimensions_five_hundred_evaluations(name: str) -> None:
    run = StrictOracle([-5] * 30, [10] * 30, min(500, pool.POOL[name].max_evals_limit or 500), sphere)
    assert sphere(run.solve(name, seed=1)[None])[0] < 43.2  # the centre of the box
    assert run.left == 0


@pytest.mark.parametrize("name", pool.POOL)
def test_a_seed_is_a_run_and_no_file_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = [StrictOracle([-5] * 3, [10] * 3, 150, rastrigin).solve(name, seed) for seed in (7, 7, 8)]
    assert np.array_equal(runs[0], runs[1])
    if name not in (
        *("slsqp", "trust_constr", "cobyla", "dual_annealing"),
        *("bobyqa", "cobyqa", "subplex", "coordinate_search", "powell", "direct_l"),
    ):  # these start with a descent from the centre
        assert not np.array_equal(runs[0], runs[2])
    if name in CONSTRAINED:
        assert np.array_equal(g11(150).solve(name, 7), g11(150).solve(name, 7))
    assert os.listdir(tmp_path) == []


def test_all_configurations_run() -> None:
    for name in pool.POOL:
        for config in pool.configurations(name):
            run = StrictOracle([-5] * 4, [10] * 4, 60, sphere)
            optimize = pool.optimizer_function(pool.render(name, config))
            x = optimize(run.objective, run.lower, run.upper, 60, 0)
            assert sphere(x[None])[0] < 25, (name, config)  # the centre has 5.8, a random point 76
