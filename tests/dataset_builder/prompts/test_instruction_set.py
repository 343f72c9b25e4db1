"""The instruction set from the shipped label table: splits, columns, the built folder, the builder class."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, load_dataset

from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels, write_labels
from llamoco.dataset_builder.benchmark.labels import Label, LabelsError, assign_splits
from llamoco.dataset_builder.benchmark.screening import ScreenedProblem, write_decisions
from llamoco.dataset_builder.hub_folder import OutputFolderError, build_folder, folder_hash
from llamoco.dataset_builder.llamoco import DECISION_FEATURES, FEATURES, LLaMoCo
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.problems.files.python_file import load_python
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.scores import aocc
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.dataset_builder.prompts.facts import fact_lines
from llamoco.dataset_builder.prompts.instruction_set import description_counts, sample_jsonl
from llamoco.dataset_builder.prompts.rows import fact_lines_of_rows
from llamoco.hub_cards.render import record
from llamoco.metrics.runner import Prediction, Runner

RECORD = record("instruction_set")


def test_the_folder_loads_with_its_configs_splits_and_columns(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(built.parent)
    for config in ("default", "paper"):
        data = load_dataset("llamoco", config)
        assert set(data) == {"train", "test"} and data["train"].features == FEATURES
    streamed = next(iter(load_dataset("llamoco", split="test", streaming=True)))
    assert set(streamed) == set(FEATURES)


def test_screened_problems_beside_a_label_table_make_a_config(small_labels: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.parquet"
    labels.write_bytes(small_labels.read_bytes())
    known = [label.problem for label in read_labels(labels).labels[:3]]
    found = [ScreenedProblem(problem, {"slsqp": 0.5, "cobyla": 0.25}) for problem in known]
    write_decisions(tmp_path / "decisions.parquet", found, {})
    sizes = build_folder(labels, tmp_path / "set")
    assert sizes["decisions"] == {"train": 3}
    rows = load_dataset(str(tmp_path / "set"), "decisions", split="train")
    assert rows.features == DECISION_FEATURES and rows["problem_id"] == [problem.id for problem in known]
    assert rows[0]["prompt"] == fact_lines(known[0]) and rows[0]["optimizer"] == "slsqp"


def check_no_leak(built: Path) -> None:
    """No problem, no text of a description in both splits; held-out patterns in the test split only."""
    columns = ["problem_id", "prompt", "problem", "held_out_pattern", "language"]
    train, test = (
        pq.read_table(built / "default" / f"{split}-00000-of-00001.parquet", columns=columns).to_pylist()
        for split in ("train", "test")
    )
    assert not {row["problem_id"] for row in train} & {row["problem_id"] for row in test}
    texts: list[set[str]] = []
    for split in (train, test):
        known = {row["problem_id"]: fact_lines_of_rows(Problem.from_json(row["problem"])) for row in split}
        assert all(row["prompt"].endswith("\n" + known[row["problem_id"]]) for row in split)
        texts.append({row["prompt"].removesuffix(known[row["problem_id"]]) for row in split})
        assert len(texts[-1]) == len(split)
        assert {row["language"] for row in split} == {"python", "latex"}
    assert not texts[0] & texts[1]
    assert not any(row["held_out_pattern"] for row in train)
    assert any(row["held_out_pattern"] for row in test)


def test_nothing_leaks_into_train(built: Path) -> None:
    check_no_leak(built)
    for split in load_dataset(str(built), "default").values():
        assert {4, 5, 6} >= set(Counter(split["problem_id"]).values())


def test_config_paper_has_the_same_problems_answered_from_the_papers_pool(built: Path) -> None:
    def rows(config: str) -> list[dict]:
        data = load_dataset(str(built), config)
        return [row for split in data.values() for row in split]

    default, paper = rows("default"), rows("paper")
    assert Counter(row["problem_id"] for row in default) == Counter(row["problem_id"] for row in paper)
    for row in paper:
        raced = {row["optimizer"], *json.loads(row["scores"])}
        assert {pool.POOL[name].edition for name in raced} == {"paper"}
    sizes = [len(load_dataset(str(built), config, split="test")) for config in ("default", "paper")]
    assert sizes[0] == sizes[1]


def test_every_answer_is_the_benchmarked_program_and_every_program_states_the_problem(built: Path) -> None:
    for row in load_dataset(str(built), "default", split="test"):
        decision, body, name = parse_completion(row["completion"])
        assert name == row["optimizer"] and decision.startswith("# ")
        assert pool.identify(body) == (name, json.loads(row["hyperparameters"]))
        assert row["completion"] in row["program"]
        assert len(row["completion"]) <= 4000 and len(row["prompt"]) + len(row["completion"]) <= 6000
        assert row["prompt"].endswith("\n")
        problem = Problem.from_json(row["problem"])
        # The program as a file is a problem file, too: it has to be the problem.
        stated = load_python(row["program"], "program")
        points = np.random.default_rng(0).uniform(problem.lower_array, problem.upper_array, (5, problem.dim))
        own = stated.variables.to_search(problem.to_original(points))
        for mine, theirs in zip(stated.evaluate(own), problem.evaluate(points), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-8)


def test_two_processes_give_the_bytes_that_one_gives(small_labels: Path, built: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    build_folder(small_labels, tmp_path / "again", workers=2, on_progress=lambda *state: seen.append(state))
    assert folder_hash(tmp_path / "again") == folder_hash(built)
    assert seen == sorted(seen) and seen[-1][0] == seen[-1][1] == sum(
        pq.read_metadata(path).num_rows for path in built.glob("*/*.parquet")
    )


def test_another_processor_locale_and_hash_seed_give_the_same_bytes(
    small_labels: Path, built: Path, tmp_path: Path
) -> None:
    """What may differ on another machine and can be changed here."""
    code = (
        "import sys; from pathlib import Path; from llamoco.dataset_builder.hub_folder import build_folder; "
        "build_folder(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    other = {
        **{"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo", "ARROW_USER_SIMD_LEVEL": "NONE"},
        **{"NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3", "NPY_DISABLE_SVML": "1", "OPENBLAS_CORETYPE": "Prescott"},
    }
    out = tmp_path / "elsewhere"
    done = subprocess.run(
        [sys.executable, "-c", code, str(small_labels), str(out)],
        env=os.environ | other,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert folder_hash(out) == folder_hash(built)


def spoiled(labels: Path, folder: Path, **changes: Any) -> Path:
    """A table whose last label is another."""
    table = read_labels(labels)
    path = folder / "spoiled.parquet"
    write_labels(path, replace(table, labels=(*table.labels[:-1], replace(table.labels[-1], **changes))), {})
    return path


def test_what_cannot_be_built_is_refused_and_an_earlier_build_stays(
    small_labels: Path, built: Path, tmp_path: Path
) -> None:
    before = folder_hash(built)
    with pytest.raises(
        LabelsError, match=r"spoiled.parquet, problem \S+: unknown optimizer 'gradient_descent'"
    ):
        build_folder(spoiled(small_labels, tmp_path, optimizer="gradient_descent"), built)
    with pytest.raises(LabelsError, match="de has no constant 'SIZE'"):
        build_folder(spoiled(small_labels, tmp_path, optimizer="de", config='{"SIZE": 3}'), built)
    problem = next(x.problem for x in read_labels(small_labels).labels if x.problem.definition["components"])
    strange = json.loads(problem.to_json().replace('"function":"', '"function":"very_', 1))
    with pytest.raises(LabelsError, match="unknown basic functions very_"):
        build_folder(spoiled(small_labels, tmp_path, problem=Problem.from_json(strange)), built)
    other = pq.read_table(small_labels)
    other = other.replace_schema_metadata(other.schema.metadata | {b"llamoco_labels_format": b"0"})
    pq.write_table(other, tmp_path / "other.parquet")
    with pytest.raises(LabelsError, match="is a label table of format 0"):
        build_folder(tmp_path / "other.parquet", built)
    assert folder_hash(built) == before


def test_an_interruption_leaves_an_earlier_build_and_nothing_else(small_labels: Path, tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "llamoco"
    build_folder(small_labels, out)
    before = folder_hash(out)
    for when in ({"on_progress": interrupt}, {"add_files": interrupt}):
        with pytest.raises(KeyboardInterrupt):
            build_folder(small_labels, out, **when)
        assert list(tmp_path.iterdir()) == [out] and folder_hash(out) == before


def test_a_folder_of_somebody_elses_is_not_overwritten(small_labels: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(OutputFolderError, match="not an instruction set"):
        build_folder(small_labels, tmp_path / "mine")
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep"


@pytest.mark.parametrize("config", ["default", "paper"])
def test_the_builder_gives_what_the_folder_has(
    small_labels: Path, built: Path, tmp_path: Path, config: str
) -> None:
    builder = LLaMoCo(config_name=config, cache_dir=str(tmp_path), labels=str(small_labels))
    builder.download_and_prepare()
    for split in ("train", "test"):
        rows = builder.as_dataset(split=split)
        assert isinstance(rows, Dataset)
        assert rows.to_list() == load_dataset(str(built), config, split=split).to_list()


def test_the_shipped_sample_is_current() -> None:
    shipped = SHIPPED_LABELS.with_name("sample.jsonl").read_text(encoding="utf-8")
    assert shipped == sample_jsonl(SHIPPED_LABELS), "write it again: make cards"
    rows = [json.loads(line) for line in shipped.splitlines()]
    assert len(rows) == 20 and all(list(row) == list(FEATURES) for row in rows)


def many_labels(count: int) -> list[Label]:
    """Labels of as many different problems as one likes, alike but for their names."""
    one = read_labels(SHIPPED_LABELS).labels[0]
    problems = [replace(one.problem, id=f"p{number}") for number in range(count)]
    splits = assign_splits(problems)
    return [replace(one, problem=problem, split=splits[problem.id]) for problem in problems]


@pytest.mark.parametrize("problems", [5433, 5700, 6000, 7480])
def test_a_large_table_gives_the_whole_set_exactly(problems: int) -> None:
    labels = many_labels(problems)
    counts = description_counts(labels)
    assert set(counts) <= {4, 5, 6} and counts == description_counts(labels)
    sizes: Counter[str] = Counter()
    for label, count in zip(labels, counts, strict=True):
        sizes[label.split] += count
    assert sizes == {"train": 30_000, "test": 2_570}


def test_a_small_table_gives_four_to_six_descriptions_a_problem() -> None:
    counts = description_counts(many_labels(3000))
    assert set(counts) == {4, 5, 6} and np.mean(counts) == pytest.approx(5, abs=0.05)


def test_a_table_that_cannot_give_the_whole_set_is_refused() -> None:
    with pytest.raises(LabelsError, match=r"7,\d{3} problems in its train split.*5,000 to 7,500 problems"):
        description_counts(many_labels(8200))
    train = [replace(label, split="train") for label in many_labels(6000)]
    with pytest.raises(LabelsError, match="has 0 problems in its test split"):
        description_counts(train)


def test_labelled_answers_score_what_the_table_says() -> None:
    """Ten answers of the shipped table, run again on seeds of their own, are as good as recorded, on average."""
    labels = [label for label in read_labels(SHIPPED_LABELS).labels if label.problem.max_evals <= 1500][:10]
    programs = [pool.render(label.optimizer, json.loads(label.config)) for label in labels]
    with Runner(runs=3, seed=1) as runner:
        done = dict(runner.run_all([Prediction(p, x.problem) for p, x in zip(programs, labels, strict=True)]))
    assert all(run.attempt.record.verdict == "ok" for runs in done.values() for run in runs)
    again = [
        aocc(
            run.attempt.record.trace, run.problem.max_evals, run.problem.f0 or 0.0, run.problem.f_star or 0.0
        )
        for runs in done.values()
        for run in runs
    ]
    assert np.mean(again) == pytest.approx(np.mean([label.aocc for label in labels]), abs=0.1)


def start_build(out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "llamoco.cli", "build", "--out", str(out)]
    return subprocess.Popen(
        command, cwd=out.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_the_whole_set(tmp_path: Path) -> None:
    out = tmp_path / "llamoco"
    process = start_build(out)
    printed, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "default: 30,000 train, 2,570 test\npaper: 30,000 train, 2,570 test\n" in printed
    assert folder_hash(out) in printed
    # The bytes that were recorded on another day, and perhaps machine; another pyarrow writes others.
    assert version("pyarrow") != RECORD["pyarrow"] or folder_hash(out) == RECORD["sha256"]
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2e6  # KiB, the largest process
    check_no_leak(out)
    described = {
        config: Counter(
            name
            for part in (out / config).iterdir()
            for name in pq.read_table(part)["problem_id"].to_pylist()
        )
        for config in ("default", "paper")
    }
    assert described["default"] == described["paper"]
    assert set(load_dataset(str(out), split="test")["problem_id"])


@pytest.mark.slow
def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    process = start_build(tmp_path / "llamoco")
    while not psutil.Process(process.pid).children():  # until the workers start
        time.sleep(0.1)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted" in errors
    assert not os.listdir(tmp_path)
