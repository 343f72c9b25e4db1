"""A training that has to stop, in either phase: what it says, what it keeps, and that it continues bit for bit."""

import math
import os
import resource
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from training_setup import contrastive_trainer, instruction_trainer, pairs
from transformers import AutoModelForCausalLM, TrainerCallback

from llamoco.modeling.training.checkpointing import (
    InterruptibleTrainer,
    TrainingError,
    TrainingInterrupted,
)

STEPS = 6
PHASES = {"contrastive warm-up": contrastive_trainer, "instruction tuning": instruction_trainer}


def start(folder: Path, phase: str, **settings: object) -> InterruptibleTrainer:
    defaults: dict = {
        "contrastive_steps": STEPS,
        "max_steps": STEPS,
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 2,
        "learning_rate": 0.003,
        "logging_steps": 1,
        "save_strategy": "steps",
        "save_steps": 2,
        "dropout": 0.3,
    }
    torch.manual_seed(1)
    # 8 rows, 2 steps an epoch: later epochs count, too
    return PHASES[phase](folder, pairs(8), **{**defaults, **settings})  # type: ignore[operator]


class At(TrainerCallback):
    """Does something once, when the optimizer step of a number has begun."""

    def __init__(self, step: int, action: Any) -> None:
        self.step, self.action = step, action

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step + 1 == self.step:
            self.action()


def curve(one: InterruptibleTrainer) -> list[dict]:
    """What was logged, but for times."""
    clocks = ("seconds", "train_runtime", "train_tokens_per_second")
    return [
        {name: value for name, value in entry.items() if name not in clocks}
        for entry in one.state.log_history
        if "train_loss" not in entry
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, InterruptibleTrainer]:
    trained = {}
    for phase in PHASES:
        trained[phase] = start(tmp_path_factory.mktemp("whole"), phase)
        trained[phase].train()
    return trained


@pytest.mark.parametrize(
    ("number", "phase", "step"),
    [(signal.SIGINT, "contrastive warm-up", 3), (signal.SIGTERM, "instruction tuning", 5)],
)
def test_a_signal_saves_a_checkpoint_from_which_the_run_continues_exactly(
    tmp_path: Path,
    whole: dict[str, InterruptibleTrainer],
    number: signal.Signals,
    phase: str,
    step: int,
) -> None:
    before = signal.getsignal(number)
    stopped = start(tmp_path, phase)
    stopped.add_callback(At(step, lambda: os.kill(os.getpid(), number)))
    with pytest.raises(
        TrainingInterrupted,
        match=rf"{number.name} after step {step} of 6 \({phase}\); .*checkpoint-{step} is saved",
    ) as info:
        stopped.train()
    assert info.value.number == number and signal.getsignal(number) is before

    resumed = start(tmp_path, phase)
    resumed.train(resume_from_checkpoint=str(tmp_path / "out" / f"checkpoint-{step}"))
    assert curve(resumed) == curve(whole[phase]) and len(curve(resumed)) == STEPS
    for a, b in zip(whole[phase].model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("step", "phase", "where"), [(3, "contrastive warm-up", "loss"), (3, "instruction tuning", "gradient")]
)
def test_numbers_that_are_not_finite_stop_before_the_step(
    tmp_path: Path, step: int, phase: str, where: str
) -> None:
    one = start(tmp_path, phase)
    weight = one.model.model.layers[0].mlp.up_proj.weight

    def spoil() -> None:
        if where == "loss":
            with torch.no_grad():
                weight[0, 0] = math.nan
        else:
            weight.register_hook(lambda gradient: gradient * math.inf)

    one.add_callback(At(step, spoil))
    kept = rf"checkpoint-{step - 1}, which is kept and sound"
    with pytest.raises(
        TrainingError, match=rf"not finite in step {step} of 6 \({phase}, learning rate .*{kept}"
    ):
        one.train()
    last = tmp_path / "out" / f"checkpoint-{step - 1}"
    assert all(p.isfinite().all() for p in AutoModelForCausalLM.from_pretrained(last).parameters())


def test_a_full_disk_keeps_the_last_complete_checkpoint(
    tmp_path: Path, whole: dict[str, InterruptibleTrainer]
) -> None:
    """No file may grow beyond a limit: writing fails with an error of the system, as on a full disk."""
    phase = "instruction tuning"
    one = start(tmp_path, phase)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No room for the weights.
    one.add_callback(At(3, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))))
    message = r"of step 4 in .*: .*Is the disk full .* MB are free.*checkpoint-2 is complete"
    try:
        with pytest.raises(TrainingError, match=message):
            one.train()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    last = max((tmp_path / "out").iterdir())
    assert last.name == "checkpoint-2"
    resumed = start(tmp_path, phase)
    resumed.train(resume_from_checkpoint=str(last))
    assert curve(resumed) == curve(whole[phase])


def test_the_best_checkpoint_is_kept_under_its_place(tmp_path: Path) -> None:
    one = start(
        tmp_path,
        "instruction tuning",
        eval_dataset=pairs(4),
        eval_strategy="steps",
        eval_steps=2,
        load_best_model_at_end=True,
        save_total_limit=1,
        learning_rate=0.01,
    )
    one.train()
    best = min((e["eval_loss"], e["step"]) for e in one.state.log_history if "eval_loss" in e)[1]
    assert one.state.best_model_checkpoint == str(tmp_path / "out" / f"checkpoint-{best}")
    assert Path(one.state.best_model_checkpoint).is_dir()
