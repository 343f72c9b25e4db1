"""Coverage of problems from elsewhere by the problem set."""

import dataclasses

import numpy as np
import pytest

from llamoco.dataset_builder.analysis import coverage as module
from llamoco.dataset_builder.analysis.coverage import coverage
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem

DRAWN = [draw_problem(3, number, False) for number in range(60)]


def test_a_problem_of_the_set_is_its_own_neighbour():
    found = coverage(DRAWN, DRAWN[:5])
    assert all(distance == pytest.approx(0, abs=1e-6) for distance in found.distances.values())
    assert found.nearest == {problem.id: problem.id for problem in DRAWN[:5]} and found.inside == 1


def test_what_is_unlike_everything_lies_outside():
    odd = dataclasses.replace(draw_problem(3, 0, True), id="odd", max_evals=10**9)
    assert coverage(DRAWN, [odd]).inside == 0


def test_the_limit_holds_for_its_share_of_the_set():
    """By leaving one out, in another way: each problem against all others."""
    found = coverage(DRAWN, DRAWN)
    rows = module._features(DRAWN)
    spread = rows.std(axis=0)
    scaled = (rows - np.median(rows, axis=0))[:, spread > 0] / spread[spread > 0]
    scaled = np.clip(scaled, -module.LARGEST, module.LARGEST)
    nearest = [
        min(np.sqrt(((row - other) ** 2).mean()) for k, other in enumerate(scaled) if k != number)
        for number, row in enumerate(scaled)
    ]
    assert np.mean(np.array(nearest) <= found.limit + 1e-9) == pytest.approx(0.95, abs=0.02)


def test_groups_are_not_mixed() -> None:
    problem: Problem = draw_problem(3, 0, True)
    assert coverage([draw_problem(3, number, True) for number in range(30)], [problem]).inside == 1
