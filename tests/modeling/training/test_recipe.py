"""Recipes: what is read, what the command line sets anew, and what is refused in one line."""

from pathlib import Path

import pytest

from llamoco.modeling.training.recipe import DatasetSource, FromScratch, Recipe, RecipeError, read_recipe

ROOT = Path(__file__).parents[3]
GOOD = """\
output_dir: out
save_dtype: bfloat16
vocab_size: 2400
hidden_size: 64
intermediate_size: 128
num_hidden_layers: 2
num_attention_heads: 2
dataset_name: llamoco
learning_rate: 3e-4
contrastive_steps: 5
bf16: false
"""
TUNED = """\
output_dir: out
model_name_or_path: someone/model
dtype: bfloat16
attn_implementation: sdpa
use_peft: true
lora_r: 8
lora_target_modules: [q_proj, v_proj]
load_in_4bit: true
dataset_name: llamoco
bf16: false
"""


def read(tmp_path: Path, text: str, *overrides: str) -> Recipe:
    file = tmp_path / "recipe.yaml"
    file.write_text(text)
    return read_recipe(file, overrides)


def test_a_recipe_is_read(tmp_path: Path) -> None:
    recipe = read(tmp_path, GOOD)
    assert recipe.scratch == FromScratch(2400, 64, 128, 2, 2, 2048)
    assert recipe.source == DatasetSource("llamoco", "default", "train")
    assert (recipe.training.learning_rate, recipe.training.contrastive_steps) == (0.0003, 5)
    assert recipe.fields["learning_rate"] == 0.0003 and len(recipe.fields) == GOOD.count("\n")
    assert (recipe.script.save_dtype, str(recipe.output), recipe.base_model) == ("bfloat16", "out", None)


def test_options_set_fields_anew(tmp_path: Path) -> None:
    recipe = read(tmp_path, GOOD, "--learning_rate", "1e-3", "--warmup-steps=7", "--patterns", "a", "b")
    assert (recipe.training.learning_rate, recipe.training.warmup_steps) == (0.001, 7)
    assert recipe.source.patterns == ["a", "b"]
    assert recipe.fields["learning_rate"] == 0.001 and recipe.fields["patterns"] == ["a", "b"]
    assert read(tmp_path, TUNED, "--lora_target_modules", "all-linear").model.lora_target_modules == (
        "all-linear"
    )


def test_a_recipe_of_an_editor_that_writes_a_byte_order_mark(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff" + GOOD).fields == read(tmp_path, GOOD).fields


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "a: " * 100_000,
        f"seed: {'1' * 5000}",
        "when: 2026-13-45",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        "a: &a [*a]",
        "patterns: [--help]",
        "1: 2",
        "? [1, 2]\n: 3",
    ],
)
def test_what_is_no_recipe_is_one_clear_message(tmp_path: Path, text: str) -> None:
    with pytest.raises(RecipeError, match=r"recipe\.yaml"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "learning_rate: 3e-4",
            "learning_rat: 3e-4",
            r"unknown field learning_rat: did you mean learning_rate",
        ),
        ("hidden_size: 64", "hiden_size: 64", r"unknown field hiden_size: did you mean hidden_size"),
        ("dataset_name: llamoco", "xyz: llamoco", r"unknown field xyz: examples/recipes show"),
        ("output_dir: out\n", "", r"output_dir is missing"),
        ("vocab_size: 2400\n", "", r"vocab_size is missing: .* or name a model .* in model_name_or_path"),
        ("learning_rate: 3e-4", "learning_rate: fast", r"learning_rate: invalid float value: 'fast'"),
        ("contrastive_steps: 5", "contrastive_steps: 2.5", r"contrastive_steps: invalid int value: '2\.5'"),
        ("contrastive_steps: 5", "contrastive_steps: true", r"contrastive_steps: invalid int value: 'true'"),
        ("contrastive_steps: 5", "contrastive_steps: -1", r"contrastive_steps must be at least 0, got -1"),
        ("hidden_size: 64", "hidden_size: 65", r"hidden_size \(65\) must be an even multiple"),
        ("num_hidden_layers: 2", "num_hidden_layers: 0", r"num_hidden_layers is 0, expected at least 1"),
        ("save_dtype: bfloat16", "max_shard_size: big", r"max_shard_size is 'big', expected a size such as"),
        ("save_dtype: bfloat16", "save_dtype: int8", r"save_dtype: invalid choice: 'int8'"),
        ("dataset_name: llamoco", "language: cobol", r"language: invalid choice: 'cobol'"),
        (
            "dataset_name: llamoco",
            "soft_label_temperature: -0.1",
            r"soft_label_temperature is -0\.1, expected a temperature in AOCC, or 0",
        ),
        (
            "dataset_name: llamoco",
            "expected_share: 0.75",
            r"expected_share: expected 0 to 1, and a soft_label",
        ),
        ("dataset_name: llamoco", "validation: true", r"validation: true needs hold_out: true"),
        (
            "dataset_name: llamoco",
            "hold_out: true\nvalidation: true",
            r"validation: true needs eval_strategy: steps or epoch",
        ),
        ("dataset_name: llamoco", "eval_strategy: epoch", r"these need validation: true"),
        ("output_dir: out", "output_dir: [", r"is no YAML"),
        (GOOD, "", r"the recipe must be a mapping"),
        ("learning_rate: 3e-4", "use_peft: true", r"use_peft is for a model that is loaded"),
        ("learning_rate: 3e-4", "dtype: bfloat16", r"dtype is for a model that is loaded"),
    ],
)
def test_a_bad_field_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(RecipeError, match=message) as error:
        read(tmp_path, GOOD.replace(old, new))
    assert "recipe.yaml" in str(error.value) and ("YAML" in message or "\n" not in str(error.value))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("--learning_rat", "1"), r"unknown option --learning_rat: did you mean learning_rate"),
        (("--learning_rate", "fast"), r"learning_rate: invalid float value: 'fast'"),
        (("stray",), r"stray"),
        (("--patterns",), r"patterns: expected at least one argument"),
    ],
)
def test_a_bad_option_is_named(tmp_path: Path, overrides: tuple[str, ...], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        read(tmp_path, GOOD, *overrides)


def test_a_model_an_adapter_and_four_bits_are_read(tmp_path: Path) -> None:
    model = read(tmp_path, TUNED).model
    assert (model.lora_r, model.lora_target_modules, model.load_in_4bit) == (8, ["q_proj", "v_proj"], True)
    assert (model.model_name_or_path, model.dtype, model.attn_implementation) == (
        "someone/model",
        "bfloat16",
        "sdpa",
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lora_r: 8", "lora_rr: 8", r"unknown field lora_rr: did you mean lora_r"),
        ("lora_r: 8", "lora_r: 8.5", r"lora_r: invalid int value: '8\.5'"),
        ("load_in_4bit: true", "bnb_4bit_quant_type: int4", r"bnb_4bit_quant_type: invalid choice: 'int4'"),
        ("dtype: bfloat16", "dtype: int8", r"dtype: invalid choice: 'int8'"),
        ("use_peft: true\n", "", r"quantized weights cannot be trained: .*use_peft: true"),
        ("lora_r: 8", "hidden_size: 64", r"hidden_size is for a new model"),
    ],
)
def test_a_bad_field_of_a_loaded_model_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TUNED
    with pytest.raises(RecipeError, match=message):
        read(tmp_path, TUNED.replace(old, new))


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no recipe at .*absent\.yaml"):
        read_recipe(tmp_path / "absent.yaml")


@pytest.mark.parametrize("file", sorted((ROOT / "examples" / "recipes").glob("*.yaml")), ids=lambda f: f.name)
def test_recipes_of_the_examples_are_good(file: Path) -> None:
    read_recipe(file)
