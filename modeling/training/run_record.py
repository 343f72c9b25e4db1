"""Summary, record and curve of a training run."""

import datetime
import json
import math
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

from llamoco.modeling.generation.base_models import base_folder
from llamoco.modeling.generation.model_files import RUN_RECORD
from llamoco.modeling.training.building import adapter_shape
from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.instruction_trainer import InstructionTrainer
from llamoco.modeling.training.recipe import Recipe

LOSSES = ("loss", "completion_loss", "prompt_loss", "choice_loss", "choice_accuracy", "eval_loss")
RECORDED_PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "tokenizers", "numpy")


def count_parameters(model: PreTrainedModel | PeftModel) -> tuple[int, int]:
    """Trained parameters and all of them, an adapter's included. Call it before weights are sharded."""
    if isinstance(model, PeftModel):
        trained, total = model.get_nb_trainable_parameters()
        return trained, total
    # DeepSpeed shards while it loads, and keeps the numbers.
    sizes = [(p.requires_grad, getattr(p, "ds_numel", p.numel())) for p in model.parameters()]
    return sum(size for trained, size in sizes if trained), sum(size for _, size in sizes)


def describe_start(recipe: Recipe, parameters: tuple[int, int], rows: Dataset, dropped: int) -> str:
    """Tell what is about to be trained, on what and for how long, in a few lines for the person who waits.

    Args:
        recipe: of the run.
        parameters: trained ones and all, see `count_parameters`.
        rows: columns of `tokenize_pairs`.
        dropped: number of pairs that were too long.
    """
    args, model = recipe.training, recipe.model
    trained, total = parameters
    if recipe.base_model is None:
        what = "a new model"
    else:
        what = recipe.base_model
        what += f", a LoRA adapter of rank {model.lora_r}" if model.use_peft else ", all weights"
        what += ", on the model in 4 bits" if model.load_in_4bit else ""
    share = "" if trained == total else f", {trained:,} of them trained ({trained / total:.2%})"
    batch = args.train_batch_size * args.gradient_accumulation_steps * args.world_size
    steps = args.max_steps
    if steps <= 0:
        batches = math.ceil(math.ceil(len(rows) / args.train_batch_size) / args.world_size)
        steps = math.ceil(args.num_train_epochs * math.ceil(batches / args.gradient_accumulation_steps))
    return (
        f"{what}: {total:,} parameters{share}\n"
        f"{len(rows):,} pairs, {sum(rows['length']):,} tokens "
        f"({dropped:,} pairs longer than {args.max_length} tokens dropped)\n"
        f"{args.contrastive_steps} steps of contrastive warm-up, {steps} of instruction tuning, {batch} pairs a step; "
        f"{args.world_size} x {machine_class(args.device)}, {precision(args)}"
    )


def make_record(
    command: str,
    recipe: Recipe,
    trainer: InstructionTrainer,
    parameters: tuple[int, int],
    dataset: dict[str, Any],
    warm_up: dict[str, Any] | None,
) -> dict[str, Any]:
    """The record of a finished run, from which cards are filled.

    Args:
        command: what was run.
        recipe: of what.
        trainer: of the instruction tuning, after it.
        parameters: trained ones and all, see `count_parameters`.
        dataset: the facts of `describe_dataset`, and what was dropped.
        warm_up: the state of the contrastive warm-up after its last step; None without one.

    Returns:
        A mapping for JSON. Steps, tokens and seconds are those of both phases; epochs are of the instruction tuning.
    """
    state = trainer.state
    last = {name: value for entry in state.log_history for name, value in entry.items()}
    losses = {name: last[name] for name in LOSSES if name in last}
    before: dict[str, Any] = {"global_step": 0, "num_input_tokens_seen": 0}
    seconds = 0.0
    if warm_up is not None:
        before = warm_up
        logged = {name: value for entry in warm_up["log_history"] for name, value in entry.items()}
        losses = {"contrastive_loss": logged["loss"], **losses}
        seconds = logged["seconds"]
    adapter = None
    if isinstance(trainer.model, PeftModel):
        config = trainer.model.peft_config["default"]
        adapter = {**adapter_shape(config), "lora_dropout": config.to_dict()["lora_dropout"]}
    # Of a folder that stands in for the Hub's model only the name: the place says nothing to others.
    found = None if recipe.base_model is None else base_folder(recipe.base_model)
    quantized = recipe.model.load_in_4bit or recipe.model.load_in_8bit
    packages = (*RECORDED_PACKAGES, *(("bitsandbytes",) if quantized else ()))
    return {
        "command": command,
        "recipe": json.loads(json.dumps(recipe.fields, default=str)),
        "seed": trainer.args.seed,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine_class(trainer.args.device),
        "precision": precision(trainer.args),
        "processes": trainer.args.world_size,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in packages},
        },
        "base_model": recipe.base_model,
        "base_folder": None if found is None else found.name,
        "adapter": adapter,
        "quantized": quantized,
        "dataset": dataset,
        "parameters": parameters[1],
        "trained_parameters": parameters[0],
        "steps": before["global_step"] + state.global_step,
        "epochs": round(state.epoch or 0.0, 3),
        "tokens_seen": before["num_input_tokens_seen"] + state.num_input_tokens_seen,
        "seconds": round(seconds + last["seconds"], 1),
        "losses": losses,
        **({} if recipe.script.adapter is None else {"continues": _record_of(recipe.script.adapter)}),
    }


def _record_of(adapter: str) -> dict[str, Any] | None:
    """The record of the run that an adapter comes from; None if nothing beside it says."""
    file = Path(adapter) / RUN_RECORD
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None


def describe_dataset(dataset: Dataset, fingerprint: str) -> dict[str, Any]:
    """Facts of a training set: fingerprint, and numbers of rows, problems and optimizers."""
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
    """The device in terms that a reader can compare: the GPU, or the CPU with its cores and threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    cpu = names[0] if names else platform.processor() or platform.machine()
    return f"{cpu}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"


def plot_training(warm_up: dict[str, Any] | None, history: list[dict[str, float]], file: Path) -> None:
    """Plot losses and the accuracy of decisions over optimizer steps, both phases on one axis.

    Args:
        warm_up: the state of the contrastive warm-up after its last step; None without one.
        history: log of the instruction tuning, one mapping an entry.
        file: the picture to write.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    before, steps = (warm_up["log_history"], warm_up["global_step"]) if warm_up is not None else ([], 0)
    curves = [
        (left, before, 0, "loss", "contrastive (Eq. 4)"),
        (left, history, steps, "completion_loss", "completion, nats per token"),
        (left, history, steps, "prompt_loss", "prompt, nats per token"),
        (left, history, steps, "eval_completion_loss", "completion, validation"),
        (right, history, steps, "choice_accuracy", "optimizer named right (training pairs)"),
        (right, history, steps, "eval_choice_accuracy", "optimizer named right (validation)"),
    ]
    for axes, log, offset, name, label in curves:
        points = [(entry["step"] + offset, entry[name]) for entry in log if name in entry]
        if points:
            axes.plot(*zip(*points, strict=True), label=label)
    for axes in (left, right):
        axes.axvline(steps, color="0.7", linestyle=":", label="warm-up ends")
        axes.set_xlabel("optimizer step")
        axes.legend()
    left.set_ylabel("loss")
    left.set_yscale("log")
    right.set_ylim(0, 1)
    figure.savefig(file, dpi=120)
    plt.close(figure)
