"""An evaluation of the shipped model on a few rows: the record from its own files, steps apart, resume, refusals."""

import json
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.optimizers import pool
from llamoco.modeling.evaluation.evaluation_folder import EvaluationError
from llamoco.modeling.evaluation.results import read_results
from llamoco.modeling.evaluation.scoring import score_evaluation
from llamoco.modeling.evaluation.split_rows import evaluation_rows
from llamoco.modeling.evaluation.steps import evaluate_model
from llamoco.modeling.providers import open_provider
from llamoco.modeling.providers.provider import AnswerProvider

ROWS, RUNS = 4, 2
OF_WHEN = ("seconds", "steps", "date", "command")  # of a record: says when and how it was made


@pytest.fixture(scope="module")
def source() -> AnswerProvider:
    return open_provider()


@pytest.fixture(scope="module")
def evaluated(
    source: AnswerProvider, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("evaluation") / "out"
    record = evaluate_model(out, source, runs=RUNS, limit=ROWS, command="llamoco evaluate --limit 4")
    assert record is not None
    return out, record


def scores(record: dict[str, Any] | None) -> dict[str, Any]:
    assert record is not None
    return {name: value for name, value in record.items() if name not in OF_WHEN}


def runs_of(out: Path, name: str) -> list[dict[str, Any]]:
    lines = (out / f"runs-{name}.jsonl").read_text().splitlines()
    return [run for line in lines for run in json.loads(line)["runs"]]


def test_the_first_rows_are_different_test_problems_and_a_limit_takes_the_first() -> None:
    rows = evaluation_rows("test", 60)
    ids = [row["problem_id"] for row in rows]
    assert len(set(ids)) == 60 and evaluation_rows("test", 7) == rows[:7]
    splits = {label.problem.id: label.split for label in read_labels(SHIPPED_LABELS).labels}
    assert {splits[name] for name in ids} == {"test"}
    assert {row["constrained"] for row in rows[:10]} == {False, True}


def test_the_tables_follow_from_the_runs(evaluated: tuple[Path, dict[str, Any]]) -> None:
    out, record = evaluated
    assert scores(json.loads((out / "scores.json").read_text())) == scores(record)
    table, means = record["tables"]["all"], {}
    for name in ("model", "sbs", "vbs"):
        runs = runs_of(out, name)
        assert len(runs) == ROWS * RUNS  # four problems, so no pair is shared
        means[name] = sum(run["aocc"] for run in runs) / len(runs)
        if name != "model":  # repairs count in the model's
            assert table[name]["aocc"] == pytest.approx(means[name])
            assert table[name]["perf"] == pytest.approx(sum(run["w"] for run in runs) / len(runs))
    assert table["sbs"]["err"] == table["vbs"]["err"] == 0 and table["vbs"]["r_acc"] == 1
    if means["vbs"] > means["sbs"]:
        gap = (table["model"]["aocc"] - means["sbs"]) / (means["vbs"] - means["sbs"])
        assert table["model"]["gap_closed_aocc"] == pytest.approx(gap)
    assert record["rows"] == record["problems"] == ROWS and record["split_rows"] == 2570
    for classes in record["groups"].values():
        assert sum(table["rows"] for table in classes.values()) == ROWS
    assert {"generate", "run"} <= record["seconds"].keys() and record["command"].startswith(
        "llamoco evaluate"
    )


def test_the_fallback_is_the_single_best_solver_where_solve_would_let_it(
    evaluated: tuple[Path, dict[str, Any]],
) -> None:
    out, record = evaluated
    results = read_results(out)
    expected = []
    for own, single in zip(results.runs["model"], results.runs["sbs"], strict=True):
        for run, other in zip(own, single, strict=True):
            first = run.attempt.record
            unsuited = not run.suitable and pool.identify(run.attempt.program.partition("\n")[2])
            alone = replace(run, repair=None)
            expected.append(other.aocc if unsuited or (first.failed and not first.evals) else alone.aocc)
    assert record["with_fallback"]["calibration"]["threshold"] == 0  # or it would count, too
    table = record["tables"]["all"]["with_fallback"]
    assert table["aocc"] == pytest.approx(sum(expected) / len(expected))
    assert record["with_fallback"]["comparisons"]["all"]["sbs"]["aocc"] == table["above_sbs"]


def test_aocc_is_the_area_above_the_convergence_curve(evaluated: tuple[Path, dict[str, Any]]) -> None:
    _, record = evaluated
    curves = record["convergence"]
    for name in ("model", "sbs", "vbs"):
        assert curves[name][0] == 1 and curves[name] == sorted(curves[name], reverse=True)
        area = sum(-math.log10(gap) / 3 for gap in curves[name][:-1]) / (len(curves[name]) - 1)
        assert record["tables"]["all"][name]["aocc"] == pytest.approx(
            area, abs=0.02
        )  # steps of 2% of the budget


def test_sbs_is_the_single_best_solver_of_the_label_table(evaluated: tuple[Path, dict[str, Any]]) -> None:
    _, record = evaluated
    best = read_labels(SHIPPED_LABELS).sbs
    assert record["single_best_solvers"] == {group: best[group]["aocc"] for group in best}
    assert set(record["single_best_solvers"].values()) <= pool.POOL.keys()


def test_the_record_follows_from_the_files_alone(evaluated: tuple[Path, dict[str, Any]]) -> None:
    out, record = evaluated
    again = score_evaluation(read_results(out))
    assert json.loads(json.dumps(again, allow_nan=False)) == record


def test_steps_one_at_a_time_give_what_all_at_once_give(
    source: AnswerProvider, evaluated: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    out = tmp_path / "steps"
    with pytest.raises(EvaluationError, match="--step generate"):
        evaluate_model(out, steps=("run",))
    assert not out.exists()
    evaluate_model(out, source, runs=RUNS, limit=ROWS, steps=("generate",))
    assert [path.name for path in sorted(out.iterdir())] == [
        "generations.jsonl",
        "settings.json",
        "steps.jsonl",
    ]
    for steps in (("score",), ("repair",)):
        with pytest.raises(EvaluationError, match="--step run first"):
            evaluate_model(out, source, steps=steps)
    elsewhere = shutil.copytree(out, tmp_path / "elsewhere")  # as on another machine, without the model
    evaluate_model(elsewhere, steps=("run",), workers=1)
    evaluate_model(elsewhere, source, steps=("repair",))
    evaluate_model(elsewhere, steps=("run",), workers=1)
    with pytest.raises(EvaluationError, match="the step robustness needs a model"):
        evaluate_model(elsewhere, steps=("robustness",))
    evaluate_model(elsewhere, source, steps=("robustness",))
    record = evaluate_model(elsewhere, steps=("score",))
    assert scores(record) == scores(evaluated[1])
    assert evaluate_model(elsewhere, limit=2, steps=("score",))["rows"] == 2  # type: ignore[index]
    with pytest.raises(
        EvaluationError, match=f"has answers to {ROWS} rows: for 9, run --step generate --limit 9"
    ):
        evaluate_model(elsewhere, limit=9, steps=("score",))


def test_a_cut_file_goes_on_and_ends_the_same(
    source: AnswerProvider, evaluated: tuple[Path, dict[str, Any]], tmp_path: Path
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
    assert scores(evaluate_model(out, source, runs=RUNS, limit=ROWS, workers=1)) == scores(record)


def test_a_larger_limit_goes_on_with_what_is_there(
    source: AnswerProvider, evaluated: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    out = tmp_path / "more"
    shutil.copytree(evaluated[0], out)
    before = (out / "generations.jsonl").read_bytes()
    record = evaluate_model(out, source, runs=RUNS, limit=ROWS + 1, workers=1)
    assert record is not None and record["rows"] == ROWS + 1
    assert (out / "generations.jsonl").read_bytes().startswith(before)
    again = evaluate_model(out, limit=ROWS, steps=("score",))
    assert again is not None and again["tables"] == evaluated[1]["tables"]


def test_another_evaluations_folder_is_refused(
    source: AnswerProvider, evaluated: tuple[Path, dict[str, Any]]
) -> None:
    out, _ = evaluated
    before = (out / "settings.json").read_bytes()
    with pytest.raises(EvaluationError, match="another runs"):
        evaluate_model(out, source, runs=RUNS + 1, limit=ROWS)
    with pytest.raises(EvaluationError, match="another split"):
        evaluate_model(out, split="train", steps=("score",))
    assert (out / "settings.json").read_bytes() == before


def test_a_folder_at_which_another_process_works_is_refused(
    source: AnswerProvider, evaluated: tuple[Path, dict[str, Any]]
) -> None:
    holder = (
        "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX); "
        "print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(evaluated[0])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        with pytest.raises(EvaluationError, match="another llamoco evaluate is at work"):
            evaluate_model(evaluated[0], source, runs=RUNS, limit=ROWS)
        process.communicate()
    evaluate_model(evaluated[0], runs=RUNS, limit=ROWS, steps=("score",))


@pytest.mark.parametrize(
    ("name", "spoilt"),
    [
        ("generations.jsonl", b'{"row": 1}'),
        ("runs-sbs.jsonl", b"\x00\x00\xff"),
        ("runs-vbs.jsonl", b'{"problem_id": "a", "program": "b", "runs": [{}]}'),
        ("repairs.jsonl", b"[]"),
        ("steps.jsonl", b"7"),
    ],
)
def test_a_garbled_line_is_named(
    name: str, spoilt: bytes, evaluated: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    out = shutil.copytree(evaluated[0], tmp_path / "garbled")
    lines = (out / name).read_bytes().splitlines() if (out / name).exists() else []
    (out / name).write_bytes(b"\n".join([*lines[:1], spoilt, *lines[1:]]) + b"\n")
    expected = f"{name}, line {len(lines[:1]) + 1}: expected a record"
    with pytest.raises(EvaluationError, match=expected):
        evaluate_model(out, steps=("score",))


def test_a_folder_of_something_else_is_left_alone(source: AnswerProvider, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(EvaluationError, match="not empty and holds no evaluation"):
        evaluate_model(tmp_path, source, limit=1)
    for folder in (tmp_path / "mine.txt", tmp_path / "mine.txt" / "out"):
        with pytest.raises(EvaluationError, match="give another --out"):
            evaluate_model(folder, source, limit=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
