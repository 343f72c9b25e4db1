"""What solve would have answered, by hand: who is replaced, why, and by which runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.scores import Attempt, Run
from llamoco.modeling.calibration.thresholds import Calibration
from llamoco.modeling.evaluation.fallback import calibration_error, with_fallback
from llamoco.modeling.evaluation.split_rows import evaluation_rows
from llamoco.modeling.generation.model_answer import Generation

PROBLEM = replace(
    next(Problem.from_json(row["problem"]) for row in evaluation_rows("test", 12) if row["constrained"]),
    start_evaluated=True,
)
HALVED = Calibration((0.0, 1.0), (0.0, 0.5), 0.2, {})  # believes half of what the model does


def run(verdict: Any = "ok", evals: int = 9, repair: Attempt | None = None) -> Run:
    record = Record(verdict=verdict, reason="", tier="", seed=0, source_hash="", evals=evals)
    return Run(PROBLEM, Attempt("", record, None), repair)


def answer(confidence: float | None, completion: str = "def optimize(): ...\n") -> Generation:
    return Generation(completion, confidence, 10, True)


def unsuited() -> str:
    name = next(name for name, entry in pool.POOL.items() if not entry.handles(True))
    return f"# seen; optimizer: {name}\n{pool.render(name)}"


def test_rules_one_by_one() -> None:
    own = [run(), run()]
    single = [run(evals=1), run(evals=2)]
    broken = [run("runtime_error", 0), run("runtime_error", 5)]
    repaired = [run("runtime_error", 5, repair=run().attempt), run()]
    answers = [
        answer(0.5),
        answer(0.3),
        answer(None),
        answer(0.9, unsuited()),
        answer(0.9),
        answer(0.9),
    ]
    found = with_fallback(answers, [own, own, own, own, broken, repaired], [single] * 6, HALVED)
    assert found.replaced == [None, "unsure", None, "unsuited", "never began", None]
    assert found.reasons == {"unsure": 1, "unsuited": 1, "never began": 1}
    assert found.runs[0] == own and found.runs[2] == own
    assert found.runs[1] == found.runs[3] == single
    assert found.runs[4] == [single[0], broken[1]]  # the second spent budget before it failed
    assert [each.repair for each in found.runs[5]] == [None, None]
    assert found.runs[5][0].attempt is repaired[0].attempt
    without = with_fallback(answers, [own] * 6, [single] * 6, None)
    assert without.replaced == [None, None, None, "unsuited", None, None]


@pytest.mark.parametrize(
    ("problem", "before"),
    [
        (replace(PROBLEM, max_evals=400, probes_first=True), 20),  # 5%
        (PROBLEM.with_start(PROBLEM.lower_array), 1),
    ],
    ids=["probes", "starting point"],
)
def test_what_comes_before_a_program_is_not_its_beginning(problem: Problem, before: int) -> None:
    """As in ``llamoco solve``: a program that fails right after the probes or the start has not begun."""
    own = [replace(run("runtime_error", before + more), problem=problem) for more in (0, 1)]
    found = with_fallback([answer(None)], [own], [[run(), run()]], None)
    assert found.replaced == ["never began"] and found.runs[0] == [run(), own[1]]


def test_calibration_error_by_hand() -> None:
    answers = [answer(0.4), answer(0.44), answer(1.0), answer(None)]
    # Believed 0.2, 0.22 (one bin, half of it right) and 0.5 (right).
    error = (2 * abs(0.21 - 0.5) + abs(0.5 - 1)) / 3
    assert calibration_error(answers, [True, False, True, False], HALVED) == pytest.approx(error)
    assert calibration_error(answers[3:], [True], HALVED) is None
