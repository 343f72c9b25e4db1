"""Problem JSON is self-contained: it reads back to the same problem; what is broken is refused by name."""

import json

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem


@pytest.fixture(scope="module")
def problem() -> Problem:
    return draw_problem(3, 4, constrained=True)


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("number", range(12))
def test_round_trip_evaluates_identically(number: int, constrained: bool) -> None:
    original = draw_problem(11, number, constrained)
    read = Problem.from_json(original.to_json())
    assert read == original
    assert read.to_json() == original.to_json()
    points = np.random.default_rng(0).uniform(original.lower, original.upper, (20, original.dim))
    for first, second in zip(original.evaluate(points), read.evaluate(points), strict=True):
        np.testing.assert_array_equal(first, second)


def test_json_is_one_line_and_an_object_is_read_too(problem: Problem) -> None:
    text = problem.to_json()
    assert "\n" not in text
    assert Problem.from_json(json.loads(text)) == problem


def test_a_person_s_source_is_a_problem_without_references() -> None:
    text = (
        "LOWER = [-1, -2]\nUPPER = [1, 2]\nMAX_EVALS = 50\n\ndef objective(x):\n    return x[0] ** 2 + x[1]\n"
    )
    source = Problem("mine", "source", (-1.0, -2.0), (1.0, 2.0), 50, 0, 0, {"python": text})
    read = Problem.from_json(source.to_json())
    assert read.evaluate(np.array([[0.5, 1.0], [0.0, -2.0]])).f.tolist() == [1.25, -2.0]
    assert read.f0 is None and read.f_star is None and not read.constrained
    with pytest.raises(ProblemError, match="mine"):
        _ = read.system


def test_feasible_applies_the_stated_tolerances() -> None:
    definition = {
        "form": "single",
        "components": [component("sphere", [0.5, 0.0])],
        "inequalities": [{"kind": "sum", "sense": "<=", "bound": 0.0}],
        "equalities": [{"kind": "linear", "bound": 0.0, "positions": [1], "weights": [1]}],
    }
    made = Problem("p", "synthetic", (-1.0, -1.0), (1.0, 1.0), 10, 1, 1, definition)
    points = np.array(
        [[0.0, 0.0], [0.0, 0.9e-6], [0.0, 1.1e-6], [-0.9e-4, 0.0], [-1.1e-4, 0.0], [0.0, np.nan]]
    )
    values = made.evaluate(points)
    assert made.feasible(values).tolist() == [True, True, False, True, False, False]
    assert made.inside(np.array([[1.0, -1.0], [1.0 + 1e-12, 0.0], [np.nan, 0.0]])).tolist() == [
        True,
        False,
        False,
    ]


def component(function: str, shift: list[float]) -> dict[str, object]:
    return {
        "function": function,
        "coefficient": 1,
        "positions": None,
        "shift": {"values": shift},
        "scale": 1,
        "reflection": None,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.pop("max_evals"), "max_evals"),
        (lambda r: r.update(colour="red"), "colour"),
        (lambda r: r.update(format=99), "format 99"),
    ],
)
def test_broken_json_is_refused_by_field(problem: Problem, change: object, message: str) -> None:
    record = json.loads(problem.to_json())
    change(record)  # type: ignore[operator]
    with pytest.raises(ProblemError, match=message):
        Problem.from_json(record)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "3"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ProblemError, match="JSON object"):
        Problem.from_json(text)


def test_unknown_names_in_a_definition_are_refused_by_field(problem: Problem) -> None:
    points = np.zeros((1, problem.dim))
    record = json.loads(problem.to_json())
    record["definition"]["components"][0]["function"] = "banana"
    with pytest.raises(ProblemError, match=r"components\[0\].function: 'banana'"):
        Problem.from_json(record).evaluate(points)
    record = json.loads(problem.to_json())
    record["definition"]["inequalities"] = [{"kind": "banana", "sense": "<=", "bound": 1}]
    with pytest.raises(ProblemError, match="'banana'"):
        Problem.from_json(record).evaluate(points)
    record = json.loads(problem.to_json())
    record["definition"]["components"][0]["shift"] = {"values": [0.0] * 99}
    with pytest.raises(ProblemError, match=r"shift.values: expected .* got 99"):
        Problem.from_json(record).evaluate(points)
