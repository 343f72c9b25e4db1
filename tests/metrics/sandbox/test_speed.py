"""What a program costs in the sandbox: the measured record keeps the floors, and what makes forks cheap is in place.

Times are measured by ``examples/benchmarks/sandbox.py`` on a quiet machine, not here.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.metrics.sandbox import Sandbox

RECORD = json.loads(
    (Path(__file__).parents[3] / "hub_cards/records/sandbox.json").read_text(encoding="utf-8")
)
CALLS = {name: figures for name, figures in RECORD.items() if name.startswith("D = ")}
SET = RECORD["labelled answers of the test split"]


def test_the_record_keeps_the_floors_of_a_program() -> None:
    assert RECORD["start"]["program, ms"] <= 10 and RECORD["start"]["cold start, ms"] >= 700


@pytest.mark.parametrize("problem", CALLS)
def test_the_record_keeps_the_floors_of_a_call(problem: str) -> None:
    assert CALLS[problem]["call, sandbox"] <= 25
    assert CALLS[problem]["point of a batch of 100, sandbox"] <= 1


def test_the_record_is_of_the_whole_split_and_keeps_its_bound() -> None:
    assert (SET["predictions"], SET["runs asked for"], SET["verdicts ok"]) == (2570, 12850, 12850)
    assert SET["runs with the evaluations of a run in process"] == SET["runs made (equal predictions share)"]
    assert SET["cores busy, share of the workers'"] >= 0.9
    assert SET["cost / bound"] <= 1


def test_collections_of_garbage_leave_the_libraries_alone() -> None:
    program = (
        "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n"
        "    import gc\n    objective(lower)\n    print(len(gc.get_objects()))\n    return lower\n"
    )
    with Sandbox(allow_unsafe=True) as sandbox:
        assert int(sandbox.run(program, draw_problem(11, 0, constrained=False), seed=1).output) < 5000
