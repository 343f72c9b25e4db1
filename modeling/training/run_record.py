"""What a training run leaves beside its model: summary, record and curve."""

import dataclasses
import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import torch
from datasets import Dataset
from matplotlib import pyplot as plt
from peft import PeftModel
from transformers import PreTrainedModel

from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.recipe import FromScratch, Recipe
from llamoco.modeling.training.trainer import LLaMoCoTrainer

RECORDED_PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "tokenizers", "numpy")


def count_parameters(model: PreTrainedModel | PeftModel) -> tuple[int, int]:
    """Trained parameters and all of them, an adapter's included; to be asked before weights are sharded."""
    if isinstance(model, PeftModel):
        trained, total = model.get_nb_trainable_parameters()
        return trained, total
    # DeepSpeed shards while it loads, and keeps the numbers.
    sizes = [(p.requires_grad, getattr(p, "ds_numel", p.numel())) for p in model.parameters()]
    return sum(size for trained, size in sizes if trained), sum(size for _, size in sizes)


def describe_start(recipe: Recipe, trainer: LLaMoCoTrainer) -> str:
    """What is about to be trained, on what, for how long: a few lines for the person who waits."""
    args = trainer.args
    trained, total = count_parameters(trainer.model)
    if isinstance(recipe.model, FromScratch):
        what = "a new model"
    else:
        what = recipe.model
        what += f", a LoRA adapter of rank {recipe.adapter.r}" if recipe.adapter else ", all weights"
        what += ", on the model in 4 bits" if recipe.quantization else ""
    share = "" if trained == total else f", {trained:,} of them trained ({trained / total:.2%})"
    batch = args.train_batch_size * args.gradient_accumulation_steps * args.world_size
    padding = ", ".join(f"{x:.1%} in the {phase}" for phase, x in trainer.batch_sampler.padding().items())
    return (
        f"{what}: {total:,} parameters{share}\n"
        f"{len(trainer.rows):,} pairs, {sum(len(row['input_ids']) for row in trainer.rows):,} tokens "
        f"({trainer.rows_dropped:,} pairs longer than {args.max_length} tokens dropped)\n"
        f"{args.contrastive_steps} steps of contrastive warm-up, "
        f"{args.max_steps - args.contrastive_steps} of instruction tuning, {batch} pairs a step; "
        f"{args.world_size} x {machine_class(args.device)}, {precision(args)}\n"
        f"positions that are padding: {padding}"
    )


def make_record(
    command: str,
    recipe: Recipe,
    trainer: LLaMoCoTrainer,
    parameters: tuple[int, int],
    dataset: dict[str, Any],
) -> dict[str, Any]:
    """The record of a finished run, from which cards are filled.

    Args:
        command: what was run.
        recipe: of what.
        trainer: after the training.
        parameters: trained ones and all, see `count_parameters`.
        dataset: the facts of `describe_dataset`.

    Returns:
        A mapping for JSON.
    """
    history = trainer.state.log_history
    last = {name: value for entry in history for name, value in entry.items()}
    losses = ("contrastive_loss", "loss", "completion_loss", "prompt_loss", "choice_loss", "choice_accuracy")
    adapter = None
    if isinstance(trainer.model, PeftModel):
        config = trainer.model.peft_config["default"].to_dict()
        names = ("peft_type", "r", "lora_alpha", "lora_dropout", "target_modules")
        adapter = {name: config[name] for name in names}
        # peft keeps a set.
        adapter["target_modules"] = sorted(adapter["target_modules"])
    packages = (*RECORDED_PACKAGES, *(("bitsandbytes",) if recipe.quantization else ()))
    return {
        "command": command,
        "recipe": dataclasses.asdict(recipe),
        "seed": recipe.seed,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine_class(trainer.args.device),
        "precision": precision(trainer.args),
        "processes": trainer.args.world_size,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in packages},
        },
        "base_model": None if isinstance(recipe.model, FromScratch) else recipe.model,
        "adapter": adapter,
        "dataset": {**dataset, "rows_dropped": trainer.rows_dropped},
        "parameters": parameters[1],
        "trained_parameters": parameters[0],
        "steps": trainer.state.global_step,
        "epochs": round(trainer.state.epoch or 0.0, 3),
        "tokens_seen": trainer.state.num_input_tokens_seen,
        "seconds": last["seconds"],
        "losses": {name: last[name] for name in losses if name in last},
    }


def describe_dataset(dataset: Dataset, fingerprint: str) -> dict[str, Any]:
    """Facts of a training set: fingerprint, rows, and of how many problems and optimizers they are."""
    return {
        "fingerprint": fingerprint,
        **{
            name: len(set(dataset[column]))
            for name, column in (("problems", "problem_id"), ("optimizers", "optimizer"))
            if column in dataset.column_names
        },
        "rows": len(dataset),
    }


def precision(args: LLaMoCoConfig) -> str:
    """Number format of the arithmetic: bfloat16, float16 or float32."""
    return "bfloat16" if args.bf16 else "float16" if args.fp16 else "float32"


def machine_class(device: torch.device) -> str:
    """What ran, in the terms a reader can compare: the GPU, or the CPU and the number of cores in use."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    cpu = names[0] if names else platform.processor() or platform.machine()
    return f"{cpu}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"


def plot_training(history: list[dict[str, float]], contrastive_steps: int, file: Path) -> None:
    """Plots losses and the choice's accuracy over optimizer steps, both phases on one axis.

    Args:
        history: the trainer's log, one mapping an entry.
        contrastive_steps: where the phases meet.
        file: the picture to write.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    curves = [
        (left, "contrastive_loss", "contrastive (Eq. 4)"),
        (left, "completion_loss", "completion, nats per token"),
        (left, "prompt_loss", "prompt, nats per token"),
        (right, "choice_accuracy", "optimizer named right (training pairs)"),
    ]
    for axes, name, label in curves:
        points = [(entry["step"], entry[name]) for entry in history if name in entry]
        if points:
            axes.plot(*zip(*points, strict=True), label=label)
    for axes in (left, right):
        axes.axvline(contrastive_steps, color="0.7", linestyle=":", label="warm-up ends")
        axes.set_xlabel("optimizer step")
        axes.legend()
    left.set_ylabel("loss")
    left.set_yscale("log")
    right.set_ylim(0, 1)
    figure.savefig(file, dpi=120)
    plt.close(figure)
