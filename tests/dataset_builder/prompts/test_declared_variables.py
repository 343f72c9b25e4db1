"""Integers, steps and starting points: every pattern states them, and its text is read back as the same problem."""

from __future__ import annotations

import ast
import dataclasses
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.latex_evaluator import LatexEvaluator
from llamoco.dataset_builder.problems.files.latex_file import read_latex
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.functions.constraints import Box
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic import variable_kinds
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.dataset_builder.problems.symbolic.variable_kinds import draw_variables, variables_within
from llamoco.dataset_builder.prompts.declared import declared_variables
from llamoco.dataset_builder.prompts.pattern import Pattern
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, prompt
from llamoco.dataset_builder.prompts.python.patterns import problem_section
from llamoco.dataset_builder.prompts.rows import PATTERNS, rows_of_problem, write_description

FEW = 16


@cache
def problems(count: int) -> list[Problem]:
    """Drawn problems, most of them with integers, steps or a start."""
    shares = variable_kinds.STEPPED_SHARE, variable_kinds.START_SHARE
    variable_kinds.STEPPED_SHARE, variable_kinds.START_SHARE = 0.8, 0.75
    try:
        return [varied(draw_problem(9, number, number % 2 == 1), number) for number in range(count)]
    finally:
        variable_kinds.STEPPED_SHARE, variable_kinds.START_SHARE = shares


def varied(problem: Problem, number: int) -> Problem:
    rest = {name: value for name, value in problem.definition.items() if name != "variables"}
    plain = dataclasses.replace(problem, definition=rest)
    own = declared_variables(problem)
    box = Box(np.array(own.lower), np.array(own.upper))
    record = draw_variables(PortableRng("varied", number), box, 0.3 * box.lower + 0.7 * box.upper)
    variables = variables_within(box, record)
    lower, upper = tuple(variables.lower.tolist()), tuple(variables.upper.tolist())
    return dataclasses.replace(plain, lower=lower, upper=upper, definition=rest | {"variables": record})


def check(text: str, problem: Problem, language: str, folder: Path) -> None:
    """The text states the same box, start and rounded values."""
    path = folder / ("d.py" if language == "python" else "d.tex")
    path.write_text(text, encoding="utf-8")
    read = load_problem(path)
    assert read.lower == problem.lower and read.upper == problem.upper, text
    assert read.max_evals == problem.max_evals
    assert read.variable_kinds == problem.variable_kinds, text
    assert read.has_start == problem.has_start, text
    evaluator = read.active_evaluator
    map_ = evaluator.variable_map
    assert map_ is not None
    if problem.has_start:
        assert read.start is not None and problem.start is not None
        own = problem.to_original(problem.start)
        np.testing.assert_allclose(read.to_original(read.start), own, rtol=1e-12, err_msg=text)
    # Bounds and steps are read from text: the two search boxes may differ by rounding.
    points = PortableRng("points", problem.id).points(6, problem.lower_array, problem.upper_array)
    same = map_.to_search(problem.to_original(points))
    np.testing.assert_allclose(map_.to_original(same), problem.to_original(points), rtol=1e-9, atol=1e-9)
    for found, truth in zip(read.evaluate(same), problem.evaluate(points), strict=True):
        np.testing.assert_allclose(found, truth, rtol=1e-6, atol=1e-6, err_msg=text)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.name)
def test_descriptions_state_the_variables(pattern: Pattern, tmp_path: Path) -> None:
    for number, problem in enumerate(problems(FEW)):
        check(
            pattern.write(problem, PortableRng("style", pattern.name, number)),
            problem,
            pattern.language,
            tmp_path,
        )


@pytest.mark.slow
@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.name)
def test_two_hundred_descriptions_state_the_variables(pattern: Pattern, tmp_path: Path) -> None:
    for number, problem in enumerate(problems(200)):
        check(
            pattern.write(problem, PortableRng("style", pattern.name, number)),
            problem,
            pattern.language,
            tmp_path,
        )


def test_usual_ways_of_writing_occur() -> None:
    texts = "\n".join(
        pattern.write(problem, PortableRng("ways", pattern.name, number))
        for pattern in PATTERNS
        for number, problem in enumerate(problems(40))
    )
    for piece in (
        *("INTEGER = [0", "INTEGER = True", "INTEGER = [False", "STEP = [", "STEP = 0", "X0 = [", "X0 = np."),
        *("X0 = list(LOWER)", "list(range(", "# ganzzahlig", '"start": ', "start: tuple"),
        *("\\in \\mathbb{Z}", "\\mathbb{Z}^{", "^{(0)} = (", "Startpunkt", "Punto inicial", "Initial guess"),
        *("\\dots, ", "The starting point is"),
    ):
        assert piece in texts, piece


def test_the_plain_text_states_the_variables(tmp_path: Path) -> None:
    for problem in problems(FEW):
        pattern = next(p for p in PATTERNS if p.name == "latex_align")
        file = read_latex(pattern.write(problem, PortableRng("plain", problem.id)), "d.tex")
        text = problem_section(
            file.system, file.lower, file.upper, problem.max_evals, file.x0, file.integer, False, file.step
        )
        check(text, problem, "python", tmp_path)


def test_rows_of_such_problems_have_facts_and_programs(tmp_path: Path) -> None:
    """The program of a row, run alone, evaluates rounded points and is never worse than its start."""
    chosen = next(
        p for p in problems(40) if p.variable_kinds[0] and p.has_start and not p.constrained and p.dim < 12
    )
    problem = chosen.with_budget(60)
    for row in rows_of_problem(problem, "cobyla", "{}", 0, 2):
        assert "\n# starting point: given\n" in row["prompt"]
        assert "integer" in row["prompt"].split("# variables: ")[1].split("\n")[0]
        path = tmp_path / "program.py"
        path.write_text(row["program"], encoding="utf-8")
        done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True, timeout=120)
        said = dict(line.split(" = ", 1) for line in done.stdout.splitlines() if " = " in line)
        x, f = np.array(ast.literal_eval(said["x"])), float(said["f"])
        places = [place - 1 for place in problem.definition["variables"]["integer"]]
        assert (x[places] == np.rint(x[places])).all()
        truth = problem.evaluate(problem.start[None, :]).f[0]
        assert f <= truth + 1e-9 * abs(truth)


def test_descriptions_stay_short() -> None:
    lengths = []
    for number, problem in enumerate(problems(40)):
        for language in ("python", "latex"):
            candidates = [p for p in PATTERNS if p.language == language]
            _, text = write_description(problem, candidates, PROMPT_LIMIT, PortableRng("short", number))
            lengths.append(len(prompt(problem, text)))
    assert max(lengths) <= PROMPT_LIMIT and np.median(lengths) < 1500


@pytest.mark.parametrize(
    ("statement", "integer", "step"),
    [
        (r"$x_2 \in \{-5, -4.5, \dots, 5\}$", (), (0, 0.5, 0)),
        (r"$x_1, x_3 \in \{0.1, 0.2, \ldots, 0.9\}$", (), (0.1, 0, 0.1)),
        (r"$x_i \in \{0, 0.25, 0.5\}$, $i = 1, 2$", (), (0.25, 0.25, 0)),
        (r"$x_3 \in \{2, 4, \dots, 10\}$", (), (0, 0, 2)),
        (r"$x_3 \in \{1, 2, 3, \dots, 10\}$", (2,), ()),
        (r"$x_3 \in \{1, \dots, 10\}$", (2,), ()),
    ],
)
def test_sets_of_equal_steps_are_read(statement: str, integer: tuple, step: tuple) -> None:
    text = r"$\min_x \sum_{i=1}^3 (x_i - 1)^2$, $-5 \le x_i \le 10$, $i = 1, 2, 3$."
    file = read_latex(f"{text} {statement}. Budget: 100 evaluations.", "s.tex")
    assert file.integer == integer and file.step == step
    values = LatexEvaluator(lambda: file).variables.to_original(PortableRng("v").points(50, *_box(file)))
    for k, width in enumerate(step):
        if width:
            count = (values[:, k] - file.lower[k]) / width
            np.testing.assert_allclose(count, np.rint(count), atol=1e-9)
            assert (values[:, k] <= file.upper[k] + 1e-12).all()


def _box(file) -> tuple[np.ndarray, np.ndarray]:
    variables = LatexEvaluator(lambda: file).variables
    return variables.lower, variables.upper


@pytest.mark.parametrize(
    "statement",
    [
        r"$x_1 \in \{1, 2, 4\}$",
        r"$x_1 \in \{0, 0.3, \dots, 1\}$",
        r"$x_1 \in \{0.5, \dots, 4\}$",
        r"$x_1 \in \{1, 0.5, \dots, 0\}$",
        r"$x_1 \in \{1e999999999, 2\}$",
        r"$x_1 \in \{0, 0.5, \dots, 4\}$ and $x_1 \ge 0.3$",
        r"$x_1 \in \{0, 0.5, \dots, 4\}$ and $x_1 \in \{0, 0.2, \dots, 4\}$",
    ],
)
def test_other_sets_are_refused(statement: str) -> None:
    text = r"$\min x_1 + x_2$ with $0 \le x_1 \le 5$, $0 \le x_2 \le 5$."
    with pytest.raises(ProblemError):
        read_latex(f"{text} {statement}. Budget: 100 evaluations.", "s.tex")
