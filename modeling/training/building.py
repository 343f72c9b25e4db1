"""From a recipe to what the trainer takes: its arguments, the tokenizer, the model and the adapter."""

import dataclasses
import os
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from huggingface_hub import HfApi
from huggingface_hub.constants import is_offline_mode
from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError
from peft import LoraConfig, PeftConfig
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import is_bitsandbytes_available

from llamoco.dataset_builder.optimizers import pool
from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.recipe import FromScratch, Recipe, RecipeError
from llamoco.modeling.training.tokenizer import train_tokenizer

HUB_TIMEOUT = 5.0  # seconds in which the Hub must answer whether it has a model


def training_arguments(recipe: Recipe, checkpoints: Path) -> LLaMoCoConfig:
    """The trainer's arguments; they join the processes of a distributed run.

    Raises:
        RecipeError: a field of `training` has a value that cannot be.
    """
    fields = {"use_cpu": not torch.cuda.is_available(), **recipe.training}
    try:
        return LLaMoCoConfig(output_dir=str(checkpoints), seed=recipe.seed, **fields)
    except (ValueError, TypeError) as error:
        raise RecipeError(f"training: {error}") from error


def build_tokenizer(recipe: Recipe, dataset: Dataset, checkpoint: str | None) -> PreTrainedTokenizerBase:
    """The tokenizer: of the checkpoint that is resumed, of the model, or trained on the pairs.

    Raises:
        RecipeError: there is none, or its vocabulary is too small.
    """
    if checkpoint is not None:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(checkpoint)
    elif isinstance(recipe.model, FromScratch):
        first_lines = (completion.split("\n", 1)[0] + "\n" for completion in dataset["completion"])
        try:
            tokenizer = train_tokenizer(
                [*dataset["prompt"], *first_lines],
                {name: pool.source(name) for name in pool.POOL},
                vocab_size=recipe.model.vocab_size,
                max_length=recipe.model.max_position_embeddings,
            )
        except ValueError as error:
            raise RecipeError(f"model.from_scratch: {error}") from error
    else:
        tokenizer = _from_hub(AutoTokenizer, recipe.model)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def build_model(recipe: Recipe, tokenizer: PreTrainedTokenizerBase, args: LLaMoCoConfig) -> PreTrainedModel:
    """The model: with random weights, or loaded as the recipe says. Limits `max_length` to its positions.

    Raises:
        RecipeError: the model cannot be had, not in 4 bits, or not at the recipe's `max_length`.
    """
    if isinstance(recipe.model, FromScratch):
        sizes = dataclasses.asdict(recipe.model)
        del sizes["facts_alone"]  # the tokenizer's
        config = LlamaConfig(
            **{**sizes, "vocab_size": len(tokenizer)},
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
        model: PreTrainedModel = LlamaForCausalLM(config)
        if not torch.cuda.is_available():
            # A tenth faster than scaled_dot_product_attention in bfloat16 at a few hundred tokens.
            model.set_attn_implementation("eager")
    else:
        options: dict[str, Any] = {"dtype": getattr(torch, recipe.load_dtype)}
        if recipe.attn_implementation is not None:
            options["attn_implementation"] = recipe.attn_implementation
        if recipe.quantization is not None:
            options |= _in_four_bits(recipe, args)
        model = _from_hub(AutoModelForCausalLM, recipe.model, **options)
    _limit_length(recipe, args, model)
    return model


def adapter_config(recipe: Recipe) -> PeftConfig | None:
    """What peft calls the recipe's adapter; None if all weights are trained."""
    if recipe.adapter is None:
        return None
    return LoraConfig(task_type="CAUSAL_LM", **dataclasses.asdict(recipe.adapter))


def _limit_length(recipe: Recipe, args: LLaMoCoConfig, model: PreTrainedModel) -> None:
    """CodeGen fails beyond its positions, and other models were never trained there."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if positions is None or (args.max_length is not None and args.max_length <= positions):
        return
    if recipe.training.get("max_length") is not None:
        raise RecipeError(
            f"training.max_length is {args.max_length}, but the model holds {positions} positions: expected at "
            "most these. Longer pairs are dropped and counted"
        )
    args.max_length = positions


def _in_four_bits(recipe: Recipe, args: LLaMoCoConfig) -> dict[str, Any]:
    if not is_bitsandbytes_available():
        raise RecipeError("quantization needs the package bitsandbytes: pip install bitsandbytes")
    # Set by `accelerate launch`.
    if any(
        os.environ.get(name, "").lower() == "true"
        for name in ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED")
    ):
        raise RecipeError(
            "quantization: a model in 4 bits is not sharded, each process holds all of it: launch with "
            "examples/recipes/accelerate/ddp.yaml"
        )
    assert recipe.quantization is not None
    fields = dataclasses.asdict(recipe.quantization)
    # Weights of 4 bits cannot be moved to the device later.
    return {
        "quantization_config": BitsAndBytesConfig(load_in_4bit=True, **fields),
        "device_map": {"": args.device},
    }


def _from_hub(loader: Any, name: str, **options: Any) -> Any:
    """Loads a model or tokenizer from a folder, the Hub or its cache.

    A Hub that cannot be reached is not asked: its client takes half a minute of retries for each file to say so.
    """
    unreachable = None if Path(name).is_dir() else _why_unreachable(name)
    if unreachable is not None:
        options["local_files_only"] = True
        if loader is AutoModelForCausalLM:
            # It looks for an adapter first.
            options["adapter_kwargs"] = {"local_files_only": True}
    try:
        loaded = loader.from_pretrained(name, **options)
    except (OSError, ValueError, ImportError) as error:
        if unreachable is None:
            raise RecipeError(f"cannot load the model {name!r}: {error}") from error
        raise RecipeError(
            f"cannot load the model {name!r}: no folder of that name, not (all of it) in the Hub's cache on this "
            f"machine, and the Hub cannot be asked: {unreachable}.\nDownload it where there is a network, `hf download "
            f"{name} --local-dir FOLDER`, and give FOLDER as model; or fill the cache by `hf download {name}` and "
            "set HF_HUB_OFFLINE=1"
        ) from error
    return loaded


def _why_unreachable(name: str) -> str | None:
    if is_offline_mode():
        return "HF_HUB_OFFLINE is set"
    try:
        HfApi().model_info(name, timeout=HUB_TIMEOUT)
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise RecipeError(
            f"model {name!r} is neither a folder nor a model of the Hub that you may see: {_first_line(error)}. Check "
            "the name; for a private or gated model, `hf auth login`"
        ) from error
    except Exception as error:  # whatever a network, a proxy or a server makes go wrong
        return _first_line(error)
    return None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".:") if lines else type(error).__name__
