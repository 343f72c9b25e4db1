"""Programs that take turns: boxes by hand, shares of one budget, and which program is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.optimizers.pool import render
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.modeling.solving.answer import Answer, pool_answer
from llamoco.modeling.solving.in_process import InProcessRunner
from llamoco.modeling.solving.portfolio import Turn, affords_turns, around, robust_turns, take_turns
from llamoco.modeling.solving.robust_rule import RiskFactor

FILE = """\
LOWER, UPPER, MAX_EVALS = [0.0, -10.0, 5.0], [1.0, 10.0, 205.0], {}
calls = 0


def objective(x):
    global calls
    calls += 1
    return float((x[0] - 0.6) ** 2 + (x[1] / 20 + 0.1) ** 2 + ((x[2] - 105) / 200) ** 2)
"""


def problem_of(folder: Path, budget: int = 300) -> Problem:
    (folder / "p.py").write_text(FILE.format(budget))
    return load_problem(folder / "p.py")


def answer_of(problem: Problem, name: str = "slsqp") -> Answer:
    completion = f"# a test; optimizer: {name}\n{render(name)}"
    return Answer(problem, completion, "", name, {}, "", None, 0.0, None)


def test_a_part_of_the_box_has_the_point_at_its_centre_or_next_to_a_face(tmp_path: Path) -> None:
    problem = problem_of(tmp_path)
    part = around(problem, np.array([0.5, 9.5, 5.0]), 0.1)
    assert part.lower == pytest.approx((0.4, 6.0, 5.0)) and part.upper == pytest.approx((0.6, 10.0, 45.0))
    assert part.max_evals == problem.max_evals
    random = np.random.default_rng(0)
    for _ in range(200):
        x = problem.lower_array + random.random(3) * (problem.upper_array - problem.lower_array)
        radius = float(random.uniform(0.01, 0.5))
        part = around(problem, x, radius)
        assert part.inside(x[None, :])[0]
        assert (part.lower_array >= problem.lower_array).all()
        assert (part.upper_array <= problem.upper_array).all()
        widths = (part.upper_array - part.lower_array) / (problem.upper_array - problem.lower_array)
        assert widths == pytest.approx(2 * radius)
    assert part.evaluate(x[None, :]).f[0] == problem.evaluate(x[None, :]).f[0]


def test_turns_share_one_budget_and_the_last_one_begins_at_the_best_point(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, 203)
    seen: list[tuple[int, float | None]] = []
    turns = [
        Turn(answer_of(problem, "de"), 0.3),
        Turn(answer_of(problem, "cma_es"), 0.2),
        Turn(answer_of(problem, "cobyla"), 0.5, 0.1),
    ]
    shared = take_turns(turns, InProcessRunner(), 3, 60.0, lambda evals, best: seen.append((evals, best)))
    evals = [solution.evals for solution in shared.solutions]
    assert [solution.max_evals for solution in shared.solutions] == [61, 41, 101]
    assert sum(evals) == shared.best.evals <= 203 == shared.best.max_evals
    values = [solution.f for solution in shared.solutions]
    assert shared.best.f == min(value for value in values if value is not None)
    assert shared.solutions[shared.winner].f == shared.best.f == shared.best.trace[-1][1]
    counts, improved = zip(*shared.best.trace, strict=True)
    assert list(counts) == sorted(set(counts)) and list(improved) == sorted(set(improved), reverse=True)
    # COBYLA's first point is the centre of its box.
    before = min(value for value in values[:2] if value is not None)
    first = next(f for count, f in shared.solutions[2].trace if count == 1)
    assert first == pytest.approx(before, abs=1e-9) and shared.winner == 2
    whole = [value for value in values[:2] if value is not None]
    assert shared.turn_to_save(turns) == int(np.argmin(whole))
    rows = shared.as_json(turns)
    assert [row["optimizer"] for row in rows] == ["de", "cma_es", "cobyla"]
    assert [row["best"] for row in rows] == [False, False, True] and rows[2]["radius"] == 0.1
    assert [evals for evals, _ in seen] == sorted(evals for evals, _ in seen)


def test_what_a_turn_leaves_goes_to_the_last(tmp_path: Path) -> None:
    """COBYLA asks for one point at a time and may end early; nothing is lost."""
    problem = problem_of(tmp_path, 400)
    turns = [Turn(answer_of(problem, "slsqp"), 0.5), Turn(answer_of(problem, "de"), 0.1)]
    shared = take_turns(turns, InProcessRunner(), 0, 60.0)
    assert shared.solutions[1].max_evals == 400 - shared.solutions[0].evals


def test_the_models_own_choice_is_first_and_small_budgets_are_not_shared(tmp_path: Path) -> None:
    problem = problem_of(tmp_path)
    own = answer_of(problem)
    turns = robust_turns(own, [RiskFactor("it jumps"), RiskFactor("it rounds")])
    assert turns[0].answer is own and [turn.share for turn in turns] == [0.35, 0.4, 0.25]
    assert [turn.radius for turn in turns] == [None, None, 0.1]
    assert all(turn.answer.known and turn.answer.optimizer == "cma_es" for turn in turns[1:])
    assert affords_turns(problem) and not affords_turns(problem.with_budget(40))


def test_a_program_of_the_pool_has_the_configuration_of_the_problems_facts(tmp_path: Path) -> None:
    from llamoco.dataset_builder.optimizers.configuration import configuration_for

    problem = problem_of(tmp_path)
    made = pool_answer(answer_of(problem), "de", "a reason")
    assert made.config == configuration_for("de", 3, 300, constrained=False)
    assert made.completion.startswith("# a reason; optimizer: de\n") and made.confidence is None
