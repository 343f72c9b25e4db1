"""Why there is no feasible point: violations by hand, proofs that hold and none where there is none."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.modeling.solving.diagnosis import Diagnosis, diagnose
from llamoco.modeling.solving.solution import Solution

HEAD = "import numpy as np\n\n\ndef objective(x):\n    return float(np.sum(x))\n\n\n"
BOX = "LOWER, UPPER, MAX_EVALS = [0.0, -1.0, 2.0], [1.0, 1.0, 5.0], 100\n"


def problem_of(folder: Path, functions: str, box: str = BOX) -> Problem:
    path = folder / "p.py"
    path.write_text(f"{HEAD}{functions}\n{box}")
    return load_problem(path)


def diagnosed(problem: Problem, points: int = 50, seconds: float = 0.001) -> Diagnosis:
    """The diagnosis of a random search."""
    oracle = Oracle(problem)
    width = problem.upper_array - problem.lower_array
    oracle.evaluate(problem.lower_array + np.random.default_rng(0).random((points, problem.dim)) * width)
    assert oracle.best is None
    seen = oracle.least_infeasible
    solution = Solution(
        x=None if seen is None else seen.x.tolist(),
        f=None if seen is None else seen.f,
        feasible=False,
        evals=oracle.evals,
        max_evals=problem.max_evals,
        verdict="ok",
        reason="",
        seed=0,
        tier="C",
        seconds=seconds,
        trace=[],
        seen=seen,
    )
    return diagnose(problem, solution)


def test_the_worst_constraint_is_named_with_its_line(tmp_path: Path) -> None:
    found = diagnosed(
        problem_of(
            tmp_path,
            "def inequality(x):\n    return [x[0] - 9, 50 + x[0] ** 2, 3 + x[1] ** 2]\n\n\ndef equality(x):\n    return x[2] * x[2]\n",
        )
    )
    first = found.as_json()["violation"]
    assert first["constraint"] == "inequality[1]" and 50 <= first["largest"] <= 51
    assert {row["constraint"]: row["line"] for row in first["all"]} == {
        "inequality[1]": 8,
        "equality[0]": 12,
        "inequality[2]": 8,
    }
    assert [row["violation"] for row in first["all"]] == sorted(
        (row["violation"] for row in first["all"]), reverse=True
    )
    assert found.infeasible == "not_found" and "50 of 100 evaluations" in found.reason


LINEAR = {
    "one constraint's range": (
        "def inequality(x):\n    return 1.5 - x[0]\n",
        "inequality[0] is linear and lies in [0.5, 1.5]",
    ),
    "an equality's range": ("def equality(x):\n    return 3 * x[0] + x[1] - 7\n", "equality[0] is linear"),
    "two that exclude each other": (
        "def inequality(x):\n    return [x[0] + x[1] - 0.2, 0.3 - x[0] - x[1]]\n",
        "inequality[0], inequality[1] are linear and cannot all hold",
    ),
    "linear ones beside others": (
        "def inequality(x):\n    return [x[0] ** 2 - 4, x[0] + x[1] + x[2] - 1, np.exp(x[2]) - 1e9]\n\n\n"
        "def equality(x):\n    return x[0] - 0.75\n",
        "cannot all hold",
    ),
}


@pytest.mark.parametrize("name", LINEAR)
def test_linear_constraints_that_cannot_hold_are_a_proof(name: str, tmp_path: Path) -> None:
    functions, expected = LINEAR[name]
    found = diagnosed(problem_of(tmp_path, functions))
    assert found.infeasible == "proven" and expected in found.reason


FEASIBLE = {
    "a corner": "def inequality(x):\n    return [1 - x[0], 1 - x[1], x[2] - 2]\n",
    "a face": "def equality(x):\n    return x[0] + x[1] + x[2] - 7\n",
    "linear along the path that was followed only": (
        "def inequality(x):\n    return 1 - x[0] if x[0] < 0.999 else -1.0\n\n\ndef equality(x):\n    return x[1] - x[0] * 0.5 - 0.1\n"
    ),
    "linear but for rounding": "def inequality(x):\n    return 2 - x[2] + 0.5 - np.floor(x[0])\n\n\ndef equality(x):\n    return x[1] - 0.3\n",
}


@pytest.mark.parametrize("name", FEASIBLE)
def test_what_is_feasible_is_never_proven_infeasible(name: str, tmp_path: Path) -> None:
    assert diagnosed(problem_of(tmp_path, FEASIBLE[name])).infeasible == "not_found"


def test_random_linear_systems_agree_with_a_linear_program_of_their_own(tmp_path: Path) -> None:
    random, seen = np.random.default_rng(5), {"proven": 0, "not_found": 0}
    for _ in range(40):
        slopes, offset = random.normal(size=(3, 3)).round(3), random.normal(size=3).round(3) + 1.5
        rows = ", ".join(
            " + ".join(f"{a} * x[{i}]" for i, a in enumerate(row)) + f" + {b}"
            for row, b in zip(slopes.tolist(), offset.tolist(), strict=True)
        )
        problem = problem_of(tmp_path, f"def inequality(x):\n    return [{rows}]\n")
        truth = linprog(
            np.zeros(3), slopes, -offset, bounds=list(zip(problem.lower, problem.upper, strict=True))
        ).status
        try:
            found = diagnosed(problem, points=2)
        except AssertionError:  # a feasible point was met
            assert truth == 0
            continue
        assert (found.infeasible == "proven") == (truth == 2)
        seen[found.infeasible] += 1
    assert min(seen.values()) >= 4


def test_an_expensive_problem_is_not_evaluated_beside_its_budget(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, "def inequality(x):\n    return 1.5 - x[0]\n")
    assert diagnosed(problem, seconds=60.0).infeasible == "not_found"


def test_no_finite_value_anywhere_is_told(tmp_path: Path) -> None:
    text = "def inequality(x):\n    return np.log(x[0] - 2.5) if x[0] < 0.9999 else 1.0\n"
    found = diagnosed(problem_of(tmp_path, text, BOX.replace("100", "50")))
    assert found.broken == () and found.as_json()["violation"] is None
    assert "no point had finite values" in found.reason


def test_all_corners_agree_with_the_range_that_is_told(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, "def inequality(x):\n    return 2 * x[0] - 3 * x[1] + x[2] + 4\n")
    corners = [
        problem.evaluate(np.array([corner])).g[0, 0]
        for corner in itertools.product(*zip(problem.lower, problem.upper, strict=True))
    ]
    assert f"[{min(corners):.6g}, {max(corners):.6g}]" in diagnosed(problem).reason


def test_a_formula_that_cannot_take_an_allowed_value_is_a_proof(tmp_path: Path) -> None:
    path = tmp_path / "p.tex"
    text = "$\\min_x x_1$ s.t. $x_1^2 + 3 \\cos x_2 \\le {}$, $x \\in [1, 2]^2$. Budget: 60 evaluations.\n"
    path.write_text(text.replace("{}", "-0.5"))
    found = diagnosed(load_problem(path))
    assert found.infeasible == "proven" and "inequality[0] lies in [0.25" in found.reason
    # Variables without bounds, too.
    path.write_text(
        "$\\min_x x_1$ s.t. $x_1^2 + x_2^2 \\le -1$, $x_1 \\ge 0$, $0 \\le x_2 \\le 1$. Budget: 60 evaluations.\n"
    )
    assert "inequality[0] lies in [1, inf]" in diagnosed(load_problem(path)).reason
    # One that just holds at a corner is not proven away: 1 + 3 cos 2 = -0.2484.
    path.write_text(text.replace("{}", "-0.2484"))
    problem = load_problem(path)
    assert diagnosed(problem, points=5).infeasible == "not_found"
    assert problem.feasible(problem.evaluate(np.array([[1.0, 2.0]])))[0]
