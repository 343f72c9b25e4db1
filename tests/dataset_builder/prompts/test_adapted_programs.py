"""The program that is written of a problem FILE, whatever the file states: it finds the same point with the same evaluations, alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llamoco.dataset_builder.optimizers.pool import optimizer_function, render
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.oracle import BudgetExceeded, Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.stagnation import Stagnation
from llamoco.dataset_builder.prompts.program import program_of

HEAD = "import math\nimport numpy as np\nfrom scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint\n"
ROSENBROCK = "def objective(x):\n    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2\n"
SCIPY = (
    "constraints = [{'type': 'ineq', 'fun': lambda x, k: x[0] - k, 'args': (0.25,)},\n"
    "    NonlinearConstraint(lambda x: [x[0] * x[1], x[0]], [-1, -np.inf], [4, 0.9]), LinearConstraint([1, 2], -9, 3)]\n"
)

CASES = {
    "no bounds": f"X0, MAX_EVALS = [-1.2, 1], 300\n{ROSENBROCK}",
    "no bounds, no budget": f"X0 = [-1.2, 1]\n{ROSENBROCK}",
    "one bound each": f"X0, LOWER, UPPER, MAX_EVALS = [-1.2, 1], [-2, None], [None, 7.5], 150\n{ROSENBROCK}",
    "scipy's bounds, fixed, no start": f"bounds, MAX_EVALS = [(None, None), (4, 4)], 100\n{ROSENBROCK}",
    "a start that is better than the centre": f"LOWER, UPPER, X0, MAX_EVALS = [-5, -4], [7, 5], [0.7, 0.3], 150\n{ROSENBROCK}",
    "a start that is worse": f"LOWER, UPPER, X0, MAX_EVALS = [-5, -4], [7, 5], [7, 3], 150\n{ROSENBROCK}",
    "maximised": (
        "LOWER, UPPER, MAX_EVALS, MAXIMIZE = [-5, -4], [7, 5], 150, True\n"
        "def objective(x):\n    return np.array([[5 - (x[0] - 1) ** 2 - (x[1] - x[0]) ** 2]])\n"
    ),
    "integers and steps": (
        "LOWER, UPPER, MAX_EVALS, INTEGER, STEP = [0, -3.5, 0.1, 0], [9, 8, 2.1, 3], 150, [1], [0.3, 0, 0.1, 0]\n"
        "X0 = [4, 2, 1, 1]\ndef objective(x):\n    return sum((x - [1.7, 2.2, 0.77, 1.3]) ** 2)\n"
    ),
    "integers without bounds": (
        "MAX_EVALS, INTEGER, X0 = 150, True, [40, -3]\ndef objective(x):\n    return abs(x[0] - 7.2) + abs(x[1])\n"
    ),
    "lists of constraints": (
        f"LOWER, UPPER, MAX_EVALS = [-5, -4], [7, 5], 150\n{ROSENBROCK}"
        "inequality = [lambda x: x[0] - 0.5, lambda x: (x[1] - 2, [-9 - x[1]])]\nequality = [lambda x: x[0] + x[1] - 0.5]\n"
    ),
    "scipy's constraints": f"LOWER, UPPER, MAX_EVALS = [-5, -4], [7, 5], 150\n{ROSENBROCK}{SCIPY}",
    "scipy's constraints beside others": (
        f"LOWER, UPPER, MAX_EVALS = [-5, -4], [7, 5], 150\n{ROSENBROCK}{SCIPY}inequality = lambda x: x[1] - 1\n"
    ),
    "one scipy constraint": (
        f"X0, MAX_EVALS = [0.5, 0.5], 150\n{ROSENBROCK}constraints = {{'type': 'eq', 'fun': lambda x: x[0] + x[1] - 1}}\n"
    ),
    "everything at once": (
        "LOWER, UPPER, MAX_EVALS = [-5, -4], [7, 5], 150\ncount = 0\ndef evaluate(x):\n"
        "    return (x[0] - 1) ** 2 + x[1] ** 2, [0.5 - x[1], [x[0] - 2]], x[0] - x[1]\n"
    ),
    "everything at once, maximised, with scipy's and a start": (
        "LOWER, UPPER, MAX_EVALS, MAXIMIZE, X0, ARGS = [-5, -4], [7, 5], 150, True, [1, 1], 2.0\ndef evaluate(x, a):\n"
        f"    return -a * (x[0] - 1) ** 2 - x[1] ** 2, None, None\n{SCIPY}"
    ),
    "arguments": (
        "LOWER, UPPER, MAX_EVALS, ARGS = [-5, -4], [7, 5], 150, (2, [1, 1])\ndef objective(x, a, c):\n"
        "    return a * sum((x - c) ** 2)\ndef inequality(x, a, c):\n    return x[0] - c[0] / a\nequality = [lambda x, k=1: x[1] - k]\n"
    ),
    "no value in places": (
        "LOWER, X0, MAX_EVALS = None, [2, 2], 150\nUPPER = None\ndef objective(x):\n"
        "    return x[0] - math.log(x[0]) + math.sqrt(x[1]) + (x[1] - 0.5) ** 2\n"
    ),
    "one variable": "X0, MAX_EVALS = 3.0, 100\ndef objective(x):\n    return math.cosh(x[0] - 40)\n",
    "names of the solver": (
        f"X0, MAX_EVALS, INTEGER = [-1.2, 1], 150, [0]\nEvaluator = BudgetSpent = suppress = 3\n{ROSENBROCK}{SCIPY}"
    ),
    "the budget is the start": f"X0, MAX_EVALS = [-1.2, 1], 1\n{ROSENBROCK}",
}


def said_by(program: str, folder: Path) -> dict[str, str]:
    """What a program prints, run alone in a folder."""
    path = folder / "program.py"
    path.write_text(program)
    done = subprocess.run([sys.executable, path], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr + program
    return dict(line.split(" = ", 1) for line in done.stdout.splitlines() if " = " in line)


def solved_here(problem: Problem, optimizer: str) -> tuple[np.ndarray, int]:
    """Where a program ends up on a problem in this process, in the search box, and how many evaluations it took."""
    oracle = Oracle(problem)
    optimize = optimizer_function(render(optimizer))
    x = oracle.best_x
    try:
        x = optimize(
            oracle.objective,
            problem.lower_array,
            problem.upper_array,
            problem.max_evals,
            0,
            inequality=oracle.inequality,
            equality=oracle.equality,
            x0=problem.start,
        )
    except BudgetExceeded:
        x = oracle.best_x
    assert x is not None
    return x, oracle.evals


@pytest.mark.parametrize("name", CASES)
def test_the_program_finds_what_is_found_here(name: str, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(HEAD + CASES[name])
    problem = load_problem(tmp_path / "p.py")
    optimizer = "cobyla" if problem.constrained else "slsqp"
    text = program_of(problem, render(optimizer))
    said = said_by(text, tmp_path)
    x, evals = solved_here(problem, optimizer)
    values = problem.evaluate(x[None, :])
    start = problem.start
    if start is not None:
        first = problem.evaluate(start[None, :])
        ranks = [(max(problem.total_violation(v)[0], 0), v.f[0]) for v in (first, values)]
        if ranks[0] < ranks[1]:
            x, values = start, first
    assert said["x"] == str(problem.to_original(x).tolist())
    f = -values.f[0] if problem.maximize else values.f[0]
    assert said["f"] == f"{f:.10g}"
    assert said["feasible"] == ("yes" if problem.feasible(values)[0] else "no")
    assert said["evaluations"] == f"{evals} of {problem.max_evals}"
    if "names" not in name:
        assert HEAD + CASES[name] in text  # the person's own code, unchanged


def test_a_program_stops_at_the_time_limit_with_the_best_so_far(tmp_path: Path) -> None:
    slow = "import time\ndef objective(x):\n    time.sleep(0.02)\n    return x[0] ** 2\n"
    (tmp_path / "p.py").write_text(
        f"{HEAD}LOWER, UPPER, MAX_EVALS, TIME_LIMIT = [-1, -1], [2, 2], 5000, 0.5\n{slow}"
    )
    said = said_by(program_of(load_problem(tmp_path / "p.py"), render("de")), tmp_path)
    used = int(said["evaluations"].split()[0])
    assert 5 <= used <= 60 and float(said["f"]) <= 0.25


def test_the_program_says_what_is_searched_and_how(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(HEAD + CASES["one bound each"])
    text = program_of(load_problem(tmp_path / "p.py"), render("slsqp"))
    assert "full(z)" in text and "counted(start)" in text and "llamoco_main" in text
    assert (
        "from llamoco" not in text and "import llamoco" not in text
    )  # it runs where llamoco is not installed


def test_a_program_stops_where_the_tolerance_says_as_the_run_in_process_does(tmp_path: Path) -> None:
    text = f"{HEAD}LOWER, UPPER, MAX_EVALS, TOLERANCE = [-1, -1], [2, 2], 5000, 1e-2\ndef objective(x):\n    return float(x @ x)\n"
    (tmp_path / "p.py").write_text(text)
    problem = load_problem(tmp_path / "p.py")
    assert problem.tolerance == 1e-2
    said = said_by(program_of(problem, render("de")), tmp_path)
    used = int(said["evaluations"].split()[0])
    oracle, watch = Oracle(problem), Stagnation(1e-2, 2)
    with pytest.raises(StopIteration):
        optimizer_function(render("de"))(
            _watched(oracle, watch), problem.lower_array, problem.upper_array, 5000, 0
        )
    assert used == oracle.evals < 2000 and float(said["f"]) == pytest.approx(oracle.best_f, rel=1e-9)


def _watched(oracle: Oracle, watch: Stagnation) -> Any:
    def objective(x: Any) -> Any:
        f = oracle.objective(x)
        if watch.reached(oracle.evals, oracle.best_f):
            raise StopIteration
        return f

    return objective
