"""A training that has to stop, in either phase: what it says, what it keeps, and that it goes on bit for bit."""

import math
import os
import resource
import signal
from pathlib import Path

import pytest
import torch
from training_setup import pairs, tiny_trainer
from transformers import AutoModelForCausalLM, TrainerCallback

from llamoco.modeling.training.trainer import LLaMoCoTrainer, TrainingError, TrainingInterrupted

STEPS = 8  # 4 of each phase


def start(folder: Path, **settings: object) -> LLaMoCoTrainer:
    defaults: dict = {
        "contrastive_steps": STEPS // 2,
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
    return tiny_trainer(folder, pairs(24), **{**defaults, **settings})


class At(TrainerCallback):
    """Does something once, when the optimizer step of a number has begun."""

    def __init__(self, step: int, action: object) -> None:
        self.step, self.action = step, action

    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step + 1 == self.step:
            self.action()


def curve(one: LLaMoCoTrainer) -> list[dict]:
    """What was logged, but for times."""
    clocks = ("seconds", "train_runtime", "train_tokens_per_second")
    return [
        {name: value for name, value in entry.items() if name not in clocks}
        for entry in one.state.log_history
        if "train_loss" not in entry
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> LLaMoCoTrainer:
    one = start(tmp_path_factory.mktemp("whole"))
    one.train()
    return one


@pytest.mark.parametrize(
    ("number", "step"), [(signal.SIGINT, STEPS // 2 - 1), (signal.SIGTERM, STEPS // 2 + 3)]
)
def test_a_signal_has_a_checkpoint_saved_from_which_the_run_goes_on_exactly(
    tmp_path: Path, whole: LLaMoCoTrainer, number: signal.Signals, step: int
) -> None:
    before = signal.getsignal(number)
    stopped = start(tmp_path)
    stopped.add_callback(At(step, lambda: os.kill(os.getpid(), number)))
    with pytest.raises(
        TrainingInterrupted, match=rf"{number.name} after step {step} of 8; .*checkpoint-{step} is saved"
    ) as info:
        stopped.train()
    assert info.value.number == number and signal.getsignal(number) is before

    resumed = start(tmp_path)
    resumed.train(resume_from_checkpoint=str(tmp_path / "out" / f"checkpoint-{step}"))
    assert curve(resumed) == curve(whole) and len(curve(whole)) == STEPS
    for a, b in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("step", "phase", "where"),
    [(3, "contrastive warm-up", "loss"), (STEPS - 1, "instruction tuning", "gradient")],
)
def test_numbers_that_are_not_finite_stop_before_the_step(
    tmp_path: Path, step: int, phase: str, where: str
) -> None:
    one = start(tmp_path)
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
        TrainingError, match=rf"not finite in step {step} of 8 \({phase}, learning rate .*{kept}"
    ):
        one.train()
    last = tmp_path / "out" / f"checkpoint-{step - 1}"
    assert all(p.isfinite().all() for p in AutoModelForCausalLM.from_pretrained(last).parameters())


@pytest.mark.parametrize(
    ("kilobytes", "step"),
    # No room for the weights; room for these, but not for the optimizer once it has the output layer.
    [pytest.param(100, 4, marks=pytest.mark.slow), (900, 6)],
)
def test_a_full_disk_keeps_the_last_complete_checkpoint(
    tmp_path: Path, whole: LLaMoCoTrainer, kilobytes: int, step: int
) -> None:
    """No file may grow beyond a limit: writing fails with an error of the system, as on a full disk."""
    sizes = {file.name: file.stat().st_size for file in Path(whole.args.output_dir, "checkpoint-8").iterdir()}
    assert 100_000 < sizes["model.safetensors"] < 900_000 < sizes["optimizer.pt"]
    one = start(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    one.add_callback(At(3, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000 * kilobytes, hard))))
    message = rf"of step {step} in .*: .*Is the disk full .* MB are free.*checkpoint-{step - 2} is complete"
    try:
        with pytest.raises(TrainingError, match=message):
            one.train()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    last = max((tmp_path / "out").iterdir())
    assert last.name == f"checkpoint-{step - 2}"
    resumed = start(tmp_path)
    resumed.train(resume_from_checkpoint=str(last))
    assert curve(resumed) == curve(whole)
