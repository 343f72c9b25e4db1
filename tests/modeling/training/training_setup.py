"""Pairs, recipes and trainers with a tiny random Llama, for tests of training."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from datasets import Dataset
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from llamoco.dataset_builder.optimizers import pool
from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.contrastive_trainer import ContrastiveTrainer
from llamoco.modeling.training.instruction_trainer import InstructionTrainer
from llamoco.modeling.training.tokenizer import train_tokenizer

TINY = {
    "vocab_size": 2400,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 512,
}


def pairs(count: int = 48) -> Dataset:
    """Pairs whose optimizer is a function of the prompt, with the columns that training reads."""
    names = sorted(pool.POOL)[:4]
    rows = []
    for i in range(count):
        name = names[min(i % 7, 3)]
        bounds = "\n".join(f"LOWER[{j}] = -{(7 * i + j) % 10}.5" for j in range(i % 5 + 1))
        prompt = f"# dimension {i % 40 + 2}, kind {names.index(name)}\n{bounds}\n"
        first_line = f"# kind {names.index(name)}; optimizer: {name}\n"
        rows.append({"prompt": prompt, "completion": first_line + pool.source(name)[:600], "optimizer": name})
    return Dataset.from_list(rows)


def write_dataset(folder: Path, dataset: Dataset) -> Path:
    """A data set as a folder in the Hub's layout."""
    (folder / "default").mkdir(parents=True, exist_ok=True)
    dataset.to_parquet(folder / "default" / "train-00000-of-00001.parquet")
    configs = [{"config_name": "default", "data_files": [{"split": "train", "path": "default/train-*"}]}]
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump({'configs': configs})}---\n")
    return folder


def write_recipe(file: Path, data: Path, **fields: Any) -> Path:
    """A recipe of a tiny new model, whose output_dir has the file's name; a field that is None is left out."""
    content: dict[str, Any] = {
        "output_dir": str(file.with_suffix("")),
        "seed": 5,
        "threads": 1,
        **TINY,
        "dataset_name": str(data),
        "contrastive_steps": 6,
        "max_steps": 6,
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 2,
        "learning_rate": 0.003,
        "contrastive_learning_rate": 0.001,
        "warmup_steps": 3,
        "prompt_loss_weight": 0.1,
        "bf16": False,
        "use_cpu": True,
        "activation_checkpointing": False,
        "logging_steps": 2,
        "save_steps": 2,
        "save_total_limit": 2,
        "disable_tqdm": True,
        **fields,
    }
    file.write_text(yaml.safe_dump({name: value for name, value in content.items() if value is not None}))
    return file


@functools.cache
def trained_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer that knows the prompts and the pool, one for all tests."""
    return train_tokenizer(
        pairs()["prompt"], {name: pool.source(name) for name in pool.POOL}, vocab_size=2400
    )


def tiny_model(dropout: float = 0.0) -> LlamaForCausalLM:
    """A Llama of two blocks with fixed random weights."""
    torch.manual_seed(0)
    sizes = TINY | {"vocab_size": len(trained_tokenizer())}
    return LlamaForCausalLM(LlamaConfig(**sizes, attention_dropout=dropout))


def tiny_config(folder: Path, **settings: object) -> LLaMoCoConfig:
    """A configuration whose output folder is `folder`/out."""
    defaults: dict = {
        "bf16": False,
        "use_cpu": True,
        "activation_checkpointing": False,
        "disable_tqdm": True,
        "save_strategy": "no",
    }
    return LLaMoCoConfig(output_dir=str(folder / "out"), **{**defaults, **settings})


def instruction_trainer(
    folder: Path,
    dataset: Dataset,
    dropout: float = 0.0,
    eval_dataset: Dataset | None = None,
    **settings: object,
) -> InstructionTrainer:
    """A trainer of the instruction tuning."""
    args = tiny_config(folder, **settings)
    return InstructionTrainer(
        tiny_model(dropout), args, dataset, trained_tokenizer(), eval_dataset=eval_dataset
    )


def contrastive_trainer(
    folder: Path, dataset: Dataset, dropout: float = 0.0, **settings: object
) -> ContrastiveTrainer:
    """A trainer of the warm-up; settings are those of the instruction tuning."""
    args = tiny_config(folder, **settings)
    return ContrastiveTrainer(
        tiny_model(dropout), args.contrastive(str(folder / "out")), dataset, trained_tokenizer()
    )


def assert_parts_train_as_whole(whole: Any, parts: Any) -> None:
    """Train both, on the same rows: what is one batch of the first comes as several to the second."""
    parts.sampler = whole.sampler
    for one in (whole, parts):
        one.train()
    losses = [[entry["loss"] for entry in one.state.log_history[:-1]] for one in (whole, parts)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for a, b in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)
