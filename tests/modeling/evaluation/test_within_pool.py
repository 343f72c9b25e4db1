"""An evaluation of a model that breaks every program by itself: scored as it writes, and as it writes within the pool."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import tiny

from llamoco.cli.evaluation_tables import print_evaluation
from llamoco.dataset_builder.instruction_data import single_best_solvers
from llamoco.dataset_builder.optimizers.pool import POOL, identify
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.modeling.evaluation.evaluation_folder import EvaluationError
from llamoco.modeling.evaluation.reading import reading_record
from llamoco.modeling.evaluation.results import read_results
from llamoco.modeling.evaluation.scoring import score_evaluation
from llamoco.modeling.evaluation.split_rows import evaluation_rows, single_best_program
from llamoco.modeling.evaluation.steps import evaluate_model
from llamoco.modeling.evaluation.tables import evaluation_tables
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.generation.torch_engine import TorchGenerator, load_torch_generator
from llamoco.modeling.providers.local import LocalProvider

ROWS, RUNS = 2, 2


@pytest.fixture(scope="module")
def source() -> LocalProvider:
    """A random model of few positions: what it writes by itself is cut, too."""
    tokenizer = load_torch_generator().tokenizer
    return LocalProvider(
        TorchGenerator(tiny(tokenizer, positions=768), tokenizer, "random"), max_new_tokens=40
    )


@pytest.fixture(scope="module")
def evaluated(source: LocalProvider, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("both") / "out"
    record = evaluate_model(out, source, runs=RUNS, limit=ROWS, steps=("generate", "run", "score"))
    assert record is not None
    return out, record


def test_both_are_scored_beside_each_other(evaluated: tuple[Path, dict[str, Any]]) -> None:
    out, record = evaluated
    table = record["tables"]["all"]
    assert table["model"]["err"] == 1 and table["within_pool"]["err"] == 0
    assert table["model"]["r_acc"] == 0 and table["within_pool"]["r_acc"] == 1
    assert table["within_pool"]["aocc"] > table["model"]["aocc"] == 0
    assert record["within_pool"] == {"differing": ROWS}
    # What solve would run never has to give way: it is within the pool.
    assert table["with_fallback"]["aocc"] == table["within_pool"]["aocc"]
    assert record["with_fallback"]["replaced"] == {}
    lines = [json.loads(line) for line in (out / "generations.jsonl").read_text().splitlines()]
    for line, row in zip(
        sorted(lines, key=lambda line: line["row"]),
        sorted(evaluation_rows("test", ROWS), key=lambda row: row["row"]),
        strict=True,
    ):
        known = identify(line["within_pool"]["completion"].partition("\n")[2])
        assert known is not None and POOL[known[0]].handles(row["constrained"])
        assert identify(line["generation"]["completion"].partition("\n")[2]) is None
    runs = [json.loads(line) for line in (out / "runs-within_pool.jsonl").read_text().splitlines()]
    assert [len(line["runs"]) for line in runs] == [RUNS] * ROWS
    assert json.loads(json.dumps(score_evaluation(read_results(out)))) == record


def test_tables_show_both(evaluated: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    record = evaluated[1]
    shown = evaluation_tables(record)["scores"].to_markdown()
    assert "| random, raw | 100.0% " in shown and "| random, within the pool | 0.0% " in shown
    print_evaluation(record)
    printed = capsys.readouterr().out
    assert "random, raw" in printed and "random, within the pool" in printed
    assert f"answers that differ within the pool: {ROWS} of {ROWS}" in printed


def test_a_cut_file_of_answers_goes_on_and_ends_the_same(
    source: LocalProvider, evaluated: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    out = shutil.copytree(evaluated[0], tmp_path / "cut")
    answers = out / "generations.jsonl"
    answers.write_bytes(answers.read_bytes()[:-200])
    (out / "runs-within_pool.jsonl").unlink()
    record = evaluate_model(out, source, runs=RUNS, limit=ROWS, steps=("generate", "run", "score"))
    assert record is not None and record["tables"] == evaluated[1]["tables"]


def test_an_older_folder_is_scored_as_it_was_and_not_gone_on_with(
    source: LocalProvider, evaluated: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    out = shutil.copytree(evaluated[0], tmp_path / "older")
    lines = [json.loads(line) for line in (out / "generations.jsonl").read_text().splitlines()]
    for line in lines:
        del line["within_pool"], line["generation"]["kept"]
    (out / "generations.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    settings = json.loads((out / "settings.json").read_text())
    del settings["source"]["decoding"]
    (out / "settings.json").write_text(json.dumps(settings))
    record = evaluate_model(out, steps=("score",))
    assert record is not None and record["within_pool"] is None
    assert "within_pool" not in record["tables"]["all"]
    assert record["tables"]["all"]["model"] == evaluated[1]["tables"]["all"]["model"]
    assert record["with_fallback"]["replaced"] == {"never began": ROWS}
    print_evaluation(record)
    assert "| random | 100.0% " in evaluation_tables(record)["scores"].to_markdown()
    with pytest.raises(EvaluationError, match=r"another source\.decoding"):
        evaluate_model(out, source, runs=RUNS, limit=ROWS)


def test_a_prompt_for_which_there_is_no_room_has_an_empty_answer_both_ways(source: LocalProvider) -> None:
    tokenizer = load_torch_generator().tokenizer
    narrow = LocalProvider(TorchGenerator(tiny(tokenizer, positions=40), tokenizer, "narrow"))
    came: list[tuple[int, Generation, Generation | None]] = []
    narrow.answer_both_ways([evaluation_rows("test", 1)[0]["prompt"]], lambda *both: came.append(both))
    assert came == [(0, Generation("", None, 0, False), None)]


def test_two_models_are_compared_on_runs_and_where_facts_are_hidden(
    evaluated: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    out, record = evaluated
    rows = evaluation_rows("test", ROWS)
    folders = [shutil.copytree(out, tmp_path / name) for name in ("own", "other")]
    # The second model runs the single best solver, and decides nothing where facts are hidden.
    shutil.copy(out / "runs-sbs.jsonl", folders[1] / "runs-within_pool.jsonl")
    lines = (folders[1] / "generations.jsonl").read_text().splitlines()
    solvers = single_best_solvers(None)
    of_row = {row["row"]: Problem.from_json(row["problem"]) for row in rows}
    with (folders[1] / "generations.jsonl").open("w") as file:
        for line in map(json.loads, lines):
            line["within_pool"]["completion"] = single_best_program(solvers, of_row[line["row"]])
            file.write(json.dumps(line) + "\n")
    for folder, choose in zip(folders, (lambda row: row["optimizer"], lambda row: None), strict=True):
        with (folder / "robustness.jsonl").open("w") as file:
            for row in rows:
                line = {"problem_id": row["problem_id"], "decisions": {"facts unknown": choose(row)}}
                file.write(json.dumps(line) + "\n")

    found = reading_record(*folders, "llamoco study reading own other")
    assert found["answers"] == ["within_pool"] * 2 and found["models"] == ["random", "random"]
    both = found["runs"]["all"]
    table = record["tables"]["all"]
    assert both["aocc"] == pytest.approx([table["within_pool"]["aocc"], table["sbs"]["aocc"]])
    assert both["difference"] == pytest.approx(both["aocc"][0] - both["aocc"][1])
    labels = [json.loads(row["scores"])[row["optimizer"]] for row in rows]
    hidden = found["decisions"]["all"]
    assert hidden["difference"] == pytest.approx(np.mean(labels)) and hidden["wins"] == ROWS

    # Only what both decided on counts.
    kept = (folders[1] / "robustness.jsonl").read_text().splitlines(keepends=True)[:2]
    (folders[1] / "robustness.jsonl").write_text("".join(kept))
    fewer = reading_record(*folders, "")["decisions"]["all"]
    assert fewer["problems"] == 2 and fewer["aocc"] == pytest.approx([np.mean(labels[:2]), 0])
    (folders[1] / "robustness.jsonl").unlink()
    assert reading_record(*folders, "")["decisions"] is None
