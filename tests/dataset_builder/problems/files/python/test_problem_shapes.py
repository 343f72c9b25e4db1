"""Odd shapes of problems (one variable, fixed ones, no value at the centre): the pool serves them, programs state them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.optimizers.pool import POOL, render
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.facts import fact_lines
from llamoco.dataset_builder.prompts.program import program_of
from llamoco.metrics.sandbox import Sandbox

HEAD = "import math\nimport decimal\nimport fractions\nimport numpy as np\n"
BOX = "LOWER, UPPER, MAX_EVALS = [-5.0] * 2, [5.0] * 2, 100\n"
SUM = "def objective(x):\n    return sum((x - 0.5) ** 2)\n"


def problem(tmp_path: Path, text: str) -> Problem:
    path = tmp_path / "p.py"
    path.write_text(HEAD + text)
    return load_problem(path)


def test_fixed_variables_are_hidden_from_the_solver_and_shown_to_the_objective(tmp_path: Path) -> None:
    seen = "def objective(x):\n    assert x.shape == (4,) and x[1] == 0.2 and x[3] == -7\n    return x[0] + 10 * x[2]\n"
    own = problem(tmp_path, f"LOWER, UPPER, MAX_EVALS = [0, 0.2, -1, -7], [1, 0.2, 2, -7], 50\n{seen}")
    assert (own.dim, own.lower, own.upper) == (2, (0.0, -1.0), (1.0, 2.0))
    assert own.evaluate(np.array([[1.0, 2.0], [0.5, 0.0]])).f.tolist() == [21.0, 0.5]
    assert own.to_original(np.array([[1.0, 2.0]])).tolist() == [[1.0, 0.2, 2.0, -7.0]]
    assert fact_lines(own).startswith("# dimension: 2\n# bounds: [0, 1], [-1, 2]\n")
    assert "# objective: degree 1, separable; linear" in fact_lines(own)
    again = Problem.from_json(own.to_json())
    assert again.to_original(np.array([1.0, 2.0])).tolist() == [1.0, 0.2, 2.0, -7.0]


SHAPES = {
    "one fixed of two": ("[0, 2], [5, 2]", "(x[0] - 3.3) ** 2 + x[1]", "x[0] - 4", 2.0),
    "single numbers": ("10, 30", "(x - 17.3) ** 2", "x - 20, [[x - 40]]", 0.0),
    "no value at the centre": (
        "[-1, 0], [2, 1]",
        "(x[0] + 0.5) ** 2 + 0 * math.log(-x[0])",
        "math.sqrt(0.4 - x[0]) - 2, [x[0]]",
        0.0,
    ),
}


QUICK = ("slsqp", "cobyla", "cma_es", "de")
# Where its first point has no value, the first start of trust_constr takes more than 150 evaluations; with 400 it comes there.
NEEDS_A_START = {("trust_constr", "no value at the centre", True)}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("optimizers", [QUICK, pytest.param(tuple(POOL), marks=pytest.mark.slow)])
def test_the_pool_serves_what_is_taken(
    optimizers: tuple[str, ...], name: str, constrained: bool, tmp_path: Path, sandbox: Sandbox
) -> None:
    """One variable, fixed ones, no value at the centre: each program of the pool comes near the optimum."""
    bounds, objective, inequality, best = SHAPES[name]
    text = f"LOWER, UPPER, MAX_EVALS = {bounds}, 150\ndef objective(x):\n    return {objective}\n"
    own = problem(tmp_path, text + f"def inequality(x):\n    return {inequality}\n" * constrained)
    for optimizer in optimizers:
        if POOL[optimizer].handles(constrained) and (optimizer, name, constrained) not in NEEDS_A_START:
            record = sandbox.run(render(optimizer), own, 0)
            assert record.verdict == "ok" and record.best_f is not None, (optimizer, record.reason)
            assert record.evals <= 150 and record.best_f == pytest.approx(best, abs=0.1), optimizer


@pytest.mark.parametrize("name", SHAPES)
def test_the_written_program_states_the_same_problem(name: str, tmp_path: Path) -> None:
    bounds, objective, inequality, best = SHAPES[name]
    text = f"LOWER, UPPER, MAX_EVALS = {bounds}, 300\ndef objective(x):\n    return {objective}\n"
    own = problem(tmp_path, text + f"def inequality(x):\n    return {inequality}\n")
    path = tmp_path / "program.py"
    path.write_text(program_of(own, render("de")))
    assert HEAD + text in path.read_text()
    done = subprocess.run(
        [sys.executable, str(path)], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    said = dict(line.split(" = ", 1) for line in done.stdout.splitlines())
    x = np.array(eval(said["x"]))
    assert len(x) == own.to_original(own.lower_array).size
    free = x[own.to_original(own.lower_array) < own.to_original(own.upper_array)]
    values = own.evaluate(free[None, :])
    assert own.feasible(values)[0] and said["feasible"] == "yes"
    assert (
        float(said["f"]) == pytest.approx(values.f[0], rel=1e-9, abs=1e-12) == pytest.approx(best, abs=0.05)
    )


def test_a_plain_problem_gets_the_plain_guard(tmp_path: Path) -> None:
    own = problem(tmp_path, BOX + SUM + "def inequality(x):\n    return [x[0], 1.0]\n")
    assert own.adaptation is None and "adapted" not in program_of(own, render("de"))
