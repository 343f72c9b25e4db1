"""Integer and stepped variables of synthetic problems, and their starting points."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.functions.constraints import Box
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.variable_kinds import (
    LISTED_DIM,
    draw_variables,
    is_stepped,
    variables_of,
    variables_within,
)

RECORD = {"integer": [2], "step": [[3, 0.05]], "start": [0.5, 3.0, 0.2]}


def sphere(record: dict, lower: tuple = (-5.0, -2.5, 0.1), upper: tuple = (5.0, 6.5, 0.95)) -> Problem:
    """(x_1 - 1.2)^2 + (x_2 - 1.2)^2 + (x_3 - 1.2)^2 with own bounds [-5, 5], [-2.5, 6.5], [0.1, 0.95]."""
    own = Box(np.array(lower), np.array(upper))
    box = variables_within(own, record)
    component = {
        "function": "sphere",
        "coefficient": 1,
        "positions": None,
        "shift": {"values": [1.2] * 3},
        "scale": 1,
        "reflection": None,
    }
    definition = {"form": "single", "components": [component], "variables": record}
    return Problem(
        "t", "synthetic", tuple(box.lower.tolist()), tuple(box.upper.tolist()), 20, 0, 0, definition
    )


def by_hand(x: np.ndarray) -> np.ndarray:
    y = x.copy()
    y[:, 1] = np.clip(np.rint(y[:, 1]), -2, 6)
    y[:, 2] = 0.1 + 0.05 * np.clip(np.rint((y[:, 2] - 0.1) / 0.05), 0, 17)
    return ((y - 1.2) ** 2).sum(axis=1)


def test_values_are_those_of_the_nearest_step():
    problem = sphere(RECORD)
    assert problem.lower == pytest.approx((-5, -2.5, 0.075)) and problem.upper == pytest.approx(
        (5, 6.5, 0.975)
    )
    points = PortableRng("t").points(500, problem.lower_array, problem.upper_array)
    truth = by_hand(points)
    assert problem.evaluate(points).f == pytest.approx(truth, rel=1e-12)
    assert problem.active_evaluator.evaluate_few(points)[0] == pytest.approx(truth, rel=1e-12)
    again = Problem.from_json(problem.to_json())
    assert (again.evaluate(points).f == problem.evaluate(points).f).all()
    rounded = problem.to_original(points)
    assert (rounded[:, 1] == np.rint(rounded[:, 1])).all() and set(rounded[:, 2]) <= {
        k / 20 for k in range(2, 20)
    }


def test_oracle_counts_by_the_point_that_was_asked_for():
    problem = dataclasses.replace(sphere({"integer": [1, 2, 3]}, (-5.0,) * 3, (5.0,) * 3), max_evals=6)
    oracle = Oracle(problem)
    near = [np.array([1.1, 0.9, 1.0]), np.array([0.9, 1.2, 1.3])]
    assert oracle.objective(near[0]) == oracle.objective(near[1]) == pytest.approx(0.12)
    assert oracle.evals == 2  # two points, though of equal values
    oracle.objective(near[1])
    assert oracle.evals == 2  # a repetition
    oracle.objective(np.array([5.7, 1.0, 1.0]))  # outside, and rounded into the box
    assert oracle.best_f == pytest.approx(0.12) and (oracle.best_x == near[0]).all()
    oracle.evaluate(np.array([[1.0, 1.0, 5.6], [2.0, 2.0, 2.0]]))
    assert oracle.evals == 5 and (oracle.best_x == near[0]).all()


def test_points_outside_are_not_eligible():
    problem = sphere({"integer": [1, 2, 3]}, (-5.0,) * 3, (1.0,) * 3)
    outside = np.array([1.9, 1.0, 1.0])
    assert problem.evaluate(outside[None, :]).f[0] == pytest.approx(0.12)  # 1, 1, 1
    oracle = Oracle(problem)
    oracle.objective(outside)
    oracle.evaluate(np.array([outside, outside]))
    assert oracle.best_x is None


def test_start_is_that_of_the_record():
    problem = sphere(RECORD)
    assert problem.evaluate(problem.start[None, :]).f[0] == pytest.approx(0.7**2 + 1.8**2 + 1)
    assert sphere({"start": [1.0, 2.0, 0.3]}).start.tolist() == [1, 2, 0.3]
    assert sphere({}).start is None and sphere({"start": None}).start is None


def test_profile_says_that_values_are_rounded():
    box = ((-5.0,) * 3, (5.0,) * 3)
    plain, stepped = sphere({}, *box).profile, sphere({"integer": [1, 2, 3]}, *box).profile
    assert plain is not None and stepped is not None
    assert plain.objective.operations != stepped.objective.operations


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"integer": [0]}, "definition.variables.integer"),
        ({"integer": "all"}, "definition.variables.integer"),
        ({"step": [[1, "a"]]}, "definition.variables.step"),
        ({"step": [[1, -1.0]]}, "definition.variables.step"),
        ({"step": 3}, "definition.variables.step"),
        ({"start": 3}, "definition.variables.start"),
        ({"start": [0.0]}, "definition.variables.start"),
        ({"start": [9.0, 0, 0.5]}, "definition.variables.start"),
        ({"integer": [1]}, "half a step"),
        ([1], "definition.variables"),
    ],
)
def test_strange_definitions_are_refused(record: object, message: str):
    problem = sphere({}, (-5.2, -2.0, 0.1), (5.0, 6.0, 0.9))
    problem.definition["variables"] = record
    with pytest.raises(ProblemError, match=message):
        problem.evaluate(np.zeros((1, 3)))


def boxes() -> list[Box]:
    """Own bounds as the synthesis draws them."""
    rng = PortableRng("boxes")
    found = []
    for _ in range(1500):
        dim = rng.integer(2, 50)
        low, high = rng.choice(
            ((-5.0, 5.0), (0.0, 1.0), (-100.0, 80.0), (0.001, 1.0), (10.0, 5000.0), (-0.5, 0.7))
        )
        lower, upper = np.full(dim, low), np.full(dim, high)
        if dim > LISTED_DIM:
            lower[5:], upper[5:] = 2 * low, 3 * high
        else:
            upper *= 1 + np.arange(dim)
        found.append(Box(lower, upper))
    return found


def test_drawn_variables():
    stepped = started = whole = mixed = 0
    for number, box in enumerate(boxes()):
        rng = PortableRng("drawn", number)
        optimum = rng.points(1, box.lower, box.upper)[0]
        record = draw_variables(rng, box, optimum)
        assert record == draw_variables(_again(number, box), box, optimum)
        variables = variables_within(box, record)
        own, again = variables_of({"variables": record}, variables.lower, variables.upper)
        assert (again.lower == variables.lower).all() and (again.upper == variables.upper).all()
        # The person's own bounds are those that were given, drawn in to values.
        assert (own.lower >= box.lower - 1e-9).all() and (own.upper <= box.upper + 1e-9).all()
        x = rng.points(20, variables.lower, variables.upper)
        assert (variables.to_original(x) == again.to_original(x)).all()
        assert (variables.to_original(x) >= own.lower).all() and (variables.to_original(x) <= own.upper).all()
        stepped += is_stepped({"variables": record})
        whole += bool(record.get("integer"))
        mixed += is_stepped({"variables": record}) and len(record["integer"]) + len(record["step"]) < box.dim
        if record.get("start") is not None:
            started += 1
            assert variables.start is not None
            assert (variables.to_original(variables.start) == record["start"]).all()
            assert len(set(record["start"])) <= LISTED_DIM
    assert 0.09 < stepped / 1500 < 0.15 and 0.46 < started / 1500 < 0.54
    assert whole > 0.4 * stepped and 0.5 * stepped < mixed < stepped


def _again(number: int, box: Box) -> PortableRng:
    rng = PortableRng("drawn", number)
    rng.points(1, box.lower, box.upper)
    return rng


def test_equalities_keep_a_continuous_variable():
    for number, box in enumerate(boxes()):
        record = draw_variables(PortableRng("mixed", number), box, box.lower, mixed_only=True)
        assert len(record.get("integer", ())) + len(record.get("step", ())) < box.dim
