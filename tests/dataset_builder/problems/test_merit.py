"""Comparison of points: the rule by hand, and for many points as for one."""

import numpy as np
import pytest

from llamoco.dataset_builder.problems.merit import WORST, merit, violations


def test_feasible_first_then_the_largest_violation_then_the_objective() -> None:
    feasible, better = merit(5.0, [-1.0, 1e-6], [1e-4]), merit(4.0, [0.0, 0.0], [-1e-4])
    near, far = merit(-9.0, [0.5, 0.5, 0.5], [0.0]), merit(-99.0, [0.0, 0.0, 0.6], [0.0])
    assert feasible == (0.0, 5.0) and near == (0.5 - 1e-6, -9.0)
    assert sorted([WORST, far, near, feasible, better]) == [better, feasible, near, far, WORST]
    for f, g in ((np.nan, 0.0), (np.inf, 0.0), (1.0, np.inf), (1.0, np.nan)):
        assert merit(f, [g], []) == WORST


@pytest.mark.parametrize(("n_g", "n_h"), [(0, 0), (3, 0), (0, 2), (2, 1)])
def test_violations_of_many_points_are_those_of_each(n_g: int, n_h: int) -> None:
    rng = np.random.default_rng(4)
    g, h = rng.normal(size=(50, n_g)), rng.normal(size=(50, n_h)) * rng.choice([1, 1e-5], (50, 1))
    expected = [merit(0.0, *pair)[0] for pair in zip(g.tolist(), h.tolist(), strict=True)]
    assert violations(g, h).tolist() == expected
