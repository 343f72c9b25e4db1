"""The recipes S, M and L as they ship, on tiny random models of their own architectures: both phases, resumption, what is saved, who loads it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from datasets import Dataset
from peft import AutoPeftModelForCausalLM, PeftModel
from safetensors.torch import load_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from training_setup import write_dataset
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    CodeGenConfig,
    CodeGenForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PhiConfig,
    PhiForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from typer.testing import CliRunner

from llamoco.cli.main import app
from llamoco.modeling.generation.engines import load_generator
from llamoco.modeling.training import saving, train
from llamoco.modeling.training.checkpointing import InterruptibleTrainer
from llamoco.modeling.training.recipe import RecipeError, read_recipe

RECIPES = Path(__file__).parents[3] / "examples" / "recipes"
POSITIONS = 256
OPTIMIZERS = ("slsqp", "cmaes", "de_rand")


def pairs() -> Dataset:
    rows = []
    for i in range(24):
        name = OPTIMIZERS[i % 3]
        # One of the pairs is longer than all positions.
        body = "x = lower + (upper - lower) * rng.random()\n" * (40 if i == 5 else 1 + i % 2)
        prompt = f"# dimension {i + 2}\ndef objective(x):\n    return {i % 3} * x @ x\n"
        completion = f"# smooth; optimizer: {name}\n{body}"
        row = {"prompt": prompt, "completion": completion, "optimizer": name}
        rows.append({**row, "problem_id": f"problem {i}", "calibration": i % 8 == 1})
    return Dataset.from_list(rows)


def byte_level_tokenizer(llama: bool) -> PreTrainedTokenizerFast:
    """As CodeGen's and Phi's is: no beginning, no padding. As Code Llama's is: with a beginning."""
    special = ["<s>", "</s>"] if llama else ["<|endoftext|>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    dataset = pairs()
    tokenizer.train_from_iterator([*dataset["prompt"], *dataset["completion"]], trainer)
    if llama:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    else:
        tokenizer.add_tokens([AddedToken(" " * n, normalized=False) for n in (4, 8)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=special[0],
        eos_token=special[-1],
        model_max_length=POSITIONS,
        clean_up_tokenization_spaces=False,
    )


def tiny_model(architecture: str, vocabulary: int) -> PreTrainedModel:
    torch.manual_seed(1)
    if architecture == "codegen":
        return CodeGenForCausalLM(
            CodeGenConfig(
                vocab_size=vocabulary,
                n_positions=POSITIONS,
                n_ctx=POSITIONS,
                n_embd=32,
                n_layer=2,
                n_head=4,
                rotary_dim=4,
                bos_token_id=0,
                eos_token_id=0,
            )
        )
    sizes = {
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": POSITIONS,
    }
    if architecture == "phi":
        return PhiForCausalLM(PhiConfig(**sizes, bos_token_id=0, eos_token_id=0))
    return LlamaForCausalLM(LlamaConfig(**sizes, bos_token_id=0, eos_token_id=1))


@pytest.fixture
def prepared(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The recipe of the parameter, changed in nothing but its model, sizes and paths."""
    name, architecture = request.param
    monkeypatch.chdir(tmp_path)
    tokenizer = byte_level_tokenizer(llama=architecture == "llama")
    tiny_model(architecture, len(tokenizer)).save_pretrained("base")
    tokenizer.save_pretrained("base")
    write_dataset(Path("llamoco"), pairs())
    recipe = yaml.safe_load((RECIPES / name).read_text())
    recipe |= {
        "model_name_or_path": "base",
        "contrastive_steps": 2,
        "max_steps": 2,
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 1,
        "max_length": POSITIONS,
        "warmup_steps": 0,
        "save_steps": 1,
        "save_total_limit": 9,
        "logging_steps": 1,
    }
    file = tmp_path / name
    file.write_text(yaml.safe_dump(recipe))
    return file


def interrupted(file: Path, phase: str, resume: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train up to the second step of a phase, as if it had been killed there."""

    class Killed(Exception):
        pass

    def training_step(self: InterruptibleTrainer, *args: object, **kwargs: object) -> torch.Tensor:
        if self.phase[0] == phase and self.state.global_step == 1:
            raise Killed
        return original(self, *args, **kwargs)

    original = InterruptibleTrainer.training_step
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(InterruptibleTrainer, "training_step", training_step)
        train.run(file, ["--output_dir", "killed"], resume)


def killed_and_resumed(file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same recipe, interrupted in either phase, into a folder of its own."""
    interrupted(file, "contrastive warm-up", False, monkeypatch)
    interrupted(file, "instruction tuning", True, monkeypatch)
    monkeypatch.setattr(saving, "plot_training", lambda *_: None)  # One picture is enough.
    return train.run(file, ["--output_dir", "killed"], resume=True)


def assert_same_weights(one: Path, other: Path) -> None:
    expected, found = load_file(one), load_file(other)
    assert expected.keys() == found.keys()
    for name, weights in expected.items():
        assert weights.dtype == torch.bfloat16 and torch.equal(weights, found[name]), name


def logits(model: torch.nn.Module, prompt: str) -> torch.Tensor:
    ids = AutoTokenizer.from_pretrained("base")(prompt, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        return model.eval()(input_ids=ids).logits


@pytest.mark.parametrize("prepared", [("s.yaml", "codegen")], indirect=True)
def test_all_weights(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train.run(prepared)
    assert_same_weights(
        whole / "model.safetensors", killed_and_resumed(prepared, monkeypatch) / "model.safetensors"
    )
    assert json.loads((whole / "config.json").read_text())["dtype"] == "bfloat16"
    record = json.loads((whole / "run_record.json").read_text())
    facts = {"rows": 21, "problems": 21, "rows_dropped": 1, "optimizers": 3}
    assert record["dataset"] | facts == record["dataset"]
    base = AutoModelForCausalLM.from_pretrained("base")
    assert record["parameters"] == record["trained_parameters"] == base.num_parameters()
    assert (record["base_model"], record["adapter"], record["processes"]) == ("base", None, 1)
    assert load_generator(whole).answer([pairs()[0]["prompt"]], max_new_tokens=3)[0].tokens > 3


@pytest.mark.parametrize(
    "prepared",
    [
        ("m.yaml", "phi"),
        ("l_lora.yaml", "llama"),
        ("l_qlora.yaml", "llama"),
    ],
    indirect=True,
    ids=lambda parameter: parameter[0],
)
def test_an_adapter(
    prepared: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if prepared.name == "l_qlora.yaml":
        pytest.importorskip("bitsandbytes")
    whole = train.run(prepared)
    said = capsys.readouterr().out
    resumed = killed_and_resumed(prepared, monkeypatch)
    assert_same_weights(whole / "adapter_model.safetensors", resumed / "adapter_model.safetensors")
    kept = {"adapter_config.json", "tokenizer.json", "tokenizer_config.json", "run_record.json"}
    assert kept <= {file.name for file in whole.iterdir()}
    assert not {"README.md", "checkpoints", "model.safetensors"} & {file.name for file in whole.iterdir()}

    # Reloaded, merged, and added to the base model by hand: W + lora_alpha / r B A.
    prompt = pairs()[0]["prompt"]
    adapted = AutoPeftModelForCausalLM.from_pretrained(whole, dtype=torch.float32)
    assert isinstance(adapted, PeftModel)
    expected = logits(adapted, prompt)
    merged = logits(adapted.merge_and_unload(), prompt)
    by_hand = AutoModelForCausalLM.from_pretrained("base", dtype=torch.float32)
    before = logits(by_hand, prompt)
    settings = read_recipe(prepared).model
    modules = settings.lora_target_modules
    assert isinstance(modules, list)
    update = load_file(whole / "adapter_model.safetensors")
    layers = [name.removesuffix(".lora_A.weight") for name in update if "lora_A" in name]
    assert len(layers) == 2 * len(modules)
    for name in layers:
        a, b = (update[f"{name}.lora_{matrix}.weight"].float() for matrix in "AB")
        layer = by_hand.get_submodule(name.removeprefix("base_model.model."))
        layer.weight.data += settings.lora_alpha / settings.lora_r * b @ a
    for found in (merged, logits(by_hand, prompt)):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    assert (expected - before).abs().max() > 1e-3
    assert load_generator(whole).answer([prompt], max_new_tokens=3)[0].tokens > 3

    record = json.loads((whole / "run_record.json").read_text())
    assert record["base_model"] == "base" and record["adapter"]["target_modules"] == sorted(modules)
    assert record["trained_parameters"] == sum(weights.numel() for weights in update.values())
    assert record["parameters"] == by_hand.num_parameters() + record["trained_parameters"]
    assert ("bitsandbytes" in record["versions"]) == (prepared.name == "l_qlora.yaml")
    assert f"({record['trained_parameters'] / record['parameters']:.2%})" in said


@pytest.mark.parametrize("prepared", [("s.yaml", "codegen")], indirect=True)
def test_a_full_disk_in_the_end_keeps_the_last_checkpoint(prepared: Path) -> None:
    output = Path(yaml.safe_load(prepared.read_text())["output_dir"])
    output.mkdir(parents=True)
    (output / "trainer_state.json").symlink_to("/dev/full")
    with pytest.raises(
        RecipeError, match=r"cannot be written to .*No space left.*checkpoint is kept.*--resume"
    ):
        train.run(prepared)
    assert (output / "checkpoints" / "instruction" / "checkpoint-2").is_dir()
    (output / "trainer_state.json").unlink()
    assert (train.run(prepared, resume=True) / "run_record.json").is_file()


@pytest.mark.parametrize("prepared", [("s.yaml", "codegen")], indirect=True)
def test_a_loss_that_is_no_number_is_one_message(prepared: Path) -> None:
    broken = AutoModelForCausalLM.from_pretrained("base")
    broken.lm_head.weight.data[7] = torch.nan  # which the warm-up does not see
    broken.save_pretrained("base")
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["train", str(prepared)])
    assert done.exit_code == 2 and "Traceback" not in done.stderr
    assert "error: the loss or its gradient is not finite in step 1 of 2 (instruction tuning" in done.stderr
    assert Path("runs/s/checkpoints/start/model.safetensors").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    "prepared", [("s.yaml", "codegen"), ("l_lora.yaml", "llama")], indirect=True, ids=lambda pair: pair[0]
)
def test_of_two_processes_one_writes_and_prints(prepared: Path) -> None:
    launch = ["-m", "accelerate.commands.launch", "--config_file", str(RECIPES / "accelerate" / "ddp.yaml")]
    run = subprocess.run(
        [sys.executable, *launch, "-m", "llamoco.cli", "train", str(prepared)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    output = Path(yaml.safe_load(prepared.read_text())["output_dir"])
    record = json.loads((output / "run_record.json").read_text())
    assert (record["processes"], record["steps"]) == (2, 4)
    assert run.stdout.count("pairs longer than 256 tokens dropped") == 1
    assert run.stdout.count("run record and training curve are in") == 1
    assert "8 pairs a step; 2 x " in run.stdout
    assert not (output / "checkpoints").exists()
    assert load_generator(output).answer([pairs()[0]["prompt"]], max_new_tokens=3)[0].tokens > 3
