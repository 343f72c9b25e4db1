"""Probes: what the design promises, and features of functions whose landscape is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from llamoco.dataset_builder.problems.evaluators import FunctionEvaluator
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.probe_points import MOST, probe_count, probe_design
from llamoco.dataset_builder.problems.profiling.probes import Probes, probe_problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem

Function = Callable[[np.ndarray], np.ndarray]


def probed(
    function: Function,
    dim: int = 4,
    max_evals: int = 1200,
    inequality: Function | None = None,
    low: float = -3.0,
    high: float = 5.0,
) -> Probes:
    """Probes of a function of points (N, D)."""

    def values(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        with np.errstate(all="ignore"):
            g = np.empty((len(x), 0)) if inequality is None else inequality(x)[:, None]
            return function(x), g, np.empty((len(x), 0))

    count = int(inequality is not None)
    problem = Problem("p", "source", (low,) * dim, (high,) * dim, max_evals, count, 0, {"python": ""})
    found = probe_problem(problem.with_evaluator(FunctionEvaluator(values)))
    assert found is not None
    return found


def test_probes_cost_at_most_a_twentieth_of_the_budget() -> None:
    assert [probe_count(budget) for budget in (1, 59, 60, 100, 1000, 1200, 20_000)] == [
        0,
        0,
        3,
        5,
        50,
        60,
        60,
    ]
    assert probe_problem(replace(draw_problem(0, 1, False), max_evals=50)) is None


@pytest.mark.parametrize("dim", [1, 2, 3, 10, 50])
def test_any_number_of_points_is_designed_within_the_box_without_repetition(dim: int) -> None:
    for count in range(3, MOST + 1):
        for start in (None, np.zeros(dim), np.ones(dim), np.full(dim, 0.97)):
            design = probe_design(dim, count, start)
            assert design.unit.shape == (count, dim)
            assert design.unit.min() >= 0 and design.unit.max() <= 1
            assert len(np.unique(design.unit, axis=0)) == count
            parts = [*design.line, *design.near[1:], *design.spread]
            parts += [row for _, one, two in design.axes for row in (one, two)]
            parts += [both for *_, both in design.pairs]
            assert sorted(parts) == list(range(count))
    with pytest.raises(ValueError, match="at least 3 points, got 2"):
        probe_design(dim, 2)


def test_the_parts_of_the_design_are_what_their_names_say() -> None:
    start = np.array([0.2, 0.9, 0.5, 0.4])
    design = probe_design(4, 60, start)
    unit = design.unit
    assert (unit[0] == start).all()
    along = unit[list(design.line)]
    assert all(np.all(np.diff(along[:, i]) > 0) or np.all(np.diff(along[:, i]) < 0) for i in range(4))
    assert np.ptp(along, axis=0).min() > 0.4
    steps = np.diff(unit[list(design.near)], axis=0)
    assert np.allclose(steps, steps[0]) and 0 < np.abs(steps).max() <= 1e-4
    for variable, one, two in design.axes:
        assert np.flatnonzero(unit[one] - unit[0]).tolist() == [variable]
        assert np.allclose(unit[two] - unit[0], 2 * (unit[one] - unit[0]))
    for a, b, both in design.pairs:
        together = unit[design.axes[a][1]] + unit[design.axes[b][1]] - unit[0]
        assert np.allclose(unit[both], together)


def test_a_quadratic_function_is_known_exactly() -> None:
    weights = 10.0 ** np.arange(4)
    found = probed(lambda x: (weights * (x - 1.3) ** 2).sum(axis=1)).objective
    assert found.conditioning == pytest.approx(3, abs=1e-6)
    assert found.mixed < 1e-9 and found.nonconvex == 0 and found.equal == 0 and found.idle == 0
    assert found.noise < 1e-10 and found.turns < 0.3


def test_coupling_and_concavity_are_seen() -> None:
    product = probed(lambda x: x[:, 0] * x[:, 1] * x[:, 2] * x[:, 3]).objective
    assert product.mixed > 1e-3
    assert probed(lambda x: -(x**2).sum(axis=1)).objective.nonconvex == 1
    assert probed(lambda x: (x[:, 0] - 2) ** 2).objective.idle == 0.75


def test_a_rugged_function_turns_more_often_than_a_smooth_one() -> None:
    rugged = probed(lambda x: (x**2 - 10 * np.cos(2 * np.pi * x)).sum(axis=1)).objective
    smooth = probed(lambda x: ((x - 1) ** 2).sum(axis=1)).objective
    assert rugged.turns > smooth.turns and rugged.misfit > 100 * smooth.misfit


def test_plateaus_and_noise_are_seen() -> None:
    assert probed(lambda x: np.floor(x).sum(axis=1)).objective.equal > 0.3
    smooth = probed(lambda x: ((x - 1) ** 2).sum(axis=1)).objective
    noisy = probed(lambda x: ((x - 1) ** 2).sum(axis=1) + 0.1 * np.sin(1e5 * x.sum(axis=1))).objective
    assert smooth.noise < 1e-10 and smooth.equal == 0
    assert 1e-4 < noisy.noise < 1e-1  # amplitude 0.1 beside a spread of tens


def test_undefined_and_feasible_shares() -> None:
    found = probed(lambda x: np.log(x[:, 0]) + x[:, 1] ** 2, inequality=lambda x: x[:, 1] - 1.0)
    at = found.points
    assert found.undefined == pytest.approx(np.mean(at[:, 0] <= 0))
    assert found.feasible == pytest.approx(np.mean((at[:, 0] > 0) & (at[:, 1] <= 1)))
    assert found.best == min(
        (row for row in range(len(at)) if at[row, 0] > 0 and at[row, 1] <= 1 + 1e-6),
        key=lambda row: found.values.f[row],
    )
    nothing = probed(lambda x: np.full(len(x), np.nan))
    assert nothing.undefined == 1 and math.isnan(nothing.objective.turns)


def test_features_do_not_depend_on_the_values_unit() -> None:
    def function(x: np.ndarray) -> np.ndarray:
        return np.exp(0.3 * x[:, 0]) + (x[:, 1] - x[:, 2]) ** 2 + np.abs(x[:, 3])

    one, other = (probed(lambda x, k=k: k * function(x)).objective for k in (1.0, 2.0**40))
    assert one == other


def test_the_first_probe_is_the_starting_point() -> None:
    problem = draw_problem(0, 5, False)

    class Started(FunctionEvaluator):
        start = problem.lower_array.copy()

    found = probe_problem(problem.with_evaluator(Started(lambda x: tuple(problem.evaluate(x)))))
    assert found is not None
    assert (found.points[0] == problem.lower_array).all()
