"""Two CPU processes under accelerate: together they do what one process does with batches of both."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from training_setup import pairs, tiny_trainer

CONTRASTIVE_STEPS, STEPS = 2, 5
SETTINGS: dict = {
    "contrastive_steps": CONTRASTIVE_STEPS,
    "max_steps": STEPS,
    "per_device_train_batch_size": 2,
    "gradient_accumulation_steps": 2,
    "prompt_loss_weight": 0.2,
    "choice_loss_weight": 3.0,
    "optim": "sgd",  # AdamW divides by a gradient's size, and so rounding errors by themselves
    "learning_rate": 0.1,
    "logging_steps": 1,
    "bucket_batches": 1,
}

# Each process trains to step 3, sees a checkpoint saved, and goes on from it anew.
PROCESS = """
import json, signal, sys
from pathlib import Path
import torch
from training_setup import pairs, tiny_trainer
from test_training_processes import SETTINGS
from llamoco.modeling.training.batches import Rows
from llamoco.modeling.training.trainer import TrainingInterrupted
from transformers import TrainerCallback

folder = Path(sys.argv[1])
seen = []
get = Rows.__getitem__
Rows.__getitem__ = lambda self, index: (seen.append(index), get(self, index))[1]


class SignalToOne(TrainerCallback):
    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step == 2 and args.process_index == 1:
            signal.raise_signal(signal.SIGTERM)


one = tiny_trainer(folder, pairs(), **SETTINGS)
assert one.args.world_size == 2
one.add_callback(SignalToOne())
try:
    one.train()
except TrainingInterrupted as error:
    print(error)
assert one.state.global_step == 3
seen.clear()
one = tiny_trainer(folder, pairs(), **SETTINGS)
one.train(resume_from_checkpoint=str(folder / "out" / "checkpoint-3"))
rank = one.args.process_index
(folder / f"{rank}.json").write_text(json.dumps({"seen": seen, "log": one.state.log_history}))
one.save_model(str(folder / "model"))
"""


def test_two_processes_share_each_step_and_stop_and_go_on_together(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = tmp_path / "process.py"
    script.write_text(PROCESS)
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parent),
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    launcher = ["torch.distributed.run", "--nproc_per_node", "2", "--master_port", str(port)]
    command = [sys.executable, "-m", *launcher, str(script), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "SIGTERM after step 3 of 5" in done.stdout
    ranks = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)]

    alone = tiny_trainer(tmp_path / "alone", pairs(), **{**SETTINGS, "gradient_accumulation_steps": 4})
    batches = [[list(x) if isinstance(x, tuple) else x for x in batch] for batch in alone.batch_sampler]
    alone.train()

    # Batches go to the processes in turn, none twice, also after the resumption: the last two steps' here.
    per_step = 4
    for rank in range(2):
        seen = ranks[rank]["seen"]
        mine = [index for batch in batches[3 * per_step :][rank::2] for index in batch]
        assert seen[-len(mine) :] == mine
    losses = [
        [entry.get("loss", entry.get("contrastive_loss")) for entry in log if "train_loss" not in entry]
        for log in (ranks[0]["log"], alone.state.log_history)
    ]
    assert len(losses[1]) == STEPS and losses[0] == pytest.approx(losses[1], rel=1e-4)
    shared = ("completion_loss", "prompt_loss", "choice_loss")
    assert all(name in ranks[0]["log"][-2] for name in shared)
    found = load_file(tmp_path / "model" / "model.safetensors")
    for name, weights in alone.model.state_dict().items():
        assert torch.allclose(weights, found[name], atol=1e-5), name
