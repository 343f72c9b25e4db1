"""Tiny random models, made where tests need one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence
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


def learnt(
    tokenizer: PreTrainedTokenizerBase, pairs: Sequence[tuple[str, str]], steps: int = 240
) -> LlamaForCausalLM:
    """A tiny model that has learnt some prompts with their answers by heart: all of them in each step."""
    model = tiny(tokenizer, positions=512)
    texts = [
        torch.tensor(
            tokenizer(prompt)["input_ids"]
            + tokenizer(answer, add_special_tokens=False)["input_ids"]
            + [tokenizer.eos_token_id]
        )
        for prompt, answer in pairs
    ]
    rows = pad_sequence(texts, batch_first=True)
    labels = pad_sequence(texts, batch_first=True, padding_value=-100)
    optimizer = torch.optim.Adam(model.parameters())
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * (1 - step / steps)
        loss = model(rows, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()
