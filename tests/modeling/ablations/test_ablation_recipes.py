"""The recipes of the ablations: each the base but for the field that it is about."""

from pathlib import Path
from typing import Any

import yaml

from llamoco.modeling.ablations.ablation import ABLATIONS, BASE
from llamoco.modeling.training.recipe import read_recipe

FOLDER = Path(__file__).parents[3] / "examples" / "recipes" / "ablations"
ABOUT = {
    "no_warmup": {"contrastive_steps": 0},
    "quarter_balance": {"balance_exponent": 0.25},
    "eq5": {"balance_exponent": 1.0},
    "python_only": {"dataset_config": "python"},
    "latex_only": {"dataset_config": "latex"},
    "plain_style": {"dataset_config": "plain"},
}


def fields_of(file: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(file.read_text(encoding="utf-8")))


def test_each_recipe_is_the_base_but_for_its_field() -> None:
    assert {file.stem for file in FOLDER.glob("*.yaml")} == set(ABLATIONS) == {BASE, *ABOUT}
    base = fields_of(FOLDER / f"{BASE}.yaml")
    for name, about in ABOUT.items():
        fields = fields_of(FOLDER / f"{name}.yaml")
        assert fields.keys() == base.keys()
        changed = {field: value for field, value in fields.items() if value != base[field]}
        assert changed == {"output_dir": f"runs/ablations/{name}/seed-0", **about}
        read_recipe(FOLDER / f"{name}.yaml")


def test_the_base_has_what_is_taken_away_as_the_shipped_model_has_it() -> None:
    base = fields_of(FOLDER / f"{BASE}.yaml")
    shipped = fields_of(FOLDER.parent / "xs.yaml")
    fields = (
        "contrastive_steps",
        "contrastive_learning_rate",
        "margin",
        "balance_exponent",
    )
    for name in fields:
        assert base[name] == shipped[name], name
