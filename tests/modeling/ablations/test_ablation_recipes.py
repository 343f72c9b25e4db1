"""The recipes of the ablations: each the base of its family but for the field that it is about."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from llamoco.cli.studies.ablations import FamilyName
from llamoco.modeling.ablations.families import BASE, FAMILIES, SCRATCH, SMOLLM2, WARM, Family
from llamoco.modeling.training.recipe import read_recipe

CHECKOUT = Path(__file__).parents[3]
ABOUT: dict[str, dict[str, dict[str, Any]]] = {
    "scratch": {
        "no_warmup": {"contrastive_steps": 0},
        "quarter_balance": {"balance_exponent": 0.25},
        "eq5": {"balance_exponent": 1.0},
        "python_only": {"dataset_config": "python"},
        "latex_only": {"dataset_config": "latex"},
        "plain_style": {"dataset_config": "plain"},
    },
    "smollm2": {
        "facts": {"reads": "facts"},
        "description": {"reads": "description"},
        "no_warmup": {"contrastive_steps": 0},
        "plain_style": {"dataset_config": "plain"},
        "python_only": {"dataset_config": "python"},
        "latex_only": {"dataset_config": "latex"},
        "eq5": {"balance_exponent": 1.0},
    },
}
AS_SHIPPED = {  # beside the recipe at full size
    "scratch": ("xs", ("contrastive_steps",)),
    "smollm2": (
        "smollm2",
        (
            "model_name_or_path",
            "chat_format",
            "use_peft",
            "lora_r",
            "lora_alpha",
            "lora_target_modules",
            "soft_label_temperature",
            "soft_choice",
            "learning_rate",
            "choice_loss_weight",
            "per_device_train_batch_size",
            "max_length",
        ),
    ),
}


def fields_of(file: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_each_recipe_is_the_base_but_for_its_field(family: Family) -> None:
    folder, about = CHECKOUT / family.recipes, ABOUT[family.name]
    assert {file.stem for file in folder.glob("*.yaml")} == set(family.about) == {BASE, *about}
    base = fields_of(folder / f"{BASE}.yaml")
    assert base["dataset_name"] == str(family.out / "pairs")
    for name, difference in about.items():
        fields = fields_of(folder / f"{name}.yaml")
        assert fields.keys() == base.keys()
        changed = {field: value for field, value in fields.items() if value != base[field]}
        assert changed == {"output_dir": f"{family.out}/{name}/seed-0", **difference}
        read_recipe(folder / f"{name}.yaml")


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_the_base_has_what_is_taken_away_as_the_shipped_model_has_it(family: Family) -> None:
    recipe, more = AS_SHIPPED[family.name]
    base = fields_of(CHECKOUT / family.recipes / f"{BASE}.yaml")
    shipped = fields_of(CHECKOUT / "examples" / "recipes" / f"{recipe}.yaml")
    for name in (
        "contrastive_learning_rate",
        "margin",
        "balance_exponent",
        *more,
    ):
        assert base[name] == shipped[name], name


def test_every_row_of_the_base_on_smollm2_is_the_decision_on_a_described_problem() -> None:
    source = read_recipe(CHECKOUT / SMOLLM2.recipes / f"{BASE}.yaml").source
    assert source.described_share == 1 and source.reads == "both"
    assert not any((source.full_share, source.described_unknown_share, *source.only_facts))


def test_families_are_worked_off_by_importance_and_the_command_knows_them() -> None:
    assert list(FamilyName) == list(FAMILIES)
    assert list(SMOLLM2.about)[:4] == [BASE, "facts", "description", "no_warmup"]
    for family in (SCRATCH, SMOLLM2):
        assert next(iter(family.about)) == BASE and set(WARM) <= set(family.about)
        assert set(family.groups) <= set(family.about)
    files = [
        name
        for family in FAMILIES.values()
        for name in (family.record, family.figure, family.curves, family.out)
    ]
    assert len(set(files)) == len(files)
