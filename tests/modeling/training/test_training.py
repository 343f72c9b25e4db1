"""Both phases on a tiny random Llama: losses against plain torch, kill -9 and resumption, refusals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from datasets import concatenate_datasets
from safetensors.torch import load_file
from tensorboard.backend.event_processing import event_accumulator
from training_setup import pairs, tiny_trainer
from transformers import AutoModelForCausalLM, AutoTokenizer

from llamoco.modeling.training import train
from llamoco.modeling.training.batches import Collator, Rows, padded_groups
from llamoco.modeling.training.recipe import RecipeError

CONTRASTIVE_STEPS, TUNING_STEPS = 6, 6


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "pairs"
    (folder / "default").mkdir(parents=True)
    pairs().to_parquet(folder / "default" / "train-00000-of-00001.parquet")
    configs = [{"config_name": "default", "data_files": [{"split": "train", "path": "default/train-*"}]}]
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump({'configs': configs})}---\n")
    return folder


def recipe(tmp_path: Path, data: Path, name: str, **training: object) -> Path:
    content = {
        "output_dir": str(tmp_path / name),
        "seed": 5,
        "threads": 1,
        "model": {
            "from_scratch": {
                "vocab_size": 2400,
                "hidden_size": 32,
                "intermediate_size": 48,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "max_position_embeddings": 512,
            }
        },
        "dataset": {"path": str(data)},
        "training": {
            "contrastive_steps": CONTRASTIVE_STEPS,
            "max_steps": CONTRASTIVE_STEPS + TUNING_STEPS,
            "per_device_train_batch_size": 4,
            "gradient_accumulation_steps": 2,
            "learning_rate": 0.003,
            "contrastive_learning_rate": 0.001,
            "warmup_steps": 3,
            "prompt_loss_weight": 0.1,
            "bf16": False,
            "use_cpu": True,
            "activation_checkpointing": False,
            "logging_steps": 2,
            "save_steps": 2,
            "save_total_limit": 2,
            "disable_tqdm": True,
            **training,
        },
    }
    file = tmp_path / f"{name}.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


def killed_while_saving(file: Path, resume: bool, step: int) -> None:
    """Trains in a process of its own and kills it once it has begun to write the checkpoint of `step`."""
    checkpoints = Path(yaml.safe_load(file.read_text())["output_dir"]) / "checkpoints"
    code = f"from llamoco.modeling.training import train; train.run({str(file)!r}, resume={resume})"
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    begun = [checkpoints / "incomplete" / f"checkpoint-{step}", checkpoints / f"checkpoint-{step}"]
    while not any(folder.exists() for folder in begun):
        assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
        time.sleep(0.0002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def steps_of_checkpoints(output: Path) -> list[int]:
    return sorted(int(folder.name.split("-")[1]) for folder in (output / "checkpoints").glob("checkpoint-*"))


# The first one of the two lies in the warm-up.
@pytest.mark.parametrize("killed_at", [(10,), pytest.param((4, 10), marks=pytest.mark.slow)])
def test_killed_and_resumed_equals_uninterrupted(
    tmp_path: Path, data: Path, killed_at: tuple[int, ...]
) -> None:
    whole = train.run(recipe(tmp_path, data, "whole"))

    file, output = recipe(tmp_path, data, "killed", report_to="tensorboard"), tmp_path / "killed"
    for i, step in enumerate(killed_at):
        killed_while_saving(file, resume=i > 0, step=step)
        # Checkpoints lie two steps apart: no more is lost.
        assert step - 2 <= steps_of_checkpoints(output)[-1] < CONTRASTIVE_STEPS + TUNING_STEPS
    train.run(file, resume=True)

    expected, found = (load_file(folder / "model.safetensors") for folder in (whole, output))
    assert expected.keys() == found.keys()
    for name, weights in expected.items():
        assert torch.equal(weights, found[name]), name
    records = [json.loads((folder / "run_record.json").read_text()) for folder in (whole, output)]
    assert records[0]["tokens_seen"] == records[1]["tokens_seen"] > 0
    assert records[0]["losses"] == records[1]["losses"]

    # What a finished run leaves, and that it loads.
    curves = event_accumulator.EventAccumulator(str(output / "tensorboard")).Reload()
    steps = [point.step for point in curves.Scalars("train/completion_loss")]
    assert steps[0] == CONTRASTIVE_STEPS + 2 and steps[-1] == CONTRASTIVE_STEPS + TUNING_STEPS
    assert not (output / "checkpoints").exists() and not (output / "README.md").exists()
    assert (output / "training_curve.png").stat().st_size > 10_000
    history = json.loads((output / "trainer_state.json").read_text())["log_history"]
    assert {"contrastive_loss", "completion_loss", "prompt_loss", "choice_accuracy"} <= {
        k for e in history for k in e
    }
    for entry in history:
        assert not ("contrastive_loss" in entry and "completion_loss" in entry)
    model = AutoModelForCausalLM.from_pretrained(output)
    assert model.num_parameters() == records[0]["parameters"]
    assert len(AutoTokenizer.from_pretrained(output)) == model.config.vocab_size
    with pytest.raises(RecipeError, match="finished run"):
        train.run(file)


@pytest.mark.parametrize(("prompt_weight", "choice_weight"), [(0.0, 1.0), (0.25, 3.0)])
def test_tuning_loss_is_the_weighted_next_token_loss(
    tmp_path: Path, prompt_weight: float, choice_weight: float
) -> None:
    one = tiny_trainer(tmp_path, pairs(8), prompt_loss_weight=prompt_weight, choice_loss_weight=choice_weight)
    rows = one.rows[:3]
    batch = Collator(one.processing_class.pad_token_id)(rows)
    loss = one.compute_loss(one.model, batch)

    total, tokens = 0.0, 0
    for row, pair in zip(rows, pairs(8), strict=False):
        text = one.processing_class.decode(row["input_ids"][1 : row["prompt_length"]])
        assert text == pair["prompt"]
        assert one.processing_class.decode(row["input_ids"][row["choice"]]) == " " + pair["optimizer"]
        assert row["input_ids"][-1] == one.processing_class.eos_token_id
        ids = torch.tensor(row["input_ids"])
        log_probs = one.model(ids[None]).logits[0].log_softmax(-1)
        for i in range(1, len(ids)):
            weight = 1.0 if i >= row["prompt_length"] else prompt_weight
            weight = choice_weight if i == row["choice"] else weight
            total -= weight * log_probs[i - 1, ids[i]].item()
        tokens += len(ids) - row["prompt_length"]
    assert loss.item() == pytest.approx(total / tokens, rel=1e-4)


def test_a_completion_without_decision_has_no_choice_loss(tmp_path: Path) -> None:
    """Practice in writing: the prompt has named the optimizer."""
    practice = pairs(4).map(
        lambda row: {
            "prompt": row["prompt"] + row["completion"].split("\n", 1)[0] + "\n",
            "completion": row["completion"].split("\n", 1)[1],
        }
    )
    losses = []
    for weight in (1.0, 50.0):
        one = tiny_trainer(tmp_path, concatenate_datasets([practice, pairs(4)]), choice_loss_weight=weight)
        assert [row["choice"] > 0 for row in one.rows] == [False] * 4 + [True] * 4
        losses.append(one.compute_loss(one.model, Collator(one.processing_class.pad_token_id)(one.rows[:4])))
        one.compute_loss(one.model, Collator(one.processing_class.pad_token_id)(one.rows[4:]))
        logged = one._metrics["train"]["choice_loss"]
        one.log({})
        assert logged[0].isnan() and one.state.log_history[-1]["choice_loss"] == pytest.approx(
            logged[1].item()
        )
    assert losses[0].item() == losses[1].item()


@pytest.mark.parametrize(("latent_layer", "block"), [(-1, 1), (1, 1), (-2, 0), (0, 0)])
def test_contrastive_loss_is_that_of_the_prompts_last_tokens(
    tmp_path: Path, latent_layer: int, block: int
) -> None:
    one = tiny_trainer(tmp_path, pairs(12), margin=0.6, latent_layer=latent_layer)
    triplets = [(0, 7, 1), (3, 10, 2), (4, 11, 6), (1, 8, 0)]
    batch = Collator(one.processing_class.pad_token_id)([tuple(one.rows[i] for i in t) for t in triplets])
    assert len(batch["group_sizes"]) == 8 and batch["group_sizes"].sum() == 12
    loss = one.compute_loss(one.model, batch)

    def latent(index: int) -> torch.Tensor:
        seen = {}
        layer = one.model.model.layers[block]
        keep = layer.register_forward_hook(lambda _, inputs, output: seen.update(block=output))
        prompt = torch.tensor([one.processing_class(pairs(12)[index]["prompt"])["input_ids"]])
        one.model(prompt)
        keep.remove()
        output = seen["block"]
        return (one.model.model.norm(output) if block == 1 else output)[0, -1]

    def g(a: int, b: int) -> float:
        u, v = latent(a), latent(b)
        return (0.5 * (1 - u @ v / (u.norm() * v.norm()))).item()

    expected = sum(g(q, plus) + max(0.0, 0.6 - g(q, minus)) for q, plus, minus in triplets) / len(triplets)
    assert loss.item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("layer", [2, -3])
def test_a_latent_layer_that_the_model_lacks_is_named(tmp_path: Path, layer: int) -> None:
    with pytest.raises(
        ValueError, match=rf"latent_layer is {layer}, but the model has 2 blocks: .*-2 \(first\)"
    ):
        tiny_trainer(tmp_path, pairs(8), latent_layer=layer)


@pytest.mark.parametrize("contrastive_steps", [2, 0])
def test_gradient_accumulation_is_one_big_batch(tmp_path: Path, contrastive_steps: int) -> None:
    """Each phase for itself; lengths differ, so a mean of the parts' means would be another loss."""
    settings: dict = {
        "contrastive_steps": contrastive_steps,
        "max_steps": contrastive_steps + 2,
        "prompt_loss_weight": 0.2,
        "choice_loss_weight": 3.0,
        "optim": "sgd",  # AdamW divides by a gradient's size, and so rounding errors by themselves
        "learning_rate": 0.1,
        "logging_steps": 1,
        "bucket_batches": 1,
    }
    whole = tiny_trainer(tmp_path, pairs(), per_device_train_batch_size=8, **settings)
    parts = tiny_trainer(
        tmp_path, pairs(), per_device_train_batch_size=2, gradient_accumulation_steps=4, **settings
    )
    # The same rows: what is one batch there comes as four here.
    parts.batch_sampler = [batch[i : i + 2] for batch in whole.batch_sampler for i in range(0, 8, 2)]
    for one in (whole, parts):
        one.train()
    losses = [
        [entry.get("loss", entry.get("contrastive_loss")) for entry in one.state.log_history[:-1]]
        for one in (whole, parts)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for a, b in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_padding_is_told_before_the_training(tmp_path: Path) -> None:
    one = tiny_trainer(
        tmp_path, pairs(), contrastive_steps=3, max_steps=9, per_device_train_batch_size=8, logging_steps=1
    )
    told = one.batch_sampler.padding()
    phases: dict = {"contrastive warm-up": [0, 0], "instruction tuning": [0, 0]}
    collate = Collator(one.processing_class.pad_token_id)
    for batch in one.batch_sampler:
        made = collate([Rows(one.rows)[index] for index in batch])
        tuning = "labels" in made
        groups = [made] if tuning else padded_groups(made, one.processing_class.pad_token_id)
        phase = phases["instruction tuning" if tuning else "contrastive warm-up"]
        phase[0] += sum(int(group["attention_mask"].sum()) for group in groups)
        phase[1] += sum(group["attention_mask"].numel() for group in groups)
    assert told == pytest.approx({name: 1 - real / all_ for name, (real, all_) in phases.items()})
    one.train()
    logged = [entry["padding"] for entry in one.state.log_history if "padding" in entry]
    assert len(logged) == 9 and max(logged) < 0.2


def test_curves_for_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "curves"))
    one = tiny_trainer(
        tmp_path, pairs(), contrastive_steps=2, max_steps=4, report_to="tensorboard", logging_steps=1
    )
    one.train()
    events = event_accumulator.EventAccumulator(str(tmp_path / "curves")).Reload()
    curves = {
        name: [(point.step, point.value) for point in events.Scalars(f"train/{name}")]
        for name in ("contrastive_loss", "completion_loss")
    }
    for name, curve in curves.items():
        logged = [(entry["step"], entry[name]) for entry in one.state.log_history if name in entry]
        assert [step for step, _ in curve] == ([1, 2] if name == "contrastive_loss" else [3, 4])
        assert [value for _, value in curve] == pytest.approx([value for _, value in logged])


def test_long_pairs_are_dropped_and_counted_never_cut(tmp_path: Path) -> None:
    dataset = pairs(20)
    lengths = [len(row["input_ids"]) for row in tiny_trainer(tmp_path, dataset).rows]
    limit = sorted(lengths)[12]
    one = tiny_trainer(tmp_path, dataset, max_length=limit)
    assert sorted(len(row["input_ids"]) for row in one.rows) == sorted(n for n in lengths if n <= limit)
    assert one.rows_dropped == sum(n > limit for n in lengths) > 0
    assert len(one.batch_sampler.weights) == len(one.rows)
    with pytest.raises(ValueError, match="none of the 20 pairs fits max_length"):
        tiny_trainer(tmp_path, dataset, max_length=3)


def test_each_phase_has_its_learning_rate(tmp_path: Path) -> None:
    one = tiny_trainer(
        tmp_path,
        pairs(12),
        contrastive_steps=20,
        contrastive_learning_rate=0.01,
        learning_rate=0.5,
        max_steps=60,
        warmup_steps=10,
        lr_scheduler_type="linear",
    )
    optimizer = torch.optim.SGD(one.model.parameters(), lr=0.5)
    schedule = one.create_scheduler(num_training_steps=60, optimizer=optimizer)
    rates = []
    for _ in range(60):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates[:3] == pytest.approx([0.005, 0.01, 0.01]) and rates[19] == pytest.approx(0.01)
    assert rates[20] == 0.0 and rates[30] == pytest.approx(0.5) and rates[45] == pytest.approx(0.25)


@pytest.mark.parametrize("missing", ["prompt", "completion", "optimizer"])
def test_a_missing_column_is_named(tmp_path: Path, data: Path, missing: str) -> None:
    pairs().remove_columns(missing).to_parquet(data / "default" / "train-00000-of-00001.parquet")
    with pytest.raises(RecipeError, match=rf"lacks the column\(s\) {missing}"):
        train.run(recipe(tmp_path, data, "columns"))


def test_resumption_is_refused_without_or_with_foreign_checkpoints(tmp_path: Path, data: Path) -> None:
    file = recipe(tmp_path, data, "run")
    with pytest.raises(RecipeError, match="nothing to resume"):
        train.run(file, resume=True)
    output = tmp_path / "run"
    (output / "checkpoints" / "incomplete" / "checkpoint-8").mkdir(parents=True)
    with pytest.raises(RecipeError, match="nothing to resume"):
        train.run(file, resume=True)

    train.claim(output, train.read_recipe(file), pairs(), resume=False)
    (output / "checkpoints" / "checkpoint-6").mkdir(exist_ok=True)
    with pytest.raises(RecipeError, match="interrupted run: go on with --resume"):
        train.run(file)
    with pytest.raises(RecipeError, match="belong to another run: training changed"):
        train.run(recipe(tmp_path, data, "run", learning_rate=0.1), resume=True)
    pairs(30).to_parquet(data / "default" / "train-00000-of-00001.parquet")
    with pytest.raises(RecipeError, match="dataset fingerprint changed"):
        train.run(recipe(tmp_path, data, "run"), resume=True)


def test_a_missing_dataset_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        RecipeError, match=r"(?s)cannot load split 'train' of dataset '.*absent'.*llamoco build"
    ):
        train.run(recipe(tmp_path, tmp_path / "absent", "run"))
