"""What a run store refuses: whatever would mix runs of different meaning. Nothing is changed then."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from llamoco.dataset_builder.benchmark import plan, race, store
from llamoco.dataset_builder.benchmark.store import FILE_NAME, RunStore, StoreError, code_fingerprint, probe
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.problems.problem import Evaluation, Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    filled = RunStore(tmp_path, seed=0)
    filled.add_problems(draw_problem(0, number, bool(number % 2)) for number in range(4))
    filled.close()
    return tmp_path


def refused(folder: Path, message: str) -> None:
    before = (folder / FILE_NAME).read_bytes()
    with pytest.raises(StoreError, match=message):
        RunStore(folder, seed=0)
    assert (folder / FILE_NAME).read_bytes() == before


def test_other_configurations_another_race_and_other_texts_are_refused(folder: Path, monkeypatch):
    RunStore(folder, seed=0).close()
    configured = {"de": {"unconstrained": {"config": {"POP_SIZE": 10, "F": 0.5, "CR": 0.9}}}}
    with monkeypatch.context() as patch:
        patch.setattr(store, "configurations", lambda: configured)
        refused(folder, "configurations")
    with monkeypatch.context() as patch:
        patch.setattr(plan, "PLANS", plan.PLANS[1:])
        refused(folder, "race")
    with monkeypatch.context() as patch:
        patch.setattr(pool, "source", lambda name: f"# {name}")
        refused(folder, "optimizer pool")
    with monkeypatch.context() as patch:
        patch.setattr(race, "TIE", 0.5)  # decides labels, not runs
        RunStore(folder, seed=0).close()


def test_foreign_files_are_refused_and_untouched(folder: Path):
    before = (folder / FILE_NAME).read_bytes()
    with pytest.raises(StoreError, match="another seed"):
        RunStore(folder, seed=1)
    assert (folder / FILE_NAME).read_bytes() == before
    (folder / FILE_NAME).write_bytes(b"notes of mine " * 100)
    refused(folder, "not a run store")


def test_fingerprint_is_the_same_in_another_process():
    code = "from llamoco.dataset_builder.benchmark.store import code_fingerprint; print(code_fingerprint())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == code_fingerprint()


@pytest.mark.parametrize("part", [0, 1])
def test_a_changed_evaluator_is_refused(folder: Path, monkeypatch, part: int):
    """The problem's text is as before, but the code finds other values."""
    evaluate = Problem.evaluate

    def changed(self: Problem, points) -> Evaluation:
        parts = list(evaluate(self, points))
        parts[part] = parts[part] * 1.001 + 1e-3
        return Evaluation(*parts)

    opened = RunStore(folder, seed=0)
    problem = next(p for p in opened.problems() if p.n_inequality)
    opened.add_problems([problem])
    monkeypatch.setattr(Problem, "evaluate", changed)
    with pytest.raises(StoreError, match="evaluated otherwise"):
        opened.add_problems([draw_problem(0, 9, False), problem])
    assert len(opened.problems()) == 4
    opened.close()


def test_rounding_of_another_machine_is_no_change(folder: Path, monkeypatch):
    evaluate = Problem.evaluate
    monkeypatch.setattr(
        Problem, "evaluate", lambda self, x: Evaluation(*(v * (1 + 1e-12) for v in evaluate(self, x)))
    )
    opened = RunStore(folder, seed=0)
    opened.add_problems(opened.problems())
    opened.close()


def test_probe_sees_every_objective_and_constraint(folder: Path):
    for problem in (draw_problem(0, number, True) for number in range(6)):
        assert len(probe(problem)) == 1 + problem.n_inequality + problem.n_equality


def test_problems_come_back_in_order_and_a_store_grows(folder: Path):
    opened = RunStore(folder, seed=0)
    drawn = [draw_problem(0, number, bool(number % 2)) for number in range(6)]
    assert opened.problems() == drawn[:4]
    opened.add_problems(drawn)
    assert opened.problems() == drawn
    other = dataclasses.replace(drawn[0], max_evals=7)
    with pytest.raises(StoreError, match="drawn otherwise"):
        opened.add_problems([draw_problem(0, 9, False), other])
    assert opened.problems() == drawn
    opened.close()
