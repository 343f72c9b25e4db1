"""Pairs: several descriptions of one problem, one answer, the columns of the set, its limits of length."""

import json

import numpy as np
import pytest

from llamoco.dataset_builder.optimizers.pool import POOL, identify, pool_for
from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.files.latex_file import read_latex
from llamoco.dataset_builder.problems.files.python_file import PythonFile, load_python
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.dataset_builder.prompts.probe_words import words_of_problem
from llamoco.dataset_builder.prompts.rows import (
    PATTERNS,
    fact_lines_of_rows,
    facts_are_known,
    rows_of_problem,
)

COLUMNS = [
    *(
        "prompt",
        "completion",
        "program",
        "problem_id",
        "language",
        "pattern",
        "held_out_pattern",
        "facts_known",
        "probes",
        "optimizer",
    ),
    *("hyperparameters", "dim", "constrained", "max_evals", "f0", "f_star", "problem"),
]
PROBLEMS = [draw_problem(2, number, number % 2 == 1) for number in range(24)]


def rows_of(problem: Problem, held_out: bool = False) -> list[dict]:
    pool = pool_for(problem.constrained)
    optimizer = pool[len(problem.id + str(problem.dim)) % len(pool)]
    config = json.dumps(optimizer.defaults, sort_keys=True)
    return rows_of_problem(problem, optimizer.name, config, seed=0, count=5, held_out=held_out)


def values_of(file: PythonFile, own: np.ndarray) -> tuple:
    """Values of a file at points of the person's variables."""
    return file.evaluate(file.variables.to_search(own))


def test_names_of_patterns_are_unique_and_some_are_held_out_in_each_language() -> None:
    assert len({p.name for p in PATTERNS}) == len(PATTERNS)
    assert {p.language for p in PATTERNS if p.held_out} == {"python", "latex"}
    assert sum(p.language == "python" and not p.held_out for p in PATTERNS) >= 4
    assert sum(p.language == "latex" and not p.held_out for p in PATTERNS) >= 3


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.id)
def test_rows(problem: Problem) -> None:
    rows = rows_of(problem)
    assert len(rows) == 5
    assert {row["language"] for row in rows} == {"python", "latex"}
    assert len({row["prompt"] for row in rows}) == len(rows)
    points = PortableRng("points", problem.id).points(4, problem.lower_array, problem.upper_array)
    for row in rows:
        assert list(row) == COLUMNS
        assert not row["held_out_pattern"]
        assert row["facts_known"] == facts_are_known(problem.id)
        description = row["prompt"].removesuffix(fact_lines_of_rows(problem))
        assert description != row["prompt"]
        assert description.endswith("\n") and not description.endswith("\n\n")
        assert len(row["completion"]) <= 4000
        assert len(row["prompt"]) + len(row["completion"]) <= 6000
        assert Problem.from_json(row["problem"]) == problem
        _, code, optimizer = parse_completion(row["completion"])
        assert identify(code) == (row["optimizer"], json.loads(row["hyperparameters"]))
        assert optimizer == row["optimizer"]
        # Description and program state the problem.
        start, found_completion, _ = row["program"].partition(
            f"\n\n{row['completion']}\n\ndef llamoco_main():"
        )
        assert found_completion
        isolated = "runs as a module of its own" in start
        section = load_python(start.split("'''")[1] if isolated else start, "section.py")
        own = problem.to_original(points)
        if row["language"] == "python":
            found = values_of(load_python(description, "description.py"), own)
        else:
            found = compile_problem(read_latex(description, "description.tex").system)(own)
        for read in (found, values_of(section, own)):
            for value, expected in zip(read, problem.evaluate(points), strict=True):
                np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-6, err_msg=description)


def test_rows_repeat_and_differ_by_seed() -> None:
    config = json.dumps(POOL["de"].defaults)
    first = rows_of_problem(PROBLEMS[0], "de", config, seed=1, count=4)
    assert rows_of_problem(PROBLEMS[0], "de", config, seed=1, count=4) == first
    assert rows_of_problem(PROBLEMS[0], "de", config, seed=1, count=6)[:4] == first
    other = rows_of_problem(PROBLEMS[0], "de", config, seed=2, count=4)
    assert [row["prompt"] for row in other] != [row["prompt"] for row in first]


def test_held_out_patterns_occur_in_the_test_split_only() -> None:
    seen = [row for problem in PROBLEMS for row in rows_of(problem, held_out=True)]
    assert {row["pattern"] for row in seen} == {p.name for p in PATTERNS}
    assert 0.05 < np.mean([row["held_out_pattern"] for row in seen]) < 0.5


def test_a_variable_after_a_power_of_ten_is_no_unit() -> None:
    text = (
        "$\\min\\; f(\\mathbf{x}) = 10^{6} t_1^2 + \\sum_{l=2}^D t_l^2$ \\\\\nbox $-13 \\le x_1 \\le 0.75$, $-6.8 \\le x_2 \\le 2$ \\\\\n"
        "with $\\mu = (-10.6, -3.73)^\\top$, $\\mathbf{t} = \\mathbf{x} - \\mu$, $D = 2$ \\\\\nmax 4101 FEs\n"
    )
    evaluate = compile_problem(read_latex(text, "t").system)
    assert evaluate(np.array([[-9.6, -1.73]]))[0][0] == pytest.approx(1e6 + 4)


def test_a_tenth_of_the_problems_says_nothing_of_its_functions() -> None:
    unknown = [not facts_are_known(f"c-{seed}-{number:05d}") for seed in range(3) for number in range(1000)]
    assert 0.08 < np.mean(unknown) < 0.12
    problem = next(p for p in PROBLEMS if not facts_are_known(p.id))
    for row in rows_of(problem):
        assert "\n# objective: unknown\n" in row["prompt"] and not row["facts_known"]
        assert row["prompt"].endswith(f"\n# probes: {words_of_problem(problem)}\n")
    assert fact_lines_of_rows(next(p for p in PROBLEMS if facts_are_known(p.id))).endswith(
        "\n# probes: none\n"
    )
