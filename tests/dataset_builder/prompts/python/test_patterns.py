"""Every description, executed by the loader of problem files, is the problem."""

import ast
from functools import cache
from statistics import median

import numpy as np
import pytest

from llamoco.dataset_builder.problems.files.python_file import load_python
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_set
from llamoco.dataset_builder.prompts.declared import declared_variables
from llamoco.dataset_builder.prompts.pattern import Pattern
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, prompt
from llamoco.dataset_builder.prompts.python.patterns import PATTERNS, problem_section

PROBLEMS = draw_set(5, 22, constrained=False) + draw_set(5, 22, constrained=True)


@cache
def six_hundred() -> list[Problem]:
    return draw_set(8, 300, constrained=False) + draw_set(8, 300, constrained=True)


def check(text: str, problem: Problem) -> None:
    read = load_python(text, "description.py")
    points = PortableRng("points", problem.id).points(5, problem.lower_array, problem.upper_array)
    for found, expected in zip(read.evaluate(points), problem.evaluate(points), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=text)
    assert read.lower.tolist() == list(problem.lower)
    assert read.upper.tolist() == list(problem.upper)
    assert read.max_evals == problem.max_evals


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.name)
def test_descriptions_are_the_problem(pattern: Pattern) -> None:
    for number, problem in enumerate(PROBLEMS[::2]):
        check(pattern.write(problem, PortableRng("style", number)), problem)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.name)
def test_six_hundred_descriptions_are_the_problem(pattern: Pattern) -> None:
    for number, problem in enumerate(six_hundred()):
        check(pattern.write(problem, PortableRng("style", pattern.name, number)), problem)


@pytest.mark.parametrize("problem", PROBLEMS[::4], ids=lambda p: p.id)
def test_the_plain_text_is_the_problem(problem: Problem) -> None:
    own = declared_variables(problem)
    text = problem_section(
        problem.system,
        own.lower,
        own.upper,
        problem.max_evals,
        own.start,
        own.integer,
        steps=own.steps,
    )
    check(text, problem)
    assert text.startswith("import numpy as np\n\nLOWER = [")


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.name)
def test_styles_vary_and_repeat_by_seed(pattern: Pattern) -> None:
    problem = PROBLEMS[3]
    texts = [pattern.write(problem, PortableRng("style", seed)) for seed in range(40)]
    assert len(set(texts)) >= 38
    assert texts[7] == pattern.write(problem, PortableRng("style", 7))


def test_patterns_differ_in_how_they_write() -> None:
    problem = next(p for p in PROBLEMS if p.constrained and len(p.definition["components"]) == 2)
    texts = {p.name: p.write(problem, PortableRng("style", 0)) for p in PATTERNS}
    kinds = {name: {type(node) for node in ast.walk(ast.parse(text))} for name, text in texts.items()}
    assert ast.For in kinds["python_loops"]
    assert ast.While in kinds["python_while"]
    assert ast.AugAssign in kinds["python_steps"]
    assert ast.Lambda in kinds["python_comprehensions"]
    assert not {ast.For, ast.ClassDef, ast.Lambda} & kinds["python_vectorised"]
    assert ast.ClassDef in kinds["python_class"]
    assert "@dataclass" in texts["python_dataclass"]
    assert "map(lambda" in texts["python_functional"]
    assert '"ineq"' in texts["python_scipy"].replace("'", '"')
    assert ast.get_docstring(ast.parse(texts["python_documented"]))
    dense = texts["python_dense"].split("def objective", 1)[1].split("\n")[0]
    assert "return" in dense  # the whole function on one line
    nested = next(n for n in ast.parse(texts["python_closures"]).body if isinstance(n, ast.FunctionDef))
    assert any(isinstance(n, ast.FunctionDef) for n in nested.body)
    assert '"max_evals":' in texts["python_configuration"]
    functions = [
        node for node in ast.parse(texts["python_helpers"]).body if isinstance(node, ast.FunctionDef)
    ]
    assert len(functions) >= 3


def test_inner_products_are_written_as_such() -> None:
    pattern = next(p for p in PATTERNS if p.name == "python_matrix")
    texts = "\n".join(pattern.write(p, PortableRng("style", p.id)) for p in PROBLEMS)
    assert all(mark in texts for mark in (" @ ", "np.dot(", "np.einsum("))


def test_small_problems_are_written_variable_by_variable() -> None:
    pattern = next(p for p in PATTERNS if p.name == "python_explicit")
    small = [p for p in PROBLEMS if p.dim <= 4]
    texts = [pattern.write(p, PortableRng("style", p.id)) for p in small]
    assert sum("for " not in text.split("LOWER")[0] for text in texts) > len(small) / 2


def test_comments_come_in_several_registers_and_tongues() -> None:
    texts = "\n".join(p.write(q, PortableRng("style", q.id, p.name)) for q in PROBLEMS for p in PATTERNS)
    for words in ("# bounds", "# lb/ub", "smaller is better!", "Objective function f: R^n -> R."):
        assert words in texts
    assert any(word in texts for word in ("Zielfunktion", "fonction objectif", "función objetivo"))


def test_names_and_counts() -> None:
    assert len({p.name for p in PATTERNS}) == len(PATTERNS) >= 14
    assert {p.language for p in PATTERNS} == {"python"}
    assert sum(p.held_out for p in PATTERNS) == 2


def test_lengths() -> None:
    texts = [(q, p.write(q, PortableRng("style", n))) for n, q in enumerate(PROBLEMS) for p in PATTERNS]
    assert median(len(text) for _, text in texts) < 1100
    assert np.mean([len(prompt(problem, text)) > PROMPT_LIMIT for problem, text in texts]) < 0.03
