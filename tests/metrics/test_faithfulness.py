"""Faith: what counts as a whole script, and what such a script has to state."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache

import pytest

from llamoco.dataset_builder.optimizers.pool import POOL, render
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.suites.suite import load_suite
from llamoco.dataset_builder.problems.symbolic import variable_kinds
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.dataset_builder.prompts.pattern import Pattern
from llamoco.dataset_builder.prompts.program import (
    assemble_program,
    problem_section_of_text,
    program_of,
)
from llamoco.dataset_builder.prompts.rows import PATTERNS, adaptation_of, labelled_completion
from llamoco.metrics.faithfulness import is_faithful, states_a_problem
from llamoco.metrics.reference import evaluated_apart
from llamoco.metrics.sandbox import Sandbox

SECTION = """\
LOWER, UPPER, MAX_EVALS = [0.0, 0.0], [1.0, 1.0], 100
def objective(x):
    return x[0] ** 2 + x[1]
"""
PROBLEM = Problem(
    id="faith",
    kind="source",
    lower=(0.0, 0.0),
    upper=(1.0, 1.0),
    max_evals=100,
    n_inequality=0,
    n_equality=0,
    definition={"python": SECTION},
)
OPTIMIZE = "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n    return lower\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(allow_unsafe=True) as started:
        yield started


@pytest.mark.parametrize(
    "text",
    [
        SECTION,
        "if True:\n    LOWER = UPPER = [1]\nMAX_EVALS: int = 5\nobjective = lambda x: 0\n",
        "from problem import LOWER, UPPER, objective\nfor MAX_EVALS in (5,):\n    pass\n",
        "class objective:\n    pass\n(LOWER, UPPER), MAX_EVALS = ([0], [1]), 9\n",
        # Broken, and all four are bound by lines of it.
        SECTION + "def optimize(:\n",
        "LOWER = [0]\nUPPER: list = [1]\nMAX_EVALS = 5\nobjective = lambda x: 0\n)\n",
        "x = (\nLOWER=1\nUPPER =2\nMAX_EVALS=3\ndef  objective(\n",
    ],
)
def test_whole_scripts(text: str) -> None:
    assert states_a_problem(text)
    assert states_a_problem(OPTIMIZE + text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        OPTIMIZE,
        "def objective(x):\n    return 0\n" + OPTIMIZE,
        "objective = None\nLOWER = UPPER = 0\n" + OPTIMIZE,
        SECTION.replace("MAX_EVALS", "BUDGET"),
        "print(LOWER, UPPER, MAX_EVALS, objective)\n",
        f"'''\n{SECTION}'''\n",
        f"def example():\n    {SECTION.replace(chr(10), chr(10) + '    ')}pass\n",
        "".join(f"# {line}\n" for line in SECTION.splitlines()),
        # Broken completions: some of the four are not enough, nor are mentions.
        "objective = minimize(\n" + OPTIMIZE,
        "def objective(x:\n" + OPTIMIZE,
        "objective = (\nLOWER, UPPER = 0, 1\n",
        "def f(:\n    LOWER = UPPER = MAX_EVALS = 1\n    objective = 2\n",
        "objective == LOWER == UPPER == MAX_EVALS(\n",
        "\0",
    ],
)
def test_completions(text: str) -> None:
    assert not states_a_problem(text)


@pytest.mark.parametrize("name", POOL)
def test_the_pools_completions_state_nothing_and_its_programs_do_even_cut_off(name: str) -> None:
    completion = f"# sphere; optimizer: {name}\n" + render(name)
    assert not states_a_problem(completion) and states_a_problem(assemble_program(SECTION, completion))
    for cut in range(100, len(completion), 400):
        assert not states_a_problem(completion[:cut])
        assert states_a_problem(assemble_program(SECTION, completion[:cut]))


def test_faith_is_decided_in_the_sandbox(sandbox: Sandbox) -> None:
    assert is_faithful(sandbox, SECTION + OPTIMIZE, PROBLEM) is True
    assert is_faithful(sandbox, OPTIMIZE, PROBLEM) is None
    assert is_faithful(sandbox, "def objective(x):\n    return 0\n" + OPTIMIZE, PROBLEM) is None
    assert is_faithful(sandbox, "objective = minimize(\n" + OPTIMIZE, PROBLEM) is None
    for before, after in (
        ("x[1]", "2 * x[1]"),
        ("100", "200"),
        ("1.0, 1.0", "1.0, 2.0"),
        ("return", "raise"),
    ):
        assert is_faithful(sandbox, SECTION.replace(before, after) + OPTIMIZE, PROBLEM) is False
    assert is_faithful(sandbox, SECTION + OPTIMIZE + ")\n", PROBLEM) is False


SOLVERS = ("coordinate_search", "slsqp")  # the first has a constant STEP, which is no problem's


@cache
def stepped_problems() -> tuple[Problem, ...]:
    """Drawn problems with integers and with other steps, with and without constraints."""
    share, variable_kinds.STEPPED_SHARE = variable_kinds.STEPPED_SHARE, 1.0
    try:
        drawn = [draw_problem(31, number, number % 2 == 1) for number in range(24)]
    finally:
        variable_kinds.STEPPED_SHARE = share
    return tuple(
        next(p for p in drawn if p.constrained == constrained and p.variable_kinds[kind])
        for constrained in (False, True)
        for kind in (0, 1)
    )


def written(problem: Problem, pattern: Pattern, solver: str) -> str:
    """A program as the instruction set holds it."""
    description = pattern.write(problem, PortableRng("faith", pattern.name, problem.id))
    section = problem_section_of_text(pattern.language, description, problem.id)
    return assemble_program(section, labelled_completion(problem, solver, {}), adaptation_of(problem))


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_our_own_programs_of_stepped_problems_are_faithful(sandbox: Sandbox, pattern: Pattern) -> None:
    for problem in (*stepped_problems(), draw_problem(31, 0, False)):
        for solver in SOLVERS:
            program = written(problem, pattern, solver)
            assert is_faithful(sandbox, program, problem) is True, program


@pytest.mark.parametrize("solver", SOLVERS)
def test_another_step_or_none_is_another_problem(sandbox: Sandbox, solver: str) -> None:
    problem = stepped_problem()
    for before, after in (
        ("STEP = [0, 0.5]", "STEP = [0, 0.25]"),
        ("STEP = [0, 0.5]", "STEP = 0.5"),
        ("STEP = [0, 0.5]\n", ""),
        ("INTEGER = [0]", "INTEGER = [1]"),
        ("INTEGER = [0]", "INTEGER = [0, 1]"),
        ("INTEGER = [0]\n", ""),
        ("[5.0, 4.0]", "[6.0, 4.0]"),
        ("[5.0, 4.0]", "[5.0, 4.5]"),
        ("[-3.0, -3.0]", "[-3.0, -3.25]"),
        ("x[1] - 1.3", "x[1] - 1.2"),
        ("x[0] ** 2", "x[0] ** 4"),
    ):
        assert before in STEPPED
        program = assemble_program(
            STEPPED.replace(before, after),
            f"# smooth; optimizer: {solver}\n{render(solver)}",
            problem.adaptation,
        )
        assert is_faithful(sandbox, program, problem) is False, (before, after)


def stepped_problem() -> Problem:
    """The problem of the section below, from another text of it."""
    plain = STEPPED.replace("INTEGER = [0]", "INTEGER = [True, False]").replace("[0, 0.5]", "[None, 0.5]")
    return Problem(
        id="stepped",
        kind="source",
        lower=(-3.5, -3.25),
        upper=(5.5, 4.25),
        max_evals=100,
        n_inequality=0,
        n_equality=0,
        definition={"python": plain},
    )


STEPPED = """\
LOWER, UPPER = [-3.0, -3.0], [5.0, 4.0]
INTEGER = [0]
STEP = [0, 0.5]
MAX_EVALS = 100
def objective(x):
    return x[0] ** 2 + (x[1] - 1.3) ** 2
"""


@pytest.mark.parametrize("solver", SOLVERS)
def test_who_declares_what_is_told_apart(sandbox: Sandbox, solver: str) -> None:
    """The problem's declarations are those of its section; what follows may not change the rest of it."""
    stepped = stepped_problem()
    completion = f"# smooth; optimizer: {solver}\n" + render(solver)
    assert is_faithful(sandbox, assemble_program(STEPPED, completion), stepped) is True
    # Section and solver in one module, with one STEP over the other: the section's is the problem's.
    assert is_faithful(sandbox, f"{STEPPED}\n\n{completion}", stepped) is True
    assert is_faithful(sandbox, f"{SECTION}\n\n{completion}", PROBLEM) is True
    assert is_faithful(sandbox, f"{SECTION}STEP = 0.25\n\n\n{completion}", PROBLEM) is False
    assert is_faithful(sandbox, f"{SECTION}\n\n{completion}\nUPPER = [1.0, 3.0]\n", PROBLEM) is False
    late = "\ndef objective(x):\n    return 0.0\n"
    assert is_faithful(sandbox, f"{SECTION}\n\n{completion}{late}", PROBLEM) is False
    assert is_faithful(sandbox, assemble_program(STEPPED, completion) + late, stepped) is False


def test_points_outside_a_formula_s_domain_are_no_difference(sandbox: Sandbox) -> None:
    """Where NumPy gives NaN, math raises; that is the same statement, unless the formula has a value there."""
    section = SECTION.replace("x[0] ** 2", "np.log(x[0] - 0.5)").replace(
        "LOWER", "import numpy as np\nLOWER", 1
    )
    problem = dataclasses.replace(PROBLEM, definition={"python": section})
    raising = section.replace("numpy as np", "math as np")
    for text, faithful in (
        (section, True),
        (raising, True),
        (raising.replace("0.5", "0.25"), False),
        (raising.replace("0.5", "0.75"), False),
        (raising.replace("- 0.5", "- 5"), False),
    ):
        assert is_faithful(sandbox, text + OPTIMIZE, problem) is faithful, text


@pytest.mark.parametrize("name", ["gear_train", "pressure_vessel_plates"])
def test_programs_of_a_person_s_stepped_problems(sandbox: Sandbox, name: str) -> None:
    problem = next(one for one in load_suite("outside") if one.id.endswith(name))
    assert any(problem.variable_kinds)
    program = program_of(problem, "# smooth; optimizer: subplex\n" + render("subplex"))
    with evaluated_apart(problem) as apart:
        assert is_faithful(sandbox, program, apart) is True
        assert (
            is_faithful(
                sandbox, program.replace("INTEGER = ", "WHOLE = ").replace("\nSTEP = [", "\nS = ["), apart
            )
            is False
        )
