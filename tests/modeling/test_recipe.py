from pathlib import Path

import pytest

from llamoco.modeling.recipe import DatasetSource, FromScratch, Recipe, RecipeError, read_recipe

ROOT = Path(__file__).parents[2]
GOOD = """\
output_dir: out
save_dtype: bfloat16
model:
  from_scratch:
    vocab_size: 2400
    hidden_size: 64
    intermediate_size: 128
    num_hidden_layers: 2
    num_attention_heads: 2
dataset:
  path: llamoco
training:
  learning_rate: 1e-3
  contrastive_steps: 5
"""


def read(tmp_path: Path, text: str) -> Recipe:
    file = tmp_path / "recipe.yaml"
    file.write_text(text)
    return read_recipe(file)


def test_a_recipe_is_read(tmp_path: Path) -> None:
    recipe = read(tmp_path, GOOD)
    assert recipe.model == FromScratch(2400, 64, 128, 2, 2, 2048)
    assert recipe.dataset == DatasetSource("llamoco", "default", "train")
    assert recipe.training == {"learning_rate": 0.001, "contrastive_steps": 5}
    assert (recipe.seed, recipe.save_dtype, recipe.output_dir) == (0, "bfloat16", "out")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "learning_rate: 1e-3",
            "learning_rat: 1e-3",
            r"training\.learning_rat: did you mean learning_rate\?",
        ),
        ("hidden_size: 64", "hiden_size: 64", r"model\.from_scratch\.hiden_size: did you mean hidden_size\?"),
        ("dataset:", "data_set:", r"unknown field data_set: did you mean dataset\?"),
        ("  path: llamoco", "  paths: llamoco", r"dataset\.paths: did you mean path\?"),
        ("from_scratch:", "new:", r"model\.new: expected one of from_scratch"),
        ("output_dir: out\n", "", r"output_dir is missing"),
        ("    vocab_size: 2400\n", "", r"model\.from_scratch\.vocab_size is missing"),
        ("learning_rate: 1e-3", "learning_rate: fast", r"training\.learning_rate is 'fast', expected float"),
        ("contrastive_steps: 5", "contrastive_steps: 2.5", r"contrastive_steps is 2\.5, expected int"),
        ("contrastive_steps: 5", "contrastive_steps: true", r"contrastive_steps is True, expected int"),
        ("contrastive_steps: 5", "seed: 5", r"seed is a field of the recipe itself"),
        ("hidden_size: 64", "hidden_size: 65", r"hidden_size \(65\) must be an even multiple"),
        ("num_hidden_layers: 2", "num_hidden_layers: 0", r"num_hidden_layers is 0, expected at least 1"),
        ("save_dtype: bfloat16", "save_dtype: int8", r"save_dtype is 'int8', expected one of float32"),
        ("  path: llamoco", "", r"dataset must be a mapping"),
        ("output_dir: out", "output_dir: [", r"is no YAML"),
        (GOOD, "", r"the recipe must be a mapping"),
    ],
)
def test_a_bad_field_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(RecipeError, match=message) as error:
        read(tmp_path, GOOD.replace(old, new))
    assert "recipe.yaml" in str(error.value)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no recipe at .*absent\.yaml"):
        read_recipe(tmp_path / "absent.yaml")


@pytest.mark.parametrize("file", sorted((ROOT / "examples" / "recipes").glob("*.yaml")), ids=lambda f: f.name)
def test_recipes_of_the_examples_are_good(file: Path) -> None:
    read_recipe(file)
