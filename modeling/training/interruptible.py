"""What ends a training before its last step, and what is kept then."""

import math
import shutil
import signal
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers.trainer_utils import TrainOutput, get_last_checkpoint, rotate_checkpoints
from trl import SFTTrainer

from llamoco.modeling.training.stopping import StopOnSignal, TrainingError, TrainingInterrupted


class InterruptibleTrainer(SFTTrainer):
    """
    A trainer that nothing is lost of.

    A checkpoint appears under its name only when it is complete, so a killed run loses the steps since the last
    one. SIGINT and SIGTERM have a checkpoint saved after the step. A loss or gradient that is not finite stops the
    training before the step is taken. In a distributed run all processes stop together.

    A subclass calls `note_loss` on each loss.

    Raises:
        TrainingError: (`train`) numbers are not finite, or a checkpoint cannot be written.
        TrainingInterrupted: (`train`) a signal came; its checkpoint is saved.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stop = StopOnSignal()
        self.add_callback(self._stop)
        self._losses_finite = torch.tensor(True, device=self.args.device)
        self._saving_into: Path | None = None

    def train(self, *args: Any, **kwargs: Any) -> TrainOutput:
        """Trains, see [`~transformers.Trainer.train`]."""
        with self._stop:
            output = super().train(*args, **kwargs)
        if self._stop.agreed and self.state.global_step < self.state.max_steps:
            raise TrainingInterrupted(
                f"stopped by {signal.Signals(self._stop.agreed).name} after step {self.state.global_step} of "
                f"{self.state.max_steps}; {self._last_checkpoint()} is saved, and --resume goes on from there",
                self._stop.agreed,
            )
        return output

    def note_loss(self, loss: Tensor) -> None:
        """Keeps, on the device, whether all losses of the run were finite."""
        self._losses_finite = self._losses_finite & loss.detach().isfinite()

    def _init_training_state(self, *args: Any, **kwargs: Any) -> tuple[int, int]:
        self._losses_finite = torch.ones_like(self._losses_finite)
        return super()._init_training_state(*args, **kwargs)

    def _phase(self, step: int) -> tuple[str, str]:
        """Name of the phase that a step belongs to, and of the field with its learning rate."""
        return "training", "learning_rate"

    def _get_grad_norm(self, model: nn.Module, grad_norm: Tensor | float | None = None) -> Any:
        """Called once the gradients of an optimizer step are there, before the step is taken."""
        norm = super()._get_grad_norm(model, grad_norm)
        finite = self._losses_finite.float()
        # In float16 the gradient scaler leaves out steps whose gradients overflow.
        if norm is not None and self.accelerator.scaler is None:
            finite = finite * math.isfinite(norm)
        state = torch.stack([-finite, torch.tensor(float(self._stop.received), device=finite.device)])
        if self.accelerator.num_processes > 1:
            torch.distributed.all_reduce(state, torch.distributed.ReduceOp.MAX)
        unusable, self._stop.agreed = state[0].item() == 0, int(state[1].item())
        if unusable:
            self._raise_not_finite()
        return norm

    def _raise_not_finite(self) -> None:
        step, last = self.state.global_step + 1, self._last_checkpoint()
        phase, rate = self._phase(step)
        raise TrainingError(
            f"the loss or its gradient is not finite in step {step} of {self.state.max_steps} ({phase}, learning "
            f"rate {self._get_learning_rate():.3g}); the step was not taken. Try a lower {rate}, more warmup_steps, "
            "max_grad_norm: 1.0, or bf16 in place of fp16, in a recipe with another output_dir"
            + (f"; {last}, which is kept and sound, can be its model" if last else "")
        )

    def _get_output_dir(self, trial: Any) -> str:
        return super()._get_output_dir(trial) if self._saving_into is None else str(self._saving_into)

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        # Written aside and renamed: a process that is killed meanwhile leaves no half of a checkpoint behind
        # to resume from.
        folder = Path(self._get_output_dir(trial))
        self._saving_into = folder / "incomplete"
        if self.args.should_save:
            shutil.rmtree(self._saving_into, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        try:
            super()._save_checkpoint(model, trial)
            self.accelerator.wait_for_everyone()
            if self.args.should_save:
                name = f"checkpoint-{self.state.global_step}"
                (self._saving_into / name).rename(folder / name)
                rotate_checkpoints(str(folder), save_total_limit=self.args.save_total_limit)
        # torch's own writer raises RuntimeError when the disk is full.
        except (OSError, SafetensorError, RuntimeError) as error:
            free = shutil.disk_usage(folder).free / 1e6
            shutil.rmtree(self._saving_into, ignore_errors=True)
            self._saving_into = None
            last = self._last_checkpoint()
            kept = f"{last} is complete: --resume goes on from there" if last else "None was saved before"
            raise TrainingError(
                f"cannot save the checkpoint of step {self.state.global_step} in {folder}: {error}. Is the disk "
                f"full ({free:,.1f} MB are free), or your share of it? {kept}"
            ) from error
        finally:
            self._saving_into = None

    def _last_checkpoint(self) -> str | None:
        folder = self._get_output_dir(None)
        return get_last_checkpoint(folder) if Path(folder).is_dir() else None
