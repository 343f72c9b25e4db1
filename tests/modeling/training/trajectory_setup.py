"""A tiny training whose losses, learning rates and rows are pinned in trajectory.json.

Nothing here depends on the pool, the prompts or the labels: bytes are tokens, and the texts are made by a formula.
"""

from __future__ import annotations

import torch
from datasets import Dataset
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

PAIRS = 40
SETTINGS: dict = {
    "seed": 3,
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 2,
    "contrastive_learning_rate": 0.02,
    "learning_rate": 0.05,
    "lr_scheduler_type": "cosine",
    "warmup_steps": 2,
    "max_grad_norm": 1.0,
    "weight_decay": 0.0,
    "balance_exponent": 1.0,
    "bucket_batches": 2,
    "margin": 0.6,
    "prompt_loss_weight": 0.2,
    "choice_loss_weight": 3.0,
    "logging_steps": 1,
    "bf16": False,
    "use_cpu": True,
    "activation_checkpointing": False,
    "disable_tqdm": True,
    "save_strategy": "no",
    "report_to": "none",
}


def numbered_pairs() -> Dataset:
    """Pairs whose prompts begin with their number, by which a batch is told."""
    rows = []
    for i in range(PAIRS):
        name = ("alpha", "beta", "gamma")[min(i % 5, 2)]
        prompt = f"{i:02d} " + "".join(chr(97 + (i * k * k + k) % 26) for k in range(1, 8 + 3 * i % 29)) + "\n"
        completion = f"# kind {i % 3}; optimizer: {name}\n" + f"x = {i * 37 % 101}\n" * (1 + i % 4)
        if i % 8 == 7:  # no decision, and a decision alone
            completion = completion.split("\n", 1)[1]
        elif i % 8 == 5:
            completion = completion.split("\n", 1)[0] + "\n"
        rows.append({"prompt": prompt, "completion": completion, "optimizer": name})
    return Dataset.from_list(rows)


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """A token a byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({byte: number for number, byte in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<eos>"), AddedToken("<pad>")])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>", pad_token="<pad>")


def tiny_llama(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """A Llama of two blocks with fixed random weights."""
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=128,
            tie_word_embeddings=True,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
