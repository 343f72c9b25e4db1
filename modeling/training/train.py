"""From a recipe to a trained model, its run record and its curve: the contrastive warm-up, then the instruction tuning."""

import ctypes
import gc
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from accelerate.utils import broadcast_object_list
from datasets import Dataset
from peft import PeftModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer, set_seed
from transformers.integrations import TensorBoardCallback

from llamoco.dataset_builder.hub_folder import DECISIONS
from llamoco.dataset_builder.instruction_data import data_hash, open_data, require_columns
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.printable import printable
from llamoco.modeling.training.building import build_model, build_tokenizer
from llamoco.modeling.training.checkpointing import STATE_FILE, Progress, left_of
from llamoco.modeling.training.collators import REQUIRED_COLUMNS, tokenize_pairs
from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.contrastive_trainer import ContrastiveTrainer
from llamoco.modeling.training.expectations import with_expected
from llamoco.modeling.training.frozen_blocks import kept_outputs
from llamoco.modeling.training.instruction_trainer import InstructionTrainer
from llamoco.modeling.training.mixture import mixture
from llamoco.modeling.training.recipe import Recipe, RecipeError, read_recipe
from llamoco.modeling.training.run_record import (
    count_parameters,
    describe_dataset,
    describe_start,
)
from llamoco.modeling.training.saving import RUN_RECORD, finish

Result = TypeVar("Result")


def run(recipe_path: str | Path, overrides: Sequence[str] = (), resume: bool = False) -> Path:
    """Train the model of a recipe, or continue an interrupted run.

    The warm-up's model, `checkpoints/start` of the output_dir, is what the instruction tuning starts from. Checkpoints of
    both phases are in `checkpoints/` until the run is finished. In the end output_dir holds the model or its adapter
    (safetensors) and the tokenizer, `run_record.json`, both phases' logs and `training_curve.png`.

    Under `accelerate launch` all processes train; only the main one reads the data, writes and prints.

    Args:
        recipe_path: a YAML file, see `llamoco.modeling.training.recipe.read_recipe`.
        overrides: words of a command line that set fields of the recipe anew.
        resume: continue from the last complete checkpoint.

    Returns:
        The recipe's output_dir.

    Raises:
        RecipeError: the recipe, its data or its output_dir do not allow the run.
        DataError, ModelError: the data set or the model cannot be loaded.
        TrainingError: see `llamoco.modeling.training.checkpointing`.
    """
    recipe = read_recipe(recipe_path, overrides)
    args, output = recipe.training, recipe.output
    if recipe.script.threads is not None:
        torch.set_num_threads(recipe.script.threads)
    progress, pairs, validation = _on_main(args, lambda: _prepare(recipe, resume))
    data_sha = data_hash(recipe.source.dataset_name)  # now: the folder may be built anew meanwhile

    set_seed(args.seed)
    known = next(
        (Path(place) for place in (progress.tuning, progress.start, progress.warm_up) if place), None
    )
    tokenizer = _on_main(args, lambda: build_tokenizer(recipe, pairs["prompt"], pairs["completion"], known))
    model = build_model(recipe, tokenizer, progress.start)
    parameters = count_parameters(model)
    with _refusals(recipe):
        rows = tokenize_pairs(pairs, tokenizer, args.max_length)
    try:
        if args.process_index == 0:
            print(printable(describe_start(recipe, parameters, rows, len(pairs) - len(rows))), flush=True)
        if args.contrastive_steps and progress.start is None:
            start = warm_up(recipe, model, tokenizer, rows, progress.warm_up)
            del model
            _return_memory()
            model = build_model(recipe, tokenizer, start)
        args.output_dir = str(output / "checkpoints" / "instruction")
        with _refusals(recipe):
            trainer = InstructionTrainer(
                model=model,
                args=args,
                train_dataset=rows,
                processing_class=tokenizer,
                eval_dataset=validation,
            )
        _draw_curves(trainer, output / "tensorboard" / "instruction")
        with _frozen(recipe, trainer):
            trainer.train(resume_from_checkpoint=progress.tuning)
    except torch.OutOfMemoryError as error:
        raise RecipeError(
            f"the GPU's memory is full: {str(error).splitlines()[0]} In a recipe with another output_dir, halve "
            "per_device_train_batch_size and double gradient_accumulation_steps, or set "
            "activation_checkpointing: true"
        ) from error
    facts = {
        **describe_dataset(pairs, fingerprint(pairs)),
        "sha256": data_sha,
        "rows_dropped": len(pairs) - len(rows),
    }
    command = " ".join(["llamoco train", str(recipe_path), *overrides])
    finish(recipe, trainer, command, parameters, facts)
    return output


def warm_up(
    recipe: Recipe,
    model: PreTrainedModel | PeftModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: Dataset,
    checkpoint: str | None = None,
) -> Path:
    """Run the contrastive warm-up.

    Args:
        recipe: of the run.
        model: to train, in place.
        tokenizer: of the model.
        rows: columns of `tokenize_pairs`.
        checkpoint: to continue from.

    Returns:
        Folder of the model, tokenizer and log, which appears when it is complete.
    """
    folder = recipe.output / "checkpoints"
    # Rows that only write say nothing of which optimizer a problem asks for.
    deciding = np.flatnonzero(rows.with_format("numpy")["named"][:])
    if 0 < len(deciding) < len(rows):
        rows = rows.select(deciding)
    args = recipe.training.contrastive(str(folder / "contrastive"))
    with _refusals(recipe):
        trainer = ContrastiveTrainer(model, args, rows, tokenizer)
    _draw_curves(trainer, recipe.output / "tensorboard" / "contrastive")
    trainer.train(resume_from_checkpoint=checkpoint)
    start, aside = folder / "start", folder / "start.incomplete"
    trainer.save_model(str(aside))
    if args.process_index == 0:
        trainer.state.save_to_json(str(aside / STATE_FILE))
        shutil.rmtree(start, ignore_errors=True)
        aside.rename(start)
        shutil.rmtree(folder / "contrastive", ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    return start


def _return_memory() -> None:
    """Give back what the warm-up used: the C library keeps it in pieces that the instruction tuning does not fit."""
    gc.collect()
    with suppress(OSError, AttributeError):  # another system's library
        ctypes.CDLL(None).malloc_trim(0)


def _on_main(args: LLaMoCoConfig, work: Callable[[], Result]) -> Result:
    """Do work on the main process only; every process gets its result, or its error."""
    if args.world_size == 1:
        return work()
    outcome: list[Any] = [None, None]
    if args.process_index == 0:
        try:
            outcome[0] = work()
        except LlamocoError as error:
            outcome[1] = str(error)
    broadcast_object_list(outcome)
    if outcome[1] is not None:
        raise RecipeError(outcome[1])
    result: Result = outcome[0]
    return result


# Before the training


def _prepare(recipe: Recipe, resume: bool) -> tuple[Progress, Dataset, Dataset | None]:
    """What a run continues from, its pairs and its pairs for validation, after all checks that need no model."""
    output, source, adapter = recipe.output, recipe.source, recipe.script.adapter
    if adapter is not None and not recipe.model.use_peft:
        raise RecipeError(f"{recipe.file}: adapter is an adapter to train further: it needs use_peft: true")
    if adapter is not None and not (Path(adapter) / "adapter_config.json").is_file():
        raise RecipeError(
            f"{recipe.file}: adapter: {adapter} holds no adapter_config.json: expected a folder that `llamoco train` wrote with use_peft"
        )
    progress = _progress(output, resume)
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output):
            pass
    except OSError as error:
        raise RecipeError(
            f"output_dir {output} cannot be written to: {error.strerror}. Give the recipe another one"
        ) from error
    data = open_data(source.dataset_name, source.dataset_train_split, source.dataset_config)
    require_columns(data, source.dataset_name, REQUIRED_COLUMNS)
    screened = open_data(source.dataset_name, "train", DECISIONS) if source.screened_rows else None
    if source.expected_share:
        data, screened = with_expected(data, screened, source, output, resume)
    pairs = mixture(data, source, screened=screened)
    check_same_run(recipe, pairs, resume)
    return progress, pairs, mixture(data, source, calibration=True) if source.validation else None


def _progress(output: Path, resume: bool) -> Progress:
    if (output / RUN_RECORD).exists():
        raise RecipeError(
            f"{output} holds a finished run: delete that folder or give the recipe another output_dir"
        )
    folder, progress = output / "checkpoints", left_of(output)
    if resume and not any(progress):
        raise RecipeError(f"nothing to resume: {folder} holds no complete checkpoint. Start without --resume")
    if any(progress) and not resume:
        raise RecipeError(f"{folder} holds an interrupted run: continue it with --resume, or delete {output}")
    return progress


def check_same_run(recipe: Recipe, pairs: Dataset, resume: bool) -> None:
    """Write what a run is made of, or check that a resumed run is made of the same.

    Raises:
        RecipeError: it is another run, or nothing says which one it is.
    """
    file = recipe.output / "identity.json"
    made_of = {"processes": recipe.training.world_size, "dataset fingerprint": fingerprint(pairs)}
    identity = json.loads(json.dumps({**recipe.fields, **made_of}, default=str))
    if not resume:
        file.write_text(json.dumps(identity, indent=2) + "\n", encoding="utf-8")
        return
    try:
        earlier = dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise RecipeError(
            f"{file}, which says what the checkpoints beside it are of, cannot be read: {error}. Delete "
            f"{recipe.output} and start anew"
        ) from error
    changed = [name for name in {**earlier, **identity} if earlier.get(name) != identity.get(name)]
    if changed:
        raise RecipeError(
            f"the checkpoints in {recipe.output} belong to another run: {', '.join(changed)} changed since. "
            "Restore the recipe, its options and the data, or give another output_dir and start anew"
        )


def fingerprint(pairs: Dataset) -> str:
    """SHA-256 of what a model learns from: prompts, completions, optimizers, in their order."""
    digest = hashlib.sha256()
    for name in REQUIRED_COLUMNS:
        for text in pairs[name]:
            digest.update(str(text).encode() + b"\0")
    return digest.hexdigest()


def _frozen(recipe: Recipe, trainer: InstructionTrainer) -> AbstractContextManager[object]:
    """What keeps the outputs of frozen blocks, where the recipe asks for it."""
    place, tokenizer = recipe.script.frozen_outputs, trainer.processing_class
    if place is None:
        return nullcontext()
    if recipe.training.world_size > 1:
        raise RecipeError(f"{recipe.file}: frozen_outputs is for one process; leave it out")
    assert isinstance(tokenizer, PreTrainedTokenizerBase) and tokenizer.pad_token_id is not None
    return kept_outputs(trainer.model, Path(place), tokenizer.pad_token_id)


@contextmanager
def _refusals(recipe: Recipe) -> Iterator[None]:
    """Name the recipe where a trainer refuses its fields or data."""
    try:
        yield
    except ValueError as error:
        raise RecipeError(f"{recipe.file}: {error}") from error


def _draw_curves(trainer: Trainer, folder: Path) -> None:
    """Keep the curves for TensorBoard out of checkpoints/, which is deleted in the end."""
    for callback in trainer.callback_handler.callbacks:
        if isinstance(callback, TensorBoardCallback) and callback.logging_dir is None:
            callback.logging_dir = str(folder)
