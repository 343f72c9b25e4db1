from pathlib import Path

import pytest

from llamoco.modeling.training.recipe import (
    Adapter,
    DatasetSource,
    FromScratch,
    Quantization,
    Recipe,
    RecipeError,
    read_recipe,
)

ROOT = Path(__file__).parents[3]
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
TUNED = """\
output_dir: out
model: someone/model
load_dtype: bfloat16
attn_implementation: sdpa
adapter:
  r: 8
  target_modules: [q_proj, v_proj]
quantization:
  bnb_4bit_compute_dtype: float16
dataset:
  path: llamoco
training: {}
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


def test_a_recipe_of_an_editor_that_writes_a_byte_order_mark(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff" + GOOD) == read(tmp_path, GOOD)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "a: " * 100_000,
        f"seed: {'1' * 5000}",
        "when: 2026-13-45",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        "a: &a [*a]",
    ],
)
def test_what_is_no_recipe_is_one_clear_message(tmp_path: Path, text: str) -> None:
    with pytest.raises(RecipeError, match=r"recipe\.yaml"):
        read(tmp_path, text)


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
        ("save_dtype: bfloat16", "max_shard_size: 15", r"max_shard_size is 15, expected str"),
        (
            "save_dtype: bfloat16",
            "max_shard_size: big",
            r"max_shard_size is 'big', expected a size such as 15MB",
        ),
        ("save_dtype: bfloat16", "save_dtype: int8", r"save_dtype is 'int8', expected one of float32"),
        ("  path: llamoco", "", r"dataset must be a mapping"),
        (
            "  path: llamoco",
            "  path: llamoco\n  decision_temperature: -0.1",
            r"decision_temperature is -0\.1, expected a temperature in AOCC, or 0",
        ),
        ("output_dir: out", "output_dir: [", r"is no YAML"),
        (GOOD, "", r"the recipe must be a mapping"),
    ],
)
def test_a_bad_field_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(RecipeError, match=message) as error:
        read(tmp_path, GOOD.replace(old, new))
    assert "recipe.yaml" in str(error.value)


def test_an_adapter_and_four_bits_are_read(tmp_path: Path) -> None:
    recipe = read(tmp_path, TUNED)
    assert recipe.adapter == Adapter(8, 32, 0.0, ["q_proj", "v_proj"])
    assert recipe.quantization == Quantization("nf4", True, "float16")
    assert (recipe.model, recipe.load_dtype, recipe.attn_implementation) == (
        "someone/model",
        "bfloat16",
        "sdpa",
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "  r: 8",
            "  rank: 8",
            r"adapter\.rank: expected one of lora_alpha, lora_dropout, r, target_modules",
        ),
        ("  r: 8", "  alpha: 8", r"adapter\.alpha: did you mean lora_alpha\?"),
        ("  r: 8", "  r: 0", r"adapter\.r is 0, expected at least 1"),
        ("  r: 8", "  r: 8.5", r"adapter\.r is 8\.5, expected int"),
        ("  r: 8", "  lora_dropout: 1.0", r"adapter\.lora_dropout is 1\.0, expected at least 0"),
        ("[q_proj, v_proj]", "[]", r"adapter\.target_modules is \[\], expected all-linear or a list"),
        ("[q_proj, v_proj]", "[1]", r"adapter\.target_modules is \[1\]"),
        ("[q_proj, v_proj]", "7", r"adapter\.target_modules is 7"),
        (
            "bnb_4bit_compute_dtype",
            "compute_dtype",
            r"quantization\.compute_dtype: did you mean bnb_4bit_compute_dtype\?",
        ),
        ("dtype: float16", "dtype: int8", r"bnb_4bit_compute_dtype is 'int8', expected one of float32"),
        (
            "  bnb_4bit_compute_dtype: float16",
            "  bnb_4bit_quant_type: int4",
            r"is 'int4', expected one of nf4, fp4",
        ),
        ("load_dtype: bfloat16", "load_dtype: auto", r"load_dtype is 'auto', expected one of float32"),
        ("load_dtype: bfloat16", "dtype: bfloat16", r"unknown field dtype: did you mean save_dtype\?"),
        (
            "adapter:\n  r: 8\n  target_modules: [q_proj, v_proj]\n",
            "",
            r"quantization without adapter: .* Add the section adapter",
        ),
        ("adapter:\n  r: 8\n", "adapter: 8\nx:\n", r"unknown field x"),
    ],
)
def test_a_bad_field_of_a_loaded_model_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TUNED
    with pytest.raises(RecipeError, match=message):
        read(tmp_path, TUNED.replace(old, new))


@pytest.mark.parametrize("field", ["adapter: {r: 4}", "load_dtype: bfloat16", "attn_implementation: eager"])
def test_a_new_model_is_not_loaded(tmp_path: Path, field: str) -> None:
    with pytest.raises(RecipeError, match=rf"{field.split(':')[0]} is for a model that is loaded"):
        read(tmp_path, GOOD + field + "\n")


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no recipe at .*absent\.yaml"):
        read_recipe(tmp_path / "absent.yaml")


@pytest.mark.parametrize("file", sorted((ROOT / "examples" / "recipes").glob("*.yaml")), ids=lambda f: f.name)
def test_recipes_of_the_examples_are_good(file: Path) -> None:
    read_recipe(file)
