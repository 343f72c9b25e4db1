"""Saved programs are problem files: each states the problem that it was made for, whatever its solver's constants are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.optimizers.pool import POOL, render
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.files.python.program_sections import problem_section
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.completion import decision_line
from llamoco.dataset_builder.prompts.program import program_of

PLAIN = """\
import numpy as np

LOWER, UPPER, MAX_EVALS = [-3.0, -3.0], [5.0, 4.0], 300


def objective(x):
    return np.sum((x - 1.3) ** 2)


def inequality(x):
    return 1 - x[0] - x[1]
"""
STEPPED = PLAIN.replace(
    "import numpy as np\n", "import numpy as np\n\nX0, INTEGER, STEP = [1.0, 1.0], [0], [0, 0.5]\n"
)
# Names that only a reader of the file sees, and that the program's main guard states as numbers.
ADAPTED = PLAIN.replace("1 - x[0]", "[1 - x[0]]").replace(
    "\n\n\n", "\nMAXIMIZE, TOLERANCE, TIME_LIMIT = True, 1e-6, 60\n\n\n", 1
)
TEX = r"""\begin{align*}
\min\; & (x_1 - 1.3)^2 + (x_2 - 1.3)^2 \\
\text{s.t. } & x_1 + x_2 \ge 1 \\
& -3 \le x_1 \le 5, \; -3 \le x_2 \le 4 \\
& x_1 \in \mathbb{Z}
\end{align*}
At most 300 evaluations.
"""
# A text of both kinds of quotes is kept line by line.
QUOTED = STEPPED + "A, B = '''a''', \"\"\"b\"\"\"\n"
TEXTS = {
    "plain.py": PLAIN,
    "stepped.py": STEPPED,
    "quoted.py": QUOTED,
    "adapted.py": ADAPTED,
    "integer.tex": TEX,
}


def saved(problem: Problem, completion: str, folder: Path) -> Path:
    path = folder / "program.py"
    path.write_text(program_of(problem, completion), encoding="utf-8")
    return path


def check(read: Problem, problem: Problem) -> None:
    """Both are the same problem."""
    for name in ("lower", "upper", "max_evals", "n_inequality", "n_equality", "variable_kinds", "maximize"):
        assert getattr(read, name) == getattr(problem, name), name
    assert (read.tolerance, read.time_limit) == (problem.tolerance, problem.time_limit)
    np.testing.assert_array_equal(read.start, problem.start)
    points = np.random.default_rng(1).uniform(problem.lower_array, problem.upper_array, (20, problem.dim))
    np.testing.assert_array_equal(read.to_original(points), problem.to_original(points))
    for mine, theirs in zip(read.evaluate(points), problem.evaluate(points), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("text", TEXTS)
def test_programs_of_the_whole_pool_read_back_as_their_problem(text: str, tmp_path: Path) -> None:
    path = tmp_path / text
    path.write_text(TEXTS[text], encoding="utf-8")
    problem = load_problem(path)
    for name in POOL:
        completion = f"{decision_line('smooth; unimodal', name)}\n{render(name)}"
        program = saved(problem, completion, tmp_path)
        read = load_problem(program)
        check(read, problem)
        check(Problem.from_json(read.to_json()), problem)
        if text.endswith(".py"):
            assert read.description == problem.description and read.warnings == problem.warnings
            # The program of a program is the program.
            assert program_of(read, completion) == program.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["slsqp", "subplex", "coordinate_search", "simulated_annealing"])
def test_so_do_programs_without_a_decision_line(name: str, tmp_path: Path) -> None:
    for text in (PLAIN, STEPPED):
        path = tmp_path / "cost.py"
        path.write_text(text, encoding="utf-8")
        problem = load_problem(path)
        check(load_problem(saved(problem, render(name), tmp_path)), problem)


@pytest.mark.parametrize("name", ["slsqp", "coordinate_search"])
def test_a_bound_changed_in_the_program_counts_and_an_error_names_its_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / "cost.py"
    path.write_text(STEPPED, encoding="utf-8")
    program = saved(load_problem(path), f"{decision_line('smooth', name)}\n{render(name)}", tmp_path)
    text = program.read_text(encoding="utf-8")
    program.write_text(text.replace("[5.0, 4.0]", "[2.0, 4.0]").replace("\n", "\r\n"), encoding="utf-8")
    assert load_problem(program).upper == (2.5, 4.25)
    program.write_text(text.replace("[0, 0.5]", "[0, -1]"), encoding="utf-8")
    line = 1 + text.splitlines().index("X0, INTEGER, STEP = [1.0, 1.0], [0], [0, 0.5]")
    with pytest.raises(ProblemError, match=rf"program\.py:{line}: STEP\[1\] is -1"):
        load_problem(program)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        STEPPED,
        # A comment of this form is a decision line only at the head of a solver.
        PLAIN + "# tried before; optimizer: slsqp\n",
        "# tried before; optimizer: slsqp\n" + PLAIN,
        "# mine; optimizer: own\ndef optimize(*given):\n    return given[1]\n\n\n" + PLAIN,
        PLAIN + '"""\n# tried before; optimizer: slsqp\n"""\ndef optimize(*given):\n    return given[1]\n',
        PLAIN + "# tried; optimizer: slsqp\ndef optimize(:\n",
    ],
)
def test_other_files_are_read_whole(text: str) -> None:
    assert problem_section(text) is None


def test_the_section_is_the_text_itself() -> None:
    solver = "# smooth; optimizer: own\nSTEP = 2\n\n\ndef optimize(*given):\n    return given[1]\n"
    assert problem_section(f"{PLAIN}\n\n{solver}") == (PLAIN, 1)
    assert problem_section(f"{PLAIN}{solver}") == (PLAIN, 1)  # joined by hand
    assert problem_section(f"# tried; optimizer: slsqp\n{PLAIN}\n\n{solver}") == (
        f"# tried; optimizer: slsqp\n{PLAIN}",
        1,
    )
