"""Problems as textbooks and reports print them, read and compared with Python that was written from the books."""

from __future__ import annotations

import latex_textbook_first  # noqa: F401 - fills the table
import latex_textbook_second  # noqa: F401 - fills the table
import numpy as np
import pytest
from latex_textbook import TEXTBOOK

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.files.latex_file import read_latex


@pytest.mark.parametrize("name", TEXTBOOK)
def test_textbook_problem_means_what_the_book_says(name: str) -> None:
    text, truth, lower, upper, budget = TEXTBOOK[name]
    problem = read_latex(text, "book.tex")
    assert problem.max_evals == budget
    assert problem.lower == pytest.approx(lower)
    assert problem.upper == pytest.approx(upper)
    evaluate = compile_problem(problem.system)
    random = np.random.default_rng(7)
    for _ in range(6):
        point = random.uniform(lower, upper)
        f, g, h = evaluate(point[None, :])
        expected = truth(point)
        assert f[0] == pytest.approx(expected[0], rel=1e-9)
        assert sorted(g[0]) == pytest.approx(sorted(expected[1]), rel=1e-9, abs=1e-12)
        assert h[0].tolist() == pytest.approx(expected[2], rel=1e-9, abs=1e-12)


def test_there_are_twenty() -> None:
    assert len(TEXTBOOK) >= 20
