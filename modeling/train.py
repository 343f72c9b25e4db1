"""`llamoco train RECIPE.yaml [--resume]`: from a recipe to a trained model, its run record, its curve."""

import dataclasses
import datetime
import hashlib
import json
import os
import platform
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import torch
from datasets import Dataset, concatenate_datasets, load_dataset
from datasets.exceptions import DatasetsError
from matplotlib import pyplot as plt
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    set_seed,
)
from transformers.trainer_utils import get_last_checkpoint

from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.prompts.prompt import header_alone
from llamoco.modeling.config import LLaMoCoConfig
from llamoco.modeling.recipe import FromScratch, Recipe, RecipeError, read_recipe
from llamoco.modeling.tokenizer import train_tokenizer
from llamoco.modeling.trainer import LLaMoCoTrainer

MAX_SHARD_SIZE = "15MB"
RECORDED_PACKAGES = ("torch", "transformers", "trl", "accelerate", "datasets", "tokenizers", "numpy")


def run(recipe_path: str | Path, resume: bool = False) -> Path:
    """Trains the model of a recipe, or goes on with an interrupted run.

    Checkpoints lie in `checkpoints/` of the recipe's output_dir until the run is finished. In the end
    output_dir holds the model (safetensors) and its tokenizer, `run_record.json`, `trainer_state.json` and
    `training_curve.png`.

    Args:
        recipe_path: a YAML file, see `llamoco.modeling.recipe.Recipe`.
        resume: go on from the last complete checkpoint.

    Returns:
        The recipe's output_dir.

    Raises:
        RecipeError: the recipe, its data or its output_dir do not allow the run; says what to do.
    """
    recipe = read_recipe(recipe_path)
    output = Path(recipe.output_dir)
    checkpoint = _checkpoint(output, resume)
    if recipe.threads is not None:
        torch.set_num_threads(recipe.threads)
    dataset = _load(recipe)
    claim(output, recipe, dataset, resume)
    args = _arguments(recipe, output / "checkpoints")

    set_seed(recipe.seed)
    model, tokenizer = _model_and_tokenizer(recipe, dataset, checkpoint)
    try:
        trainer = LLaMoCoTrainer(model=model, args=args, train_dataset=dataset, processing_class=tokenizer)
    except ValueError as error:
        raise RecipeError(f"{recipe_path}: {error}") from error
    print(
        f"{len(trainer.rows):,} pairs, {sum(len(row['input_ids']) for row in trainer.rows):,} tokens "
        f"({trainer.rows_dropped:,} pairs longer than {args.max_length} tokens dropped)\n"
        f"{model.num_parameters():,} parameters; "
        f"{args.contrastive_steps} steps of contrastive warm-up, "
        f"{args.max_steps - args.contrastive_steps} of instruction tuning"
    )
    trainer.train(resume_from_checkpoint=checkpoint)

    model.to(getattr(torch, recipe.save_dtype)).save_pretrained(output, max_shard_size=MAX_SHARD_SIZE)
    for weights in output.glob("*.safetensors"):
        weights.chmod(0o644)  # It is written readable by its owner only, and is to be shared.
    tokenizer.save_pretrained(output)
    trainer.state.save_to_json(str(output / "trainer_state.json"))
    plot_training(trainer.state.log_history, args.contrastive_steps, output / "training_curve.png")
    # Written last: its presence says that the run is finished.
    record = _record(recipe_path, recipe, trainer, dataset)
    (output / "run_record.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    (output / "identity.json").unlink()
    shutil.rmtree(output / "checkpoints")
    return output


# Before the training


def _checkpoint(output: Path, resume: bool) -> str | None:
    if (output / "run_record.json").exists():
        raise RecipeError(
            f"{output} holds a finished run: delete that folder or give the recipe another output_dir"
        )
    folder = output / "checkpoints"
    last = get_last_checkpoint(str(folder)) if folder.is_dir() else None
    if resume and last is None:
        raise RecipeError(f"nothing to resume: {folder} holds no complete checkpoint. Start without --resume")
    if last is not None and not resume:
        raise RecipeError(f"{folder} holds an interrupted run: go on with --resume, or delete {output}")
    return last


def _load(recipe: Recipe) -> Dataset:
    source = recipe.dataset
    cache = None
    if Path(source.path).is_dir():
        # The shared cache knows a local folder by its name and card only: a set built anew would be read as
        # the old one.
        cache = Path(recipe.output_dir) / "checkpoints" / "dataset"
        shutil.rmtree(cache, ignore_errors=True)
    try:
        pairs = load_dataset(
            source.path, source.config, split=source.split, cache_dir=None if cache is None else str(cache)
        )
    except (FileNotFoundError, ValueError, ConnectionError, DatasetsError) as error:
        raise RecipeError(
            f"cannot load split {source.split!r} of dataset {source.path!r}, configuration "
            f"{source.config!r}: {error}\n`llamoco build` makes the folder llamoco/; train from the folder "
            "that holds it, or give its path or a Hub id"
        ) from error
    if not source.headers_alone or "prompt" not in pairs.column_names:
        return pairs
    short = pairs.map(lambda row: {"prompt": header_alone(row["prompt"])}, desc="Headers alone")
    return concatenate_datasets([pairs, short])


def claim(output: Path, recipe: Recipe, dataset: Dataset, resume: bool) -> None:
    """Writes what the run is made of, or checks that a run that is resumed is made of the same."""
    file = output / "identity.json"
    identity = json.loads(
        json.dumps({**dataclasses.asdict(recipe), "dataset fingerprint": fingerprint(dataset)})
    )
    if not resume:
        output.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(identity, indent=2) + "\n", encoding="utf-8")
        return
    earlier = json.loads(file.read_text(encoding="utf-8"))
    changed = [name for name in {**earlier, **identity} if earlier.get(name) != identity.get(name)]
    if changed:
        raise RecipeError(
            f"the checkpoints in {output} belong to another run: {', '.join(changed)} changed since. "
            "Restore the recipe and the data, or give the recipe another output_dir and start anew"
        )


def fingerprint(dataset: Dataset) -> str:
    """SHA-256 of what a model learns from: prompts, completions, optimizers, in their order."""
    digest = hashlib.sha256()
    for name in ("prompt", "completion", "optimizer"):
        for text in dataset[name] if name in dataset.column_names else ():
            digest.update(str(text).encode() + b"\0")
    return digest.hexdigest()


def _arguments(recipe: Recipe, checkpoints: Path) -> LLaMoCoConfig:
    fields = {"use_cpu": not torch.cuda.is_available(), **recipe.training}
    try:
        return LLaMoCoConfig(output_dir=str(checkpoints), seed=recipe.seed, **fields)
    except (ValueError, TypeError) as error:
        raise RecipeError(f"training: {error}") from error


def _model_and_tokenizer(
    recipe: Recipe, dataset: Dataset, checkpoint: str | None
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    if not isinstance(recipe.model, FromScratch):
        try:
            model = AutoModelForCausalLM.from_pretrained(recipe.model, dtype=torch.float32)
            tokenizer = AutoTokenizer.from_pretrained(checkpoint or recipe.model)
        except (OSError, ValueError) as error:
            raise RecipeError(f"cannot load the model {recipe.model!r}: {error}") from error
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        return model, tokenizer
    if checkpoint is not None:
        tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    else:
        missing = [name for name in ("prompt", "completion") if name not in dataset.column_names]
        if missing:
            raise RecipeError(f"dataset {recipe.dataset.path!r} lacks the column(s) {', '.join(missing)}")
        first_lines = (completion.split("\n", 1)[0] + "\n" for completion in dataset["completion"])
        try:
            tokenizer = train_tokenizer(
                [*dataset["prompt"], *first_lines],
                {name: pool.source(name) for name in pool.POOL},
                vocab_size=recipe.model.vocab_size,
                max_length=recipe.model.max_position_embeddings,
            )
        except ValueError as error:
            raise RecipeError(f"model.from_scratch: {error}") from error
    config = LlamaConfig(
        **{**dataclasses.asdict(recipe.model), "vocab_size": len(tokenizer)},
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    new_model = LlamaForCausalLM(config)
    if not torch.cuda.is_available():
        # A tenth faster than scaled_dot_product_attention in bfloat16 at a few hundred tokens.
        new_model.set_attn_implementation("eager")
    return new_model, tokenizer


# After the training


def _record(
    recipe_path: str | Path, recipe: Recipe, trainer: LLaMoCoTrainer, dataset: Dataset
) -> dict[str, Any]:
    history = trainer.state.log_history
    last = {name: value for entry in history for name, value in entry.items()}
    losses = ("contrastive_loss", "loss", "completion_loss", "prompt_loss", "choice_loss", "choice_accuracy")
    return {
        "command": f"llamoco train {recipe_path}",
        "recipe": dataclasses.asdict(recipe),
        "seed": recipe.seed,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine_class(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in RECORDED_PACKAGES},
        },
        "dataset": {
            "fingerprint": fingerprint(dataset),
            **{
                name: len(set(dataset[column]))
                for name, column in (("problems", "problem_id"), ("optimizers", "optimizer"))
                if column in dataset.column_names
            },
            "rows": len(dataset),
            "rows_dropped": trainer.rows_dropped,
        },
        "parameters": trainer.model.num_parameters(),
        "steps": trainer.state.global_step,
        "epochs": round(trainer.state.epoch or 0.0, 3),
        "tokens_seen": trainer.state.num_input_tokens_seen,
        "seconds": last["seconds"],
        "losses": {name: last[name] for name in losses if name in last},
    }


def machine_class() -> str:
    """What ran, in the terms a reader can compare: the GPU, or the CPU and the number of cores in use."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name(0)
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
