"""Every description, executed by the loader of problem files, is the problem."""

import ast
from statistics import median

import numpy as np
import pytest

from llamoco.dataset_builder.problems.draws import Draws
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.python_file import load_python
from llamoco.dataset_builder.problems.synthesis import draw_set
from llamoco.dataset_builder.prompts.pattern import Pattern
from llamoco.dataset_builder.prompts.python_patterns import PATTERNS, problem_section

PROBLEMS = draw_set(5, 30, constrained=False) + draw_set(5, 30, constrained=True)


def check(text: str, problem: Problem) -> None:
    read = load_python(text, "description.py")
    points = Draws("points", problem.id).points(5, problem.lower_array, problem.upper_array)
    for found, expected in zip(read.evaluate(points), problem.evaluate(points), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=text)
    assert read.lower.tolist() == list(problem.lower)
    assert read.upper.tolist() == list(problem.upper)
    assert read.max_evals == problem.max_evals


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.name)
def test_descriptions_are_the_problem(pattern: Pattern) -> None:
    for number, problem in enumerate(PROBLEMS):
        check(pattern.write(problem, Draws("style", number)), problem)


@pytest.mark.parametrize("problem", PROBLEMS[::4], ids=lambda p: p.id)
def test_the_plain_text_is_the_problem(problem: Problem) -> None:
    text = problem_section(problem.system, problem.lower, problem.upper, problem.max_evals)
    check(text, problem)
    assert text.startswith("import numpy as np\n\nLOWER = [")


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.name)
def test_styles_vary_and_repeat_by_seed(pattern: Pattern) -> None:
    problem = PROBLEMS[3]
    texts = [pattern.write(problem, Draws("style", seed)) for seed in range(40)]
    assert len(set(texts)) >= 38
    assert texts[7] == pattern.write(problem, Draws("style", 7))


def test_patterns_differ_in_how_they_write() -> None:
    problem = next(p for p in PROBLEMS if p.constrained and len(p.definition["components"]) == 2)
    texts = {p.name: p.write(problem, Draws("style", 0)) for p in PATTERNS}
    kinds = {name: {type(node) for node in ast.walk(ast.parse(text))} for name, text in texts.items()}
    assert ast.For in kinds["python_loops"]
    assert ast.Lambda in kinds["python_comprehensions"]
    assert ast.ClassDef in kinds["python_class"]
    assert not {ast.For, ast.ClassDef, ast.Lambda} & kinds["python_vectorised"]
    functions = [
        node for node in ast.parse(texts["python_helpers"]).body if isinstance(node, ast.FunctionDef)
    ]
    assert len(functions) >= 4


def test_names_and_counts() -> None:
    assert len({p.name for p in PATTERNS}) == len(PATTERNS) >= 5
    assert {p.language for p in PATTERNS} == {"python"}
    assert sum(p.held_out for p in PATTERNS) == 1


def test_lengths() -> None:
    lengths = [
        len(p.write(problem, Draws("style", n))) for n, problem in enumerate(PROBLEMS) for p in PATTERNS
    ]
    assert median(lengths) < 1100
    assert max(lengths) < 2600
