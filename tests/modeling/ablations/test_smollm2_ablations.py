"""The ablations on a base model, here a tiny random one with a chat template: parts that are read, resumption, record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from datasets import Dataset
from huggingface_hub import constants
from safetensors.torch import load_file
from study_rows import described, to_answer
from tiny_models import tiny

from llamoco.dataset_builder.prompts.facts import part_of
from llamoco.modeling.ablations import ablation
from llamoco.modeling.ablations.ablation import ANSWERS, folder_of, read_answers
from llamoco.modeling.ablations.families import SMOLLM2
from llamoco.modeling.ablations.pairs import write_pairs
from llamoco.modeling.ablations.run_ablations import compare_latents, work, write_record
from llamoco.modeling.evaluation.split_rows import Row
from llamoco.modeling.generation.base_models import FOLDERS
from llamoco.modeling.generation.loading import load_tokenizer
from llamoco.modeling.training.checkpointing import TrainingInterrupted, left_of
from llamoco.modeling.training.instruction_trainer import InstructionTrainer
from llamoco.modeling.training.recipe import RecipeError
from llamoco.modeling.training.tokenizer import train_tokenizer

CHECKOUT = Path(__file__).parents[3]
NAMES = ("base", "facts", "description", "no_warmup")
TEMPLATE = (
    "{% for m in messages %}{{ '<' + m['role'] + '>\\n' + m['content'] + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>\\n' }}{% endif %}"
)


@pytest.fixture(scope="module", autouse=True)
def base(train_rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A tiny model that stands in for SmolLM2; no Hub."""
    folder = tmp_path_factory.mktemp("bases")
    texts = [row[name] for row in train_rows for name in ("prompt", "completion")]
    tokenizer = train_tokenizer(texts, {"de": "import numpy\n"}, 1000, 2048)
    tokenizer.chat_template = TEMPLATE
    tiny(tokenizer, positions=2048).save_pretrained(folder / "smollm2-135m")
    tokenizer.save_pretrained(folder / "smollm2-135m")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_OFFLINE", True)
        patch.setenv(FOLDERS, str(folder))
        yield


@pytest.fixture(scope="module")
def train_rows() -> list[Row]:
    return described(12)


@pytest.fixture(scope="module")
def rows(train_rows: list[Row]) -> list[Row]:
    return to_answer(train_rows)


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped recipes with an adapter of all blocks, for a few steps of few rows."""
    folder = tmp_path_factory.mktemp("recipes")
    for name in NAMES:
        content = yaml.safe_load((CHECKOUT / SMOLLM2.recipes / f"{name}.yaml").read_text(encoding="utf-8"))
        content |= {
            "lora_r": 4,
            "lora_target_modules": [".*_proj"],
            "contrastive_steps": min(content["contrastive_steps"], 1),
            "per_device_train_batch_size": 3,
            "logging_steps": 1,
            "save_steps": 1,
            "warmup_steps": 1,
            "bf16": False,
            "dtype": "float32",
            "threads": 1,
        }
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def out(
    recipes: Path, train_rows: list[Row], rows: list[Row], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("study")
    write_pairs(Dataset.from_list(train_rows), out / "pairs")
    for name in NAMES:
        work(out, recipes / f"{name}.yaml", name, 0, rows)
    return out


def test_the_record_says_what_the_figures_rest_on(out: Path, rows: list[Row], tmp_path: Path) -> None:
    path = write_record(out, SMOLLM2, rows, 1, tmp_path)
    assert path == tmp_path / "ablations_smollm2.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["command"] == "llamoco study ablations --family smollm2"
    assert record["base_model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert record["setting"].startswith(
        "HuggingFaceTB/SmolLM2-135M-Instruct (its 4-bit release, unpacked to bfloat16, not the original weights) of "
    )
    assert (
        "a LoRA adapter of" in record["setting"]
        and "one description with facts each of 12" in record["setting"]
    )
    assert [row["recipe"] for row in record["rows"]] == [f"{SMOLLM2.recipes}/{name}.yaml" for name in NAMES]
    for row in record["rows"]:
        assert (row["training_rows"], row["training_rows_dropped"]) == (12, 0)
        assert list(row["losses"]["choice"]) == ["1", "2", "3", "4"]
        assert {"facts known", "patterns seen"} <= row["groups"].keys()
    assert all("against_base" in row for row in record["rows"][1:])


def test_latents_before_tuning_are_those_of_the_base_model_and_of_the_warm_up(
    out: Path, recipes: Path, rows: list[Row]
) -> None:
    more = [
        {**row, "constrained": bool(i % 2), "optimizer": "ab"[i % 2]} for i, row in enumerate([*rows, *rows])
    ]
    compare_latents(recipes, out, SMOLLM2, more)
    assert (out / "latents_smollm2.png").stat().st_size > 10_000
    untuned = load_file(folder_of(out, "no_warmup-initial", 0) / "adapter_model.safetensors")
    assert not any(weights.any() for name, weights in untuned.items() if "lora_B" in name)
    path = write_record(out, SMOLLM2, rows, 1, out / "records")
    assert path is not None and (out / "records" / "latents_smollm2.png").exists()
    record = json.loads(path.read_text(encoding="utf-8"))
    assert (
        list(record["figures"]) == ["latents_smollm2.png", "warm_up_smollm2.png"]
        and len(record["latents"]["states"]) == 4
    )


def test_models_read_the_part_that_they_learnt_to_read(out: Path, train_rows: list[Row]) -> None:
    prompt = train_rows[0]["prompt"]
    whole = load_tokenizer(folder_of(out, "base", 0))(prompt)["input_ids"]
    tokens = {name: load_tokenizer(folder_of(out, name, 0))(prompt)["input_ids"] for name in NAMES}
    for name in ("facts", "description"):
        part = part_of(prompt, name)
        assert tokens[name] == load_tokenizer(folder_of(out, "base", 0))(part)["input_ids"]
        assert len(tokens[name]) < len(whole)


@pytest.mark.parametrize("killed", [False, True])
def test_an_interrupted_training_continues_from_its_checkpoint(
    out: Path, recipes: Path, rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    steps: list[int] = []
    original = InstructionTrainer.training_step

    def training_step(trainer: InstructionTrainer, *args: Any, **kwargs: Any) -> Any:
        steps.append(trainer.state.global_step)
        if len(steps) == 3:
            if killed:
                raise KeyboardInterrupt
            trainer.guard.received = 15
        return original(trainer, *args, **kwargs)

    monkeypatch.setattr(InstructionTrainer, "training_step", training_step)
    (tmp_path / "pairs").symlink_to(out / "pairs")
    recipe = recipes / "base.yaml"
    with pytest.raises(KeyboardInterrupt if killed else TrainingInterrupted):
        ablation.train(recipe, tmp_path, "base", 0)
    folder = folder_of(tmp_path, "base", 0)
    assert left_of(folder).tuning is not None
    work(tmp_path, recipe, "base", 0, rows)
    assert steps == ([0, 1, 2, 2, 3] if killed else [0, 1, 2, 3])
    resumed, whole = (
        load_file(place / "adapter_model.safetensors") for place in (folder, folder_of(out, "base", 0))
    )
    assert resumed.keys() == whole.keys() and all(resumed[name].equal(whole[name]) for name in whole)
    assert read_answers(folder) == read_answers(folder_of(out, "base", 0))


def test_a_checkpoint_of_another_recipe_is_refused(
    out: Path, recipes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pairs").symlink_to(out / "pairs")
    calls = iter([False, False, True])

    def training_step(trainer: InstructionTrainer, *args: Any, **kwargs: Any) -> Any:
        if next(calls):
            raise KeyboardInterrupt
        return original(trainer, *args, **kwargs)

    original = InstructionTrainer.training_step
    monkeypatch.setattr(InstructionTrainer, "training_step", training_step)
    with pytest.raises(KeyboardInterrupt):
        ablation.train(recipes / "base.yaml", tmp_path, "base", 0)
    with pytest.raises(RecipeError, match=r"belong to another run: reads, .* changed since"):
        ablation.train(recipes / "base.yaml", tmp_path, "base", 0, "--reads=facts")


def test_answers_are_kept_in_parts(out: Path, rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(out, "base", 0)
    kept = (folder / ANSWERS).read_bytes()
    (folder / ANSWERS).unlink()
    monkeypatch.setattr(ablation, "AT_ONCE", 1)
    calls = iter([False, True])

    def completed(*args: Any) -> str:
        if next(calls):
            raise KeyboardInterrupt
        return str(original(*args))

    original = ablation.completed
    with monkeypatch.context() as patch:
        patch.setattr(ablation, "completed", completed)
        with pytest.raises(KeyboardInterrupt):
            ablation.answer(folder, rows)
    assert len(read_answers(folder)) == 1
    ablation.answer(folder, rows)
    assert (folder / ANSWERS).read_bytes() == kept
