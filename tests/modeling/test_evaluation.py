"""`llamoco evaluate` with the shipped model on a few rows: the table from its own records, resume, refusals."""

import json
from pathlib import Path
from typing import Any

import pytest

from llamoco.dataset_builder.benchmark.labels import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.optimizers import pool
from llamoco.modeling.evaluation import EvaluationError, evaluate_model, evaluation_rows
from llamoco.modeling.generation import Generator, load_generator

ROWS, RUNS = 4, 2


@pytest.fixture(scope="module")
def generator() -> Generator:
    return load_generator()


@pytest.fixture(scope="module")
def evaluated(generator: Generator, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("evaluation") / "out"
    return out, evaluate_model(generator, out, runs=RUNS, limit=ROWS)


def _runs(out: Path, name: str) -> list[dict[str, Any]]:
    return [
        run
        for line in (out / f"runs-{name}.jsonl").read_text().splitlines()
        for run in json.loads(line)["runs"]
    ]


def test_the_first_rows_are_different_test_problems() -> None:
    test = {label.problem.id for label in read_labels(SHIPPED_LABELS).labels if label.split == "test"}
    ids = [row["problem_id"] for row in evaluation_rows("test", None)]
    assert set(ids) == test and len(set(ids[: len(test)])) == len(test)
    assert len(test) >= 50, "the 50-problem table needs as many test problems"


def test_the_table_follows_from_the_records(evaluated: tuple[Path, dict[str, Any]]) -> None:
    out, record = evaluated
    table = record["tables"]["all"]
    means = {}
    for name in ("model", "sbs", "vbs"):
        runs = _runs(out, name)
        assert len(runs) == ROWS * RUNS
        means[name] = sum(run["a3"] for run in runs) / len(runs)
        assert table[name]["a3"] == pytest.approx(means[name])
        assert table[name]["perf"] == pytest.approx(sum(run["w"] for run in runs) / len(runs))
    assert table["sbs"]["err"] == table["vbs"]["err"] == 0 and table["vbs"]["r_acc"] == 1
    if means["vbs"] > means["sbs"]:
        gap = (means["model"] - means["sbs"]) / (means["vbs"] - means["sbs"])
        assert table["model"]["gap_closed_a3"] == pytest.approx(gap)


def test_sbs_runs_the_single_best_solver_of_the_label_table(evaluated: tuple[Path, dict[str, Any]]) -> None:
    _, record = evaluated
    assert record["single_best_solvers"]
    for group, name in record["single_best_solvers"].items():
        assert name == read_labels(SHIPPED_LABELS).sbs[group]["a3"]
        assert name in pool.POOL


def test_a_killed_evaluation_goes_on_and_ends_the_same(
    generator: Generator, evaluated: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    finished, record = evaluated
    out = tmp_path / "cut"
    out.mkdir()
    for path in finished.iterdir():
        content = path.read_bytes()
        # As kill -9 leaves it: half a line at the end of one file, the next files not begun.
        if path.name == "runs-model.jsonl":
            content = content[: len(content) * 2 // 3]
        if path.name not in ("scores.json", "runs-sbs.jsonl"):
            (out / path.name).write_bytes(content)
    again = evaluate_model(generator, out, runs=RUNS, limit=ROWS)
    assert again["tables"] == record["tables"]


def test_another_evaluations_folder_is_refused(
    generator: Generator, evaluated: tuple[Path, dict[str, Any]]
) -> None:
    out, _ = evaluated
    before = (out / "settings.json").read_bytes()
    with pytest.raises(EvaluationError, match="another runs"):
        evaluate_model(generator, out, runs=RUNS + 1, limit=ROWS)
    assert (out / "settings.json").read_bytes() == before
