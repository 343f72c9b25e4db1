"""`llamoco train RECIPE.yaml [--resume]`: from a recipe to a trained model, its run record, its curve."""

import dataclasses
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from accelerate.utils import broadcast_object_list
from datasets import Dataset, load_dataset
from datasets.exceptions import DatasetsError
from peft import PeftModel
from safetensors import SafetensorError
from transformers import set_seed
from transformers.integrations import TensorBoardCallback
from transformers.trainer_utils import get_last_checkpoint

from llamoco.dataset_builder.hub_folder import folder_hash
from llamoco.dataset_builder.problems.printable import printable
from llamoco.modeling.training.building import (
    adapter_config,
    build_model,
    build_tokenizer,
    training_arguments,
)
from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.mixture import mixture
from llamoco.modeling.training.recipe import DatasetSource, FromScratch, Recipe, RecipeError, read_recipe
from llamoco.modeling.training.run_record import (
    count_parameters,
    describe_dataset,
    describe_start,
    make_record,
    plot_training,
)
from llamoco.modeling.training.tokenizer import taking_facts_alone
from llamoco.modeling.training.trainer import REQUIRED_COLUMNS, LLaMoCoTrainer

Result = TypeVar("Result")


def run(recipe_path: str | Path, resume: bool = False) -> Path:
    """Trains the model of a recipe, or goes on with an interrupted run.

    Checkpoints lie in `checkpoints/` of the recipe's output_dir until the run is finished. In the end
    output_dir holds the model or its adapter (safetensors) and the tokenizer, `run_record.json`,
    `trainer_state.json` and `training_curve.png`.

    Under `accelerate launch` all processes train; the main one alone reads the data, writes and prints.

    Args:
        recipe_path: a YAML file, see `llamoco.modeling.training.recipe.Recipe`.
        resume: go on from the last complete checkpoint.

    Returns:
        The recipe's output_dir.

    Raises:
        RecipeError: the recipe, its data, its model or its output_dir do not allow the run; says what to do.
    """
    recipe = read_recipe(recipe_path)
    output = Path(recipe.output_dir)
    if recipe.threads is not None:
        torch.set_num_threads(recipe.threads)
    args = training_arguments(recipe, output / "checkpoints")
    checkpoint, dataset = _on_main(args, lambda: _prepare(recipe, output, resume, args.world_size))
    built = Path(recipe.dataset.path)
    built_hash = folder_hash(built) if built.is_dir() else None  # now: the folder may be built anew meanwhile

    set_seed(recipe.seed)
    tokenizer = _on_main(args, lambda: build_tokenizer(recipe, dataset, checkpoint))
    model = build_model(recipe, tokenizer, args)
    try:
        trainer = LLaMoCoTrainer(
            model=model,
            args=args,
            train_dataset=dataset,
            processing_class=tokenizer,
            peft_config=adapter_config(recipe),
        )
    except ValueError as error:
        raise RecipeError(f"{recipe_path}: {error}") from error
    if recipe.quantization is not None:
        # trl rounds the adapter of such a model to bfloat16, but peft takes it from a checkpoint as float32: a
        # resumed run would be another one. As float32 it learns from small steps, too.
        for parameter in trainer.model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
    for callback in trainer.callback_handler.callbacks:
        if isinstance(callback, TensorBoardCallback) and callback.logging_dir is None:
            # Not in checkpoints/, which is deleted in the end.
            callback.logging_dir = str(output / "tensorboard")
    parameters = count_parameters(trainer.model)
    if args.process_index == 0:
        print(printable(describe_start(recipe, trainer)), flush=True)
    try:
        trainer.train(resume_from_checkpoint=checkpoint)
    except torch.OutOfMemoryError as error:
        raise RecipeError(
            f"the GPU's memory is full: {str(error).splitlines()[0]} In a recipe with another output_dir, halve "
            "training.per_device_train_batch_size and double gradient_accumulation_steps, or set "
            "activation_checkpointing: true"
        ) from error

    try:
        _save_model(trainer, recipe, output)
        if args.process_index == 0:
            if isinstance(recipe.model, FromScratch) and recipe.model.facts_alone:
                tokenizer = taking_facts_alone(tokenizer)
            tokenizer.save_pretrained(output)
            trainer.state.save_to_json(str(output / "trainer_state.json"))
            plot_training(trainer.state.log_history, args.contrastive_steps, output / "training_curve.png")
            # Written last: its presence says that the run is finished.
            facts = {**describe_dataset(dataset, fingerprint(dataset)), "sha256": built_hash}
            record = make_record(f"llamoco train {recipe_path}", recipe, trainer, parameters, facts)
            (output / "run_record.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
            (output / "identity.json").unlink()
            shutil.rmtree(output / "checkpoints")
    except (OSError, SafetensorError) as error:
        raise RecipeError(
            f"trained, but the model cannot be written to {output}: {error}. The last checkpoint is kept: make room, "
            "then go on with --resume"
        ) from error
    trainer.accelerator.wait_for_everyone()
    return output


def _on_main(args: LLaMoCoConfig, work: Callable[[], Result]) -> Result:
    """What `work` gives on the main process, on every one; likewise its refusal."""
    if args.world_size == 1:
        return work()
    outcome: list[Any] = [None, None]
    if args.process_index == 0:
        try:
            outcome[0] = work()
        except RecipeError as error:
            outcome[1] = str(error)
    broadcast_object_list(outcome)
    if outcome[1] is not None:
        raise RecipeError(outcome[1])
    result: Result = outcome[0]
    return result


# Before the training


def _prepare(recipe: Recipe, output: Path, resume: bool, processes: int) -> tuple[str | None, Dataset]:
    """The checkpoint to go on from and the pairs, after all that can be checked before a model is loaded."""
    checkpoint = _checkpoint(output, resume)
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output):
            pass
    except OSError as error:
        raise RecipeError(
            f"output_dir {output} cannot be written to: {error.strerror}. Give the recipe another one"
        ) from error
    dataset = _load(recipe)
    missing = [name for name in REQUIRED_COLUMNS if name not in dataset.column_names]
    if missing:
        raise RecipeError(
            f"dataset {recipe.dataset.path!r} lacks the column(s) {', '.join(missing)}: expected "
            f"{', '.join(REQUIRED_COLUMNS)}, found {', '.join(dataset.column_names)}"
        )
    claim(output, recipe, dataset, resume, processes)
    return checkpoint, dataset


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
    return mixture(pairs, source)


def claim(output: Path, recipe: Recipe, dataset: Dataset, resume: bool, processes: int = 1) -> None:
    """Writes what the run is made of, or checks that a run that is resumed is made of the same."""
    file = output / "identity.json"
    made_of = {"processes": processes, "dataset fingerprint": fingerprint(dataset)}
    identity = json.loads(json.dumps({**dataclasses.asdict(recipe), **made_of}))
    if not resume:
        output.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(identity, indent=2) + "\n", encoding="utf-8")
        return
    try:
        earlier = _with_defaults(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError) as error:
        raise RecipeError(
            f"{file}, which says what the checkpoints beside it are of, cannot be read: {error}. Delete {output} "
            "and start anew"
        ) from error
    changed = [name for name in {**earlier, **identity} if earlier.get(name) != identity.get(name)]
    if changed:
        raise RecipeError(
            f"the checkpoints in {output} belong to another run: {', '.join(changed)} changed since. "
            "Restore the recipe and the data, or give the recipe another output_dir and start anew"
        )


def _with_defaults(identity: dict[str, Any]) -> dict[str, Any]:
    """An identity as this version writes it: what a recipe could not yet say was as the default has it."""

    def defaults(target: type) -> dict[str, Any]:
        return {
            field.name: field.default
            for field in dataclasses.fields(target)
            if field.default is not dataclasses.MISSING
        }

    identity = {"processes": 1, **defaults(Recipe), **identity}
    identity["dataset"] = {**defaults(DatasetSource), **identity["dataset"]}
    if isinstance(identity["model"], dict):
        identity["model"] = {**defaults(FromScratch), **identity["model"]}
    return identity


def fingerprint(dataset: Dataset) -> str:
    """SHA-256 of what a model learns from: prompts, completions, optimizers, in their order."""
    digest = hashlib.sha256()
    for name in ("prompt", "completion", "optimizer"):
        for text in dataset[name] if name in dataset.column_names else ():
            digest.update(str(text).encode() + b"\0")
    return digest.hexdigest()


# After the training


def _save_model(trainer: LLaMoCoTrainer, recipe: Recipe, output: Path) -> None:
    """Writes the model, or its adapter, from weights that may be sharded among the processes."""
    state = trainer.accelerator.get_state_dict(trainer.model_wrapped)
    if trainer.args.process_index != 0:
        return
    model = trainer.accelerator.unwrap_model(trainer.model)
    if isinstance(model, PeftModel):
        trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
        state = {name: weights for name, weights in state.items() if name in trained}
    # Tied weights stay one tensor.
    cast: dict[int, torch.Tensor] = {}
    for name, weights in state.items():
        if weights.is_floating_point():
            state[name] = cast.setdefault(weights.data_ptr(), weights.to(getattr(torch, recipe.save_dtype)))
    if isinstance(model, PeftModel):
        model.save_pretrained(str(output), state_dict=state, save_embedding_layers=False)
        # Filled from the run record by `llamoco.hub_cards` instead.
        (output / "README.md").unlink(missing_ok=True)
    else:
        model.save_pretrained(output, state_dict=state, max_shard_size=recipe.max_shard_size)
        model.config.dtype = recipe.save_dtype  # It wrote that of the weights in memory.
        model.config.save_pretrained(output)
    for file in output.glob("*.safetensors"):
        file.chmod(0o644)  # It is written readable by its owner only, and is to be shared.
