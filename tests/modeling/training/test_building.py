"""What a recipe asks of the model, the Hub and the machine: loaded as it says, or refused with a cause and a cure."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
import yaml
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from huggingface_hub import constants
from transformers import BitsAndBytesConfig, PreTrainedTokenizerFast

from llamoco.modeling.generation.model_files import SHIPPED_MODEL
from llamoco.modeling.training import building, config
from llamoco.modeling.training.building import (
    adapter_config,
    build_model,
    build_tokenizer,
    training_arguments,
)
from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.recipe import Recipe, RecipeError, read_recipe

RECIPES = Path(__file__).parents[3] / "examples" / "recipes"
LAUNCHES = sorted((RECIPES / "accelerate").glob("*.yaml"))


def recipe(tmp_path: Path, **fields: object) -> Recipe:
    content = {
        "output_dir": str(tmp_path / "out"),
        "model": str(SHIPPED_MODEL),
        "dataset": {"path": "llamoco"},
        "training": {"bf16": False},
        **fields,
    }
    file = tmp_path / "recipe.yaml"
    file.write_text(yaml.safe_dump(content))
    return read_recipe(file)


def model(one: Recipe, tmp_path: Path) -> torch.nn.Module:
    return build_model(one, PreTrainedTokenizerFast.from_pretrained(SHIPPED_MODEL), arguments(one, tmp_path))


def arguments(one: Recipe, tmp_path: Path) -> building.LLaMoCoConfig:
    return training_arguments(one, tmp_path / "out" / "checkpoints")


def test_a_model_is_loaded_as_the_recipe_says(tmp_path: Path) -> None:
    found = model(recipe(tmp_path, load_dtype="bfloat16", attn_implementation="eager"), tmp_path)
    assert found.dtype == torch.bfloat16 and found.config._attn_implementation == "eager"
    assert model(recipe(tmp_path), tmp_path).dtype == torch.float32


def test_pairs_are_no_longer_than_the_positions(tmp_path: Path) -> None:
    one = recipe(tmp_path, training={"bf16": False, "max_length": 4096})
    with pytest.raises(RecipeError, match=r"max_length is 4096, but the model holds \d+ positions"):
        model(one, tmp_path)
    args = arguments(recipe(tmp_path, training={"bf16": False}), tmp_path)
    args.max_length = 9999  # a default, which the recipe did not ask for
    found = build_model(recipe(tmp_path), PreTrainedTokenizerFast.from_pretrained(SHIPPED_MODEL), args)
    assert args.max_length == found.config.max_position_embeddings


@pytest.mark.parametrize("offline", [True, False])
def test_a_model_that_cannot_be_had_is_named_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offline: bool
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody answers there
    one = recipe(tmp_path, model="nobody/no-model")
    reason = "HF_HUB_OFFLINE is set" if offline else "onnect"
    begun = time.perf_counter()
    for build in (lambda: build_tokenizer(one, None, None), lambda: model(one, tmp_path)):  # type: ignore[arg-type]
        with pytest.raises(
            RecipeError,
            match=rf"(?s)'nobody/no-model'.*{reason}.*hf download nobody/no-model.*HF_HUB_OFFLINE=1",
        ):
            build()
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize("name", ["./absent", "a/b/c"])
def test_what_is_no_folder_and_no_hub_id_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(RecipeError, match=f"'{name}' is neither a folder nor"):
        model(recipe(tmp_path, model=name), tmp_path)


def test_four_bits_are_what_transformers_takes(tmp_path: Path) -> None:
    one = read_recipe(RECIPES / "l_qlora.yaml")
    options = building._in_four_bits(one, arguments(recipe(tmp_path), tmp_path))
    expected = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    assert options["quantization_config"].to_dict() == expected.to_dict()
    config = adapter_config(one)
    assert config is not None and (config.r, config.lora_alpha, config.lora_dropout) == (16, 32, 0.05)


def test_four_bits_say_what_they_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = read_recipe(RECIPES / "l_qlora.yaml")
    args = arguments(recipe(tmp_path), tmp_path)
    with monkeypatch.context() as patch, pytest.raises(RecipeError, match="pip install bitsandbytes"):
        patch.setattr(building, "is_bitsandbytes_available", lambda: False)
        building._in_four_bits(one, args)
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    monkeypatch.setattr(building, "is_bitsandbytes_available", lambda: True)
    with pytest.raises(RecipeError, match=r"launch with examples/recipes/accelerate/ddp\.yaml"):
        building._in_four_bits(one, args)


@pytest.mark.parametrize("file", LAUNCHES, ids=lambda file: file.stem)
def test_launch_configurations_are_accelerates(file: Path) -> None:
    command = next(
        line for line in file.read_text().splitlines() if line.startswith("#     accelerate launch")
    )
    words = command.removeprefix("#     accelerate launch").split()
    words = [str(RECIPES.parents[1] / word) if word.endswith(".yaml") else word for word in words]
    launch, _, _ = _validate_launch_command(launch_command_parser().parse_args(words))
    assert Path(launch.config_file) == file and read_recipe(launch.training_script_args[-1])
    assert launch.module and launch.training_script == "llamoco.cli" and launch.mixed_precision == "bf16"
    assert (launch.multi_gpu, launch.use_fsdp, launch.use_deepspeed) == tuple(
        file.stem == name for name in ("ddp", "fsdp", "zero3")
    )
    assert file.stem != "fsdp" or (launch.fsdp_version, launch.fsdp_state_dict_type) == (2, "FULL_STATE_DICT")
    assert file.stem != "zero3" or (launch.zero_stage, launch.zero3_save_16bit_model) == (3, True)


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("asked", [{}, {"bf16": True}])
def test_a_cpu_that_emulates_bfloat16_trains_in_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, native: bool, asked: dict[str, bool]
) -> None:
    monkeypatch.setattr(config, "bf16_on_cpu", lambda: native)
    assert LLaMoCoConfig(output_dir=str(tmp_path), use_cpu=True, **asked).bf16 is native
    assert LLaMoCoConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False).bf16 is False
