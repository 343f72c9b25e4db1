"""docs/problem-files.md: each file on it is one, and its best point is what it says."""

from __future__ import annotations

import ast
import contextlib
import re
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.optimizers.pool import optimizer_function, render
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.files.python import evaluation, functions, settings, variables
from llamoco.dataset_builder.problems.files.python_file import PythonFile, load_python
from llamoco.dataset_builder.problems.oracle import BudgetExceeded, Oracle

PAGE = (Path(__file__).parents[4] / "docs" / "problem-files.md").read_text("utf-8")
FILES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def best_of(text: str) -> tuple[float, list[float]]:
    """The value and the point that a file's last line states."""
    found = re.search(r"^# best: f = (\S+) at (\(.*\))$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1]), list(ast.literal_eval(found[2]))


@pytest.mark.parametrize("number", range(len(FILES)))
def test_each_file_has_the_optimum_that_it_states(number: int, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(FILES[number])
    problem = load_problem(tmp_path / "p.py")
    f, x = best_of(FILES[number])
    own = load_python(FILES[number], "p.py")
    z = own.variables.to_search(x)
    np.testing.assert_allclose(problem.to_original(z), x, rtol=1e-8, atol=1e-8)
    values = problem.evaluate(z[None, :])
    sign = -1 if problem.maximize else 1
    assert sign * values.f[0] == pytest.approx(f, abs=1e-6) and problem.feasible(values)[0]
    # Nothing better is found nearby or far away, and a program of the pool comes close.
    rng = np.random.default_rng(0)
    near = np.clip(z + 0.02 * rng.normal(size=(300, len(z))), problem.lower_array, problem.upper_array)
    for points in (near, rng.uniform(problem.lower_array, problem.upper_array, (300, len(z)))):
        tried = problem.evaluate(points)
        assert tried.f[problem.feasible(tried)].min(initial=np.inf) > sign * f - 1e-3
    found = []
    for name in ("cobyla", "slsqp", "de"):
        oracle = Oracle(problem)
        with contextlib.suppress(BudgetExceeded):
            optimizer_function(render(name))(
                oracle.objective,
                problem.lower_array,
                problem.upper_array,
                oracle.remaining,
                0,
                inequality=oracle.inequality,
                equality=oracle.equality,
            )
        found.append(oracle.best_f)
    assert min(found) == pytest.approx(sign * f, abs=0.02)


def test_every_name_that_is_read_is_on_the_page() -> None:
    modules = (evaluation, functions, settings, variables)
    text = "".join(Path(str(module.__file__)).read_text("utf-8") for module in modules)
    read = {name for name in re.findall(r'"([A-Z][A-Z_0-9]+)"', text)} - {"BOUNDS"}
    read |= {"objective", "inequality", "equality", "evaluate", "constraints", "bounds"}
    assert {"LOWER", "X0", "TIME_LIMIT", "ARGS"} <= read
    table = set(re.findall(r"`(\w+)(?:\(x\))?`", "".join(re.findall(r"^\| (.*?) \|", PAGE, re.MULTILINE))))
    assert read <= table and table - read == set(), read ^ table


def test_without_a_budget_the_smallest_file_says_so() -> None:
    own = load_python(FILES[0], "p.py")
    assert isinstance(own, PythonFile) and own.max_evals == 300 and "300 evaluations" in own.warnings[0]
