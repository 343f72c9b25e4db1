"""The recipes of the ablations: each the base but for the field that it is about."""

from pathlib import Path
from typing import Any

import yaml

from llamoco.modeling.ablations.study import BASE, STUDIES
from llamoco.modeling.training.recipe import read_recipe

FOLDER = Path(__file__).parents[3] / "examples" / "recipes" / "ablations"
ABOUT = {
    "no_warmup": {"training.contrastive_steps": 0},
    "quarter_balance": {"training.balance_exponent": 0.25},
    "eq5": {"training.balance_exponent": 1.0},
    "python_only": {"dataset.config": "python"},
    "latex_only": {"dataset.config": "latex"},
    "plain_style": {"dataset.config": "plain"},
}


def flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in content.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def fields_of(name: str) -> dict[str, Any]:
    return flat(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))


def test_each_recipe_is_the_base_but_for_its_field() -> None:
    assert {file.stem for file in FOLDER.glob("*.yaml")} == set(STUDIES) == {BASE, *ABOUT}
    base = fields_of(BASE)
    for name, about in ABOUT.items():
        fields = fields_of(name)
        assert fields.keys() == base.keys()
        changed = {field: value for field, value in fields.items() if value != base[field]}
        assert changed == {"output_dir": f"runs/ablations/{name}/seed-0", **about}
        read_recipe(FOLDER / f"{name}.yaml")


def test_the_base_has_what_is_taken_away_as_the_shipped_model_has_it() -> None:
    base = fields_of(BASE)
    shipped = flat(yaml.safe_load((FOLDER.parent / "xs.yaml").read_text(encoding="utf-8")))
    fields = (
        "contrastive_steps",
        "contrastive_learning_rate",
        "margin",
        "balance_exponent",
    )
    for name in fields:
        assert base[f"training.{name}"] == shipped[f"training.{name}"], name
