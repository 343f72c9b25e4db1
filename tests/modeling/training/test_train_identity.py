"""Whose checkpoints an output_dir holds, and whether it can be written to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from datasets import Dataset

from llamoco.modeling.training import train
from llamoco.modeling.training.recipe import Recipe, RecipeError, read_recipe

PAIRS = Dataset.from_dict({"prompt": ["p\n"], "completion": ["c\n"], "optimizer": ["slsqp"]})


def recipe(tmp_path: Path, **fields: object) -> Recipe:
    content = {"output_dir": str(tmp_path / "out"), "model": "someone/model", "dataset": {"path": "llamoco"}}
    file = tmp_path / "recipe.yaml"
    file.write_text(yaml.safe_dump({**content, "training": {}, **fields}))
    return read_recipe(file)


def test_checkpoints_of_an_earlier_version_are_resumed(tmp_path: Path) -> None:
    output, one = tmp_path / "out", recipe(tmp_path)
    train.claim(output, one, PAIRS, resume=False)
    file = output / "identity.json"
    identity = json.loads(file.read_text())
    # As the first version wrote it, when there were no other fields.
    known = ("model", "dataset", "training", "output_dir", "seed", "save_dtype", "threads")
    earlier = {name: identity[name] for name in (*known, "dataset fingerprint")}
    earlier["dataset"] = {name: identity["dataset"][name] for name in ("path", "config", "split")}
    file.write_text(json.dumps(earlier))
    train.claim(output, one, PAIRS, resume=True)


@pytest.mark.parametrize(
    ("changes", "processes", "named"),
    [
        ({"adapter": {"r": 4}}, 1, "adapter"),
        ({"load_dtype": "bfloat16"}, 1, "load_dtype"),
        ({"model": "another/model"}, 1, "model"),
        ({}, 2, "processes"),
    ],
)
def test_checkpoints_of_another_run_are_refused(
    tmp_path: Path, changes: dict[str, object], processes: int, named: str
) -> None:
    train.claim(tmp_path / "out", recipe(tmp_path), PAIRS, resume=False)
    with pytest.raises(RecipeError, match=f"belong to another run: {named} changed"):
        train.claim(tmp_path / "out", recipe(tmp_path, **changes), PAIRS, resume=True, processes=processes)


def test_checkpoints_of_nobody_are_refused(tmp_path: Path) -> None:
    for content in (None, "{", "{}"):
        if content is not None:
            (tmp_path / "out").mkdir(exist_ok=True)
            (tmp_path / "out" / "identity.json").write_text(content)
        with pytest.raises(RecipeError, match=r"identity\.json, .* cannot be read: .* start anew"):
            train.claim(tmp_path / "out", recipe(tmp_path), PAIRS, resume=True)


def test_an_output_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in ("file", "file/runs"):
        recipe(tmp_path, output_dir=str(tmp_path / place))
        with pytest.raises(
            RecipeError, match=f"output_dir .*{place} cannot be written to: .*Give the recipe another"
        ):
            train.run(tmp_path / "recipe.yaml")
