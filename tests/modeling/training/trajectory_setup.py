"""Tiny trainings whose losses, learning rates and rows are pinned in trajectory.json.

Nothing here depends on the pool, the prompts or the labels: bytes are tokens, and the texts follow from a formula.

    PYTHONPATH=tests/modeling/training python -m trajectory_setup      writes trajectory.json anew

The warm-up's numbers are those of the one-trainer engine that came before these trainers. Those of the instruction tuning were
recorded anew when all tokens of an optimizer's name came to weigh as the choice, in place of the last one; here a token is a byte.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Trainer

from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.contrastive_trainer import ContrastiveTrainer
from llamoco.modeling.training.instruction_trainer import InstructionTrainer

PINNED = Path(__file__).with_name("trajectory.json")
RUNS = {  # optimizer, whether there is a warm-up, whether there is an instruction tuning
    "sgd, both phases": ("sgd", True, True),
    "adamw, contrastive warm-up": ("adamw_torch", True, False),
    "adamw, instruction tuning": ("adamw_torch", False, True),
}
CONTRASTIVE_STEPS, STEPS = 8, 12
CONTRASTIVE_LOG = ("loss", "learning_rate")
INSTRUCTION_LOG = (*CONTRASTIVE_LOG, "completion_loss", "prompt_loss", "choice_loss", "choice_accuracy")
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
        prompt = (
            f"{i:02d} " + "".join(chr(97 + (i * k * k + k) % 26) for k in range(1, 8 + 3 * i % 29)) + "\n"
        )
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


def trajectory(name: str) -> dict[str, Any]:
    """Rows, losses and learning rates of one of RUNS, phase by phase."""
    optim, warm_up, tuning = RUNS[name]
    tokenizer = byte_tokenizer()
    model = tiny_llama(tokenizer)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        args = LLaMoCoConfig(
            output_dir=folder,
            contrastive_steps=CONTRASTIVE_STEPS,
            max_steps=STEPS,
            **{**SETTINGS, "optim": optim},
        )
        if warm_up:
            first = ContrastiveTrainer(model, args.contrastive(folder), numbered_pairs(), tokenizer)
            found["contrastive"] = recorded(first, CONTRASTIVE_STEPS, CONTRASTIVE_LOG)
            first.save_model(f"{folder}/start")
            model = LlamaForCausalLM.from_pretrained(f"{folder}/start")
        if tuning:
            second = InstructionTrainer(model, args, numbered_pairs(), tokenizer)
            found["instruction"] = recorded(second, STEPS, INSTRUCTION_LOG)
    return found


def recorded(trainer: Trainer, steps: int, log: tuple[str, ...]) -> dict[str, list]:
    """Train, and note the number of each row that the collator sees."""
    rows: list[list[int]] = []
    collate, tokenizer = trainer.data_collator, trainer.processing_class

    def noting(batch: list[dict[str, Any]]) -> Any:
        rows.append([int(tokenizer.decode(row["input_ids"][:2])) for row in batch])  # type: ignore[union-attr]
        return collate(batch)

    trainer.data_collator = noting
    trainer.train()
    batches = steps * SETTINGS["gradient_accumulation_steps"]  # one more is fetched ahead
    entries = trainer.state.log_history[:steps]
    return {"rows": rows[:batches], **{name: [entry.get(name) for entry in entries] for name in log}}


if __name__ == "__main__":
    torch.set_num_threads(1)
    PINNED.write_text(json.dumps({name: trajectory(name) for name in RUNS}) + "\n", encoding="utf-8")
