"""Limits that a LaTeX file states in a table, or of states that follow from a recursion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.problem import Problem

TABLE = """\\[ \\min_{P_1,P_2} P_1^2 + 2 P_2^2 \\] subject to $P_1 + P_2 = 500$. The limits of the units are
\\begin{tabular}{lcc} Unit & $P_i^{\\min}$ & $P_i^{\\max}$ \\\\ 1 & 150 & 300 \\\\ 2 & 100 & 400 \\end{tabular}
"""


def test_columns_of_limits_are_bounds(tmp_path: Path) -> None:
    (tmp_path / "p.tex").write_text(TABLE)
    problem = load_problem(tmp_path / "p.tex")
    assert (problem.lower, problem.upper) == ((150.0, 100.0), (300.0, 400.0))
    # A formula that says what one of them is of changes nothing.
    for formula in ("P_i^{\\min} \\le P_i", "P_i \\le P_i^{\\max}", "P_i^{\\min} \\le P_i \\le P_i^{\\max}"):
        stated = TABLE.replace("The limits", f"${formula}$ for $i = 1, 2$. The limits")
        (tmp_path / "p.tex").write_text(stated)
        again = load_problem(tmp_path / "p.tex")
        assert (again.lower, again.upper) == (problem.lower, problem.upper)


RESERVOIR = """\\[ \\max_{r} \\sum_{t=1}^{4} \\sqrt{r_t} \\] where $q = (10, 15, 5, 8)$,
\\[ s_{t+1} = s_t + q_t - r_t, \\quad t = 1,\\dots,4, \\qquad s_1 = START, \\] \\[ 0 \\le r_t \\le 25, \\qquad 5 \\le s_t \\le 40 RANGE. \\]
"""


def test_limits_of_states_hold_where_the_file_says(tmp_path: Path) -> None:
    def read(start: str, range_of: str) -> Problem:
        text = RESERVOIR.replace("START", start).replace("RANGE", range_of)
        (tmp_path / "p.tex").write_text(text)
        return load_problem(tmp_path / "p.tex")

    with pytest.raises(ProblemError, match=r"for which t does this hold\? s has the numbers 1 to 5"):
        read("20", "")
    problem = read("20", ", \\quad t = 1, \\dots, 5")
    assert problem.n_inequality == 8  # the first state is given, and within its limits
    r = np.array([[12.0, 3.0, 25.0, 7.0]])
    states = 20 + np.cumsum(np.array([10, 15, 5, 8]) - r[0])
    below, above = np.sort(5 - states), np.sort(states - 40)
    np.testing.assert_allclose(np.sort(problem.evaluate(r).g[0]), np.sort([*below, *above]))
    with pytest.raises(ProblemError, match="no variable in this relation"):
        read("50", ", \\quad t = 1, \\dots, 5")


HEAD = "Minimise $f(x,y) = (x-9)^2+y^2$"
BOXES = {
    " on $[-5,5]^2$.": ((-5, -5), (5, 5)),
    " over $[-5,5] \\times [0, 2]$.": ((-5, 0), (5, 2)),
    " in the box $(-5,5)^2$.": ((-5, -5), (5, 5)),
    ", $|x| \\le 1$, $x, y \\in [-2, 3]$, a weight in $[0, 1]$.": ((-2, -2), (3, 3)),
}
# Bounds in words or in names: taking the variables as unbounded would be another problem.
LOST = (
    " on $[-5,5]$.",
    " with $x \\ge 1$ on $[-5,5]^2$.",
    " on the unit square.",
    " with lower bounds $(0, 0)$ and upper bounds $(1, 1)$.",
    " with lb = [0, 0], ub = [1, 1].",
    " with $lb = (0, 0)$, $ub = (1, 1)$.",
    ", search domain: $\\Omega = [-5, 5]^2$.",
    ", $\\Omega = [-5, 5]^2$.",
    " over $D = \\{(x,y): 0 \\le x \\le 1, 0 \\le y \\le 1\\}$.",
    " in the first quadrant.",
    " where $x$ and $y$ lie in $[0,1]$.",
    ", $x$: $[0, 1]$, $y$: $[0, 2]$.",
    ". Both variables are between 0 and 1.",
    ". Bounds: 0 to 1.",
)
OPEN = (".", ". There are no bounds.", ", $x, y \\in \\mathbb{R}$.", ". It is unbounded above, and smooth.")


@pytest.mark.parametrize("rest", BOXES)
def test_a_box_that_stands_alone_is_the_box_of_the_variables(rest: str, tmp_path: Path) -> None:
    (tmp_path / "p.tex").write_text(HEAD + rest)
    problem = load_problem(tmp_path / "p.tex")
    assert (problem.lower, problem.upper) == BOXES[rest]


@pytest.mark.parametrize("rest", LOST)
def test_bounds_that_cannot_be_read_are_not_lost(rest: str, tmp_path: Path) -> None:
    (tmp_path / "p.tex").write_text(HEAD + rest)
    with pytest.raises(ProblemError):
        load_problem(tmp_path / "p.tex")


@pytest.mark.parametrize("rest", OPEN)
def test_variables_without_bounds_are_taken_where_nothing_speaks_of_any(rest: str, tmp_path: Path) -> None:
    (tmp_path / "p.tex").write_text(HEAD + rest)
    problem = load_problem(tmp_path / "p.tex")
    assert problem.active_evaluator.unbounded and any("not bounded" in line for line in problem.warnings)
