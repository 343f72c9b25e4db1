"""The data set as models read it: a built folder, the shipped set, refusals that say what to do."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from datasets import load_dataset

from llamoco.dataset_builder import instruction_data
from llamoco.dataset_builder.benchmark.label_table import read_labels
from llamoco.dataset_builder.benchmark.labels import LabelTable
from llamoco.dataset_builder.instruction_data import (
    DataError,
    data_hash,
    open_data,
    require_columns,
    single_best_solvers,
)
from llamoco.dataset_builder.optimizers.catalogue import GROUPS
from llamoco.dataset_builder.optimizers.single_best import single_best_solver
from llamoco.dataset_builder.prompts.instruction_set import is_for_calibration


def test_a_built_folder_is_opened_as_load_dataset_opens_it(built: Path) -> None:
    for config in ("default", "paper"):
        for split in ("train", "test"):
            expected = load_dataset(str(built), config, split=split)
            assert open_data(str(built), split, config).to_list() == expected.to_list()


def test_scores_are_those_of_the_label_table(built: Path, small_labels: Path) -> None:
    labels = {label.problem.id: label for label in read_labels(small_labels).labels}
    rows = [row for split in ("train", "test") for row in open_data(str(built), split)]
    assert {row["problem_id"] for row in rows} == set(labels)
    for row in rows:
        label, scores = labels[row["problem_id"]], json.loads(row["scores"])
        assert set(scores) == {entry.optimizer for entry in label.screen}
        assert scores[label.optimizer] == pytest.approx(label.aocc, abs=1e-6)
        final = {entry.optimizer: entry.aocc for entry in label.finalists}
        for entry in label.screen:
            assert scores[entry.optimizer] == final.get(entry.optimizer, entry.aocc)


def test_rows_for_calibration_are_of_train_problems_by_the_rule(built: Path) -> None:
    assert not any(open_data(str(built), "test")["calibration"])
    train = open_data(str(built), "train")
    chosen = {row["problem_id"]: row["calibration"] for row in train}
    assert chosen == {name: is_for_calibration(name) for name in chosen}
    assert Counter(chosen.values()).keys() == {True, False}, "the small table should have both"


def test_the_card_states_the_single_best_solvers(built: Path, small_labels: Path) -> None:
    best = read_labels(small_labels).sbs
    assert single_best_solvers(str(built)) == {group: best[group]["aocc"] for group in GROUPS}


def test_the_shipped_set_knows_its_single_best_solvers(shipped: LabelTable) -> None:
    assert single_best_solvers(None) == {group: shipped.sbs[group]["aocc"] for group in GROUPS}
    assert [single_best_solver(constrained) for constrained in (False, True)] == [
        shipped.sbs[group]["aocc"] for group in GROUPS
    ]


def test_the_shipped_set_is_built_once(
    built: Path, small_labels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instruction_data, "SHIPPED_LABELS", small_labels)
    for function in (instruction_data._shipped_split, instruction_data._shipped_hash):
        function.cache_clear()
    first = open_data(None, "test")
    assert first.to_list() == open_data(str(built), "test").to_list()
    instruction_data._shipped_split.cache_clear()

    def unwanted(labels: Path, config: str, split: str) -> None:
        raise AssertionError("the cache should answer")

    monkeypatch.setattr(instruction_data, "rows_of", unwanted)
    assert open_data(None, "test").to_list() == first.to_list()
    for function in (instruction_data._shipped_split, instruction_data._shipped_hash):
        function.cache_clear()


def test_the_hash_follows_the_content(built: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(built, copy)
    assert data_hash(str(copy)) == data_hash(str(built)) != data_hash(None)
    (copy / "README.md").write_text("other words")
    assert data_hash(str(copy)) == data_hash(str(built))
    (copy / "default" / "test-00000-of-00001.parquet").unlink()
    assert data_hash(str(copy)) != data_hash(str(built))
    own = tmp_path / "own"
    own.mkdir()
    (own / "train.jsonl").write_text('{"prompt": "a"}\n')
    before = data_hash(str(own))
    (own / "train.jsonl").write_text('{"prompt": "b"}\n')
    assert data_hash(str(own)) != before


def test_what_is_missing_is_named(built: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "train.jsonl").write_text('{"prompt": "a", "completion": "b"}\n')
    with pytest.raises(DataError, match=r"own: no split 'test' of config 'default'.*`llamoco build`"):
        open_data(str(own), "test")
    with pytest.raises(DataError, match=r"nowhere: there is no such folder.*`llamoco build`"):
        open_data(str(tmp_path / "nowhere"), "train")
    with pytest.raises(DataError, match=r"has no split 'validation'.*train, test of configs default, paper"):
        open_data(None, "validation")
    with pytest.raises(DataError, match=r"own: no column calibration, scores; it has prompt, completion"):
        require_columns(open_data(str(own), "train"), str(own), ["scores", "prompt", "calibration"])
    with pytest.raises(DataError, match=r"own: its card, README.md, does not state llamoco.single_best"):
        single_best_solvers(str(own))
    (own / "README.md").write_text("---\nlicense: mit\n---\n")
    with pytest.raises(DataError, match=r"own: its card, README.md, does not state llamoco.single_best"):
        single_best_solvers(str(own))


@pytest.mark.parametrize("place", ["./absent", "~/absent-of-llamoco", "/absent/of/llamoco", "a/b/c"])
def test_a_path_that_is_none_is_not_looked_for_on_the_hub(place: str) -> None:
    for ask in (
        lambda: open_data(place, "train"),
        lambda: single_best_solvers(place),
        lambda: data_hash(place),
    ):
        with pytest.raises(DataError, match="there is no such folder"):
            ask()
