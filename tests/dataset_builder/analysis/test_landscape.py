"""Landscape features of problems whose landscape is known."""

import math

import pytest

from llamoco.dataset_builder.problems.problem import Problem

pytest.importorskip("pflacco")
from llamoco.dataset_builder.analysis.landscape import landscape_features, landscape_tasks


def features(objective: str, constraint: str = "") -> dict[str, float]:
    text = f"import numpy as np\nLOWER, UPPER, MAX_EVALS = [-2.0] * 4, [2.0] * 4, 100\n\n\ndef objective(x):\n    return {objective}\n"
    if constraint:
        text += f"\n\ndef inequality(x):\n    return {constraint}\n"
    problem = Problem("p", "source", (-2.0,) * 4, (2.0,) * 4, 100, int(bool(constraint)), 0, {"python": text})
    (arguments,) = landscape_tasks([problem]).values()
    found = landscape_features(*arguments)["features"]
    assert all(math.isfinite(value) for value in found.values())
    return found


def test_models_fit_what_they_can_fit() -> None:
    line, bowl, waves = (
        features(f) for f in ("x.sum()", "(x ** 2).sum() + x[0]", "np.sin(40 * x).sum() + 0 * x[0]")
    )
    assert line["f.ela_meta.lin_simple.adj_r2"] == pytest.approx(1)
    assert bowl["f.ela_meta.lin_simple.adj_r2"] < 0.5
    assert bowl["f.ela_meta.quad_simple.adj_r2"] == pytest.approx(1)
    assert abs(waves["f.ela_meta.quad_simple.adj_r2"]) < 0.2
    assert line["f.ela_meta.lin_simple.coef.max_by_min"] == pytest.approx(0, abs=1e-9)


def test_best_points_lie_together_on_a_bowl_and_apart_among_waves() -> None:
    bowl, waves = features("(x ** 2).sum()"), features("np.sin(40 * x).sum()")
    assert bowl["f.disp.ratio_mean_10"] < 0.75 < 0.9 < waves["f.disp.ratio_mean_10"]


def test_constraints_are_seen_through_their_violation() -> None:
    half = features("x.sum()", "x[0]")
    assert half["feasible"] == pytest.approx(0.5, abs=0.1)
    assert half["f_v_correlation"] > 0.2
    assert "feasible" not in features("x.sum()")


def test_values_that_are_flat_or_not_finite_cost_features_not_the_study() -> None:
    assert "f.ela_meta.lin_simple.adj_r2" not in features("0.0 * x[0]")
    assert features("np.inf if x[0] > 1 else x[1]")
