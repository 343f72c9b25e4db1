"""The instruction set from the shipped label table: splits, columns, the built folder, the builder class."""

import json
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset, load_dataset

from llamoco.dataset_builder.benchmark.labels import SHIPPED_LABELS, Labelled, read_labels, write_labels
from llamoco.dataset_builder.hub_folder import OutputFolderError, build_folder, folder_hash
from llamoco.dataset_builder.llamoco import FEATURES, LLaMoCo
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.python_file import load_python
from llamoco.dataset_builder.problems.scores import a3
from llamoco.dataset_builder.prompts.program import parse_completion
from llamoco.metrics.runs import Prediction, Runner


@pytest.fixture(scope="module")
def small_labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 16 labels of the shipped one, of both groups and splits."""
    shipped = read_labels(SHIPPED_LABELS)
    chosen = [
        label
        for group in ("unconstrained", "constrained")
        for split in ("train", "test")
        for label in [x for x in shipped.labels if x.group == group and x.split == split][:4]
    ]
    path = tmp_path_factory.mktemp("labels") / "labels.parquet"
    write_labels(path, Labelled(tuple(chosen), shipped.discarded, shipped.sbs), {"seed": 0})
    return path


@pytest.fixture(scope="module")
def folder(small_labels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "llamoco"
    build_folder(small_labels, out)
    return out


def test_the_folder_loads_with_its_configs_splits_and_columns(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    for config in ("default", "paper_split"):
        data = load_dataset("llamoco", config)
        assert set(data) == {"train", "test"} and data["train"].features == FEATURES
    streamed = next(iter(load_dataset("llamoco", split="test", streaming=True)))
    assert set(streamed) == set(FEATURES)


def test_no_problem_and_no_held_out_pattern_leaks_into_train(folder: Path) -> None:
    data = load_dataset(str(folder), "default")
    assert not set(data["train"]["problem_id"]) & set(data["test"]["problem_id"])
    assert not any(data["train"]["held_out_pattern"])
    assert any(data["test"]["held_out_pattern"])
    for split in data.values():
        assert {4, 5, 6} >= {split["problem_id"].count(name) for name in set(split["problem_id"])}
        assert set(split["language"]) == {"python", "latex"}


def test_paper_split_has_the_same_pairs(folder: Path) -> None:
    def pairs(config: str) -> list[tuple[str, str]]:
        data = load_dataset(str(folder), config)
        return sorted((row["prompt"], row["completion"]) for split in data.values() for row in split)

    assert pairs("default") == pairs("paper_split")
    sizes = [len(load_dataset(str(folder), config, split="test")) for config in ("default", "paper_split")]
    assert sizes[0] == sizes[1]


def test_every_answer_is_the_benchmarked_program_and_every_program_states_the_problem(folder: Path) -> None:
    for row in load_dataset(str(folder), "default", split="test"):
        decision, body, name = parse_completion(row["completion"])
        assert name == row["optimizer"] and decision.startswith("# ")
        assert pool.identify(body) == (name, json.loads(row["hyperparameters"]))
        assert row["completion"] in row["program"]
        assert len(row["completion"]) <= 4000 and len(row["prompt"]) + len(row["completion"]) <= 6000
        assert row["prompt"].endswith("\n")
        problem = Problem.from_json(row["problem"])
        # The program as a file is a problem file, too: its problem section has to be the problem.
        stated = load_python(row["program"], "program")
        points = np.random.default_rng(0).uniform(problem.lower_array, problem.upper_array, (5, problem.dim))
        for mine, theirs in zip(stated.evaluate(points), problem.evaluate(points), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-8)


def test_building_twice_gives_the_same_bytes(small_labels: Path, folder: Path, tmp_path: Path) -> None:
    build_folder(small_labels, tmp_path / "again")
    assert folder_hash(tmp_path / "again") == folder_hash(folder)


def test_a_folder_of_somebody_elses_is_not_overwritten(small_labels: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(OutputFolderError, match="not an instruction set"):
        build_folder(small_labels, tmp_path / "mine")
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep"


def test_the_builder_works_directly(small_labels: Path, folder: Path, tmp_path: Path) -> None:
    builder = LLaMoCo(cache_dir=str(tmp_path), labels=str(small_labels))
    builder.download_and_prepare()
    train = builder.as_dataset(split="train")
    assert isinstance(train, Dataset)
    assert train["prompt"] == load_dataset(str(folder), split="train")["prompt"]


def test_labelled_answers_score_what_the_table_says() -> None:
    """Ten answers of the shipped table, run again on seeds of their own, are as good as recorded, on average."""
    labels = [label for label in read_labels(SHIPPED_LABELS).labels if label.problem.max_evals <= 1500][:10]
    programs = [pool.render(label.optimizer, json.loads(label.config)) for label in labels]
    with Runner(runs=3, seed=1) as runner:
        done = dict(runner.run_all([Prediction(p, x.problem) for p, x in zip(programs, labels, strict=True)]))
    assert all(run.attempt.record.verdict == "ok" for runs in done.values() for run in runs)
    again = [
        a3(run.attempt.record.trace, run.problem.max_evals, run.problem.f0 or 0.0, run.problem.f_star or 0.0)
        for runs in done.values()
        for run in runs
    ]
    assert np.mean(again) == pytest.approx(np.mean([label.a3 for label in labels]), abs=0.1)
