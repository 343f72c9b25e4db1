"""Every LaTeX description is read back and means the problem."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.files.latex_evaluator import LatexEvaluator
from llamoco.dataset_builder.problems.files.latex_file import read_latex
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_set
from llamoco.dataset_builder.prompts.declared import declared_variables
from llamoco.dataset_builder.prompts.latex.bounds_and_budget import BUDGETS
from llamoco.dataset_builder.prompts.latex.patterns import PATTERNS
from llamoco.dataset_builder.prompts.pattern import Pattern
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, prompt


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    return draw_set(5, 25, constrained=False) + draw_set(5, 25, constrained=True)


@cache
def six_hundred() -> list[Problem]:
    return draw_set(8, 300, constrained=False) + draw_set(8, 300, constrained=True)


def check(text: str, problem: Problem) -> None:
    read = read_latex(text, problem.id)
    assert read.max_evals == problem.max_evals
    declared = declared_variables(problem)
    assert (read.lower, read.upper, read.x0) == (declared.lower, declared.upper, declared.start)
    # A step of 1 is read as integers.
    assert LatexEvaluator(lambda: read).variables.kinds == problem.variable_kinds
    points = PortableRng("points", problem.id).points(4, problem.lower_array, problem.upper_array)
    expected = problem.evaluate(points)
    for got, truth in zip(compile_problem(read.system)(problem.to_original(points)), expected, strict=True):
        np.testing.assert_allclose(got, truth, rtol=1e-9, atol=1e-9, err_msg=text)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.name)
def test_description_is_read_back_as_the_same_problem(pattern: Pattern, problems: list[Problem]) -> None:
    for problem in problems[::2]:
        check(pattern.write(problem, PortableRng("style", problem.id, pattern.name)), problem)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.name)
def test_six_hundred_descriptions_are_read_back(pattern: Pattern) -> None:
    for problem in six_hundred():
        check(pattern.write(problem, PortableRng("style", problem.id, pattern.name)), problem)


def test_descriptions_are_short_enough(problems: list[Problem]) -> None:
    texts = [(q, p.write(q, PortableRng("length", q.id, p.name))) for p in PATTERNS for q in problems]
    assert np.mean([len(text) for _, text in texts]) < 1100
    assert np.mean([len(prompt(problem, text)) > PROMPT_LIMIT for problem, text in texts]) < 0.03


def test_styles_differ_and_the_same_draws_give_the_same_text(problems: list[Problem]) -> None:
    problem = problems[0]
    for pattern in PATTERNS:
        texts = {pattern.write(problem, PortableRng("style", number)) for number in range(12)}
        assert len(texts) == 12
        assert pattern.write(problem, PortableRng("style", 3)) in texts


def test_table_has_held_out_patterns_and_unique_names() -> None:
    assert len({p.name for p in PATTERNS}) == len(PATTERNS) >= 10
    assert {p.language for p in PATTERNS} == {"latex"}
    assert sum(p.held_out for p in PATTERNS) == 2


def test_patterns_use_what_their_names_say(problems: list[Problem]) -> None:
    marks = {
        "latex_vectors": ("matrix}", "^\\top", "\\lVert"),
        "latex_subject": ("\\begin{array}{ll}", "j = 1"),
        "latex_paper": ("\\newcommand{\\R}", "\\section{", "\\vx"),
        "latex_system": ("\\begin{cases}", "\\left\\{\\begin{array}"),
        "latex_forum": ("smaller is better", "$$"),
        "latex_notes": ("Auswertungen", "évaluations", "evaluaciones"),
        "latex_items": ("\\item",),
    }
    for name, pieces in marks.items():
        pattern = next(p for p in PATTERNS if p.name == name)
        missing = set(pieces)
        for problem, number in product(problems, range(3)):
            text = pattern.write(problem, PortableRng("style", problem.id, number))
            missing -= {piece for piece in missing if piece in text}
            if not missing:
                break
        assert not missing, name


@pytest.mark.parametrize("sentence", [s for sentences in BUDGETS.values() for s in sentences])
@pytest.mark.parametrize("value", ["100", "2{,}345"])
def test_every_statement_of_a_budget_is_read(sentence: str, value: str) -> None:
    text = f"$\\min_x x_1 + x_2$, $x \\in [0, 1]^2$. {sentence.replace('@', value)}"
    assert read_latex(text, "b.tex").max_evals == int(value.replace("{,}", ""))
