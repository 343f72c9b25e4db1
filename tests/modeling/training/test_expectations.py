"""`expected_share`: what is expected of problems, mixed into what their scores say, once a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from datasets import Dataset
from training_setup import write_dataset, write_recipe

from llamoco.dataset_builder.optimizers.pool import pool_for
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.rows import rows_of_problem
from llamoco.modeling.training import train
from llamoco.modeling.training.expectations import FILE, with_expected
from llamoco.modeling.training.mixture import mixture
from llamoco.modeling.training.recipe import DatasetSource, RecipeError

SAMPLE = Path(__file__).parents[3] / "dataset_builder" / "labels" / "sample.jsonl"
SOURCE = DatasetSource(
    full_share=0,
    described_share=1,
    soft_label_temperature=0.1,
    soft_choice=True,
    expected_share=0.75,
    hold_out=True,
)


@pytest.fixture(scope="module")
def rows() -> Dataset:
    made = []
    for number, line in enumerate(SAMPLE.read_text(encoding="utf-8").splitlines()):
        problem = Problem.from_json(json.loads(line)["problem"])
        names = [optimizer.name for optimizer in pool_for(problem.constrained)]
        scores = {name: 0.5 + 0.3 * (n == number % 3) for n, name in enumerate(names)}
        for row in rows_of_problem(problem, "slsqp", "{}", 0, 4):
            made.append({**row, "scores": json.dumps(scores), "calibration": number % 5 == 0})
    return Dataset.from_list(made)


def test_probabilities_are_mixed(rows: Dataset, tmp_path: Path) -> None:
    data, _ = with_expected(rows, None, SOURCE, tmp_path, resume=False)
    mixed = {row["problem_id"]: json.loads(row["choices"]) for row in mixture(data, SOURCE)}
    own = DatasetSource(full_share=0, described_share=1, soft_label_temperature=0.1, soft_choice=True)
    alone = {row["problem_id"]: json.loads(row["choices"]) for row in mixture(rows, own)}
    expected = {row["problem_id"]: json.loads(row["expected"]) for row in data}
    assert len(mixed) == 16, "those for calibration are left out"
    for name, shares in mixed.items():
        wanted = {n: 0.25 * s + 0.75 * expected[name].get(n, 0.0) for n, s in alone[name].items()}
        assert shares == pytest.approx(wanted, abs=2e-4)
        assert sum(shares.values()) == pytest.approx(1, abs=2e-3)


def test_a_resumed_run_reads_what_was_expected(rows: Dataset, tmp_path: Path) -> None:
    first, _ = with_expected(rows, None, SOURCE, tmp_path, resume=False)
    known = {name: {"slsqp": 1.0} for name in set(rows["problem_id"])}
    (tmp_path / FILE).write_text(json.dumps(known), encoding="utf-8")
    resumed, _ = with_expected(rows, None, SOURCE, tmp_path, resume=True)
    assert set(resumed["expected"]) == {'{"slsqp": 1.0}'}
    again, _ = with_expected(rows, None, SOURCE, tmp_path, resume=False)
    assert again["expected"][:] == first["expected"][:]


@pytest.mark.parametrize("column", ["problem", "scores"])
def test_a_missing_column_is_named(rows: Dataset, tmp_path: Path, column: str) -> None:
    with pytest.raises(RecipeError, match=f"expected_share needs the column {column}"):
        with_expected(rows.remove_columns(column), None, SOURCE, tmp_path, resume=False)


def test_a_run_with_expectations(rows: Dataset, tmp_path: Path) -> None:
    fields = {"full_share": 0, "decision_only_share": 1, "soft_label_temperature": 0.1, "soft_choice": True}
    data = write_dataset(tmp_path / "set", rows)
    recipe = write_recipe(
        tmp_path / "run.yaml",
        data,
        **fields,
        expected_share=0.75,
        hold_out=True,
        contrastive_steps=0,
        max_steps=2,
    )
    output = train.run(recipe)
    record = json.loads((output / "run_record.json").read_text())
    assert record["recipe"]["expected_share"] == 0.75
    assert not (output / FILE).exists(), "it is for resumption only"
