"""Screening: one run of each member on more problems, its table, and the data set's configuration of it."""

import json
from pathlib import Path

import pytest

from llamoco.dataset_builder.benchmark.executors import process_executor
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS
from llamoco.dataset_builder.benchmark.labels import LabelsError
from llamoco.dataset_builder.benchmark.screening import (
    FIRST_NUMBER,
    ScreenedProblem,
    draw_screened,
    read_decisions,
    run_screening,
    write_decisions,
)
from llamoco.dataset_builder.benchmark.store import RunStore
from llamoco.dataset_builder.benchmark.trace import unpack_trace
from llamoco.dataset_builder.optimizers.pool import pool_for
from llamoco.dataset_builder.problems.scores import aocc
from llamoco.dataset_builder.prompts.facts import fact_lines
from llamoco.dataset_builder.prompts.instruction_set import decision_rows

BUDGET = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("screening")


@pytest.fixture(scope="module")
def found(folder: Path) -> tuple[ScreenedProblem, ...]:
    with process_executor(1) as executor:
        return run_screening(folder, draw_screened(4, 3, BUDGET), 3, executor, 1)


def test_problems_are_of_both_groups_small_and_none_of_the_labels():
    drawn = draw_screened(5, 3, BUDGET)
    assert [problem.constrained for problem in drawn] == [False] * 3 + [True] * 2
    assert all(problem.max_evals <= BUDGET for problem in drawn)
    assert all(int(problem.id.rpartition("-")[2]) >= FIRST_NUMBER for problem in drawn)
    assert [p.id for p in draw_screened(4, 3, BUDGET)] == [drawn[0].id, drawn[1].id, drawn[3].id, drawn[4].id]


def test_scores_are_those_of_every_member(folder: Path, found: tuple[ScreenedProblem, ...]):
    assert found
    store = RunStore(folder, 3)
    for one in found:
        serving = {
            member.name
            for member in pool_for(one.problem.constrained)
            if member.affords(one.problem.dim, one.problem.max_evals)
        }
        assert set(one.scores) == serving and list(one.scores.values()) == sorted(
            one.scores.values(), reverse=True
        )
        for run in store.runs(one.problem.id):
            assert one.problem.f0 is not None and one.problem.f_star is not None
            expected = (
                0
                if run.failed
                else aocc(unpack_trace(run.trace), run.max_evals, one.problem.f0, one.problem.f_star)
            )
            assert one.scores[run.optimizer] == pytest.approx(expected, abs=1e-6)
    store.close()


def test_nothing_is_run_twice(folder: Path, found: tuple[ScreenedProblem, ...]):
    store = RunStore(folder, 3)
    before = store.count_runs()
    store.close()

    class Idle:
        def submit(self, *call: object) -> None:
            raise AssertionError("nothing is left to run")

    assert run_screening(folder, draw_screened(4, 3, BUDGET), 3, Idle(), 1) == found  # type: ignore[arg-type]
    store = RunStore(folder, 3)
    assert store.count_runs() == before
    store.close()


def test_the_table_reads_back_and_its_rows_are_facts_with_a_decision(
    tmp_path: Path, found: tuple[ScreenedProblem, ...]
):
    path = tmp_path / "decisions.parquet"
    write_decisions(path, found, {"seed": 3})
    assert (
        tuple(read_decisions(path)) == found
        and json.loads(path.with_suffix(".json").read_text())["seed"] == 3
    )
    for row, one in zip(decision_rows(path), found, strict=True):
        assert row["prompt"] == fact_lines(one.problem) and json.loads(row["scores"]) == one.scores
        assert row["completion"].endswith(f"optimizer: {next(iter(one.scores))}\n")
        assert one.scores[row["optimizer"]] == max(one.scores.values())


def test_foreign_tables_are_refused(tmp_path: Path):
    with pytest.raises(LabelsError, match="study screening"):
        list(read_decisions(tmp_path / "none.parquet"))
    with pytest.raises(LabelsError, match="of format none"):
        list(read_decisions(SHIPPED_LABELS))
