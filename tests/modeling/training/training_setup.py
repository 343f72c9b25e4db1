"""Pairs and a trainer with a tiny random Llama, for tests of the trainer."""

from __future__ import annotations

import functools
from pathlib import Path

import torch
from datasets import Dataset
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from llamoco.dataset_builder.optimizers import pool
from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.tokenizer import train_tokenizer
from llamoco.modeling.training.trainer import LLaMoCoTrainer


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


@functools.cache
def trained_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer that knows the prompts and the pool, one for all tests."""
    return train_tokenizer(
        pairs()["prompt"], {name: pool.source(name) for name in pool.POOL}, vocab_size=2400
    )


def tiny_trainer(folder: Path, dataset: Dataset, dropout: float = 0.0, **settings: object) -> LLaMoCoTrainer:
    """A trainer whose output folder is `folder`/out."""
    tokenizer = trained_tokenizer()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        attention_dropout=dropout,
    )
    defaults: dict = {
        "bf16": False,
        "use_cpu": True,
        "activation_checkpointing": False,
        "disable_tqdm": True,
        "save_strategy": "no",
    }
    args = LLaMoCoConfig(output_dir=str(folder / "out"), **{**defaults, **settings})
    return LLaMoCoTrainer(LlamaForCausalLM(config), args, dataset, tokenizer)
