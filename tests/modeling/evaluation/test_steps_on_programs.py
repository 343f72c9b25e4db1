"""Evaluations of known programs: the labelled answers from a file, broken programs with repairs, two models compared."""

import json
import math
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llamoco.dataset_builder.benchmark.benchmark import run_benchmark
from llamoco.dataset_builder.benchmark.label_table import write_labels
from llamoco.dataset_builder.hub_folder import build_folder
from llamoco.dataset_builder.instruction_data import DataError
from llamoco.dataset_builder.problems.jsonl import append_jsonl, to_jsonable
from llamoco.dataset_builder.problems.portable_rng import run_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.run_records import row
from llamoco.metrics.runner import Prediction, Runner
from llamoco.modeling.evaluation.comparison import compare_evaluations
from llamoco.modeling.evaluation.evaluation_folder import (
    EvaluationError,
    key_of,
    lock_folder,
    read_lines,
)
from llamoco.modeling.evaluation.results import read_results, read_runs
from llamoco.modeling.evaluation.split_rows import evaluation_rows
from llamoco.modeling.evaluation.steps import evaluate_model
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.providers import open_provider
from llamoco.modeling.providers.provider import Failure, OnAnswer

RUNS = 2
OF_TIME = ("seconds", "wall", "cpu", "max_rss", "prediction", "repair")

SEARCH = """\
import numpy as np

def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):
    rng = np.random.default_rng(seed)
    points = rng.uniform(lower, upper, (max_evals, len(lower)))
    values = objective(points)
    return points[int(np.argmin(values))]
"""  # 7 lines
NAME_ERROR = SEARCH.replace("rng = np.random", "rng = numpy.random")
SYNTAX_ERROR = SEARCH.replace("equality=None):", "equality=None)")
STILL_BROKEN = SYNTAX_ERROR.replace("import numpy as np", "import numpy").replace("points[int", "points[[int")


class Programs:
    """A source of given programs and repairs, in the order of the rows."""

    name = "programs"
    can_repair = True

    def __init__(self, programs: Sequence[str], repairs: Sequence[str | None]) -> None:
        self._programs, self._repairs = programs, repairs
        self.seen: list[Failure] = []

    def settings(self) -> dict[str, Any]:
        return {"programs": len(self._programs)}

    def answer_all(self, prompts: Sequence[str], on_answer: OnAnswer) -> None:
        for position, program in enumerate(self._programs[: len(prompts)]):
            on_answer(position, Generation(program, None, 100, True))

    def repair_all(self, failures: Sequence[Failure], on_answer: OnAnswer) -> None:
        self.seen = list(failures)
        for position, failure in enumerate(failures):
            repair = self._repairs[self._programs.index(failure.program)]
            if repair is not None:
                on_answer(position, Generation(repair, None, 10, True))


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The labelled answers to all descriptions of two problems, as a file of programs."""
    rows = evaluation_rows("test")
    problems = [row["problem_id"] for row in rows[:2]]
    file = tmp_path_factory.mktemp("programs") / "labelled.jsonl"
    with file.open("w") as lines:
        for entry in rows:
            if entry["problem_id"] in problems:
                lines.write(json.dumps({"row": entry["row"], "program": entry["completion"]}) + "\n")
    return file


@pytest.fixture(scope="module")
def labelled_folder(labelled: Path) -> Path:
    out = labelled.parent / "labelled"
    evaluate_model(out, open_provider(str(labelled)), runs=RUNS, workers=1)
    return out


def untimed(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in OF_TIME}


def test_the_labelled_answers_close_the_gap(labelled: Path, labelled_folder: Path) -> None:
    record = json.loads((labelled_folder / "scores.json").read_text())
    lines = len(labelled.read_text().splitlines())
    assert (record["rows"], record["split_rows"], record["problems"]) == (lines, 2570, 2) and lines >= 8
    table = record["tables"]["all"]
    for score in ("aocc", "perf"):
        assert table["model"][score] == table["vbs"][score]
        if table["vbs"][score] > table["sbs"][score]:
            assert table["model"][f"gap_closed_{score}"] == 1
            low, high = table["model"]["intervals"][f"gap_closed_{score}"] or (1, 1)
            assert low <= 1 <= high
        assert record["comparisons"]["all"]["vbs"][score]["difference"] == 0
    assert table["model"]["label_hits"] == 1 and record["repairs"] == {"failing_rows": 0, "repaired": 0}


def test_a_pair_of_program_and_problem_is_run_once_and_as_it_runs_alone(labelled_folder: Path) -> None:
    kept = {
        name: (labelled_folder / f"runs-{name}.jsonl").read_bytes().splitlines()
        for name in ("model", "sbs", "vbs")
    }
    assert {name: len(lines) for name, lines in kept.items()} == {"model": 2, "sbs": 2, "vbs": 2}
    assert sorted(kept["model"]) == sorted(kept["vbs"])
    one = read_results(labelled_folder).rows[0]
    with Runner(RUNS, seed=0, workers=1) as runner:
        [(_, runs)] = runner.run_all([Prediction(one["completion"], Problem.from_json(one["problem"]))])
    recorded = read_runs(labelled_folder, "model")[key_of(one["problem_id"], one["completion"])]
    alone = [json.loads(json.dumps(to_jsonable(row(0, number, run)))) for number, run in enumerate(runs)]
    assert [untimed(record) for record in recorded] == [untimed(record) for record in alone]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Programs, dict[str, Any]]:
    out = tmp_path_factory.mktemp("broken") / "out"
    programs = [NAME_ERROR, SYNTAX_ERROR, SEARCH, "x = 1\n"]
    source = Programs(programs, [SEARCH, STILL_BROKEN, None, None])
    record = evaluate_model(out, source, runs=RUNS, limit=4, workers=1)
    assert record is not None
    return out, source, record


def test_broken_programs_and_their_repairs_are_scored_as_by_hand(
    broken: tuple[Path, Programs, dict[str, Any]],
) -> None:
    out, source, record = broken
    model = record["tables"]["all"]["model"]
    assert model["err"] == 3 / 4
    # One of 7 lines was changed, and 2 of 7; the fourth program was not repaired.
    assert model["rec"] == pytest.approx((1 / 7 + 2 / 7) / 2)
    assert model["paper"]["rec"] == pytest.approx((1 / 7 + 2 / 7 + 1) / 3)
    assert record["repairs"] == {"failing_rows": 3, "repaired": 2}
    assert model["comp"] == (110 + 110 + 100 + 100) / 4
    first, second = source.seen[:2]
    assert first.program == NAME_ERROR and "NameError" in first.error and "numpy" in first.error
    assert "line 4" in first.error and "syntax" in second.error
    results = read_results(out)
    assert [run.w for run in results.runs["model"][1]] == [0, 0]
    with Runner(RUNS, seed=0, workers=1) as runner:
        [(_, alone)] = runner.run_all([Prediction(SEARCH, results.runs["model"][0][0].problem)])
    assert [run.w for run in results.runs["model"][0]] == [run.w for run in alone]  # the repair counts


def test_failures_are_grouped_by_cause(broken: tuple[Path, Programs, dict[str, Any]]) -> None:
    _, _, record = broken
    causes = record["failures"]["model"]
    assert sum(cause["count"] for cause in causes) == 3 * RUNS
    assert {cause["verdict"] for cause in causes} == {"runtime_error", "syntax_error"}
    named = next(cause for cause in causes if "NameError" in cause["cause"])
    assert (named["programs"], named["repaired"], named["mended"]) == (1, 1, 1)
    assert sum(cause["mended"] for cause in causes) == 1 and sum(cause["repaired"] for cause in causes) == 2
    assert record["failures"]["sbs"] == record["failures"]["vbs"] == []


def test_what_a_failing_source_answered_is_kept(tmp_path: Path) -> None:
    class Dying(Programs):
        def answer_all(self, prompts: Sequence[str], on_answer: OnAnswer) -> None:
            on_answer(1, Generation(SEARCH, None, 100, True))
            raise ModelError("the server is gone")

    out = tmp_path / "out"
    with pytest.raises(ModelError, match="the server is gone"):
        evaluate_model(out, Dying([], []), runs=1, limit=2, steps=("generate",))
    with pytest.raises(EvaluationError, match="has 1 of 2 answers: run --step generate first"):
        evaluate_model(out, steps=("run",))
    source = Programs([SEARCH], [])
    source.settings = lambda: {"programs": 0}  # type: ignore[method-assign]
    evaluate_model(out, source, runs=1, limit=2, steps=("generate",))
    assert len((out / "generations.jsonl").read_text().splitlines()) == 2


def test_a_file_of_programs_can_be_mended_before_it_was_taken(tmp_path: Path) -> None:
    file, out = tmp_path / "mine.jsonl", tmp_path / "out"
    answer = json.dumps({"row": 0, "program": SEARCH}) + "\n"
    file.write_text(answer * 2)
    with pytest.raises(ModelError, match=r"mine\.jsonl, line 2: row is answered in line 1"):
        evaluate_model(out, open_provider(str(file)), runs=1, steps=("generate",))
    with pytest.raises(EvaluationError, match="has no answers: run --step generate first"):
        evaluate_model(out, steps=("score",))
    file.write_text(answer)
    evaluate_model(out, open_provider(str(file)), runs=1, steps=("generate",))
    file.write_text(answer.replace("argmin", "argmax"))
    with pytest.raises(EvaluationError, match=r"another source.sha256"):
        evaluate_model(out, open_provider(str(file)), runs=1, steps=("generate",))


def test_repairs_of_a_file_can_be_taken_in_a_step_of_their_own(tmp_path: Path) -> None:
    file, out = tmp_path / "mine.jsonl", tmp_path / "out"
    file.write_text(json.dumps({"row": 0, "program": NAME_ERROR, "repair": SEARCH}) + "\n")
    evaluate_model(out, open_provider(str(file)), runs=1, steps=("generate", "run"), workers=1)
    evaluate_model(out, open_provider(str(file)), steps=("repair",))
    record = evaluate_model(out, steps=("run", "score"), workers=1)
    assert record is not None and record["repairs"] == {"failing_rows": 1, "repaired": 1}
    assert record["tables"]["all"]["model"]["rec"] == pytest.approx(1 / 7)


def test_a_source_without_repairs_has_no_rec(tmp_path: Path) -> None:
    source = Programs([NAME_ERROR], [])
    source.can_repair = False
    record = evaluate_model(tmp_path / "out", source, runs=1, limit=1, workers=1)
    assert record is not None and record["tables"]["all"]["model"]["rec"] is None
    with pytest.raises(EvaluationError, match="cannot repair"):
        evaluate_model(tmp_path / "out", source, steps=("repair",))


def test_models_are_compared_on_common_rows(
    broken: tuple[Path, Programs, dict[str, Any]], tmp_path: Path
) -> None:
    out, _, _ = broken
    better = tmp_path / "better"
    evaluate_model(better, Programs([SEARCH] * 2, []), runs=RUNS, limit=2, workers=1)
    comparison = compare_evaluations([out, better])
    assert (comparison.rows, comparison.problems) == (2, 2)
    assert comparison.names == [str(out), str(better)]  # both models are called the same
    by_score = {pairing.score: pairing for pairing in comparison.pairings}
    assert by_score["err"].result["difference"] == 1 and by_score["err"].result["losses"] == 2
    mean = {}
    for folder in (out, better):
        runs = read_results(folder, limit=2).runs["model"]
        mean[folder] = sum(run.aocc or 0 for several in runs for run in several) / (2 * RUNS)
    assert by_score["aocc"].result["difference"] == pytest.approx(mean[out] - mean[better])
    assert all(p.adjusted == p.result["p_value"] for p in comparison.pairings)  # a single pair of models


def test_own_labels_are_evaluated_from_their_data_set(
    broken: tuple[Path, Programs, dict[str, Any]], tmp_path: Path
) -> None:
    """Benchmark, build, evaluate."""
    with ThreadPoolExecutor(1) as executor:
        table = run_benchmark(tmp_path / "benchmark", 2, 331, executor, 1)
    write_labels(tmp_path / "labels.parquet", table, {"seed": 331})
    data, out = str(tmp_path / "data"), tmp_path / "out"
    build_folder(tmp_path / "labels.parquet", Path(data))
    rows = evaluation_rows("train", 2, data)
    assert {row["problem_id"] for row in rows} == {label.problem.id for label in table.labels}
    source = Programs([row["completion"] for row in rows], [])
    record = evaluate_model(out, source, "train", runs=1, limit=2, data=data, seed=7, workers=1)
    assert record is not None and (record["data"], record["seed"]) == (data, 7)
    assert record["single_best_solvers"] == {group: best["aocc"] for group, best in table.sbs.items()}
    scores = record["tables"]["all"]
    assert scores["model"]["label_hits"] == 1 and scores["model"]["aocc"] == scores["vbs"]["aocc"]
    seeds = {run["seed"] for lines in read_runs(out, "sbs").values() for run in lines}
    assert seeds == {run_seed(7, row["problem_id"], 0) for row in rows}
    # Another place of the same data is as good, other data are refused.
    moved = shutil.move(data, tmp_path / "moved")
    with pytest.raises(DataError, match="no data set at"):
        evaluate_model(out, steps=("score",))
    again = evaluate_model(out, data=str(moved), steps=("score",))
    assert again is not None and again["tables"] == record["tables"]
    (moved / "default" / "more.parquet").write_bytes(b"")
    with pytest.raises(EvaluationError, match="another data_hash"):
        evaluate_model(out, data=str(moved), steps=("score",))
    (moved / "default" / "more.parquet").unlink()
    with pytest.raises(EvaluationError, match="no problem in common"):
        compare_evaluations([broken[0], out])


def test_a_kill_while_the_first_settings_were_written_is_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "settings.json.new").write_text('{"mod')
    with lock_folder(tmp_path, {"runs": None, "data": None, "data_hash": "00"}, {"runs": 5}) as settings:
        assert settings == {"runs": 5, "data": None, "data_hash": "00"}
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


def test_lines_hold_no_number_that_json_cannot(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text('{"a": 1}\n{"cut o')
    assert read_lines(file, dict) == [{"a": 1}]
    with append_jsonl(file) as append:
        append({"a": [math.nan, (math.inf, 2.0)], "b": {"c": -math.inf}})
    assert read_lines(file, dict) == [{"a": 1}, {"a": [None, [None, 2.0]], "b": {"c": None}}]
    assert read_lines(tmp_path / "none.jsonl", dict) == []


def test_programs_are_told_apart_by_their_text() -> None:
    assert key_of("p", SEARCH) != key_of("p", SEARCH + "\n") != key_of("q", SEARCH + "\n")
    assert key_of("p", "\ud800")  # whatever a model writes


def test_an_answer_of_no_use_fails_alone(tmp_path: Path) -> None:
    programs = ["", "\x00", "\ufffd", SEARCH]
    record = evaluate_model(tmp_path / "out", Programs(programs, [None] * 4), runs=1, limit=4, workers=1)
    assert record is not None and record["tables"]["all"]["model"]["err"] == 3 / 4
    answer = read_results(tmp_path / "out").answers[2]
    assert answer == replace(answer, completion="\ufffd")
