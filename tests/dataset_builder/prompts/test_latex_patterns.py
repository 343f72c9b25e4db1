"""Every LaTeX description is read back and means the problem."""

from __future__ import annotations

import numpy as np
import pytest

from llamoco.dataset_builder.problems.compile import compile_system
from llamoco.dataset_builder.problems.draws import Draws
from llamoco.dataset_builder.problems.latex_file import read_latex
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.synthesis import draw_problem
from llamoco.dataset_builder.prompts.latex_patterns import PATTERNS
from llamoco.dataset_builder.prompts.pattern import Pattern

LONGEST = 2400


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    return [draw_problem(5, number, number % 2 == 0) for number in range(60)]


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.name)
def test_description_is_read_back_as_the_same_problem(pattern: Pattern, problems: list[Problem]) -> None:
    for problem in problems:
        text = pattern.write(problem, Draws("style", problem.id, pattern.name))
        read = read_latex(text, problem.id)
        assert read.max_evals == problem.max_evals
        assert read.lower == problem.lower
        assert read.upper == problem.upper
        points = Draws("points", problem.id).points(4, problem.lower_array, problem.upper_array)
        expected = problem.evaluate(points)
        for got, truth in zip(compile_system(read.system)(points), expected, strict=True):
            np.testing.assert_allclose(got, truth, rtol=1e-9, atol=1e-9, err_msg=text)


def test_descriptions_are_short_enough(problems: list[Problem]) -> None:
    lengths = [len(p.write(problem, Draws("length", problem.id))) for p in PATTERNS for problem in problems]
    assert max(lengths) <= LONGEST
    assert np.mean(lengths) < 1200


def test_styles_differ_and_the_same_draws_give_the_same_text(problems: list[Problem]) -> None:
    problem = problems[0]
    for pattern in PATTERNS:
        texts = {pattern.write(problem, Draws("style", number)) for number in range(12)}
        assert len(texts) == 12
        assert pattern.write(problem, Draws("style", 3)) in texts


def test_table_has_a_held_out_pattern_and_unique_names() -> None:
    assert len({p.name for p in PATTERNS}) == len(PATTERNS) >= 4
    assert {p.language for p in PATTERNS} == {"latex"}
    assert 1 <= sum(p.held_out for p in PATTERNS) < len(PATTERNS)
