"""Tokenizer and model of a recipe."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from peft import PeftConfig, PeftModel, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import is_bitsandbytes_available
from trl import get_peft_config, get_quantization_config

from llamoco.dataset_builder.optimizers import pool
from llamoco.modeling.generation.base_models import check_base, read_base
from llamoco.modeling.generation.loading import load_network, load_tokenizer, without_peft_warning
from llamoco.modeling.training.prompt_format import with_chat_format
from llamoco.modeling.training.recipe import Recipe, RecipeError
from llamoco.modeling.training.tokenizer import train_tokenizer


def build_tokenizer(
    recipe: Recipe, prompts: Iterable[str], completions: Iterable[str], start: Path | None = None
) -> PreTrainedTokenizerBase:
    """The tokenizer: of the folder to start from, of the recipe's model, or trained on pairs.

    Raises:
        RecipeError: the vocabulary is too small, or the model has no chat format that the recipe asks for.
        ModelError: there is none to load.
    """
    place = start or recipe.base_model
    if place is not None:
        tokenizer = load_tokenizer(place)
    else:
        sizes = recipe.scratch.sizes()
        first_lines = (completion.split("\n", 1)[0] + "\n" for completion in completions)
        try:
            tokenizer = train_tokenizer(
                [*prompts, *first_lines],
                {name: pool.source(name) for name in pool.POOL},
                vocab_size=sizes["vocab_size"],
                max_length=sizes["max_position_embeddings"],
            )
        except ValueError as error:
            raise RecipeError(f"{recipe.file}: {error}") from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if recipe.script.chat_format:
        try:
            return with_chat_format(tokenizer)
        except ValueError as error:
            raise RecipeError(f"{recipe.file}: {place}: {error}") from error
    return tokenizer


def build_model(
    recipe: Recipe, tokenizer: PreTrainedTokenizerBase, start: Path | None = None
) -> PreTrainedModel | PeftModel:
    """The model to train, with its adapter if the recipe asks for one; sets `max_length` to the positions if it is not set.

    Args:
        recipe: of the run.
        tokenizer: its tokenizer.
        start: folder of weights, or of an adapter, to start from; a new or unchanged model if None.

    Raises:
        RecipeError: the model cannot be had in few bits, or not at the recipe's `max_length`.
        ModelError: the model cannot be loaded.
    """
    args = recipe.training
    adapter = get_peft_config(recipe.model)
    if recipe.base_model is None:
        config = LlamaConfig(
            **{**recipe.scratch.sizes(), "vocab_size": len(tokenizer)},
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
        model = LlamaForCausalLM(config) if start is None else load_network(start, dtype=torch.float32)
        if not torch.cuda.is_available():
            # A tenth faster than scaled_dot_product_attention in bfloat16 at a few hundred tokens.
            model.set_attn_implementation("eager")
    else:
        place = recipe.base_model if start is None or adapter else start
        model = load_network(place, **_loading_options(recipe))
    _limit_length(recipe, model)
    if adapter is None:
        return model
    earlier = recipe.script.adapter
    if start is None and earlier is not None:
        _check_adapter(recipe, earlier, adapter, model)
        start = Path(earlier)
    if start is not None:
        with without_peft_warning():
            adapted = PeftModel.from_pretrained(model, str(start), is_trainable=True)
    else:
        # DeepSpeed's ZeRO-3 gathers weights of one number format only.
        zero3 = args.deepspeed_plugin is not None and args.deepspeed_plugin.zero_stage == 3
        with without_peft_warning():
            adapted = get_peft_model(model, adapter, autocast_adapter_dtype=not zero3)
    if args.gradient_checkpointing:
        adapted.enable_input_require_grads()
    return adapted


def _check_adapter(recipe: Recipe, place: str, expected: PeftConfig, base: PreTrainedModel) -> None:
    """Check that an adapter to train further has the shape that the recipe gives it, and the recipe's base."""
    try:
        found = PeftConfig.from_pretrained(place)
    except Exception as error:  # whatever a person's file makes go wrong
        raise RecipeError(
            f"{recipe.file}: adapter: {place}/adapter_config.json cannot be read: {error}"
        ) from error
    theirs, ours = adapter_shape(found), adapter_shape(expected)
    if theirs != ours:
        name = next(name for name in ours if theirs[name] != ours[name])
        raise RecipeError(
            f"{recipe.file}: the adapter in {place} has {name} {theirs[name]}, the recipe's {ours[name]}: give the recipe the "
            "adapter's (fields lora_r, lora_alpha, lora_target_modules), or leave adapter out for a new one"
        )
    stated = read_base(place)
    if stated is not None:
        check_base(place, stated, base)


def adapter_shape(config: PeftConfig) -> dict[str, Any]:
    """What decides an adapter's weights: its kind, rank, scale and the modules that it is of, as a sorted list."""
    shape = {name: config.to_dict().get(name) for name in ("peft_type", "r", "lora_alpha")}
    modules = config.to_dict().get("target_modules")  # peft keeps a set of names, or a pattern
    return {**shape, "target_modules": [modules] if isinstance(modules, str) else sorted(modules or [])}


def _loading_options(recipe: Recipe) -> dict[str, Any]:
    model = recipe.model
    options: dict[str, Any] = {"dtype": model.dtype, "revision": model.model_revision}
    if model.attn_implementation is not None:
        options["attn_implementation"] = model.attn_implementation
    quantization = get_quantization_config(model)
    if quantization is None:
        return options
    if not is_bitsandbytes_available():
        raise RecipeError(
            f"{recipe.file}: load_in_4bit and load_in_8bit need the package bitsandbytes: pip install bitsandbytes"
        )
    # Set by `accelerate launch`.
    if any(
        os.environ.get(name, "").lower() == "true"
        for name in ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED")
    ):
        raise RecipeError(
            f"{recipe.file}: a model in few bits is not sharded, each process holds all of it: launch with "
            "examples/recipes/accelerate/ddp.yaml"
        )
    return options | {"quantization_config": quantization}


def _limit_length(recipe: Recipe, model: PreTrainedModel) -> None:
    """CodeGen fails beyond its positions, and other models were never trained there."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if positions is None:
        return
    if recipe.training.max_length is None:
        recipe.training.max_length = positions
    if recipe.training.max_length > positions:
        raise RecipeError(
            f"{recipe.file}: max_length is {recipe.training.max_length}, but the model holds {positions} positions: "
            "expected at most these. Longer pairs are dropped and counted"
        )
