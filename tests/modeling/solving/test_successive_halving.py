"""Successive halving: shares and totals by hand, and races of real programs in the sandbox."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program import assemble_program, problem_section_of
from llamoco.metrics.sandbox import Sandbox
from llamoco.metrics.sandbox.tiers import SandboxUnavailable
from llamoco.modeling.solving.answer import Answer
from llamoco.modeling.solving.successive_halving import affordable, halve, rungs, share

FILE = """\
LOWER, UPPER, MAX_EVALS = [-1.0, -1.0], [2.0, 2.0], 1003
calls = 0


def objective(x):
    global calls
    calls += 1
    return float(x[0] ** 2 + x[1] ** 2)
"""
HEAD = "import numpy as np\n\n\ndef optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n"
POINT = (
    HEAD
    + "    x = np.full(len(lower), {value})\n    for _ in range({evals}):\n        objective(x + 1e-9 * _)\n    return x\n"
)
PROGRAMS = {
    "good": POINT.format(value=0.1, evals="max_evals"),
    "lazy": POINT.format(value=0.2, evals="min(max_evals, 7)"),
    "greedy": POINT.format(value=0.5, evals="10 * max_evals"),
    "bad": POINT.format(value=1.5, evals="max_evals"),
    "broken": HEAD + "    raise RuntimeError('no')\n",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    try:
        with Sandbox() as opened:
            yield opened
    except SandboxUnavailable:
        pytest.skip("no sandbox on this machine")


@pytest.fixture
def problem(tmp_path: Path) -> Problem:
    (tmp_path / "p.py").write_text(FILE)
    return load_problem(tmp_path / "p.py")


def answers(problem: Problem, *names: str) -> list[Answer]:
    return [
        Answer(
            problem,
            PROGRAMS[n],
            assemble_program(problem_section_of(problem), PROGRAMS[n]),
            n,
            None,
            "",
            None,
            0.0,
            None,
        )
        for n in names
    ]


def test_shares_by_hand() -> None:
    assert [rungs(k) for k in (1, 2, 3, 4, 5, 8)] == [
        [1],
        [2, 1],
        [3, 2, 1],
        [4, 2, 1],
        [5, 3, 2, 1],
        [8, 4, 2, 1],
    ]
    # 2000 evaluations: 4 x 125, 2 x 250, 1 x 1000.
    assert [share(rung, [4, 2, 1], 2000, spent) for rung, spent in enumerate((0, 500, 1000))] == [
        125,
        250,
        1000,
    ]
    assert share(0, [1], 77, 0) == 77
    for candidates in range(1, 9):
        for budget in (100, 101, 257, 999, 5000):
            count, spent = affordable(candidates, budget, 2), 0
            for rung, size in enumerate(rungs(count)):
                each = share(rung, rungs(count), budget, spent)
                assert each >= 20
                spent += each * size
            assert spent == budget
    # 3 programs and 100 evaluations: 100 / 2 / 2 / 3 = 8 each is too little; 2 get 25.
    assert (affordable(3, 100, 2), affordable(3, 100, 13), affordable(9, 5000, 50)) == (2, 1, 8)


def test_the_best_program_wins_and_every_evaluation_counts(sandbox: Sandbox, problem: Problem) -> None:
    seen: list[tuple[int, float | None]] = []
    race = halve(
        answers(problem, "bad", "greedy", "broken", "good"), sandbox, 5, 30, lambda e, b: seen.append((e, b))
    )
    table = [(t.rung, t.candidate, t.solution.evals, t.solution.max_evals, t.kept) for t in race.trials]
    # 1003 evaluations: 501 for two rungs, 250 each. What the broken one leaves goes to the last rung.
    assert table == [
        (0, 0, 62, 62, False),
        (0, 1, 62, 62, True),
        (0, 2, 0, 62, False),
        (0, 3, 62, 62, True),
        (1, 3, 125, 125, True),
        (1, 1, 125, 125, False),
        (2, 3, 1003 - 3 * 62 - 250, 567, True),
    ]
    assert [t.solution.seed for t in race.trials] == [5] * 4 + [6] * 2 + [7]
    assert (
        race.trials[1].solution.verdict == "budget_exceeded"
        and race.trials[2].solution.verdict == "runtime_error"
    )
    assert race.winner == 3 and race.best.evals == race.best.max_evals == 1003
    assert race.best.f == pytest.approx(0.02) and race.best.feasible
    assert seen[-1] == (1003, pytest.approx(0.02)) and all(a[0] <= b[0] for a, b in pairwise(seen))
    shown = race.as_json(answers(problem, "bad", "greedy", "broken", "good"))
    assert sum(row["evals"] for row in shown) == 1003 and shown[-1]["optimizer"] == "good"


def test_the_best_point_of_all_rungs_is_kept(sandbox: Sandbox, problem: Problem) -> None:
    """A program that was better with less."""
    lucky = (
        HEAD
        + "    x = np.full(len(lower), 0.0 if max_evals < 300 else 1.0)\n    objective(x)\n    return x\n"
    )
    race = halve(
        [*answers(problem, "lazy"), *(_with(a, lucky) for a in answers(problem, "bad"))], sandbox, 0, 30
    )
    assert (race.winner, race.best.f, race.best.seed) == (1, 0.0, 0)
    assert race.trials[-1].solution.f == pytest.approx(2.0)
    assert race.best.evals == 7 + 1 + 1


def test_a_feasible_point_beats_a_lower_one_and_the_likelier_program_wins_ties(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "c.py").write_text(FILE + "\n\ndef inequality(x):\n    return [1.0 - x[0]]\n")
    problem = load_problem(tmp_path / "c.py")
    race = halve(answers(problem, "good", "bad"), sandbox, 0, 30)
    assert race.winner == 1 and race.best.feasible
    assert [t.kept for t in race.trials] == [False, True, True]
    race = halve(answers(problem, "bad", "bad"), sandbox, 0, 30)
    assert race.winner == 0 and [t.candidate for t in race.trials] == [0, 1, 0]


def test_the_persons_file_is_not_executed_again_for_another_budget(problem: Problem) -> None:
    smaller = problem.with_budget(10)
    assert (smaller.max_evals, problem.max_evals) == (10, 1003)
    assert smaller.evaluate(np.array([[3.0, 4.0]])).f[0] == 25.0
    assert smaller.active_evaluator is problem.active_evaluator


def _with(answer: Answer, completion: str) -> Answer:
    return Answer(answer.problem, completion, "", "lucky", None, "", None, 0.0, None)
