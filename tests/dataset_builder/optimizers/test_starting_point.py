"""A starting point is evaluated first and counted, whatever the optimizer, and is never lost."""

from collections.abc import Callable

import numpy as np
import pytest

from llamoco.dataset_builder.optimizers.pool import POOL, optimizer_function, source
from llamoco.dataset_builder.problems.merit import merit

LOWER, UPPER = np.array([-3.0, 0.001, 10.0]), np.array([7.0, 1.0, 5000.0])
OPTIMUM = np.array([0.7, 0.35, 1234.0])


def _unit(x: np.ndarray) -> np.ndarray:
    return np.asarray((x - LOWER) / (UPPER - LOWER))


class Counted:
    """A quadratic with many steps, x_1 <= 1 in units of the box and an equality on its diagonal; keeps the points asked for."""

    def __init__(self, inequality: bool, equality: bool) -> None:
        self.points: list[np.ndarray] = []
        self.inequality = self._inequality if inequality else None
        self.equality = self._equality if equality else None

    def objective(self, x: np.ndarray) -> np.ndarray:
        rows = np.atleast_2d(x)
        if not (self.points and np.array_equal(rows, self.points[-len(rows) :])):
            self.points += list(rows.copy())
        z = (x - OPTIMUM) / (UPPER - LOWER)
        return np.asarray((z**2).sum(axis=-1) + 0.01 * np.floor(40 * np.abs(z)).sum(axis=-1))

    def _inequality(self, x: np.ndarray) -> np.ndarray:
        return ((x - OPTIMUM) / (UPPER - LOWER)).sum(axis=-1)[..., None] - 0.5

    def _equality(self, x: np.ndarray) -> np.ndarray:
        z = (x - OPTIMUM) / (UPPER - LOWER)
        return (z[..., 0] - z[..., 1] * (1 + z[..., 2]))[..., None]

    def merit(self, x: np.ndarray) -> tuple[float, float]:
        parts = [[] if fun is None else fun(x).tolist() for fun in (self.inequality, self.equality)]
        return merit(float(self.objective(x)), *parts)


def _cases() -> list[tuple[str, bool, bool]]:
    cases = [(name, False, False) for name, each in POOL.items() if each.handles(False)]
    for name, each in POOL.items():
        if each.handles(True):
            cases += [(name, True, False), (name, False, True), (name, True, True)]
    return cases


@pytest.mark.parametrize(("name", "inequality", "equality"), _cases())
@pytest.mark.parametrize("budget", [1, 30, 150])
def test_the_starting_point_comes_first_and_is_not_lost(
    name: str, inequality: bool, equality: bool, budget: int
) -> None:
    optimize: Callable[..., np.ndarray] = optimizer_function(source(name))
    for start in (OPTIMUM + 1e-4 * (UPPER - LOWER), np.array([7.0, 0.001, 10.0])):
        problem = Counted(inequality, equality)
        x = optimize(
            problem.objective,
            LOWER.copy(),
            UPPER.copy(),
            budget,
            7,
            inequality=problem.inequality,
            equality=problem.equality,
            x0=start,
        )
        np.testing.assert_allclose(_unit(problem.points[0]), _unit(start), rtol=0, atol=1e-15)
        assert 1 <= len(problem.points) <= budget
        reached, given = problem.merit(x), problem.merit(start)
        if given[0] == 0:  # a feasible one
            assert reached <= (0, given[1] + 1e-12)
        assert budget > 1 or reached[1] == pytest.approx(given[1])


@pytest.mark.parametrize("name", POOL)
def test_the_starting_point_matters(name: str) -> None:
    """Whatever it does around it, a program that starts next to the optimum is nearer to it than one that starts in a corner."""
    optimize = optimizer_function(source(name))
    constrained = not POOL[name].handles(False)
    reached = []
    for start in (OPTIMUM, np.array([7.0, 0.001, 5000.0])):
        problem = Counted(constrained, False)
        x = optimize(problem.objective, LOWER, UPPER, 20, 1, inequality=problem.inequality, x0=start)
        reached.append(problem.merit(x))
    assert reached[0] <= (0, 1e-12) and reached[0] <= reached[1]
