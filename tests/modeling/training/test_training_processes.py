"""Two CPU processes: together they do what one process does with batches of both."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from forked import fork_ranks
from safetensors.torch import load_file
from training_setup import contrastive_trainer, instruction_trainer, pairs, write_dataset, write_recipe
from transformers import TrainerCallback

from llamoco.modeling.training import train
from llamoco.modeling.training.checkpointing import TrainingInterrupted

STEPS = 5
SETTINGS: dict = {
    "contrastive_steps": STEPS,
    "max_steps": STEPS,
    "per_device_train_batch_size": 2,
    "prompt_loss_weight": 0.2,
    "choice_loss_weight": 3.0,
    "optim": "sgd",  # AdamW divides by a gradient's size, and so rounding errors by themselves
    "learning_rate": 0.1,
    "contrastive_learning_rate": 0.1,
    "logging_steps": 1,
    "bucket_batches": 1,
}
ACCUMULATED = 2
ROWS = 16  # two steps an epoch: the run stops within the second one
PHASES = {"contrastive": contrastive_trainer, "instruction": instruction_trainer}


class SignalToOne(TrainerCallback):
    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 2 and args.process_index == 1:
            signal.raise_signal(signal.SIGTERM)


def two_processes(folder: Path, phase: str, rank: int) -> None:
    """Train to step 3, see a checkpoint saved, and continue from it anew."""
    settings = {**SETTINGS, "gradient_accumulation_steps": ACCUMULATED}
    one = PHASES[phase](folder, pairs(ROWS), **settings)
    assert one.args.world_size == 2
    one.add_callback(SignalToOne())
    with pytest.raises(TrainingInterrupted, match="SIGTERM after step 3 of 5"):
        one.train()
    one = PHASES[phase](folder, pairs(ROWS), **settings)
    seen = note_rows(one)
    one.train(resume_from_checkpoint=str(folder / "out" / "checkpoint-3"))
    (folder / f"{rank}.json").write_text(json.dumps({"seen": seen, "log": one.state.log_history}))
    one.save_model(str(folder / "model"))


def note_rows(one: Any) -> list[list[int]]:
    """The tokens of each row that the collator sees from now on."""
    seen: list[list[int]] = []
    collate = one.data_collator
    one.data_collator = lambda rows: (seen.extend(row["input_ids"] for row in rows), collate(rows))[1]
    return seen


@pytest.mark.parametrize("phase", PHASES)
def test_two_processes_share_each_step_and_stop_and_continue_together(tmp_path: Path, phase: str) -> None:
    assert fork_ranks(2, lambda rank: two_processes(tmp_path, phase, rank)) == [0, 0]
    ranks = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)]

    alone = PHASES[phase](
        tmp_path / "alone", pairs(ROWS), **SETTINGS, gradient_accumulation_steps=2 * ACCUMULATED
    )
    rows = note_rows(alone)
    alone.train()

    # Batches go to the processes in turn, none twice, also after the resumption: the last two steps' here.
    size = alone.args.train_batch_size
    batches = [rows[i : i + size] for i in range(0, 2 * ACCUMULATED * STEPS * size, size)]
    for rank in range(2):
        mine = [row for batch in batches[3 * 2 * ACCUMULATED :][rank::2] for row in batch]
        assert ranks[rank]["seen"][: len(mine)] == mine
    losses = [
        [entry["loss"] for entry in log if "loss" in entry]
        for log in (ranks[0]["log"], alone.state.log_history)
    ]
    assert len(losses[1]) == STEPS and losses[0] == pytest.approx(losses[1], rel=1e-4)
    if phase == "instruction":
        shared = ("completion_loss", "prompt_loss", "choice_loss")
        assert all(name in ranks[0]["log"][-2] for name in shared)
    found = load_file(tmp_path / "model" / "model.safetensors")
    for name, weights in alone.model.state_dict().items():
        assert torch.allclose(weights, found[name], atol=1e-5), name


def test_of_two_processes_one_writes_and_prints(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = write_recipe(tmp_path / "run.yaml", write_dataset(tmp_path / "pairs", pairs()), max_length=150)
    assert fork_ranks(2, lambda rank: train.run(file)) == [0, 0]
    output = tmp_path / "run"
    record = json.loads((output / "run_record.json").read_text())
    assert (record["processes"], record["steps"]) == (2, 12)
    said = capfd.readouterr().out
    assert said.count("pairs longer than 150 tokens dropped") == 1
    assert "16 pairs a step; 2 x " in said
    assert not (output / "checkpoints").exists()
    assert (output / "model.safetensors").is_file()


def test_a_refusal_reaches_every_process(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = write_recipe(
        tmp_path / "run.yaml", write_dataset(tmp_path / "pairs", pairs().remove_columns("optimizer"))
    )
    assert fork_ranks(2, lambda rank: train.run(file)) == [7, 7]
    assert capfd.readouterr().err.count("no column optimizer; it has") == 2
