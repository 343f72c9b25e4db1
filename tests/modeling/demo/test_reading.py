"""Reading a stranger's problem: JSON and LaTeX are data, whatever is in them, and what comes of them cannot be executed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llamoco.dataset_builder.problems.described import DescribedProblem
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program import problem_section_of
from llamoco.dataset_builder.prompts.prompt import make_prompt
from llamoco.metrics.sandbox import Sandbox
from llamoco.modeling.demo.reading import read_problem

EXAMPLES = Path(__file__).parents[3] / "metrics" / "llamoco" / "examples"
COMPOSITION = json.loads((EXAMPLES / "composition.json").read_text())
SPHERE = "Minimise $f(x) = x_1^2 + x_2^2$ with $-1 \\le x_1, x_2 \\le 2$ within 60 evaluations.\n"
CODE = "__import__('os').mkdir('marker')"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / "marker").exists(), "a stranger's text was executed"


def no_sandbox() -> Sandbox:
    raise AssertionError("only Python is for the sandbox")


def refused(text: str) -> str:
    with pytest.raises(ProblemError) as error, read_problem(text, no_sandbox):
        pass
    return str(error.value)


def changed(*path: Any, value: Any) -> str:
    """The JSON of a problem with one entry replaced."""
    record = json.loads(json.dumps(COMPOSITION))
    place = record
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(record)


def test_what_is_read_has_values_a_prompt_and_a_program_but_no_code() -> None:
    for text in (json.dumps(COMPOSITION), SPHERE):
        with read_problem(text, no_sandbox) as problem:
            assert isinstance(problem, DescribedProblem) and problem.definition == {}
            assert problem.active_evaluator.symbolic is not None and problem.profile is not None
            assert "# dimension" in make_prompt(problem, 6000)[0]
            assert "def objective" in problem_section_of(problem)
            centre = (problem.lower_array + problem.upper_array)[None, :] / 2
            assert problem.evaluate(centre).f.shape == (1,)
    with read_problem(json.dumps(COMPOSITION), no_sandbox) as problem:
        true = Problem.from_json(COMPOSITION)
        assert (problem.f0, problem.f_star, problem.profile) == (true.f0, true.f_star, true.profile)
        assert problem.feasible_point == true.feasible_point
        assert problem.evaluate(centre_of(true)).f == true.evaluate(centre_of(true)).f


def centre_of(problem: Problem) -> Any:
    return (problem.lower_array + problem.upper_array)[None, :] / 2


TAMPERED = {
    "Python as the kind source": json.dumps(COMPOSITION | {"kind": "source", "definition": {"python": CODE}}),
    "LaTeX as the kind source": json.dumps(COMPOSITION | {"kind": "source", "definition": {"latex": SPHERE}}),
    "the kind described": json.dumps(COMPOSITION | {"kind": "described", "definition": {"python": CODE}}),
    "a kind of its own": json.dumps(COMPOSITION | {"kind": CODE}),
    "Python beside the definition": changed("definition", "python", value=CODE),
    "code as a field of the definition": changed("definition", CODE, value=1),
    "code as the function": changed("definition", "components", 0, "function", value=CODE),
    "code as the coefficient": changed("definition", "components", 0, "coefficient", value=CODE),
    "code as the scale": changed("definition", "components", 1, "scale", value=CODE),
    "code in the reflection": changed("definition", "components", 2, "reflection", value=[CODE, 1]),
    "code in the positions": changed("definition", "components", 0, "positions", value=[CODE]),
    "code in the shift": changed("definition", "components", 0, "shift", value={"formula": [CODE, 1, 1]}),
    "code as the kind of a constraint": changed("definition", "inequalities", 0, "kind", value=CODE),
    "code as a bound": changed("definition", "inequalities", 0, "bound", value=CODE),
    "code as the sense": changed("definition", "inequalities", 0, "sense", value=CODE),
    "code as a parameter": changed("definition", "inequalities", 0, "c", value=CODE),
    "lines in the name": json.dumps(COMPOSITION | {"id": f"p\n{CODE}"}),
    "half a character in the name": json.dumps(COMPOSITION | {"id": "\ud800"}),
    "no name": json.dumps(COMPOSITION | {"id": 5}),
    "a list as the definition": json.dumps(COMPOSITION | {"definition": [CODE]}),
    "a budget as text": json.dumps(COMPOSITION | {"max_evals": "531"}),
    "true as the budget": json.dumps(COMPOSITION | {"max_evals": True}),
    "a budget of 0": json.dumps(COMPOSITION | {"max_evals": 0}),
    "an endless budget": json.dumps(COMPOSITION | {"max_evals": float("inf")}),
    "a huge budget": json.dumps(COMPOSITION | {"max_evals": 10**4000}),
    "a budget beyond the page's": json.dumps(COMPOSITION | {"max_evals": 10_001}),
    "bounds as text": json.dumps(COMPOSITION | {"lower": ["-1"] * 6}),
    "NaN as a bound": json.dumps(COMPOSITION | {"lower": [float("nan")] * 6}),
    "a huge bound": json.dumps(COMPOSITION | {"upper": [10**400] * 6}),
    "equal bounds": json.dumps(COMPOSITION | {"upper": COMPOSITION["lower"]}),
    "too few bounds": json.dumps(COMPOSITION | {"upper": [1e9] * 5}),
    "a matrix of bounds": json.dumps(COMPOSITION | {"upper": [[1]] * 6}),
    "too many variables": json.dumps(COMPOSITION | {"lower": [0] * 200, "upper": [1] * 200}),
    "f0 as text": json.dumps(COMPOSITION | {"f0": CODE}),
    "NaN as f*": json.dumps(COMPOSITION | {"f_star": float("nan")}),
    "a feasible point of another length": json.dumps(COMPOSITION | {"feasible_point": [0.0]}),
    "a feasible point as text": json.dumps(COMPOSITION | {"feasible_point": CODE}),
    "numbers as provenance": json.dumps(COMPOSITION | {"provenance": {"f0": 1}}),
    "a list as provenance": json.dumps(COMPOSITION | {"provenance": [CODE]}),
    "an infinite coefficient": changed("definition", "components", 0, "coefficient", value=float("inf")),
    "a huge coefficient": changed("definition", "components", 0, "coefficient", value=10**4000),
    "true as the scale": changed("definition", "components", 0, "scale", value=True),
    "a deep definition": changed("definition", "components", value=[[[[[[[[[[1]]]]]]]]]]),
    "a deep text": '{"a":' * 3000,
    "numbers of thousands of digits": '{"format": 1, "id": ' + "9" * 5000 + "}",
    "another format": '{"format": "' + CODE + '"}',
    "a list": '  {"format": 1, "id": []}',
}


@pytest.mark.parametrize("name", TAMPERED)
def test_json_with_what_no_problem_of_the_set_has_is_refused(name: str) -> None:
    told = refused(TAMPERED[name])
    assert told.startswith(("problem JSON", "not a problem", "this JSON", "the problem has", "definition")), (
        told
    )
    assert len(told) < 600 and told.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        SPHERE.replace("x_1^2", "\\frac{1}{0} x_1"),
        SPHERE.replace("x_1^2", "x_1^{9^{9^{9^{9^9}}}}"),
        SPHERE.replace("60", "9" * 500),
        SPHERE.replace("x_1^2", "(" * 4000 + "x_1" + ")" * 4000),
        SPHERE.replace("x_1^2", "x_1^²"),
        SPHERE.replace("f(x) = ", "f(x) = \\write18{mkdir marker}"),
        "Minimise $\\sum_{i=1}^n x_i^2$, $n=10^{30}$, $-1 \\le x_i \\le 2$ for $i=1,\\dots,n$, 9 evaluations.",
        "Minimise $\\sum_{i=1}^n x_i^2$, $n=200$, $-1 \\le x_i \\le 2$ for $i=1,\\dots,n$, within 9 evaluations.",
        "$" * 999,
        "\\" * 999,
    ],
)
def test_latex_that_cannot_be_computed_is_refused(text: str) -> None:
    told = refused(text)
    assert told.startswith(("problem.tex", "the problem has")) and len(told) < 600, told
