"""Crash-safe checkpoints, and an orderly end of a training that stops before its last step.

Beside callbacks, `Trainer._save_checkpoint` is the one private method that this needs: no public hook comes before the
first file of a checkpoint is written.
"""

import os
import shutil
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, Self

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn.utils import get_total_norm
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import TrainOutput, get_last_checkpoint, rotate_checkpoints

from llamoco.dataset_builder.problems.errors import LlamocoError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
STATE_FILE = "trainer_state.json"


class TrainingError(LlamocoError, RuntimeError):
    """A training that had to stop. The message names where and why, what is kept, and what to do."""


class TrainingInterrupted(TrainingError):
    """A training that stopped, with a checkpoint, because a signal asked for it.

    Args:
        message: see `TrainingError`.
        number: the signal's.
    """

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


class StepGuard(TrainerCallback):
    """Looks at each optimizer step before it is taken: are loss and gradient finite, and has a signal come?

    SIGINT (Ctrl-C) and SIGTERM let the step finish, save a checkpoint and stop; the same signal again acts at once. As a
    context the guard handles the signals, if the main thread of the process enters it. All processes of a distributed
    run decide alike.

    Attributes:
        received: number of the signal that has come to this process, 0 if none.
        agreed: number of the signal on which all processes stop after this step, 0 if none.
        seconds: training time up to the latest resumption.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.received = 0
        self.agreed = 0
        self.seconds = 0.0
        self.started = time.perf_counter()
        self.losses_finite = torch.tensor(True, device=trainer.args.device)
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self.received = self.agreed = 0
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._receive) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}

    def _receive(self, number: int, _: FrameType | None) -> None:
        self.received = number
        signal.signal(number, self._previous.pop(number))
        name = signal.Signals(number).name
        # Not print, which the signal may have interrupted.
        os.write(
            2, f"\n{name}: saves a checkpoint after this step and stops; once more stops at once\n".encode()
        )

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Reset, and take over what a resumed run has behind it."""
        self.losses_finite = torch.ones_like(self.losses_finite)
        self.seconds = max((entry.get("seconds", 0.0) for entry in state.log_history), default=0.0)
        self.started = time.perf_counter()
        # Of several processes, the data loader of a resumed epoch does not pass its number on.
        sampler: Any = getattr(self.trainer, "sampler", None)
        if hasattr(sampler, "set_epoch"):
            sampler.set_epoch(int(state.epoch or 0))

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Stop before a step that would spoil the weights; agree on a signal."""
        finite = self.losses_finite.float()
        # In float16 the gradient scaler leaves out steps whose gradients overflow.
        if self.trainer.accelerator.scaler is None:
            gradients = [p.grad for p in kwargs["model"].parameters() if p.grad is not None]
            norm = get_total_norm(gradients) if gradients else torch.zeros(())
            norm = norm.full_tensor() if hasattr(norm, "full_tensor") else norm  # of shards
            finite = finite * norm.isfinite().to(finite.device)
        decision = torch.stack([-finite, torch.tensor(float(self.received), device=finite.device)])
        if args.world_size > 1:
            torch.distributed.all_reduce(decision, torch.distributed.ReduceOp.MAX)
        usable, self.agreed = decision[0].item() != 0, int(decision[1].item())
        if usable:
            return
        step, last = state.global_step + 1, last_checkpoint(args.output_dir)
        assert self.trainer.lr_scheduler is not None
        rate = self.trainer.lr_scheduler.get_last_lr()[0]
        phase, field = getattr(self.trainer, "phase", ("training", "learning_rate"))
        raise TrainingError(
            f"the loss or its gradient is not finite in step {step} of {state.max_steps} ({phase}, learning "
            f"rate {rate:.3g}); the step was not taken. Try a lower {field}, more warmup_steps, "
            "max_grad_norm: 1.0, or bf16 in place of fp16, in a recipe with another output_dir"
            + (f"; {last}, which is kept and sound, can be its model" if last else "")
        )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        """Save after a signal. What a checkpoint has seen is logged before, so that resuming changes no log."""
        control.should_save = control.should_save or self.agreed > 0
        control.should_log = control.should_log or control.should_save
        return control

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        """Stop after the checkpoint, in which the stop is thus not recorded."""
        control.should_training_stop = control.should_training_stop or self.agreed > 0
        return control


class InterruptibleTrainer(Trainer):
    """
    Trainer with crash-safe checkpoints.

    A checkpoint appears under its name only when it is complete, so a killed run loses the steps since the last one.
    SIGINT and SIGTERM save a checkpoint after the step. A loss or gradient that is not finite stops the training before
    the step is taken. In a distributed run all processes stop together.

    A subclass names its `phase` and the field with its learning rate, for messages.

    Logs, besides those of its base: `seconds` of training, across resumptions.

    Raises:
        TrainingError: (`train`) numbers are not finite, or a checkpoint cannot be written.
        TrainingInterrupted: (`train`) a signal came; its checkpoint is saved.
    """

    phase = ("training", "learning_rate")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.guard = StepGuard(self)
        self.add_callback(self.guard)

    def train(self, *args: Any, **kwargs: Any) -> TrainOutput:
        """Train, see [`~transformers.Trainer.train`]."""
        with self.guard:
            output = super().train(*args, **kwargs)
        if self.guard.agreed and self.state.global_step < self.state.max_steps:
            raise TrainingInterrupted(
                f"stopped by {signal.Signals(self.guard.agreed).name} after step {self.state.global_step} of "
                f"{self.state.max_steps} ({self.phase[0]}); {last_checkpoint(self.args.output_dir)} is saved, and "
                "--resume continues from there",
                self.guard.agreed,
            )
        return output

    def training_step(self, *args: Any, **kwargs: Any) -> Tensor:
        """Take a training step, see [`~transformers.Trainer.training_step`]; keeps, on the device, whether its loss is finite."""
        loss = super().training_step(*args, **kwargs)
        self.guard.losses_finite = self.guard.losses_finite & loss.isfinite()
        return loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log, with the seconds of training."""
        logs["seconds"] = round(self.guard.seconds + time.perf_counter() - self.guard.started, 1)
        super().log(logs, start_time)

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        # Written aside and renamed into place: a process that is killed meanwhile leaves no half of a checkpoint
        # to resume from.
        folder = Path(str(self.args.output_dir))
        aside = folder / "incomplete"
        name = f"checkpoint-{self.state.global_step}"
        if self.args.should_save:
            shutil.rmtree(aside, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        self.args.output_dir = str(aside)
        try:
            super()._save_checkpoint(model, trial)
            self.accelerator.wait_for_everyone()
            if self.state.best_global_step:
                self.state.best_model_checkpoint = str(folder / f"checkpoint-{self.state.best_global_step}")
            if self.args.should_save:
                self.state.save_to_json(str(aside / name / STATE_FILE))
                (aside / name).rename(folder / name)
                rotate_checkpoints(
                    str(folder),
                    save_total_limit=self.args.save_total_limit,
                    best_model_checkpoint=self.state.best_model_checkpoint,
                )
        # torch's own writer raises RuntimeError when the disk is full.
        except (OSError, SafetensorError, RuntimeError) as error:
            free = shutil.disk_usage(folder).free / 1e6
            shutil.rmtree(aside, ignore_errors=True)
            last = last_checkpoint(folder)
            kept = f"{last} is complete: --resume continues from there" if last else "None was saved before"
            raise TrainingError(
                f"cannot save the checkpoint of step {self.state.global_step} in {folder}: {error}. Is the disk "
                f"full ({free:,.1f} MB are free), or your share of it? {kept}"
            ) from error
        finally:
            self.args.output_dir = str(folder)


def last_checkpoint(folder: str | Path | None) -> str | None:
    """The last complete checkpoint of a folder; None if there is none."""
    return get_last_checkpoint(str(folder)) if folder and Path(folder).is_dir() else None


class Progress(NamedTuple):
    """What an interrupted run has left: checkpoints of both phases, and the folder of the finished warm-up."""

    warm_up: str | None = None
    start: Path | None = None
    tuning: str | None = None


def left_of(output: Path) -> Progress:
    """What an interrupted run has left in its output_dir; empty if there is nothing to continue from."""
    folder = output / "checkpoints"
    start = folder / "start"
    return Progress(
        last_checkpoint(folder / "contrastive"),
        start if start.is_dir() else None,
        last_checkpoint(folder / "instruction"),
    )
