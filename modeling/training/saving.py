"""What a finished training leaves: the model or its adapter, its tokenizer, logs, curve and run record."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from safetensors import SafetensorError
from transformers import PreTrainedTokenizerBase, Trainer

from llamoco.modeling.generation.base_models import BASE_FILE, describe_base
from llamoco.modeling.generation.model_files import RUN_RECORD
from llamoco.modeling.training.checkpointing import STATE_FILE
from llamoco.modeling.training.expectations import FILE as EXPECTED
from llamoco.modeling.training.instruction_trainer import InstructionTrainer
from llamoco.modeling.training.prompt_format import reading
from llamoco.modeling.training.recipe import Recipe, RecipeError
from llamoco.modeling.training.run_record import make_record, plot_training

WARM_UP_STATE = "contrastive_state.json"


def finish(
    recipe: Recipe,
    trainer: InstructionTrainer,
    command: str,
    parameters: tuple[int, int],
    dataset: dict[str, Any],
) -> None:
    """Write the trained model, its logs, curve and run record, and remove the checkpoints.

    Args:
        recipe: of the run.
        trainer: after the training.
        command: that was run.
        parameters: trained ones and all.
        dataset: facts of the training set.

    Raises:
        RecipeError: the folder cannot be written to.
    """
    output = recipe.output
    try:
        _save_model(trainer, recipe, output)
        if trainer.args.process_index == 0:
            tokenizer = trainer.processing_class
            assert isinstance(tokenizer, PreTrainedTokenizerBase)
            part = "facts" if recipe.scratch.drop_description else recipe.source.reads
            if part != "both":
                tokenizer = reading(tokenizer, part)
            tokenizer.save_pretrained(output)
            trainer.state.save_to_json(str(output / STATE_FILE))
            warm_up_state = output / "checkpoints" / "start" / STATE_FILE
            if warm_up_state.exists():
                shutil.copy(warm_up_state, output / WARM_UP_STATE)
                before = json.loads(warm_up_state.read_text(encoding="utf-8"))
            else:
                before = None
            record = make_record(command, recipe, trainer, parameters, dataset, before)
            plot_training(before, trainer.state.log_history, output / "training_curve.png")
            # Written last: its presence says that the run is finished.
            (output / RUN_RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
            (output / "identity.json").unlink()
            (output / EXPECTED).unlink(missing_ok=True)
            shutil.rmtree(output / "checkpoints")
    except (OSError, SafetensorError) as error:
        raise RecipeError(
            f"trained, but the model cannot be written to {output}: {error}. The last checkpoint is kept: make room, "
            "then continue with --resume"
        ) from error
    trainer.accelerator.wait_for_everyone()


def _save_model(trainer: Trainer, recipe: Recipe, output: Path) -> None:
    """Write the model, or its adapter, from weights that may be sharded among the processes."""
    state = trainer.accelerator.get_state_dict(trainer.model_wrapped)
    if trainer.args.process_index != 0:
        return
    model = trainer.accelerator.unwrap_model(trainer.model)
    if isinstance(model, PeftModel):
        trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
        state = {name: weights for name, weights in state.items() if name in trained}
    # Tied weights stay one tensor.
    cast: dict[int, torch.Tensor] = {}
    dtype = getattr(torch, recipe.script.save_dtype)
    for name, weights in state.items():
        if weights.is_floating_point():
            state[name] = cast.setdefault(weights.data_ptr(), weights.to(dtype))
    if isinstance(model, PeftModel):
        model.save_pretrained(str(output), state_dict=state, save_embedding_layers=False)
        if not (recipe.model.load_in_4bit or recipe.model.load_in_8bit):
            base = json.dumps(describe_base(model.get_base_model()), indent=2)
            (output / BASE_FILE).write_text(base + "\n", encoding="utf-8")
        # Filled from the run record by `llamoco.hub_cards` instead.
        (output / "README.md").unlink(missing_ok=True)
    else:
        model.save_pretrained(output, state_dict=state, max_shard_size=recipe.script.max_shard_size)
        model.config.dtype = recipe.script.save_dtype  # It wrote that of the weights in memory.
        model.config.save_pretrained(output)
    for file in output.glob("*.safetensors"):
        file.chmod(0o644)  # It is written readable by its owner only, and is to be shared.
