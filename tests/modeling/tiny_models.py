"""Tiny random models, made where tests need one."""

from __future__ import annotations

from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase


def tiny(
    tokenizer: PreTrainedTokenizerBase, seed: int = 0, positions: int = 256, **config: Any
) -> LlamaForCausalLM:
    """A tiny random model."""
    torch.manual_seed(seed)
    ids = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    options = {"vocab_size": len(tokenizer), "max_position_embeddings": positions, **ids, **sizes, **config}
    return LlamaForCausalLM(LlamaConfig(**options)).eval()
