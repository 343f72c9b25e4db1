"""What a recipe asks of the model, the Hub and the machine: loaded as it says, or refused with a cause and a cure."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from huggingface_hub import constants
from training_setup import tiny_model, trained_tokenizer
from transformers import BitsAndBytesConfig, PreTrainedTokenizerFast

from llamoco.modeling.generation.model_files import SHIPPED_MODEL
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.training import building, config
from llamoco.modeling.training.building import build_model, build_tokenizer
from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.recipe import Recipe, RecipeError, read_recipe

RECIPES = Path(__file__).parents[3] / "examples" / "recipes"
LAUNCHES = sorted((RECIPES / "accelerate").glob("*.yaml"))


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast.from_pretrained(SHIPPED_MODEL)


def recipe(tmp_path: Path, *overrides: str, model: str | Path = SHIPPED_MODEL) -> Recipe:
    file = tmp_path / "recipe.yaml"
    file.write_text(f"output_dir: {tmp_path / 'out'}\nmodel_name_or_path: {model}\nbf16: false\n")
    return read_recipe(file, overrides)


def test_a_model_is_loaded_as_the_recipe_says(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    found = build_model(recipe(tmp_path, "--dtype", "bfloat16", "--attn_implementation", "eager"), tokenizer)
    assert found.dtype == torch.bfloat16 and found.config._attn_implementation == "eager"
    assert build_model(recipe(tmp_path), tokenizer).dtype == torch.float32


def test_pairs_are_no_longer_than_the_positions(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(RecipeError, match=r"max_length is 4096, but the model holds \d+ positions"):
        build_model(recipe(tmp_path, "--max_length", "4096"), tokenizer)
    one = recipe(tmp_path)
    found = build_model(one, tokenizer)
    assert one.training.max_length == found.config.max_position_embeddings


def test_an_adapter_starts_from_that_of_the_warm_up(tmp_path: Path) -> None:
    tiny_model().save_pretrained(tmp_path / "base")
    options = ("--use_peft", "true", "--lora_r", "4", "--lora_target_modules", "q_proj", "v_proj")
    one = recipe(tmp_path, *options, model=tmp_path / "base")
    first = build_model(one, trained_tokenizer())
    for name, parameter in first.named_parameters():
        assert parameter.requires_grad == ("lora_" in name)
        if parameter.requires_grad:
            parameter.data.normal_()
    first.save_pretrained(tmp_path / "start")
    second = build_model(one, trained_tokenizer(), tmp_path / "start")
    for (name, a), (_, b) in zip(first.named_parameters(), second.named_parameters(), strict=True):
        assert torch.equal(a, b) and a.requires_grad == b.requires_grad, name


@pytest.mark.parametrize("offline", [True, False])
def test_a_model_that_cannot_be_had_is_named_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tokenizer: PreTrainedTokenizerFast, offline: bool
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody answers there
    one = recipe(tmp_path, model="nobody/no-model")
    reason = "HF_HUB_OFFLINE is set" if offline else "onnect"
    begun = time.perf_counter()
    for build in (lambda: build_tokenizer(one, [], []), lambda: build_model(one, tokenizer)):
        with pytest.raises(
            ModelError, match=rf"(?s)'nobody/no-model'.*{reason}.*hf download nobody/no-model"
        ):
            build()
    assert time.perf_counter() - begun < 5


def test_four_bits_are_what_transformers_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "is_bitsandbytes_available", lambda: True)
    options = building._loading_options(read_recipe(RECIPES / "l_qlora.yaml"))
    expected = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    assert options["quantization_config"].to_dict() == expected.to_dict()


def test_four_bits_say_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    one = read_recipe(RECIPES / "l_qlora.yaml")
    with monkeypatch.context() as patch, pytest.raises(RecipeError, match="pip install bitsandbytes"):
        patch.setattr(building, "is_bitsandbytes_available", lambda: False)
        building._loading_options(one)
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    monkeypatch.setattr(building, "is_bitsandbytes_available", lambda: True)
    with pytest.raises(RecipeError, match=r"launch with examples/recipes/accelerate/ddp\.yaml"):
        building._loading_options(one)


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
