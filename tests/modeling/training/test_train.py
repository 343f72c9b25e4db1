"""`train.run` from end to end on a tiny random Llama: kill -9 and resumption, what a run leaves, refusals."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
import torch
from forked import fork
from safetensors.torch import load_file
from training_setup import pairs, write_dataset, write_recipe
from transformers import AutoModelForCausalLM, AutoTokenizer

from llamoco.dataset_builder.instruction_data import DataError
from llamoco.modeling.training import train
from llamoco.modeling.training.checkpointing import last_checkpoint
from llamoco.modeling.training.recipe import RecipeError, read_recipe

STEPS = 6  # of each phase


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "pairs", pairs())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was never interrupted."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    return train.run(write_recipe(folder / "whole.yaml", write_dataset(folder / "pairs", pairs())))


def killed_while_saving(file: Path, resume: bool, phase: str, step: int) -> None:
    """Train in a process of its own and kill it once it has begun to write a checkpoint."""
    checkpoints = file.with_suffix("") / "checkpoints" / phase
    child = fork(lambda: train.run(file, resume=resume))
    begun = [checkpoints / "incomplete" / f"checkpoint-{step}", checkpoints / f"checkpoint-{step}"]
    while not any(folder.exists() for folder in begun):
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the training ended by itself"
        time.sleep(0.0002)
    os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path, data: Path, whole: Path) -> None:
    file, output = write_recipe(tmp_path / "killed.yaml", data), tmp_path / "killed"
    for resume, phase in ((False, "contrastive"), (True, "instruction")):
        killed_while_saving(file, resume, phase, 4)
        # Checkpoints are two steps apart: no more is lost.
        assert last_checkpoint(output / "checkpoints" / phase) in {
            str(output / "checkpoints" / phase / f"checkpoint-{step}") for step in (2, 4)
        }
    train.run(file, resume=True)

    expected, found = (load_file(folder / "model.safetensors") for folder in (whole, output))
    assert expected.keys() == found.keys()
    for name, weights in expected.items():
        assert torch.equal(weights, found[name]), name
    records = [json.loads((folder / "run_record.json").read_text()) for folder in (whole, output)]
    assert records[0]["tokens_seen"] == records[1]["tokens_seen"] > 0
    assert records[0]["losses"] == records[1]["losses"]
    for name in ("trainer_state.json", "contrastive_state.json"):
        logs = [json.loads((folder / name).read_text())["log_history"] for folder in (whole, output)]
        curves = [[entry["loss"] for entry in log if "loss" in entry] for log in logs]
        assert curves[0] == curves[1] and len(curves[0]) == STEPS / 2


def test_what_a_finished_run_leaves(whole: Path) -> None:
    assert {file.name for file in whole.iterdir()} == {
        "config.json",
        "contrastive_state.json",
        "generation_config.json",
        "model.safetensors",
        "run_record.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "trainer_state.json",
        "training_curve.png",
    }
    assert (whole / "training_curve.png").stat().st_size > 10_000
    record = json.loads((whole / "run_record.json").read_text())
    assert record["steps"] == 2 * STEPS and record["recipe"]["learning_rate"] == 0.003
    assert {"contrastive_loss", "loss", "completion_loss", "prompt_loss", "choice_accuracy"} <= record[
        "losses"
    ].keys()
    model = AutoModelForCausalLM.from_pretrained(whole)
    assert model.num_parameters() == record["parameters"]
    assert len(AutoTokenizer.from_pretrained(whole)) == model.config.vocab_size
    with pytest.raises(RecipeError, match="finished run"):
        train.run(whole.with_suffix(".yaml"))


def test_options_set_fields_anew_and_validation_rows_are_evaluated(tmp_path: Path, data: Path) -> None:
    with_calibration = pairs().add_column("calibration", [i % 4 == 0 for i in range(48)])
    write_dataset(data, with_calibration)
    file = write_recipe(tmp_path / "run.yaml", data, hold_out=True, contrastive_steps=0, save_strategy="no")
    options = ["--validation", "true", "--eval_strategy=steps", "--eval-steps", "2", "--max_steps", "4"]
    output = train.run(file, options)
    record = json.loads((output / "run_record.json").read_text())
    assert (record["steps"], record["dataset"]["rows"]) == (4, 36)
    assert record["command"] == f"llamoco train {file} {' '.join(options)}"
    history = json.loads((output / "trainer_state.json").read_text())["log_history"]
    evaluated = [entry for entry in history if "eval_loss" in entry]
    assert [entry["step"] for entry in evaluated] == [2, 4]
    assert all({"eval_completion_loss", "eval_choice_accuracy"} <= entry.keys() for entry in evaluated)
    assert record["losses"]["eval_loss"] == evaluated[-1]["eval_loss"]


def test_curves_for_tensorboard(tmp_path: Path, data: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing import event_accumulator

    file = write_recipe(
        tmp_path / "run.yaml",
        data,
        report_to="tensorboard",
        contrastive_steps=2,
        max_steps=2,
        logging_steps=1,
    )
    output = train.run(file)
    for phase, name, log in (
        ("contrastive", "loss", "contrastive_state.json"),
        ("instruction", "completion_loss", "trainer_state.json"),
    ):
        events = event_accumulator.EventAccumulator(str(output / "tensorboard" / phase)).Reload()
        curve = [(point.step, point.value) for point in events.Scalars(f"train/{name}")]
        logged = json.loads((output / log).read_text())["log_history"]
        expected = [(entry["step"], pytest.approx(entry[name])) for entry in logged if name in entry]
        assert curve == expected and len(curve) == 2


@pytest.mark.parametrize("missing", ["prompt", "completion", "optimizer"])
def test_a_missing_column_is_named(tmp_path: Path, data: Path, missing: str) -> None:
    write_dataset(data, pairs().remove_columns(missing))
    with pytest.raises(DataError, match=rf"pairs: no column {missing}; it has"):
        train.run(write_recipe(tmp_path / "columns.yaml", data))


def test_a_missing_dataset_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)absent"):
        train.run(write_recipe(tmp_path / "run.yaml", tmp_path / "absent"))


def test_resumption_is_refused_without_or_with_foreign_checkpoints(tmp_path: Path, data: Path) -> None:
    file, output = write_recipe(tmp_path / "run.yaml", data), tmp_path / "run"
    with pytest.raises(RecipeError, match="nothing to resume"):
        train.run(file, resume=True)
    checkpoints = output / "checkpoints" / "instruction"
    (checkpoints / "incomplete" / "checkpoint-8").mkdir(parents=True)
    (output / "checkpoints" / "start.incomplete").mkdir(parents=True)
    with pytest.raises(RecipeError, match="nothing to resume"):
        train.run(file, resume=True)

    train.check_same_run(read_recipe(file), pairs(), resume=False)
    (checkpoints / "checkpoint-6").mkdir(exist_ok=True)
    with pytest.raises(RecipeError, match="interrupted run: continue it with --resume"):
        train.run(file)
    with pytest.raises(RecipeError, match="belong to another run: learning_rate changed"):
        train.run(file, ["--learning_rate", "0.1"], resume=True)
    write_dataset(data, pairs(30))
    with pytest.raises(RecipeError, match="dataset fingerprint changed"):
        train.run(file, resume=True)


def test_checkpoints_of_another_run_are_refused(tmp_path: Path, data: Path) -> None:
    file = write_recipe(tmp_path / "run.yaml", data)
    (tmp_path / "run").mkdir()
    train.check_same_run(read_recipe(file), pairs(), resume=False)
    train.check_same_run(read_recipe(file), pairs(), resume=True)
    identity = tmp_path / "run" / "identity.json"
    content = json.loads(identity.read_text())
    for field, value in (("processes", 2), ("lora_r", 4), ("seed", 9)):
        identity.write_text(json.dumps(content | {field: value}))
        with pytest.raises(RecipeError, match=f"belong to another run: {field} changed"):
            train.check_same_run(read_recipe(file), pairs(), resume=True)
    for nothing in ("{", "[1]"):
        identity.write_text(nothing)
        with pytest.raises(RecipeError, match=r"identity\.json, .* cannot be read: .* start anew"):
            train.check_same_run(read_recipe(file), pairs(), resume=True)
    identity.unlink()
    with pytest.raises(RecipeError, match=r"identity\.json, .* cannot be read: .* start anew"):
        train.check_same_run(read_recipe(file), pairs(), resume=True)


def test_an_output_folder_that_cannot_be_written_is_named(tmp_path: Path, data: Path) -> None:
    (tmp_path / "file").touch()
    for place in ("file", "file/runs"):
        file = write_recipe(tmp_path / "run.yaml", data, output_dir=str(tmp_path / place))
        with pytest.raises(
            RecipeError, match=f"output_dir .*{place} cannot be written to: .*Give the recipe another"
        ):
            train.run(file)


def test_latents_of_a_layer_that_the_model_lacks_are_refused_with_the_recipes_name(
    tmp_path: Path, data: Path
) -> None:
    with pytest.raises(RecipeError, match=r"run\.yaml: latent_layer is 5, but the model has 2 blocks"):
        train.run(write_recipe(tmp_path / "run.yaml", data, latent_layer=5))
