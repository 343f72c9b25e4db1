"""The scaling study: its recipes, the order of its cells, and a small one from end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from datasets import Dataset
from study_rows import described

from llamoco.cli.studies.scaling import Model, Pairs
from llamoco.modeling.ablations import scaling
from llamoco.modeling.ablations.families import SMOLLM2
from llamoco.modeling.ablations.scaling import MINUTES, PAIRS, RECIPES, TITLES, Cell, cells, run_scaling
from llamoco.modeling.evaluation.split_rows import Row
from llamoco.modeling.training.recipe import read_recipe

CHECKOUT = Path(__file__).parents[3]
SIZES = {"output_dir", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"}


def fields_of(file: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(file.read_text(encoding="utf-8")))


def test_models_from_random_weights_differ_in_size_alone() -> None:
    folder = CHECKOUT / RECIPES
    assert {file.stem for file in folder.glob("*.yaml")} == set(MINUTES) == set(TITLES) == set(Model)
    assert set(PAIRS) == set(Pairs)
    shipped = fields_of(folder / "xs_128.yaml")
    for name in MINUTES:
        recipe = read_recipe(folder / f"{name}.yaml", ["--dataset_config=30k"])
        assert recipe.source.dataset_config == "30k" and recipe.training.max_steps == -1
        assert recipe.fields["output_dir"] == f"runs/scaling/{name}-1k/seed-0"
        if recipe.base_model is None:
            fields = fields_of(folder / f"{name}.yaml")
            changed = {field for field, value in fields.items() if value != shipped[field]}
            assert fields.keys() == shipped.keys() and changed <= SIZES
            assert recipe.scratch.hidden_size == int(name.removeprefix("xs_"))
    xs = fields_of(folder.parent / "xs.yaml")
    for field in (
        "hidden_size",
        "num_hidden_layers",
        "drop_description",
        "num_train_epochs",
        "learning_rate",
    ):
        assert shipped[field] == xs[field], field


def test_smollm2_is_trained_as_in_its_ablations() -> None:
    fields = fields_of(CHECKOUT / RECIPES / "smollm2.yaml")
    base = fields_of(CHECKOUT / SMOLLM2.recipes / "base.yaml")
    changed = {field for field, value in fields.items() if value != base[field]}
    assert changed == {
        "output_dir",
        "dataset_name",
        "dataset_config",
        "warmup_steps",
        "logging_steps",
        "save_steps",
    }


def test_cheap_cells_come_first() -> None:
    order = cells(list(MINUTES), list(PAIRS))
    assert len(set(order)) == len(MINUTES) * len(PAIRS)
    assert [cell.minutes for cell in order] == sorted(cell.minutes for cell in order)
    assert order[0] == Cell("xs_64", "1k") and order[-1] == Cell("smollm2", "30k")


@pytest.fixture(scope="module")
def train_rows() -> list[Row]:
    return described(12)


def test_a_study_of_two_sets(train_rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sizes of the set on a tiny model; what is finished is not done again."""
    numbered = [{"row": number, **row} for number, row in enumerate(train_rows)]
    tested = sorted(numbered, key=lambda row: row["max_evals"])[:4]  # two problems
    monkeypatch.setattr(scaling, "PAIRS", {"1k": 10, "5k": 24})
    monkeypatch.setattr(scaling, "open_data", lambda *_: Dataset.from_list(train_rows))
    monkeypatch.setattr(scaling, "evaluation_rows", lambda *_, **__: tested)
    content = fields_of(CHECKOUT / RECIPES / "xs_64.yaml") | {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "vocab_size": 1600,
        "contrastive_steps": 1,
        "per_device_train_batch_size": 5,
        "num_train_epochs": 1,
        "logging_steps": 1,
        "bf16": False,
    }
    (tmp_path / "xs_64.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    out = tmp_path / "out"
    assert run_scaling(out, tmp_path, models=["xs_64"], sizes=["1k"]) == out / "scaling.json"
    [row] = json.loads((out / "scaling.json").read_text(encoding="utf-8"))["rows"]
    assert "against_largest" not in row
    path = run_scaling(out, tmp_path, models=["xs_64"], record=tmp_path / "records")
    assert path == tmp_path / "records" / "scaling.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["command"] == "llamoco study scaling" and record["problems"] == 2
    assert record["setting"].startswith("xs, 64 wide, 2 blocks: a model of 0.0M parameters. Each names")
    small, large = record["rows"]
    assert (small["pairs"], small["problems"], small["steps"]) == (10, 5, 1 + 2)
    assert (large["pairs"], large["problems"], large["steps"]) == (24, 12, 1 + 5)
    assert small["epochs"] == large["epochs"] == 1
    assert small["against_largest"]["pairs"] == 24 and small["against_largest"]["problems"] == 2
    assert "against_largest" not in large
    assert all(
        0 <= row[name] <= 1 for row in record["rows"] for name in ("err", "perf", "aocc", "label_hits")
    )
    kept = {file: file.read_bytes() for file in out.glob("*/*/*") if file.is_file()}
    run_scaling(out, tmp_path, models=["xs_64"])
    assert {file: file.read_bytes() for file in out.glob("*/*/*") if file.is_file()} == kept
