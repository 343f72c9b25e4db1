"""What ends a training before its last step, and in what order it does so."""

import os
import signal
import threading
from types import FrameType
from typing import Any, Self

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from llamoco.dataset_builder.problems.errors import LlamocoError

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class TrainingError(LlamocoError, RuntimeError):
    """A training that had to stop: where and why, what is kept, what to do."""


class TrainingInterrupted(TrainingError):
    """A training that stopped, with a checkpoint, because a signal asked for it.

    Args:
        message: see `TrainingError`.
        number: the signal's.
    """

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


class StopOnSignal(TrainerCallback):
    """Has SIGINT (Ctrl-C) and SIGTERM finish the step, save a checkpoint and stop; the same again acts at once.

    A context: inside, the signals are its own, if the main thread of the process enters it.

    Attributes:
        received: number of the signal that has come to this process, 0 if none.
        agreed: number of the signal on which all processes of the run stop after this step, 0 if none.
    """

    def __init__(self) -> None:
        self.received = 0
        self.agreed = 0
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
        # Not print, in whose midst the signal may have come.
        os.write(
            2, f"\n{name}: saves a checkpoint after this step and stops; once more stops at once\n".encode()
        )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        """Called by the trainer after each optimizer step."""
        control.should_save = control.should_save or self.agreed > 0
        return control

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        """Called by the trainer after each checkpoint, in which the end of the training so is not recorded."""
        control.should_training_stop = control.should_training_stop or self.agreed > 0
        return control
