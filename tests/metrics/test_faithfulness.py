"""Faith: what counts as a whole script, and what such a script has to state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from llamoco.dataset_builder.optimizers.pool import POOL, render
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program import assemble_program
from llamoco.metrics.faithfulness import is_faithful, states_a_problem
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
