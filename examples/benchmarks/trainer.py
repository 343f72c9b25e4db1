"""Training speed of InstructionTrainer beside that of trl's plain SFTTrainer, on the same batches.

    python examples/benchmarks/trainer.py [--rounds R] [--steps N] [--threads T] [--json]

Both tune Llamas of two sizes with random weights from the same rows in the same batches, on completions alone, in bfloat16 autocast.
They take turns, R times N steps each, and the fastest turn of each counts. On a CPU, time is the processor's (over the number of
threads), so that what else runs on the machine hardly matters. A token is a token of a row, without padding.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, TrainerCallback
from transformers.utils import logging
from trl import SFTConfig, SFTTrainer

from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.modeling.training.collators import InstructionCollator
from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.instruction_trainer import InstructionTrainer

SEED = 0
VOCABULARY, ROWS = 2400, 512
PROMPT, COMPLETION = (80, 320), (40, 80)  # tokens, least and most
# XS is the model of examples/recipes/xs.yaml.
SIZES = {
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2},
    "XS": {"hidden_size": 192, "intermediate_size": 512, "num_hidden_layers": 6, "num_attention_heads": 4},
}
# Of both trainers.
COMMON: dict[str, Any] = {
    "seed": SEED,
    "per_device_train_batch_size": 16,
    "learning_rate": 1e-4,
    "bf16": True,
    "use_cpu": not torch.cuda.is_available(),
    "activation_checkpointing": False,
    "max_length": 2048,
    "save_strategy": "no",
    "report_to": "none",
    "disable_tqdm": True,
    "logging_steps": 10,
}


class Clock(TrainerCallback):
    """Seconds from the end of the first step, which warms up, to that of the last one."""

    def __init__(self) -> None:
        self.first, self.last = 0.0, 0.0

    def now(self) -> float:
        if COMMON["use_cpu"]:
            return time.process_time() / torch.get_num_threads()
        torch.cuda.synchronize()
        return time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.last = self.now()
        if state.global_step == 1:
            self.first = self.last


class PlainTrainer(SFTTrainer):
    """SFTTrainer on the rows, in the order and in the batches of an InstructionTrainer."""

    def __init__(self, other: InstructionTrainer, **arguments: Any) -> None:
        collate = InstructionCollator(other.processing_class.pad_token_id)

        def plain(rows: list[Any]) -> dict[str, torch.Tensor]:
            batch = collate(rows)
            return {name: batch[name] for name in ("input_ids", "attention_mask", "labels")}

        super().__init__(
            train_dataset=other.train_dataset,
            processing_class=other.processing_class,
            data_collator=plain,
            **arguments,
        )
        self.order = other.sampler

    def _prepare_dataset(self, dataset: Dataset, *arguments: Any) -> Dataset:
        return dataset

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Any:
        return self.order


def pairs() -> Dataset:
    """Pairs of random words, a token each."""
    draw = np.random.default_rng(SEED)

    def text(least: int, most: int) -> str:
        return " ".join(f"w{i}" for i in draw.integers(VOCABULARY - 3, size=draw.integers(least, most)))

    return Dataset.from_list(
        [
            {"prompt": text(*PROMPT) + " ", "completion": text(*COMPLETION), "optimizer": f"o{i % 5}"}
            for i in range(ROWS)
        ]
    )


def word_tokenizer() -> PreTrainedTokenizerFast:
    """A token a word."""
    words = {
        name: i
        for i, name in enumerate(["<eos>", "<pad>", "<unk>", *(f"w{i}" for i in range(VOCABULARY - 3))])
    }
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<eos>", pad_token="<pad>", unk_token="<unk>"
    )


def compare(size: str, rounds: int, steps: int, folder: str) -> dict[str, float]:
    """Tokens per second of both trainers, and their ratio."""
    dataset, tokenizer = pairs(), word_tokenizer()
    config = LlamaConfig(vocab_size=VOCABULARY, tie_word_embeddings=True, **SIZES[size])
    ours = LLaMoCoConfig(output_dir=folder, contrastive_steps=0, max_steps=steps + 1, **COMMON)
    plain = SFTConfig(output_dir=folder, max_steps=steps + 1, remove_unused_columns=False, **COMMON)
    seconds: dict[str, list[float]] = {"InstructionTrainer": [], "SFTTrainer": []}
    losses: dict[str, float] = {}
    for _ in range(rounds):
        for name in seconds:
            torch.manual_seed(SEED)
            model = LlamaForCausalLM(config)
            one: Any = InstructionTrainer(model, ours, dataset, tokenizer)
            size = COMMON["per_device_train_batch_size"]
            rows = list(one.sampler)[size : (steps + 1) * size]
            tokens = sum(one.train_dataset[rows]["length"])
            if name == "SFTTrainer":
                one = PlainTrainer(one, model=model, args=plain)
            clock = Clock()
            one.add_callback(clock)
            losses[name] = one.train().training_loss
            seconds[name].append(clock.last - clock.first)
    rates = {f"{name}, tokens/s": tokens / min(times) for name, times in seconds.items()}
    first, second = rates.values()
    return {**rates, "ratio": first / second, **{f"{name}, loss": loss for name, loss in losses.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4, metavar="R", help="turns of each trainer")
    parser.add_argument("--steps", type=int, default=8, metavar="N", help="optimizer steps of a turn")
    parser.add_argument("--threads", type=int, default=1, metavar="T", help="CPU threads")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        report = {size: compare(size, options.rounds, options.steps, folder) for size in SIZES}
    if options.json:
        here = environment()
        made = {"command": " ".join(["python examples/benchmarks/trainer.py", *sys.argv[1:]]), "seed": SEED}
        print(json.dumps({**made, "machine": here["machine"], "date": here["date"], **report}, indent=2))
        return
    for size, figures in report.items():
        print(size)
        for name, value in figures.items():
            print(f"    {name:28s} {value:12,.3f}")


if __name__ == "__main__":
    main()
