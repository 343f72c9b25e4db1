"""A described problem: of all that may be asked of it, nothing executes its text."""

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llamoco.dataset_builder.problems.described import DescribedProblem
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluators import EvaluatorWrapper, FunctionEvaluator, SourceEvaluator
from llamoco.dataset_builder.problems.files import python_file
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.facts import fact_lines
from llamoco.dataset_builder.prompts.program import problem_section_of
from llamoco.dataset_builder.prompts.prompt import make_prompt

TEXT = "LOWER, UPPER, MAX_EVALS = [0.0], [1.0], 9\ndef objective(x): return x[0]\nraise SystemError('executed')\n"
POINT = np.array([[0.5]])


@pytest.fixture(autouse=True)
def nothing_executes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way to ``exec`` is one function; here it fails in a way that no test takes for a refusal."""

    def executed(*arguments: Any, **names: Any) -> None:
        raise AssertionError("a described problem was executed")

    monkeypatch.setattr(python_file, "load_python", executed)


def described(**changes: Any) -> DescribedProblem:
    return DescribedProblem(
        id="p",
        lower=(0.0,),
        upper=(1.0,),
        max_evals=9,
        n_inequality=0,
        n_equality=0,
        description=TEXT,
        **changes,
    )


def values(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return x[:, 0], np.empty((len(x), 0)), np.empty((len(x), 0))


COPIES: dict[str, Callable[[DescribedProblem], Problem]] = {
    "itself": lambda p: p,
    "replaced": lambda p: replace(p, max_evals=5),
    "within": lambda p: p.with_budget(5),
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
    "pickled": lambda p: pickle.loads(pickle.dumps(p)),
    "from its JSON": lambda p: Problem.from_json(p.to_json()),
    "from its JSON, as its own type": lambda p: Problem.from_json(json.loads(p.to_json())),
    "without an evaluator": lambda p: replace(p, evaluator=None),
}
QUESTIONS: dict[str, Callable[[Problem], Any]] = {
    "profile": lambda p: p.profile,
    "facts": fact_lines,
    "prompt": lambda p: make_prompt(p, 6000),
    "program": problem_section_of,
    "values": lambda p: p.evaluate(POINT),
    "requests": lambda p: p.point_evaluator(),
    "symbols": lambda p: p.system,
    "budget": lambda p: p.with_budget(3).evaluate(POINT),
    "text": repr,
    "JSON": lambda p: p.to_json(),
    "fields": asdict,
    "hidden": lambda p: p.active_evaluator.to_original(POINT),
    "description": lambda p: p.description,
    "bounds": lambda p: (p.dim, p.constrained, p.inside(POINT)),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("copied", COPIES)
def test_nothing_that_is_asked_of_any_copy_executes(copied: str, question: str) -> None:
    problem = COPIES[copied](described(evaluator=FunctionEvaluator(values)))
    try:
        QUESTIONS[question](problem)
    except ProblemError as error:
        assert "p" in str(error)


@pytest.mark.parametrize("copied", COPIES)
def test_no_attribute_or_method_whatever_its_name_executes(copied: str) -> None:
    """Those that a problem will have in times to come among them."""
    problem = COPIES[copied](described(evaluator=FunctionEvaluator(values)))
    asked = 0
    for name in dir(problem):
        for arguments in ((), (POINT,), (3,), ("python",)):
            if name.startswith("__") and name not in ("__getstate__", "__hash__", "__repr__", "__reduce__"):
                continue
            try:
                attribute = getattr(problem, name)
                if callable(attribute):
                    attribute(*arguments)
            except AssertionError:
                raise
            except Exception as error:  # arguments that fit no method
                assert "executed" not in str(error) or isinstance(error, ProblemError)
            asked += 1
    assert asked > 100


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "source"},
        {"kind": "synthetic"},
        {"kind": "source", "definition": {"python": TEXT}},
        {"definition": {"python": TEXT}},
        {"definition": {"latex": "x"}},
    ],
)
def test_it_cannot_be_made_one_that_is_executed(changes: dict[str, Any]) -> None:
    with pytest.raises(ProblemError, match="stays of the kind 'described'"):
        replace(described(), **changes)
    with pytest.raises(ProblemError, match="stays of the kind 'described'"):
        described(**changes)


def test_its_text_is_for_prompt_and_program_only() -> None:
    problem = described(evaluator=FunctionEvaluator(values))
    assert make_prompt(problem, 6000)[0].startswith(TEXT) and problem_section_of(problem) == TEXT
    assert "executed" not in problem.to_json() and "executed" not in repr(problem)
    assert problem.evaluate(POINT).f == 0.5 and problem.with_budget(3).evaluate(POINT).f == 0.5
    assert {field.name for field in fields(problem)} >= {field.name for field in fields(Problem)}


def test_without_its_evaluator_it_has_no_values() -> None:
    for copied in ("pickled", "from its JSON", "without an evaluator"):
        problem = COPIES[copied](described(evaluator=FunctionEvaluator(values)))
        with pytest.raises(ProblemError):
            problem.evaluate(POINT)


def test_json_cannot_give_a_described_problem_a_text() -> None:
    record = json.loads(described().to_json())
    for definition in ({"python": TEXT}, {"latex": TEXT}, {"description": TEXT}):
        problem = Problem.from_json(record | {"definition": definition})
        for ask in QUESTIONS.values():
            try:
                ask(problem)
            except ProblemError:
                continue
        with pytest.raises(ProblemError):
            problem.evaluate(POINT)


def test_a_problem_in_symbols_can_be_described(tmp_path: Path) -> None:
    file = tmp_path / "p.tex"
    file.write_text("Minimise $x_1^2 + x_2$ with $-1 \\le x_1, x_2 \\le 2$ within 60 evaluations.")
    own = load_problem(file)
    problem = DescribedProblem.of(own, "latex", file.read_text())
    x = np.array([[0.5, 1.0], [2.0, -1.0]])
    np.testing.assert_array_equal(problem.evaluate(x).f, own.evaluate(x).f)
    assert problem.profile == own.profile and problem.active_evaluator.symbolic is not None
    assert make_prompt(problem, 6000) == make_prompt(own, 6000)
    assert problem_section_of(problem) == problem_section_of(own)


def test_a_persons_own_python_is_no_problem_in_symbols() -> None:
    own = Problem("p", "source", (0.0,), (1.0,), 9, 0, 0, {"python": TEXT})
    with pytest.raises(ProblemError, match="not given by formulas"):
        DescribedProblem.of(own, "python", TEXT)


def test_what_would_execute_its_text_cannot_evaluate_it() -> None:
    for evaluator in (
        own := SourceEvaluator(lambda: 1 / 0),
        EvaluatorWrapper(own),
        EvaluatorWrapper(EvaluatorWrapper(own)),
    ):  # type: ignore[arg-type,return-value]
        with pytest.raises(ProblemError, match="not executed"):
            described(evaluator=evaluator)
